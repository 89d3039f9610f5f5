"""The reading verbs by condition and by equality."""

from __future__ import annotations

from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from typing import NamedTuple
from uuid import uuid4

import msgspec
import pytest
from sqlalchemy import func, select
from sqlalchemy.exc import ArgumentError, InvalidRequestError, MultipleResultsFound

import bookstore
from bookstore import Author, Book
from tablewright.runtime.errors import NotFoundError
from tests.runtime import sample
from tests.runtime.books import author_id, book


def test_select_by_entities_and_by_columns(session: bookstore.Session) -> None:
    """Conditions on mapped classes and on plain columns read the same rows, ordered and cut."""
    cheap = session.book.select(Book.price < 3, order_by=Book.title.desc())
    assert [row.isbn for row in cheap] == ["isbn 2", "isbn 1"]
    c = session.book.c
    assert session.book.select(c.price < 3, order_by=[c.title.desc(), c.id]) == cheap
    assert [row.isbn for row in session.book.select(order_by=c.id, limit=2, offset=1)] == ["isbn 2", "isbn 3"]
    assert len(session.book.select(Book.author.has(Author.name.like("Ursula%")), lock="share")) == 5


def test_first_and_one(session: bookstore.Session) -> None:
    """The first row or None; the only row, or an error for none and another for several."""
    first = session.book.first(order_by=Book.price.desc())
    assert first is not None
    assert first.isbn == "isbn 5"
    assert session.book.first(Book.price > 9) is None
    assert session.book.one(Book.isbn == "isbn 3").price == Decimal("3.00")
    with pytest.raises(NotFoundError):
        session.book.one(Book.price > 9)
    with pytest.raises(MultipleResultsFound):
        session.book.one(Book.price > 2)


def test_count_and_exists(session: bookstore.Session) -> None:
    """The number of rows, and whether one exists."""
    assert (session.book.count(), session.book.count(Book.price >= 4)) == (5, 2)
    assert (session.book.exists(), session.book.exists(Book.price > 9)) == (True, False)


def test_a_condition_that_python_has_evaluated_is_refused(session: bookstore.Session) -> None:
    """`Book.price is None` is False before it reaches a verb, and not a condition."""
    with pytest.raises(ArgumentError, match="not False"):
        session.book.select(Book.price is None)  # type: ignore[arg-type]  # the point of the test
    with pytest.raises(ArgumentError, match="not 'title'"):
        session.book.select(order_by="title")  # type: ignore[arg-type]  # the point of the test


def test_find_by_value_list_and_none(session: bookstore.Session) -> None:
    """A value compares, a collection is IN, None is IS NULL, also among others."""
    session.author.insert(name="dated", born=date(1950, 1, 1))
    assert [row.isbn for row in session.book.find(isbn="isbn 2")] == ["isbn 2"]
    assert {
        row.isbn for row in session.book.find(isbn=("isbn 1", "isbn 2", "none"), genre=bookstore.Genre.FICTION)
    } == {
        "isbn 1",
        "isbn 2",
    }
    assert session.book.find(isbn=[]) == []
    assert [row.name for row in session.author.find(born=None)] == ["Ursula K. Le Guin"]
    assert len(session.author.find(born=[None, date(1950, 1, 1)])) == 2


@pytest.mark.parametrize("column", ["id", "isbn", "price"])
def test_find_takes_collections_of_any_size(session: bookstore.Session, column: str) -> None:
    """Three hundred thousand values work as one does."""
    values = {
        "id": range(300_000),
        "isbn": [f"isbn {n}" for n in range(300_000)],
        "price": [*map(Decimal, range(300_000))],
    }
    assert len(session.book.find(**{column: values[column]})) == 5  # type: ignore[arg-type]


