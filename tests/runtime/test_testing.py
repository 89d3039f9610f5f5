"""`rolled_back`: nothing is stored, however the code under test ends its transactions."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DBAPIError, IntegrityError, InvalidRequestError

from tablewright.runtime.errors import TransactionLostError
from tablewright.runtime.testing import rolled_back
from tests.runtime.family import Database, Parent, Session, names


@pytest.fixture(params=["engine", "memory", "foreign engine"])
def one_parent(request: pytest.FixtureRequest, url: str) -> Iterator[Database]:
    """Open a database with one parent, which must be the only row after a test."""
    from sqlalchemy import create_engine

    if request.param == "memory" and url.startswith("postgresql"):
        request.getfixturevalue("postgres_url")
        request.param = "engine"
    database = {
        "engine": lambda: Database(url),
        "memory": lambda: Database("sqlite://"),
        "foreign engine": lambda: Database(create_engine(url)),
    }[request.param]()
    with database:
        database.create()
        with database.session() as session:
            session.parent.insert("there")
        yield database
        assert names(database) == ["there"]


def commit_by_scope(session: Session, database: Database) -> None:
    with database.session() as own:
        own.parent.insert("a")
    assert session.parent.names() == ["there", "a"]


def roll_back_by_scope(session: Session, database: Database) -> None:
    session.parent.insert("mine")
    with pytest.raises(ValueError, match="x"), database.session() as own:
        own.parent.insert("a")
        raise ValueError("x")
    assert session.parent.names() == ["there", "mine"]


def commit_by_hand(session: Session, database: Database) -> None:
    with Session(database) as own:
        own.parent.insert("a")
        own.commit()
        own.parent.insert("b")
        own.rollback()
    assert session.parent.names() == ["there", "a"]


def commit_the_tests_own(session: Session, database: Database) -> None:
    session.parent.insert("a")
    session.commit()
    session.parent.insert("b")
    session.rollback()
    assert session.parent.names() == ["there", "a"]


def fail_a_flush(session: Session, database: Database) -> None:
    with Session(database) as own:
        own.add(Parent(name="a"))
        own.commit()
        own.add(Parent(name="a"))
        with pytest.raises(IntegrityError):
            own.flush()
        own.rollback()
        own.add(Parent(name="b"))
        own.commit()
    assert session.parent.names() == ["there", "a", "b"]


def lose_a_transaction(session: Session, database: Database) -> None:
    with pytest.raises(TransactionLostError), database.session() as own:
        own.parent.insert("a")
        with pytest.raises(IntegrityError):
            own.parent.insert("a")
    assert session.parent.names() == ["there"]


def nest(session: Session, database: Database) -> None:
    with database.session() as own:
        with pytest.raises(IntegrityError), own.nested():
            own.parent.insert("there")
        with own.nested():
            own.parent.insert("a")
        with database.session() as inner:
            assert inner.parent.names() == ["there", "a"]
    assert session.parent.names() == ["there", "a"]


def transact_and_ambient(session: Session, database: Database) -> None:
    database.transact(lambda own: own.parent.insert("a"), isolation="SERIALIZABLE")
    with database.ambient_session() as own, database.ambient_session() as same:
        assert same is own
        own.parent.insert("b")
    assert session.parent.names() == ["there", "a", "b"]


def read_only(session: Session, database: Database) -> None:
    session.parent.insert("mine")
    with pytest.raises(DBAPIError, match=r"read-?only"), database.session(read_only=True) as own:
        assert own.parent.names() == ["there", "mine"]
        own.parent.insert("a")
    with database.session() as own:
        own.parent.insert("b")
    assert session.parent.names() == ["there", "mine", "b"]


def leave_open(session: Session, database: Database) -> None:
    session.add(Parent(name="pending"))
    session.begin_nested()
    session.parent.insert("a")


def tables(session: Session, database: Database) -> None:
    database.drop()
    database.create()
    with database.session() as own:
        assert own.parent.names() == []


def clone_and_dispose(session: Session, database: Database) -> None:
    with database.clone() as clone, clone.session() as own:
        own.parent.insert("a")
    assert session.parent.names() == ["there", "a"]


@pytest.mark.parametrize(
    "behaviour",
    [
        commit_by_scope,
        roll_back_by_scope,
        commit_by_hand,
        commit_the_tests_own,
        fail_a_flush,
        lose_a_transaction,
        nest,
        transact_and_ambient,
        read_only,
        leave_open,
        tables,
        clone_and_dispose,
    ],
)
def test_nothing_is_stored(one_parent: Database, behaviour: Callable[[Session, Database], None]) -> None:
    """Code that commits, rolls back, fails or leaves sessions open behaves as usual, and leaves no trace."""
    with rolled_back(one_parent) as (session, database):
        behaviour(session, database)


def test_failing_test(one_parent: Database) -> None:
    """The test's own failure is raised, and its writes are undone."""
    with pytest.raises(AssertionError, match="x"), rolled_back(one_parent) as (session, database):
        session.parent.insert("a")
        with database.session() as own:
            own.parent.insert("b")
        raise AssertionError("x")


def test_outer_transaction_ended(sqlite_url: str) -> None:
    """If a test ends the outer transaction, an error warns that its writes may have been committed."""
    with Database(sqlite_url) as database:
        database.create()
        with pytest.raises(InvalidRequestError, match="may have been committed"), rolled_back(database) as (session, _):
            root = session.connection().get_transaction()
            assert root is not None
            root.rollback()


def test_ended_by_a_statement(postgres_url: str) -> None:
    """A statement that ends the outer transaction raises the same error."""
    with Database(postgres_url) as database:
        database.create()
        with pytest.raises(DBAPIError, match="savepoint"), rolled_back(database) as (session, _):
            session.execute(text("ROLLBACK"))
