"""A right program that imports every public name of a package at once."""

from typing import assert_type

from bookstore import *
from sqlalchemy import MetaData


def names(db: Database) -> None:
    """The names have their own types, not Any."""
    assert_type(metadata, MetaData)
    with db.session() as session:
        assert_type(session, Session)
        assert_type(session.book, BookTable)
        assert_type(session.book.get(1), BookRow | None)
        assert_type(session.order_line.get_one(1, 2).key, OrderLineKey)
        assert_type(session.get(Book, 1), Book | None)
