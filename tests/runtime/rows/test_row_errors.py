"""Errors about one value name the table, the column and the value, whether it was stored or given."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DataError, IntegrityError

import bookstore
from bookstore import Book
from tablewright.runtime.rows.row_errors import add_stored_value
from tests.runtime.books import book

BROKEN = r"\(table book, column details, stored value .*a.*: 1.*\)"


@pytest.fixture(params=[False, True], ids=["driver", "sqlalchemy"])
def broken(session: bookstore.Session, request: pytest.FixtureRequest) -> Iterator[bookstore.Session]:
    """A session with a book whose details are not strings; statements are executed by the driver, or by SQLAlchemy."""
    session.execute(text("""UPDATE book SET details = '{"a": 1}' WHERE isbn = 'isbn 3'"""))
    if request.param:
        event.listen(session.connection(), "before_cursor_execute", lambda *_: None)
    yield session
    session.rollback()


def first_author(session: bookstore.Session) -> int:
    """The author of the books."""
    return session.author.select()[0].id


def changed(session: bookstore.Session, wrong: dict[str, Any], number: int = 9) -> Any:
    """The book *number* with the *wrong* values."""
    return {**book(first_author(session), number), **wrong}


READS: dict[str, Callable[[bookstore.Session, int], object]] = {
    "get": lambda s, key: s.book.get(key),
    "get_one": lambda s, key: s.book.get_one(key),
    "get_many": lambda s, key: s.book.get_many([key]),
    "get_by": lambda s, key: s.book.get_by_isbn("isbn 3"),
    "find": lambda s, key: s.book.find(isbn="isbn 3"),
    "find by several": lambda s, key: s.book.find(isbn=["isbn 2", "isbn 3"]),
    "select": lambda s, key: s.book.select(),
    "select some": lambda s, key: s.book.select(Book.isbn >= "isbn 2", order_by=Book.isbn),
    "first": lambda s, key: s.book.first(Book.isbn == "isbn 3"),
    "one": lambda s, key: s.book.one(Book.isbn == "isbn 3"),
    "stream": lambda s, key: list(s.book.stream()),
    "page": lambda s, key: s.book.page(order_by=Book.title),
    "page by an expression": lambda s, key: s.book.page(order_by=Book.price + 1),
    "sync": lambda s, key: s.book.sync(book(first_author(s), 3, "3"), keys=["isbn"], compare=[]),
    "update": lambda s, key: s.book.update(key, stock=7),
    "update by an expression": lambda s, key: s.book.update(key, stock=Book.stock + 1),
    "upsert": lambda s, key: s.book.upsert(_conflict="isbn", **book(first_author(s), 3)),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
def test_a_stored_value_that_cannot_be_decoded(
    broken: bookstore.Session, read: Callable[[bookstore.Session, int], object]
) -> None:
    """Every verb raises the decoder's own error, with the table, the column and the value in its message."""
    key = int(broken.execute(text("SELECT id FROM book WHERE isbn = 'isbn 3'")).scalar_one())
    with pytest.raises(msgspec.ValidationError, match=BROKEN) as caught:
        read(broken, key)
    assert str(caught.value).startswith("Expected `str`, got `int` - at `$[...]` (")


def test_among_many_rows(session: bookstore.Session) -> None:
    """Postgres reads JSON of many rows as text: the message is the same."""
    author = first_author(session)
    session.book.insert_many(book(author, number) for number in range(10, 60))
    session.execute(text("""UPDATE book SET details = '{"a": 1}' WHERE isbn = 'isbn 40'"""))
    with pytest.raises(msgspec.ValidationError, match=BROKEN):
        session.book.select(order_by=Book.id)
    session.rollback()


def test_the_session_stays_usable(session: bookstore.Session) -> None:
    """A failed decoding does not break the transaction."""
    session.execute(text("""UPDATE book SET details = '{"a": 1}' WHERE isbn = 'isbn 3'"""))
    with pytest.raises(msgspec.ValidationError):
        session.book.select()
    assert session.book.count() == 5
    session.rollback()


