"""The databases of the tests of rows: the bookstore, and the sample."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

import bookstore
from tests.runtime.rows import sample


@pytest.fixture
def shop(url: str) -> Iterator[bookstore.Database]:
    """The bookstore's tables in an empty database, on either engine."""
    with bookstore.Database(url) as database:
        database.create()
        yield database


@pytest.fixture
def store(url: str) -> Iterator[sample.Database]:
    """The sample's tables in an empty database, on either engine."""
    with sample.Database(url) as database:
        database.create()
        yield database
