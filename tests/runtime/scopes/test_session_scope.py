"""`with database.session()`: one transaction, committed or rolled back as a whole."""

from __future__ import annotations

import subprocess
import sys
from collections.abc import Callable
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, InvalidRequestError

from tablewright.runtime.transaction.session_transaction import SessionState
from tests.runtime.family import Database, Parent, Session, names


def test_commits_at_the_end(database: Database) -> None:
    """Rows and entities written in the block are stored when it ends."""
    with database.session() as session:
        session.parent.insert("row")
        session.add(Parent(name="entity"))
    assert names(database) == ["entity", "row"]


@pytest.mark.parametrize("error", [ValueError, KeyboardInterrupt, GeneratorExit])
def test_rolls_back_on_any_error(database: Database, error: type[BaseException]) -> None:
    """An error rolls back everything, and is raised unchanged."""
    raised = error()
    with pytest.raises(error) as caught, database.session() as session:
        session.parent.insert("row")
        session.add(Parent(name="entity"))
        session.flush()
        raise raised
    assert caught.value is raised
    assert names(database) == []


def test_reads_do_not_end_the_transaction(database: Database) -> None:
    """Writes after a read are stored too."""
    with database.session() as session:
        assert session.scalars(select(Parent)).all() == []
        session.parent.insert("after a read")
    assert names(database) == ["after a read"]


@pytest.mark.parametrize("verb", ["commit", "rollback", "close", "begin", "reset", "invalidate"])
def test_transaction_verbs_are_refused(database: Database, verb: str) -> None:
    """Inside the block, methods that end the transaction raise an error that names the alternative."""
    with database.session() as session:
        session.parent.insert("kept")
        with pytest.raises(InvalidRequestError, match=r"session\.nested\(\).*session\.savepoint\(\)"):
            getattr(session, verb)()
    assert names(database) == ["kept"]


def test_a_session_is_closed_after_its_block(database: Database) -> None:
    """A session used after its block raises, instead of beginning a transaction without an end."""
    with database.session() as session:
        pass
    assert session.state is SessionState.CLOSED
    for use in _uses(session):
        with pytest.raises(InvalidRequestError):
            use()


def _uses(session: Session) -> list[Callable[[], Any]]:
    return [
        lambda: session.parent.insert("late"),
        lambda: session.execute(text("SELECT 1")),
        lambda: session.begin(),
        lambda: session.commit(),
    ]


def test_a_second_entry_is_refused(database: Database) -> None:
    """Entering a scope a second time raises."""
    scope = database.session()
    with scope:
        pass
    with pytest.raises(InvalidRequestError, match=r"call database\.session\(\) again"):
        scope.__enter__()


def test_entities_keep_their_values(database: Database) -> None:
    """Entities can be read after the block without a database."""
    with database.session() as session:
        entity = Parent(name="kept")
        session.add(entity)
    assert (entity.name, entity.id) == ("kept", 1)


def test_two_sessions_are_two_transactions(database: Database) -> None:
    """A second block inside the first has its own transaction, in the same or another thread or task."""
    with database.session() as session:
        assert session.parent.names() == []
        with database.session(read_only=True) as other:
            assert other is not session
            assert other.connection() is not session.connection()


def test_by_hand(database: Database) -> None:
    """`Session(database)` works as in SQLAlchemy: commit and roll back any number of times, nothing by itself."""
    with Session(database) as session:
        session.parent.insert("one")
        session.commit()
        session.parent.insert("two")
        session.rollback()
        session.parent.insert("three")
    assert names(database) == ["one"]


def test_begin_by_hand(database: Database) -> None:
    """`with session.begin()` commits or rolls back, as in SQLAlchemy."""
    with Session(database) as session:
        with session.begin():
            session.parent.insert("kept")
        with pytest.raises(ValueError, match="x"), session.begin():
            session.parent.insert("undone")
            raise ValueError("x")
        with pytest.raises(InvalidRequestError), session.begin():
            session.begin()
    assert names(database) == ["kept"]


def test_states(database: Database) -> None:
    """A session's state is that of its real transaction."""
    session = Session(database)
    states = [session.state]
    session.parent.names()
    states.append(session.state)
    with pytest.raises(DBAPIError):
        session.execute(text("nothing at all"))
    states.append(session.state)
    session.rollback()
    states.append(session.state)
    assert states == [SessionState.READY, SessionState.ACTIVE, SessionState.FAILED, SessionState.READY]


def test_unknown_accessor(database: Database) -> None:
    """A misspelt table is an AttributeError; Python suggests the nearest one, as for attributes of a class."""
    session = Session(database)
    with pytest.raises(AttributeError, match="parnet"):
        session.parnet  # type: ignore[attr-defined]  # noqa: B018  # what is tested
    assert session.parent is session.parent
    program = "from tests.runtime.family import Session; Session().parnet"
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.stderr.endswith("Did you mean: 'parent'?\n")
