"""A database with an opaque table in it, on either engine."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import pytest

from bookstore import Database
from tests.runtime.opaque.records import RECORD


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    """The bookstore, empty."""
    with Database(url) as database:
        database.create()
        yield database


@pytest.fixture
def records(db: Database) -> Any:
    """The storage of `record`, empty."""
    return db.opaque.register("record", RECORD)