def test_values_that_only_sqlite_can_hold(sqlite_url: str) -> None:
    """Invalid decimals, enum values, JSON and timestamps: each with the error class of its decoder."""
    broken: list[tuple[str, object, type[Exception]]] = [
        ("price", "abc", TypeError),
        ("genre", "cookery", KeyError),
        ("details", "{", msgspec.DecodeError),
        ("created_at", "yesterday", ValueError),
    ]
    with bookstore.Database(sqlite_url) as database:
        database.create()
        with bookstore.Session(database) as session:
            key = session.book.insert(**book(session.author.insert(name="A").id, 1)).id
            session.execute(text("PRAGMA ignore_check_constraints = ON"))
            for column, value, error in broken:
                before = session.execute(text(f"SELECT {column} FROM book")).scalar_one()
                session.execute(text(f"UPDATE book SET {column} = :value"), {"value": value})
                with pytest.raises(error, match=f"table book, column {column}, stored value .*{value}"):
                    session.book.get(key)
                session.execute(text(f"UPDATE book SET {column} = :value"), {"value": before})
            session.execute(text("PRAGMA ignore_check_constraints = OFF"))


class CodecType(Exception):
    """An error whose message does not depend on its arguments."""

    def __str__(self) -> str:
        return "coded"


def test_messages_of_other_classes_get_a_note() -> None:
    """A location that cannot be part of the message is a note of the error."""
    error = CodecType()
    add_stored_value(error, "book", "price", "x" * 100)
    assert str(error) == "coded"
    (note,) = error.__notes__
    assert note.startswith("(table book, column price, stored value 'xxx")
    assert note.endswith("...)")


WRITES: dict[str, Callable[[bookstore.Session, int, dict[str, Any]], object]] = {
    "insert": lambda s, key, wrong: s.book.insert(**changed(s, wrong)),
    "update": lambda s, key, wrong: s.book.update(key, **wrong),
    "update by an expression": lambda s, key, wrong: s.book.update(key, genre=Book.genre, **wrong),
    "upsert": lambda s, key, wrong: s.book.upsert(_conflict="isbn", **changed(s, wrong)),
    "sync": lambda s, key, wrong: s.book.sync(changed(s, wrong), keys=["isbn"]),
    "sync what is there": lambda s, key, wrong: s.book.sync(changed(s, wrong, 1), keys=["isbn"], update=True),
}


@pytest.mark.parametrize("listened", [False, True], ids=["driver", "sqlalchemy"])
@pytest.mark.parametrize("write", WRITES.values(), ids=WRITES)
def test_a_value_that_does_not_fit(
    session: bookstore.Session, write: Callable[[bookstore.Session, int, dict[str, Any]], object], listened: bool
) -> None:
    """The error of each verb for one row names the table and the column; the value is in the message."""
    if listened:
        event.listen(session.connection(), "before_cursor_execute", lambda *_: None)
    key = session.book.select()[0].id
    with (
        pytest.raises(DataError, match="'expensive' is not") as caught,
        session.nested(),
    ):
        write(session, key, {"price": "expensive"})
    assert caught.value.detail == ["table book, column price"]
    with pytest.raises(DataError, match=r"\(table book, column title\)"), session.nested():
        write(session, key, {"title": "x" * 301})


@pytest.mark.parametrize("name", ["insert", "update", "upsert"])
def test_a_value_that_the_database_refuses(session: bookstore.Session, name: str) -> None:
    """NULL in a NOT NULL column: the database's message does not contain the value."""
    key = session.book.select()[0].id
    with pytest.raises(IntegrityError, match=r"\(table book, column title, value None\)"), session.nested():
        WRITES[name](session, key, {"title": None})


def test_a_key_that_does_not_fit(session: bookstore.Session) -> None:
    """Reading by a key of another type names the column of the key."""
    wrong: Any = "x"
    with pytest.raises(DataError, match=r"\(table book, column id\)"):
        session.book.get(wrong)
    with pytest.raises(DataError, match=r"\(table book, column id\)"):
        session.book.delete(wrong)
    with pytest.raises(DataError, match=r"\(table book, column id\)"):
        session.book.update(wrong, price=Decimal(1))
    wrong = 5
    with pytest.raises(DataError, match=r"\(table book, column isbn\)"):
        session.book.get_by_isbn(wrong)


def test_a_unique_key_that_is_taken(session: bookstore.Session) -> None:
    """The columns of the violated key, and the value."""
    author = first_author(session)
    with pytest.raises(IntegrityError, match=r"\(table book, column isbn, value 'isbn 1'\)"), session.nested():
        session.book.insert(**book(author, 1))


def test_of_many_rows_the_number_comes_first(session: bookstore.Session) -> None:
    """Verbs for many rows name the row and the column."""
    author = first_author(session)
    rows: list[Any] = [book(author, 10), {**book(author, 11), "price": "expensive"}]
    with pytest.raises(DataError, match=r"\(row 2, column price\)"):
        session.book.insert_many(rows)
