"""Transactions that a failed statement has broken: never committed, never ended silently."""

from __future__ import annotations

from collections.abc import Callable

import pytest
from sqlalchemy import insert, select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, PendingRollbackError
from sqlalchemy.orm import sessionmaker

from tablewright.runtime.errors import TransactionLostError
from tablewright.runtime.transaction.session_transaction import SessionState
from tests.runtime.family import Child, Database, Parent, Session, names, parent

Failing = Callable[[Session], object]


def fail_as_row(session: Session) -> None:
    session.parent.insert("first")


def fail_as_statement(session: Session) -> None:
    session.execute(insert(parent).values(name="first"))


def fail_on_connection(session: Session) -> None:
    session.connection().execute(insert(parent).values(name="first"))


def fail_in_flush(session: Session) -> None:
    session.add(Parent(name="first"))
    session.flush()


def fail_in_autoflush(session: Session) -> None:
    session.add(Parent(name="first"))
    session.parent.names()


FAILING = [fail_as_row, fail_as_statement, fail_on_connection, fail_in_flush, fail_in_autoflush]


@pytest.mark.parametrize("failing", FAILING)
def test_caught_error_loses_the_transaction(database: Database, failing: Failing) -> None:
    """After a caught failure the block raises at its end, chained to the error, with nothing stored."""
    caught: IntegrityError | None = None
    with pytest.raises(TransactionLostError) as lost, database.session() as session:
        session.parent.insert("first")
        try:
            failing(session)
        except IntegrityError as error:
            caught = error
    assert caught is not None
    assert lost.value.__cause__ is caught
    assert "session.nested()" in str(lost.value)
    assert names(database) == []


@pytest.mark.parametrize("failing", FAILING)
@pytest.mark.parametrize(
    "use",
    [
        lambda session: session.parent.insert("more"),
        lambda session: session.parent.names(),
        lambda session: session.execute(select(Parent)),
        lambda session: session.scalars(select(Parent)),
        lambda session: session.get(Parent, 1),
        lambda session: session.begin_nested(),
        lambda session: session.connection(),
    ],
)
def test_broken_transaction_lets_nothing_through(database: Database, failing: Failing, use: Failing) -> None:
    """After a caught failure every use raises the same error on both databases, until a rollback."""
    with Session(database) as session:
        session.parent.insert("first")
        with pytest.raises(IntegrityError):
            failing(session)
        assert session.state is SessionState.FAILED
        with pytest.raises(TransactionLostError) as lost:
            use(session)
        assert isinstance(lost.value.__cause__, IntegrityError)
        assert isinstance(lost.value, PendingRollbackError)
        session.rollback()
        session.parent.insert("second")
        session.commit()
    assert names(database) == ["second"]


@pytest.mark.parametrize("failing", FAILING)
def test_commit_by_hand_raises(database: Database, failing: Failing) -> None:
    """`commit()` of a broken transaction rolls back, raises, and leaves a session that can begin again."""
    with Session(database) as session:
        session.parent.insert("first")
        with pytest.raises(IntegrityError):
            failing(session)
        with pytest.raises(TransactionLostError):
            session.commit()
        assert session.state is SessionState.READY
        session.parent.insert("second")
        session.commit()
    assert names(database) == ["second"]


@pytest.mark.parametrize("failing", FAILING)
def test_begin_block_raises(database: Database, failing: Failing) -> None:
    """`with session.begin()` raises as well, unlike SQLAlchemy's after a failed flush."""
    with Session(database) as session:
        with pytest.raises(TransactionLostError), session.begin():
            session.parent.insert("first")
            with pytest.raises(IntegrityError):
                failing(session)
        assert session.state is SessionState.READY
    assert names(database) == []


def test_sessionmaker_begin_raises(database: Database) -> None:
    """`sessionmaker.begin()` raises as well."""
    make = sessionmaker(database.engine, class_=Session)
    with pytest.raises(TransactionLostError), make.begin() as session:
        session.parent.insert("first")
        with pytest.raises(IntegrityError):
            fail_in_flush(session)
    assert names(database) == []


