"""`Session.over`: typed rows inside a transaction that belongs to another session."""

from __future__ import annotations

import pytest
from sqlalchemy import create_engine, select
from sqlalchemy.orm import Session as EntitySession

from tests.runtime.family import Database, Parent, Session, names


@pytest.fixture(params=["ours", "foreign"])
def other(request: pytest.FixtureRequest, url: str) -> EntitySession:
    """Open a plain SQLAlchemy session, on an engine of the package or on a bare one."""
    database = Database(url)
    database.create()
    return EntitySession(database.engine if request.param == "ours" else create_engine(url))


def test_same_transaction(other: EntitySession, url: str) -> None:
    """A wrapping session sees stored and pending writes of the other, and is committed or rolled back with it."""
    other.add(Parent(name="pending"))
    with Session.over(other) as session:
        assert session.parent.names() == ["pending"]
        session.parent.insert("row")
        session.commit()
    assert sorted(other.scalars(select(Parent.name))) == ["pending", "row"]
    assert names(Database(url)) == [] if url.startswith("postgresql") else True
    other.commit()
    assert names(Database(url)) == ["pending", "row"]


def test_its_own_commit_and_rollback(other: EntitySession, url: str) -> None:
    """Its commit keeps its writes, its rollback and close undo them; the other's transaction continues."""
    other.add(Parent(name="before"))
    session = Session.over(other)
    session.parent.insert("undone")
    session.rollback()
    session.parent.insert("kept")
    session.commit()
    session.parent.insert("never committed")
    session.close()
    other.add(Parent(name="after"))
    other.commit()
    assert names(Database(url)) == ["after", "before", "kept"]


def test_rolled_back_with_the_other(other: EntitySession, url: str) -> None:
    """Its committed writes are undone when the other session rolls back, also on an engine created elsewhere."""
    if other.get_bind().dialect.name == "sqlite":
        other.connection()
    with Session.over(other) as session:
        session.parent.insert("row")
        session.commit()
    other.rollback()
    assert names(Database(url)) == []
