"""`truncate`: empty tables, and those that reference them."""

from __future__ import annotations

import pytest
from sqlalchemy.exc import NotSupportedError

import bookstore
from tests.runtime import sample
from tests.runtime.books import author_id, book


def test_truncate(shop: bookstore.Database) -> None:
    """A referenced table is emptied only together with the referencing ones; ids go on."""
    with shop.session() as session:
        author = author_id(session)
        session.book.insert(**book(author, 1))
        with pytest.raises(NotSupportedError, match="truncate"):
            session.author.truncate()
        assert session.book.count() == 1
        session.author.truncate(cascade=True)
        assert (session.author.count(), session.book.count()) == (0, 0)
        assert author_id(session) == author + 1
        session.order_line.truncate()


def test_truncate_of_a_table_that_points_at_itself(store: sample.Database) -> None:
    """References within the table do not matter."""
    with store.session() as session:
        session.node.insert_many([{"id": 1}, {"id": 2, "up_id": 1}])
        session.node.truncate()
        assert session.node.count() == 0
