"""`db.transact` and `session.lock_table`: retries, and exclusive access to tables."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import select, text
from sqlalchemy.exc import DBAPIError, IntegrityError, OperationalError

from tablewright.runtime.errors import TransactionLostError
from tests.runtime.family import Child, Database, Parent, Session, names, parent


@pytest.fixture(autouse=True)
def _no_pause(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("tablewright.runtime.scopes.retry.FIRST_PAUSE", 0.0)


def test_returns_the_result(database: Database) -> None:
    """The function's writes are stored and its result is returned, after one run."""
    runs: list[Session] = []

    def work(session: Session) -> str:
        runs.append(session)
        session.parent.insert("a")
        return "done"

    assert database.transact(work) == "done"
    assert len(runs) == 1
    assert names(database) == ["a"]


@pytest.mark.parametrize("error", [ValueError("x"), IntegrityError("x", None, ValueError())])
def test_other_errors_are_raised_at_once(database: Database, error: Exception) -> None:
    """An error that a retry cannot fix is raised from the first run."""
    runs: list[int] = []

    def work(session: Session) -> None:
        runs.append(1)
        raise error

    with pytest.raises(type(error)):
        database.transact(work)
    assert len(runs) == 1


def test_serialization_failure(postgres_url: str) -> None:
    """Two serializable transactions in conflict both succeed in the end, in sessions of their own."""
    database = Database(postgres_url)
    database.create()
    with database.session() as session:
        session.parent.insert("counter")
    meeting = Barrier(2)

    def count(number: int) -> int:
        runs = 0

        def work(session: Session) -> None:
            nonlocal runs
            runs += 1
            size = session.scalars(select(Parent.size)).one()
            if runs == 1:
                meeting.wait(10)
            session.parent.set_size("counter", size + 1)

        database.transact(work, isolation="SERIALIZABLE")
        return runs

    with ThreadPoolExecutor(2) as pool:
        assert sorted(pool.map(count, range(2))) == [1, 2]
    with database.session() as session:
        assert session.scalars(select(Parent.size)).one() == 2
    database.dispose()


def test_caught_failure_is_retried(postgres_url: str) -> None:
    """A serialization failure that the function catches is retried, because it is still recorded as the cause."""
    database = Database(postgres_url)
    database.create()
    runs: list[int] = []

    def work(session: Session) -> None:
        runs.append(1)
        if len(runs) == 1:
            with pytest.raises(OperationalError):
                session.execute(text("DO $$ BEGIN RAISE EXCEPTION 'x' USING ERRCODE = '40P01'; END $$"))

    database.transact(work)
    assert len(runs) == 2
    database.dispose()


def test_busy_file(sqlite_url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """A SQLite file that is locked by another writer is tried again, up to the given number of times."""
    with Database(sqlite_url) as holder, Database(sqlite_url, busy_timeout=0.01) as database:
        holder.create()
        pauses: list[float] = []
        scope = holder.session()

        def pause(seconds: float) -> None:
            pauses.append(seconds)
            if len(pauses) == 2:
                scope.__exit__(None, None, None)

        monkeypatch.setattr("time.sleep", pause)
        scope.__enter__().parent.insert("held")
        database.transact(lambda session: session.parent.insert("a"), retries=2)
        assert len(pauses) == 2
        assert names(database) == ["a", "held"]
        with holder.session(), pytest.raises(OperationalError, match="locked"):
            database.transact(lambda session: session.parent.insert("b"), retries=3)
        assert len(pauses) == 2 + 3


def test_no_retries(database: Database) -> None:
    """With no retries the function runs once."""
    assert database.transact(lambda session: session.parent.names(), 0) == []
    with pytest.raises(ValueError, match="negative"):
        database.transact(lambda session: session.parent.names(), -1)


def test_lock_table(database: Database) -> None:
    """Until the transaction ends, other sessions cannot write to the tables, entities or Core tables; all can read."""
    with database.clone() as other, database.session() as session:
        session.lock_table(Parent, Child.__table__)
        with other.session(read_only=True) as reader:
            assert reader.parent.names() == []
        with pytest.raises(DBAPIError, match=r"lock"), other.session() as writer:
            if database.engine.dialect.name == "postgresql":
                writer.execute(text("SET LOCAL lock_timeout = '50ms'"))
            else:
                writer.execute(text("PRAGMA busy_timeout = 50"))
            writer.parent.insert("x")
        session.parent.insert("a")
    with database.session() as session:
        session.lock_table(parent)
    assert names(database) == ["a"]


def test_lock_table_read_only(sqlite_url: str) -> None:
    """`lock_table` in a read-only session of SQLite, which cannot lock out writers, is an error."""
    database = Database(sqlite_url)
    database.create()
    with pytest.raises(DBAPIError, match="readonly"), database.session(read_only=True) as session:
        session.lock_table(parent)


def test_lost_error_without_a_cause_is_not_retried(database: Database) -> None:
    """A transaction lost for another reason is not retried."""
    runs: list[int] = []

    def work(session: Session) -> None:
        runs.append(1)
        session.parent.insert("a")
        with pytest.raises(IntegrityError):
            session.parent.insert("a")

    with pytest.raises(TransactionLostError):
        database.transact(work)
    assert len(runs) == 1