@pytest.mark.parametrize("failing", FAILING)
def test_savepoint_heals(database: Database, failing: Failing) -> None:
    """A failure inside `session.nested()` undoes its changes only."""
    with database.session() as session:
        session.parent.insert("first")
        with pytest.raises(IntegrityError), session.nested() as inner:
            assert inner is session
            session.parent.insert("inner")
            failing(session)
        assert session.state is SessionState.ACTIVE
        session.parent.insert("last")
    assert names(database) == ["first", "last"]


@pytest.mark.parametrize("failing", FAILING)
def test_broken_savepoint_is_not_released(database: Database, failing: Failing) -> None:
    """A failure caught inside the savepoint makes its block raise; the enclosing transaction goes on."""
    with database.session() as session:
        session.parent.insert("first")
        with pytest.raises(TransactionLostError), session.nested():
            session.parent.insert("inner")
            with pytest.raises(IntegrityError):
                failing(session)
        session.parent.insert("last")
    assert names(database) == ["first", "last"]


def test_core_savepoint_heals(database: Database) -> None:
    """A savepoint of the connection itself, as verbs for many rows use it, keeps the transaction intact."""
    with database.session() as session:
        session.parent.insert("first")
        with pytest.raises(IntegrityError), session.gate as connection, connection.begin_nested():
            connection.execute(insert(parent).values(name="first"))
        session.parent.insert("last")
    assert names(database) == ["first", "last"]


def test_python_error_breaks_nothing(database: Database) -> None:
    """An error that never reached the database does not change the transaction."""
    with database.session() as session:
        session.parent.insert("first")
        with pytest.raises(Exception, match=r".") as caught:
            session.execute(text("INSERT INTO parent (name) VALUES (:name)"), {"name": object()})
        assert isinstance(caught.value, DBAPIError)
        assert session.state is SessionState.ACTIVE
    assert names(database) == ["first"]


def test_refusal_of_ours_breaks_nothing(database: Database) -> None:
    """An error whose cause has `client_side` never reached the database."""

    class Refusal(Exception):
        client_side = True

    with database.session() as session:
        with pytest.raises(DBAPIError), session.gate:
            raise DBAPIError("INSERT", None, Refusal("out of range"))
        session.parent.insert("first")
    assert names(database) == ["first"]


def test_failure_at_commit(database: Database) -> None:
    """A deferred constraint that fails at the commit raises, and stores nothing."""
    with pytest.raises(IntegrityError), database.session() as session:
        session.parent.insert("first")
        session.execute(insert(Child.__table__).values(parent_id=404))
    assert names(database) == []
    with database.session() as session:
        session.parent.insert("again")
    assert names(database) == ["again"]


def test_raw_failure_behind_the_session(postgres_url: str) -> None:
    """A transaction broken by the driver itself is not reported as committed."""
    database = Database(postgres_url)
    database.create()
    with pytest.raises(TransactionLostError, match="outside SQLAlchemy"), database.session() as session:
        session.parent.insert("first")
        driver = session.connection().connection.dbapi_connection
        with pytest.raises(Exception, match="syntax"):
            driver.execute("nothing at all")  # type: ignore[union-attr]  # psycopg's own
    assert names(database) == []
    database.dispose()


def test_sqlite_gives_up_the_transaction(sqlite_url: str) -> None:
    """If SQLite rolls back everything (a full disk), a savepoint does not hide it."""
    database = Database(sqlite_url)
    database.create()
    with pytest.raises(TransactionLostError), database.session() as session:
        session.parent.insert("first")
        with pytest.raises(DBAPIError), session.nested():
            session.execute(text("INSERT OR ROLLBACK INTO parent (name) VALUES ('first')"))
        session.parent.insert("second")
    assert names(database) == []
    database.dispose()