def test_find_compares_lists_and_documents_as_values(store: sample.Database) -> None:
    """For arrays and JSON a list is one value; dicts are equal in any order of their keys."""
    with store.session() as session:
        session.thing.insert(name="one", tags=["a", "b"], doc={"b": 1, "a": 2})
        session.thing.insert(name="two", tags=["b", "a"])
        assert [row.name for row in session.thing.find(tags=["a", "b"])] == ["one"]
        assert [row.name for row in session.thing.find(doc={"a": 2, "b": 1})] == ["one"]
        assert [row.name for row in session.thing.find(doc=None)] == ["two"]


def test_find_by_many_values_of_every_kind(store: sample.Database) -> None:
    """Collections too long for single parameters compare as exactly as short ones."""
    seen = datetime(2024, 1, 1, 0, 0, 0, 1, tzinfo=UTC)
    with store.session() as session:
        row = session.thing.insert(
            name="x", rank=3, weight=0.1, blob=b"\xff", seen=seen, wait=timedelta(1), colour=sample.Colour.BLUE
        )
        session.thing.insert(name="y", price=Decimal("7.77"))
        many = {
            "id": [row.id, *(uuid4() for _ in range(99))],
            "rank": range(100),
            "weight": [row.weight, *(float(n) for n in range(99))],
            "blob": [b"\xff", *(bytes([n]) for n in range(99))],
            "seen": [seen + timedelta(n) for n in range(100)],
            "wait": [timedelta(n) for n in range(100)],
            "colour": [sample.Colour.BLUE] * 100,
            "name": ["x", *("far too long for the column" for _ in range(99))],
        }
        for name, values in many.items():
            assert [found.name for found in session.thing.find(**{name: values})] == ["x"], name
        assert [found.name for found in session.thing.find(price=[Decimal(n) / 100 for n in range(700, 800)])] == ["y"]


@dataclass
class Count:
    name: str
    books: int


class Pair(NamedTuple):
    books: int
    name: str


class Keyword(msgspec.Struct, kw_only=True):
    name: str
    books: int


@pytest.mark.parametrize("row_type", [Count, Pair, Keyword])
def test_session_rows_of_any_select(session: bookstore.Session, row_type: type[Count]) -> None:
    """A dataclass, NamedTuple or Struct takes the columns by name, whatever their order."""
    statement = select(Author.name, func.count(Book.id).label("books")).join(Book.author).group_by(Author.name)
    (row,) = session.rows(statement, row_type)
    assert isinstance(row, row_type)
    assert (row.name, row.books) == ("Ursula K. Le Guin", 5)


def test_session_rows_that_do_not_fit(session: bookstore.Session) -> None:
    """Columns and fields with different names are refused before a row is built."""
    with pytest.raises(InvalidRequestError, match=r"Count has no field isbn; the statement has no column books"):
        session.rows(select(Author.name, Book.isbn), Count)
    with pytest.raises(InvalidRequestError, match="several columns name"):
        session.rows(select(Author.name, Author.name.label("name")), Count)


def test_get_by_a_unique_key(shop: bookstore.Database) -> None:
    """A read by a unique key returns its row, and None for values that the column could not store."""
    with shop.session() as session:
        row = session.book.insert(**book(author_id(session), 1))
        assert session.book.get_by_isbn("isbn 1") == row
        assert session.book.get_by_isbn("isbn 1 and far more than thirteen characters") is None
        assert session.book.get_by_isbn("isbn 1", lock="update") == row


def test_get_one_of_no_row(shop: bookstore.Database) -> None:
    """`NotFoundError` names the table and the key."""
    with shop.session() as session, pytest.raises(NotFoundError, match=r"author has no row with id=7"):
        session.author.get_one(7)


def test_get_many_keeps_the_order_and_takes_any_number(shop: bookstore.Database) -> None:
    """Rows are in the order of the keys, repeated for repeated keys; keys without a row are left out."""
    with shop.session() as session:
        ids = [author_id(session, name) for name in "abc"]
        rows = session.author.get_many([ids[2], 999, ids[0], ids[2]])
        assert [row.name for row in rows] == ["c", "a", "c"]
        assert len(session.author.get_many(range(300_000))) == 3
        assert session.author.get_many([]) == []
