"""The verbs that delete rows: by key, by lists of keys, by values and by condition."""

from __future__ import annotations

from collections.abc import Iterable
from decimal import Decimal
from typing import Any

import pytest

import bookstore
from bookstore import Author, Book
from bookstore.tables.order_line import OrderLineKey
from tablewright.runtime.table import ALL_ROWS
from tests.runtime.books import author_id, book


def test_delete_where_counts_the_rows(shop: bookstore.Database) -> None:
    """Every row that meets the conditions is deleted, and no other."""
    with shop.session() as session:
        author = author_id(session)
        session.book.insert_many(book(author, n, str(n)) for n in range(1, 6))
        assert session.book.delete_where(Book.author.has(Author.name == "no author")) == 0
        assert session.book.delete_where(Book.price < 3) == 2
        assert session.book.delete_where(ALL_ROWS) == 3
        assert session.book.count() == 0


def test_delete_returns_whether_the_row_existed(shop: bookstore.Database) -> None:
    """True for a deleted row, False for a missing one."""
    with shop.session() as session:
        author = author_id(session)
        assert session.author.delete(author) is True
        assert session.author.delete(author) is False


def ids(rows: Iterable[Any]) -> list[int]:
    """The ids of rows, in order."""
    return sorted(row.id for row in rows)


def test_delete_by_keys(shop: bookstore.Database) -> None:
    """The rows with the keys are deleted and counted once each; composite keys and empty lists work."""
    with shop.session() as session:
        author = author_id(session)
        session.book.insert_many(book(author, n) for n in range(1, 6))
        assert session.book.delete_many([2, 3, 3, 99]) == 2
        assert session.book.delete_many(()) == 0
        assert session.book.delete_many(row.id for row in session.book.select(Book.id > 4)) == 1
        assert ids(session.book.select()) == [1, 4]
        customer = session.customer.insert(email="a@b.c", name="A")
        orders = [session.order.insert(customer_id=customer.id).id for _ in range(2)]
        for order in orders:
            session.order_line.insert_many(
                {"order_id": order, "number": n, "book_id": 1, "price": Decimal(1)} for n in range(60)
            )
        keys = [OrderLineKey(orders[0], n) for n in range(58)]
        assert session.order_line.delete_many([keys[0], OrderLineKey(orders[1], 77)]) == 1
        assert session.order_line.delete_many(keys) == 57
        assert session.order_line.count() == 62
        with pytest.raises(TypeError, match="has 2 columns; 1 values"):
            session.order_line.delete_many([(1,)])  # type: ignore[list-item]  # the point of the test


def test_deleted_rows_leave_the_session(shop: bookstore.Database) -> None:
    """Entities of rows deleted by a list, or by a cascade, are expired."""
    with shop.session() as session:
        author = author_id(session)
        session.book.insert_many(book(author, n) for n in range(3))
        entity = session.get_one(bookstore.Author, author)
        assert len(entity.books) == 3
        session.book.delete_matching("title", [{"title": "Title 1"}])
        assert len(entity.books) == 2
        session.author.delete_many([author])
        assert session.get(bookstore.Author, author) is None
        assert session.book.count() == 0
