"""Sessions and transactions as in Butler: tests 3, 7, 15, 16 and 18, its transactions, traps 44, 45 and 55."""

from __future__ import annotations

import time
from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier, Event
from typing import Any

import msgspec
import pytest
from sqlalchemy import String, column, create_engine, event, func, select, text, values
from sqlalchemy.exc import ArgumentError, DataError, DBAPIError, IntegrityError, InvalidRequestError, OperationalError

from tablewright.runtime.errors import SessionBusyError, TransactionLostError


@pytest.fixture
def db(case: Any, place: str) -> Iterator[Any]:
    """Create Butler's tables, empty, on each of the three databases."""
    with case.Database(place) as database:
        database.create()
        yield database


def names(db: Any) -> list[str]:
    """Return the names in table `a`, read in a new session."""
    with db.session() as session:
        return [row.name for row in session.a.select(order_by=session.a.c.name)]


# How a database is shown and opened.


def test_a_database_shows_where_it_is(case: Any, place: str) -> None:
    """`repr` shows the class, the URL without its password, and the options that matter, and does not connect."""
    shown = repr(case.Database(place))
    assert shown.startswith("Database('")
    assert "://" in shown
    assert repr(case.Database("postgresql://me:secret@nowhere/d", namespace="n", read_only=True)) == (
        "Database('postgresql+psycopg://me:***@nowhere/d', read_only=True, namespace='n')"
    )


def test_a_file_is_the_same_by_any_name(case: Any, sqlite_url: str) -> None:
    """A URL, a URI, an engine and a clone open the same file; a database in memory cannot be read only."""
    path = sqlite_url.removeprefix("sqlite:///")
    with case.Database(sqlite_url) as db:
        db.create()
        with db.session() as session:
            session.a.insert(name="a1")
        others = [f"sqlite:///file:{path}?uri=true", create_engine(sqlite_url)]
        for other in [*map(case.Database, others), case.Database(sqlite_url, read_only=True), db.clone()]:
            assert names(other) == ["a1"]
            assert other.read_only is ("read_only" in repr(other))
            other.dispose()
    with pytest.raises(ArgumentError, match="needs a file"):
        case.Database("sqlite://", read_only=True)


def test_databases_are_independent(case: Any, url: str, sqlite_url: str) -> None:
    """Tables of one name are independent in two namespaces of Postgres, or in two files."""
    if url == sqlite_url:
        places = [case.Database(url), case.Database(url.replace("test.db", "other.db"))]
    else:
        places = [case.Database(url, namespace=name) for name in ("one", "two")]
    for number, db in enumerate(places, 1):
        db.create()
        with db.session() as session:
            session.a.insert(name=f"a{number}")
            session.execute(text(f"CREATE TABLE t ({', '.join(['x INTEGER', 'y INTEGER'][:number])})"))
            session.execute(text(f"INSERT INTO t VALUES ({', '.join('12'[:number])})"))
    for db, expected in zip(places, ((1,), (1, 2)), strict=True):
        with db.session(read_only=True) as session:
            assert session.execute(text("SELECT * FROM t")).one() == expected
            assert [row.name for row in session.a.select()] == [f"a{len(expected)}"]
        db.dispose()


# Trap 44: a read does not discard later writes.

READS: dict[str, Callable[[Any, Any], object]] = {
    "rows": lambda session, case: session.a.select(),
    "one row": lambda session, case: session.a.get("none"),
    "entities": lambda session, case: session.scalars(select(case.A)).all(),
    "a statement": lambda session, case: session.execute(text("SELECT 1")).scalar(),
    "a stream": lambda session, case: list(session.a.stream()),
}


@pytest.mark.parametrize("read", READS.values(), ids=READS)
@pytest.mark.parametrize("write", ["rows", "entities", "a block inside"])
def test_writes_after_a_read_are_stored(db: Any, case: Any, read: Callable[[Any, Any], object], write: str) -> None:
    """In `session()`, ambient sessions and sessions driven by hand, every write after a read is stored."""

    def work(session: Any, name: str) -> None:
        read(session, case)
        if write == "rows":
            session.a.insert(name=name)
        elif write == "entities":
            session.add(case.A(name=name))
        else:
            with session.nested():
                read(session, case)
                session.a.insert(name=name)
        read(session, case)

    with db.session() as session:
        work(session, "a1")
    with db.ambient_session() as outer:
        read(outer, case)
        with db.ambient_session() as session:
            work(session, "a2")
    with db.session_class(db) as session:
        work(session, "a3")
        session.commit()
        work(session, "never")
    assert names(db) == ["a1", "a2", "a3"]


