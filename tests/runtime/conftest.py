"""Databases for the tests of the run time: the bookstore, the sample of every column type, and the family."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import bookstore
from tests.runtime import family, sample
from tests.runtime.books import author_id, book


@pytest.fixture
def shop(url: str) -> Iterator[bookstore.Database]:
    """Create the bookstore's tables in an empty database, on SQLite and Postgres."""
    with bookstore.Database(url) as database:
        database.create()
        yield database


@pytest.fixture
def session(shop: bookstore.Database) -> Iterator[bookstore.Session]:
    """Open a session with five books of prices 1 to 5."""
    with bookstore.Session(shop) as opened:
        author = author_id(opened)
        opened.book.insert_many(book(author, n, str(n)) for n in range(1, 6))
        yield opened


@pytest.fixture
def store(url: str) -> Iterator[sample.Database]:
    """Create the sample's tables in an empty database, on SQLite and Postgres."""
    with sample.Database(url) as database:
        database.create()
        yield database


@pytest.fixture
def database(url: str) -> Iterator[family.Database]:
    """Create the tables of parents and children in an empty database, on SQLite and Postgres."""
    with family.Database(url) as database:
        database.create()
        yield database
