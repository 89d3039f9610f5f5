"""Savepoints: nested blocks, names, and entities after a rollback."""

from __future__ import annotations

import pytest
from sqlalchemy import select, text

from tablewright.runtime.errors import SavepointError
from tests.runtime.family import Child, Database, Parent, Session, names


def test_first_statement_is_inside(database: Database) -> None:
    """A row write that is the first statement after the savepoint is undone with it."""
    with database.session() as session:
        session.parent.insert("before")
        with pytest.raises(ValueError, match="x"), session.nested():
            session.parent.insert("inside")
            raise ValueError("x")
        session.parent.insert("after")
    assert names(database) == ["after", "before"]


def test_rollback_expires_what_rows_wrote(database: Database) -> None:
    """An entity first read between a row write and the savepoint's rollback shows the database, not what was undone."""
    with database.session() as session:
        session.parent.insert("a")
        with pytest.raises(ValueError, match="x"), session.nested():
            session.parent.set_size("a", 7)
            entity = session.scalars(select(Parent)).one()
            assert entity.size == 7
            raise ValueError("x")
        assert entity.size == 0


def test_rollback_of_an_outer_savepoint_expires_too(database: Database) -> None:
    """Also when the savepoint that wrote was released into the one that is rolled back."""
    with database.session() as session:
        session.parent.insert("a")
        with pytest.raises(ValueError, match="x"), session.nested():
            with session.nested():
                session.parent.set_size("a", 7)
            entity = session.scalars(select(Parent)).one()
            assert entity.size == 7
            raise ValueError("x")
        assert entity.size == 0


def test_rollback_to_expires(database: Database) -> None:
    """`rollback_to` shows entities as they are again."""
    with database.session() as session:
        session.parent.insert("a")
        session.savepoint("start")
        session.parent.set_size("a", 7)
        entity = session.scalars(select(Parent)).one()
        session.rollback_to("start")
        assert entity.size == 0


def test_pending_entities_belong_outside(database: Database) -> None:
    """Entities added before the savepoint are not undone with it."""
    with database.session() as session:
        session.add(Parent(name="pending"))
        with pytest.raises(ValueError, match="x"), session.nested():
            session.add(Parent(name="inner"))
            raise ValueError("x")
    assert names(database) == ["pending"]


def test_named(database: Database) -> None:
    """A savepoint can be rolled back to repeatedly, past later ones."""
    with database.session() as session:
        session.parent.insert("kept")
        session.savepoint("a")
        for attempt in range(2):
            session.parent.insert(f"a{attempt}")
            session.savepoint("b")
            session.parent.insert(f"b{attempt}")
            session.rollback_to("a")
        session.parent.insert("last")
    assert names(database) == ["kept", "last"]


def test_newest_of_a_name(database: Database) -> None:
    """Of two savepoints with one name the newest is used, as in SQL."""
    with database.session() as session:
        session.savepoint("a")
        session.parent.insert("one")
        session.savepoint("a")
        session.parent.insert("two")
        session.rollback_to("a")
    assert names(database) == ["one"]


def test_as_block(database: Database) -> None:
    """A block releases it at the end and rolls it back on an error, also after `rollback` inside."""
    with database.session() as session:
        with session.savepoint("a") as point:
            session.parent.insert("undone")
            session.rollback_to(point)
            session.parent.insert("kept")
        with pytest.raises(ValueError, match="x"), session.savepoint("b"):
            session.parent.insert("lost")
            raise ValueError("x")
        with pytest.raises(SavepointError, match="'a'"):
            session.rollback_to("a")
        with pytest.raises(SavepointError, match="no longer open"):
            session.rollback_to(point)
    assert names(database) == ["kept"]


def test_heals_a_failure(database: Database) -> None:
    """Rolling back to a savepoint repairs a transaction that a later statement broke."""
    with database.session() as session:
        session.parent.insert("a")
        session.savepoint("safe")
        with pytest.raises(Exception, match=r"(?i)unique"):
            session.parent.insert("a")
        session.rollback_to("safe")
        session.parent.insert("b")
    assert names(database) == ["a", "b"]


def test_failure_between_savepoints(database: Database) -> None:
    """An unknown name, or one of an ended transaction, is an error that lists the open ones."""
    with Session(database) as session:
        session.savepoint("here")
        with pytest.raises(SavepointError, match="here"):
            session.rollback_to("there")
        session.commit()
        with pytest.raises(SavepointError, match="'here'"):
            session.rollback_to("here")


def test_name_is_never_sql(database: Database) -> None:
    """A name can be any text."""
    with database.session() as session:
        session.savepoint('x"; DROP TABLE parent; --')
        session.parent.insert("undone")
        session.rollback_to('x"; DROP TABLE parent; --')
    assert names(database) == []


def test_commit_inside_commits_all(database: Database) -> None:
    """`commit()` in a savepoint commits the whole transaction, `rollback()` undoes all of it."""
    with Session(database) as session:
        session.parent.insert("a")
        session.begin_nested()
        session.parent.insert("b")
        session.commit()
        session.parent.insert("c")
        session.begin_nested()
        session.parent.insert("d")
        session.rollback()
    assert names(database) == ["a", "b"]


def test_flushed_children_come_back(database: Database) -> None:
    """Entities deleted in a savepoint that is rolled back are persistent again."""
    with database.session() as session:
        family = Parent(name="p", children=[Child(), Child()])
        session.add(family)
        session.flush()
        with pytest.raises(ValueError, match="x"), session.nested():
            session.execute(text("DELETE FROM parent"))
            session.expire_all()
            raise ValueError("x")
        session.expire_all()
        assert len(family.children) == 2