# Trap 45, and test 15: a failed inner block is undone, and no write is lost silently.


def error_in_python(session: Any) -> None:
    raise ZeroDivisionError


def error_of_the_database(session: Any) -> None:
    session.a.insert(name="a1")


FAILURES = [error_in_python, error_of_the_database]
ERRORS = (ZeroDivisionError, IntegrityError)


@pytest.mark.parametrize("fail", FAILURES)
@pytest.mark.parametrize("form", ["nested", "ambient", "savepoint"])
def test_a_failed_block_undoes_only_its_own_writes(db: Any, fail: Callable[[Any], None], form: str) -> None:
    """An error of Python or the database that is caught outside of its block undoes only that block."""

    def block(session: Any) -> Any:
        forms = {"nested": session.nested, "savepoint": lambda: session.savepoint("p"), "ambient": db.ambient_session}
        return forms[form]()

    with db.ambient_session() as session:
        session.a.insert(name="a1")
        with pytest.raises(ERRORS), block(session):
            session.a.insert(name="inner")
            fail(session)
        session.a.insert(name="a2")
        # Inside a savepoint every block is a savepoint, at any depth.
        with block(session):
            session.a.insert(name="a3")
            with pytest.raises(ERRORS), block(session):
                session.a.insert(name="innermost")
                fail(session)
        with pytest.raises(ERRORS), block(session):
            with block(session):
                session.a.insert(name="released")
            fail(session)
    assert names(db) == ["a1", "a2", "a3"]


def test_an_error_caught_without_a_block_is_never_silent(db: Any) -> None:
    """After an error caught without a block, the end raises `TransactionLostError`, and nothing is stored."""
    for scope in (db.session, db.ambient_session):
        with pytest.raises(TransactionLostError), scope() as session:
            session.a.insert(name="a1")
            with pytest.raises(IntegrityError):
                session.a.insert(name="a1")
    with pytest.raises(TransactionLostError), db.session_class(db) as session:
        session.a.insert(name="a1")
        with pytest.raises(IntegrityError):
            session.a.insert(name="a1")
        session.commit()
    assert names(db) == []


def test_a_failed_transaction_is_undone_as_a_whole(db: Any) -> None:
    """A failed transaction undoes all writes, also those of released inner blocks, and raises its error."""
    with pytest.raises(ZeroDivisionError), db.ambient_session() as session:
        session.a.insert(name="a1")
        with db.ambient_session(), session.nested():
            session.a.insert(name="a2")
        raise ZeroDivisionError
    assert names(db) == []


def test_an_interrupting_session_joins_nothing(db: Any) -> None:
    """An interrupting session is refused inside an ambient session before any effect; outside it is ordinary."""
    with db.ambient_session(interrupting=True) as session:
        session.a.insert(name="a1")
        with db.ambient_session() as joined:
            assert joined is session
        with pytest.raises(InvalidRequestError, match="already open"), db.ambient_session(interrupting=True):
            pass
        session.a.insert(name="a2")
    with db.ambient_session(interrupting=True) as session:
        session.a.insert(name="a3")
    assert names(db) == ["a1", "a2", "a3"]


# Test 16: table locks.


def test_a_locked_table_has_one_writer(case: Any, url: str) -> None:
    """With `lock=` a second writer waits until the first has ended; the first sees only its own row."""
    with case.Database(url) as db, case.Database(url) as other, ThreadPoolExecutor(1) as pool:
        db.create()
        trying, done = Event(), Event()

        def write() -> None:
            trying.set()
            with other.session() as session:
                session.a.insert(name="second")
            done.set()

        with db.session(lock=[case.A, case.B]) as session:
            assert session.a.count() == 0
            writing = pool.submit(write)
            assert trying.wait(10)
            wait_until_blocked(session, case, url)
            assert session.a.count() == 0
            session.a.insert(name="first")
            assert session.a.count() == 1
            assert not done.is_set()
        writing.result(10)
        assert names(db) == ["first", "second"]


def wait_until_blocked(session: Any, case: Any, url: str) -> None:
    """Wait until the database reports a waiting writer."""
    if url.startswith("sqlite"):
        with case.Database(url, busy_timeout=0.01) as impatient, pytest.raises(OperationalError, match="locked"):
            impatient.session().__enter__()
        return
    waiting = text("SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = CAST('a' AS regclass)")
    until = time.monotonic() + 10
    while not session.execute(waiting).scalar_one():
        assert time.monotonic() < until


