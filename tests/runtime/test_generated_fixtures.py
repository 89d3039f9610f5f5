"""The fixtures that a generated package contains: each test runs on the same empty tables."""

from __future__ import annotations

import pytest

from bookstore import Author, Database, Session
from bookstore.testing import (  # noqa: F401  # pytest finds them by name
    bookstore_database,
    bookstore_joined,
    bookstore_url,
    database,
    session,
)


@pytest.mark.parametrize("_run", [1, 2])
def test_each_starts_empty(session: Session, database: Database, _run: int) -> None:  # noqa: F811
    """Code under test commits, and the next test finds no trace of it."""
    assert session.author.select() == []
    with database.session() as own:
        own.author.insert(name="Ursula K. Le Guin")
        own.add(Author(name="Italo Calvino"))
    assert [row.name for row in session.author.select(order_by=session.author.c.id)] == [
        "Ursula K. Le Guin",
        "Italo Calvino",
    ]
