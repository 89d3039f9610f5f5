"""`insert_many` and `insert_many_returning`: all or none, and errors that name the row."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError

import bookstore
from bookstore import Book
from tablewright.runtime.errors import SessionBusyError, UnknownColumnError
from tablewright.runtime.table import ALL_ROWS
from tests.runtime import sample
from tests.runtime.books import author_id, book


def test_insert_many_takes_any_iterable(shop: bookstore.Database) -> None:
    """Generators, mappings with different columns and rows of another database are all inserted."""
    with shop.session() as session:
        author = author_id(session)

        def rows() -> Iterator[bookstore.BookInsert]:
            for n in range(2500):
                values = book(author, n)
                if n % 3:
                    values["stock"] = n
                if n % 1000 == 999:
                    values["created_at"] = session_start
                yield values

        session_start = session.book.insert(**book(author, -1)).created_at
        assert session.book.insert_many(rows()) == 2500
        assert session.book.insert_many([]) == 0
        stored = session.book.select(order_by=Book.id)
        assert [row.stock for row in stored[1:]] == [n if n % 3 else 0 for n in range(2500)]
        session.book.delete_where(Book.id > 0)
        assert session.book.insert_many(stored) == 2501
        assert session.book.select(order_by=Book.id) == stored


def test_rows_go_back_without_their_computed_columns(store: sample.Database) -> None:
    """A row that was read can be inserted again; its computed columns are left out."""
    with store.session() as session:
        rows = [session.thing.insert(name=f"n{n}", rank=n, tags=[str(n), 'a"b,']) for n in range(3)]
        session.thing.delete_where(ALL_ROWS)
        session.thing.insert_many(rows)
        assert sorted(session.thing.select(), key=lambda row: row.name) == rows


OVERSIZED: list[tuple[str, Any]] = [
    ("small", 2**15),
    ("small", -(2**15) - 1),
    ("rank", 2**40 + 7),
    ("rank", True),
    ("weight", 1e300),
    ("weight", float("nan")),
    ("price", Decimal("1.234")),
    ("price", Decimal("NaN")),
    ("name", "longer than ten"),
    ("name", "nul\0"),
    ("name", 5),
    ("blob", "text"),
    ("tags", ["a", None]),
    ("doc", {"a": "b"}),
    ("colour", "green"),
    ("seen", "2024-01-01"),
]


@pytest.mark.parametrize(("column", "value"), OVERSIZED)
def test_insert_many_refuses_what_does_not_fit(store: sample.Database, column: str, value: object) -> None:
    """A value that its column cannot store is a DataError with the row and column, and no row is stored."""
    with store.session() as session:
        rows: list[dict[str, object]] = [{"name": "a"}, {"name": "b"}, {"name": "c", column: value}]
        with pytest.raises(DataError, match=f"row 3, column {column}"):
            session.thing.insert_many(rows)
        assert session.thing.count() == 0


def test_insert_many_names_the_row_that_the_database_refused(shop: bookstore.Database) -> None:
    """A row that violates a constraint is an IntegrityError with the row and column; no row is stored."""
    with shop.session() as session:
        author = author_id(session)
        rows = [book(author, n) for n in (1, 2, 3, 2)]
        with pytest.raises(IntegrityError, match="row 4, column isbn"):
            session.book.insert_many(rows)
        with pytest.raises(IntegrityError, match="row 2"):
            session.book.insert_many([book(author, 1), book(author, 2, "-1")])
        with pytest.raises(IntegrityError, match="row 1, column isbn"):
            session.book.insert_many([{"author_id": author, "title": "", "price": Decimal(1)}])  # type: ignore[list-item]  # the point of the test
        assert session.book.count() == 0
        assert session.book.insert_many(rows[:3]) == 3


def test_a_wrong_row_is_refused_by_number(shop: bookstore.Database) -> None:
    """An unknown column or an invalid row is an error with the row; nothing is stored."""
    with shop.session() as session:
        with pytest.raises(UnknownColumnError, match="'nam'") as caught:
            session.author.insert_many([{"name": "a"}, {"nam": "b"}])  # type: ignore[list-item]  # the point of the test
        assert caught.value.__notes__ == ["In row 2."]
        with pytest.raises(TypeError, match="tuple is not a mapping"):
            session.author.insert_many([{"name": "a"}, ("b",)])  # type: ignore[list-item]  # the point of the test
        assert session.author.count() == 0


def test_an_error_of_the_iterable_is_the_callers(shop: bookstore.Database) -> None:
    """An error of the iterable is raised unchanged; nothing is stored and the session stays usable."""

    def rows() -> Iterator[bookstore.AuthorInsert]:
        yield {"name": "a"}
        raise LookupError("out of rows")

    with shop.session() as session:
        with pytest.raises(LookupError, match="out of rows"):
            session.author.insert_many(rows())
        assert session.author.count() == 0


def test_an_iterable_that_uses_the_session_is_refused(shop: bookstore.Database) -> None:
    """While a verb reads rows nothing else can use its session: rows, streams or entities."""
    with shop.session() as session:
        author_id(session)
        uses: list[Callable[[], object]] = [
            session.author.count,
            lambda: session.author.insert(name="b"),
            lambda: session.get(bookstore.Author, 1),
            lambda: next(session.author.stream()),
        ]

        def rows(use: Callable[[], object]) -> Iterator[bookstore.AuthorInsert]:
            yield {"name": "first"}
            yield {"name": str(use())}

        for use in uses:
            with pytest.raises(SessionBusyError, match="iterable"):
                session.author.insert_many(rows(use))
        for verb in (session.author.ensure, session.author.replace, session.author.upsert_many):
            with pytest.raises(SessionBusyError):
                verb(rows(session.author.count))
        stream = session.author.stream()
        with pytest.raises(SessionBusyError):
            session.author.insert_many({"name": row.name} for row in stream)
        assert session.author.count() == 1


def test_insert_many_with_listeners(shop: bookstore.Database) -> None:
    """Listeners see the statements of many rows, with the same rows and the same errors as without them."""
    seen: list[str] = []
    event.listen(shop.engine, "before_cursor_execute", lambda c, cursor, sql, p, context, many: seen.append(sql))
    with shop.session() as session:
        author = author_id(session)
        assert session.book.insert_many(book(author, n) for n in range(1500)) == 1500
        with pytest.raises(IntegrityError, match="row 3, column isbn"):
            session.book.insert_many([book(author, 2000), book(author, 2001), book(author, 7)])
        assert session.book.count() == 1500
        assert session.book.upsert_many([book(author, 7), book(author, 5000)], "isbn") == 2
        assert session.book.count() == 1501
    assert any(sql.startswith(("INSERT INTO book", "COPY book")) for sql in seen)


def test_row_level_security_refuses_copy(postgres_url: str) -> None:
    """Under row security, which COPY does not support, rows are inserted by statements."""
    with bookstore.Database(postgres_url) as database:
        database.create()
        with database.session() as session:
            session.execute(text("ALTER TABLE author ENABLE ROW LEVEL SECURITY"))
            session.execute(text("CREATE POLICY short ON author USING (true) WITH CHECK (length(name) < 5)"))
            role = f"clerk_{uuid4().hex[:8]}"
            session.execute(text(f"CREATE ROLE {role}"))
            session.execute(text(f"GRANT USAGE ON SCHEMA public TO {role}"))
            session.execute(text(f"GRANT ALL ON author TO {role}"))
            session.execute(text(f"SET LOCAL ROLE {role}"))
            assert session.author.insert_many({"name": str(n)} for n in range(1200)) == 1200
            with pytest.raises(DBAPIError, match="row-level security"):
                session.author.insert_many([{"name": "a"}, {"name": "too long"}])
            assert session.author.count() == 1200
            session.execute(text("RESET ROLE"))
            session.execute(text(f"DROP OWNED BY {role}"))
            session.execute(text(f"DROP ROLE {role}"))


def test_insert_many_returning_keeps_the_order(store: sample.Database) -> None:
    """Rows are returned as stored, in the order given, also if the database generates their keys."""
    names = [f"n{n}" for n in range(300)]
    random.Random(1).shuffle(names)
    with store.session() as session:
        rows = session.thing.insert_many_returning({"name": name, "rank": 1} for name in names)
        assert [row.name for row in rows] == names
        assert rows[0].doubled == 2
        with pytest.raises(IntegrityError, match="row 2, column name"):
            session.thing.insert_many_returning([{"name": "new"}, {"name": "n7"}])
        assert session.thing.count() == 300
