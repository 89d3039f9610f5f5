"""The verbs that update rows: by key and by condition."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import pytest
from sqlalchemy import select
from sqlalchemy.exc import ArgumentError

import bookstore
from bookstore import Author, Book
from tablewright.runtime.errors import UnknownColumnError
from tablewright.runtime.table import ALL_ROWS
from tests.runtime.books import author_id, book


def test_update_where_counts_the_rows(shop: bookstore.Database) -> None:
    """Every row that meets the conditions is updated, to values or expressions; others stay."""
    with shop.session() as session:
        author = author_id(session)
        session.book.insert_many(book(author, n, str(n)) for n in range(1, 6))
        assert session.book.update_where(Book.price < 3, stock=Book.stock + 2, title="Cheap") == 2
        assert [row.stock for row in session.book.select(order_by=Book.id)] == [2, 2, 0, 0, 0]
        written = select(Author.id).where(Author.name.startswith("Ursula")).scalar_subquery()
        assert session.book.update_where(Book.author_id == written, Book.stock > 0, price=Decimal("0.50")) == 2
        assert session.book.update_where(Book.price == Decimal("0.5")) == 2
        assert session.book._update_where((ALL_ROWS,), {"stock": 1}) == 5
        assert session.book.count(Book.stock == 1) == 5


def test_writing_every_row_must_be_explicit(shop: bookstore.Database) -> None:
    """Refused: no condition, one that Python has evaluated, and ALL_ROWS with a condition."""
    with shop.session() as session:
        author = author_id(session)
        with pytest.raises(ArgumentError, match="Pass ALL_ROWS"):
            session.author._update_where((), {"name": "x"})
        with pytest.raises(TypeError):
            session.author.delete_where()  # type: ignore[call-arg]  # the point of the test
        with pytest.raises(ArgumentError, match="not True"):
            session.author.delete_where(True)  # type: ignore[arg-type]  # the point of the test
        with pytest.raises(ArgumentError, match="cannot be combined"):
            session.author.delete_where(ALL_ROWS, Author.id > 3)
        with pytest.raises(UnknownColumnError):
            session.author._update_where((ALL_ROWS,), {"id": 3})
        assert session.author.get(author) is not None


def test_update_changes_just_what_it_names(shop: bookstore.Database) -> None:
    """Values and expressions are set, `touch` columns are updated, other columns stay; a missing row is None."""
    with shop.session() as session:
        before = session.book.insert(**book(author_id(session), 1))
        session.book.update_where(Book.id == before.id, updated_at=datetime(2000, 1, 1, tzinfo=UTC))
        after = session.book.update(before.id, title="New")
        assert after is not None
        assert (after.title, after.price, after.isbn) == ("New", before.price, before.isbn)
        assert after.updated_at.year > 2000
        raised = session.book.update(before.id, stock=Book.stock + 3, price=session.book.c.price * 2)
        assert raised is not None
        assert (raised.stock, raised.price) == (3, Decimal("19.98"))
        assert session.book.update(before.id) == raised
        assert session.book.update(999, title="x") is None
