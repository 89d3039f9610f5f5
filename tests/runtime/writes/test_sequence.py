"""Automatic ids after explicit ones: the same on both databases, for rows and entities."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import MetaData, Table, insert

from bookstore import Author, Database, Session


@pytest.fixture
def session(url: str) -> Iterator[Session]:
    with Database(url) as db:
        db.create()
        with db.session() as session:
            yield session


def test_rows(session: Session) -> None:
    """After a row with an id of its own, ids go on from there."""
    assert session.author.insert(name="a").id == 1
    assert session.author.insert(id=50, name="b").id == 50
    assert session.author.insert(name="c").id == 51
    session.author.insert_many([{"id": 70, "name": "d"}, {"id": 60, "name": "e"}])
    assert session.author.insert(name="f").id == 71


def test_entities(session: Session) -> None:
    """The same of entities, in one flush or several."""
    session.add_all([Author(id=50, name="a"), Author(id=40, name="b")])
    session.flush()
    later = Author(name="c")
    session.add(later)
    session.flush()
    assert later.id == 51
    assert session.author.insert(name="d").id == 52


def test_a_lower_id_changes_nothing(session: Session) -> None:
    """An id below the highest used does not decrease the automatic ones."""
    session.author.insert(id=50, name="a")
    session.add(Author(id=7, name="b"))
    session.flush()
    assert session.author.insert(name="c").id == 51


def test_a_deleted_id_is_not_given_again(session: Session) -> None:
    """The id of a deleted last row is not used again."""
    last = session.author.insert(name="a")
    session.author.delete(last.id)
    assert session.author.insert(name="b").id == last.id + 1


def test_foreign_tables_are_left_alone(session: Session) -> None:
    """Core inserts into reflected tables do not advance the sequence."""
    reflected = Table("author", MetaData(), autoload_with=session.connection())
    session.execute(insert(reflected).values(id=9, name="x"))
    assert session.author.get_one(9).name == "x"
