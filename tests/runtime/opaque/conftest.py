"""A database with an opaque table, on SQLite and Postgres."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bookstore import Database
from tests.runtime.opaque.records import RECORD, row


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    """Create the bookstore, empty."""
    with Database(url) as database:
        database.create()
        yield database


@pytest.fixture
def records(db: Database) -> Any:
    """Register `record`, empty. Return its storage."""
    return db.opaque.register("record", RECORD)


@pytest.fixture
def filled(records: Any) -> Any:
    """Insert five rows, two of them without a size. Return the storage."""
    sizes = [None, 10, 20, None, 10]
    records.insert(*(row(number, size=size) for number, size in enumerate(sizes, 1)))
    return records