def test_a_table_without_a_lock_shows_other_commits(case: Any, postgres_url: str) -> None:
    """On Postgres, a session without a lock on a table sees what other sessions commit meanwhile."""
    with case.Database(postgres_url) as db, case.Database(postgres_url) as other:
        db.create()
        with db.session(lock=[case.B]) as session:
            assert session.a.count() == 0
            with other.session() as second:
                second.a.insert(name="second")
            assert session.a.count() == 1


def test_tables_are_locked_in_one_order(db: Any, case: Any) -> None:
    """Sessions lock tables in one order, however they are named, so that two sessions cannot deadlock."""
    sent: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: Any) -> None:
        sent.append(statement)

    with db.session():
        pass  # The first session reads the versions.
    event.listen(db.engine, "before_cursor_execute", note)
    for tables in ([case.A, case.B, case.A], [case.B, case.A]):
        with db.session(lock=tables):
            pass
    first, second = sent
    assert first == second


def test_a_reader_locks_no_table(db: Any, case: Any) -> None:
    """A read-only session with `lock=` is refused on both databases."""
    with pytest.raises(InvalidRequestError, match="read-only session cannot lock tables"):
        db.session(read_only=True, lock=[case.A])


def test_a_lock_may_be_taken_later(db: Any, case: Any) -> None:
    """`session.lock_table` accepts entities, table classes and tables, also in a savepoint; without any, no lock."""
    with db.session() as session:
        session.lock_table(case.A)
        with session.nested():
            session.lock_table(type(session.b), session.c.table)
        session.lock_table()
        session.a.insert(name="a1")
    assert names(db) == ["a1"]


# Trap 55: threads.


@pytest.mark.parametrize("handle", ["one database", "clones"])
def test_threads_lose_no_rows(case: Any, url: str, handle: str) -> None:
    """Six threads with forty sessions each insert 240 rows, through one database object and through clones."""
    with case.Database(url, busy_timeout=60) as db:
        db.create()
        together = Barrier(6)

        def work(thread: int) -> None:
            own = db if handle == "one database" else db.clone()
            together.wait(10)
            for number in range(40):
                with own.session() as session:
                    assert session.a.get("none") is None
                    session.a.insert(name=f"{thread}-{number}")
            if own is not db:
                own.dispose()

        with ThreadPoolExecutor(6) as pool:
            list(pool.map(work, range(6)))
        assert len(names(db)) == 240


def test_one_session_is_used_by_one_thread_at_a_time(db: Any) -> None:
    """A second thread that uses a session during a call is refused, and no row is lost."""
    inside, done = Event(), Event()

    def rows() -> Iterator[dict[str, str]]:
        yield {"name": "a1"}
        inside.set()
        assert done.wait(10)
        yield {"name": "a2"}

    with db.session() as session, ThreadPoolExecutor(1) as pool:
        writing = pool.submit(session.a.insert_many, rows())
        assert inside.wait(10)
        with pytest.raises(SessionBusyError):
            session.a.count()
        done.set()
        assert writing.result(10) == 2
    assert names(db) == ["a1", "a2"]


# Test 18, and the classes of errors.


class Named(msgspec.Struct):
    name: str
    word: str
    many: int


def test_constant_rows_join_tables(db: Any) -> None:
    """SQLAlchemy's `values()` returns typed rows, as a common table expression, alone and joined, on both databases."""
    with db.session() as session:
        session.a.insert_many([{"name": "a1"}, {"name": "a2"}])
        a = session.a.table
        words = values(column("name", String), column("word", String), name="words")
        given = words.data([("a1", "one"), ("a1", "uno"), ("a3", "three")]).cte()
        assert sorted(session.execute(select(given)).all()) == [("a1", "one"), ("a1", "uno"), ("a3", "three")]
        counted = (
            select(a.c.name, func.min(given.c.word).label("word"), func.count(given.c.word).label("many"))
            .join(given, given.c.name == a.c.name, isouter=True)
            .group_by(a.c.name)
            .having(func.count(given.c.word) > 0)
        )
        assert session.rows(counted, Named) == [Named("a1", "one", 2)]


def test_invalid_values_are_the_same_error(db: Any) -> None:
    """Text that is too long is a DataError, and an existing key an IntegrityError, on each of the three databases."""
    for values_, error in (({"name": "x" * 17}, DataError), ({"name": "a1"}, IntegrityError), ({}, IntegrityError)):
        with pytest.raises(error), db.session() as session:
            session.a.insert(name="a1")
            session.a.insert(**values_)
    with pytest.raises(DBAPIError), db.session(read_only=True) as session:
        session.a.insert(name="a1")
    assert names(db) == []
