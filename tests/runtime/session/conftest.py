"""The sample database of the tests of sessions."""

from __future__ import annotations

from collections.abc import Iterator

import pytest

from tests.runtime.session.sample import Database


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """The sample's tables in an empty database, on either engine."""
    with Database(url) as made:
        made.create()
        yield made
