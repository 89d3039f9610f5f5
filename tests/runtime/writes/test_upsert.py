"""`upsert`, `upsert_many`, `ensure` and `replace`: inserts of rows that may exist."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy.exc import IntegrityError, InvalidRequestError

import bookstore
from bookstore import Book
from tests.runtime import sample
from tests.runtime.books import author_id, book


def test_upsert(shop: bookstore.Database) -> None:
    """A row is inserted, or the row with its unique key gets the given columns and keeps the others."""
    with shop.session() as session:
        author = author_id(session)
        first = session.book.upsert(_conflict="isbn", **book(author, 1, stock=4))
        second = session.book.upsert(_conflict="isbn", **book(author, 1, title="Second"))
        assert (second.id, second.title, second.stock) == (first.id, "Second", 4)
        assert session.author.upsert(id=author, name="Renamed").id == author
        assert session.author.get_one(author).name == "Renamed"
        with pytest.raises(InvalidRequestError, match="no unique key 'title'"):
            session.book.upsert(_conflict="title", **book(author, 1))  # type: ignore[arg-type]  # the point of the test
        with pytest.raises(InvalidRequestError, match="needs a value of 'isbn'"):
            session.book.upsert(_conflict="isbn", author_id=author, title="", price=Decimal(1))  # type: ignore[call-arg]  # the point of the test


def test_upsert_of_nothing_but_the_key(store: sample.Database) -> None:
    """Without columns to update, the existing row is returned."""
    with store.session() as session:
        session.node.insert(id=1, name="one")
        row = session.node._upsert("primary_key", {"id": 1})
        assert row == sample.NodeRow(1, None, "one")


def test_upsert_many(shop: bookstore.Database) -> None:
    """Rows are inserted or updated in order; of several with one key the last one stays."""
    with shop.session() as session:
        author = author_id(session)
        session.book.insert(**book(author, 1, stock=9))
        rows = [book(author, n, title=f"{n} {i}") for i, n in enumerate([1, 2, 2])]
        assert session.book.upsert_many(rows, "isbn") == 3
        assert [(row.title, row.stock) for row in session.book.select(order_by=Book.id)] == [("1 0", 9), ("2 2", 0)]
        with pytest.raises(IntegrityError, match="row 2"):
            session.book.upsert_many([book(author, 3), book(author, 4, "-1")], "isbn")
        assert session.book.count() == 2


def test_ensure_counts_only_what_it_inserted(shop: bookstore.Database) -> None:
    """Rows that conflict with existing or earlier ones, by any unique key, are not counted and change nothing."""
    with shop.session() as session:
        author = author_id(session)
        session.book.insert(**book(author, 1, stock=9))
        rows = [book(author, n) for n in (1, 2, 2, 3)]
        assert session.book.ensure(rows) == 2
        assert session.book.ensure(rows) == 0
        assert session.book.find(isbn="isbn 1")[0].stock == 9
        with pytest.raises(IntegrityError):
            session.book.ensure([book(author, 4), book(author, 5, "-1")])
        assert session.book.count() == 3


def test_replace_overwrites_the_whole_row(shop: bookstore.Database) -> None:
    """Columns left out get their default or NULL; of several rows with one key the last stays."""
    with shop.session() as session:
        author = author_id(session)
        old = session.book.insert(**book(author, 1, stock=9, details={"a": "b"}))
        assert session.book.replace([book(author, 1, id=old.id), book(author, 2, id=7)]) == 2
        new = session.book.get_one(old.id)
        assert (new.stock, new.details, new.isbn) == (0, {}, "isbn 1")
        assert session.book.insert(**book(author, 3)).id == 8
        session.author.replace([{"id": 40, "name": "a"}, {"id": 40, "name": "b"}])
        assert session.author.get_one(40).name == "b"
        with pytest.raises(IntegrityError):
            session.book.replace([book(author, 9, id=9), book(author, 1, id=10)])
        assert session.book.get(9) is None
