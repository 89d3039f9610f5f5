"""Postgres: namespaces, read only, isolation, lost connections."""

from __future__ import annotations

import os
from concurrent.futures import ThreadPoolExecutor
from threading import Barrier

import pytest
from sqlalchemy import create_engine, inspect, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InternalError, OperationalError

from tablewright.runtime.errors import TransactionLostError
from tests.runtime.family import Database, Session, names


@pytest.fixture
def database(postgres_url: str) -> Database:
    """The sample's tables in Postgres."""
    made = Database(postgres_url)
    made.create()
    return made


@pytest.mark.parametrize("engine", ["ours", "foreign"])
@pytest.mark.parametrize("namespace", ["shop", 'Odd "name" 100%'])
def test_namespace(postgres_url: str, engine: str, namespace: str) -> None:
    """All tables are in the namespace, beside the same tables in other schemas, which are not searched."""
    elsewhere = Database(postgres_url)
    elsewhere.create()
    database = Database(postgres_url if engine == "ours" else create_engine(postgres_url), namespace=namespace)
    database.create()
    with database.session() as session:
        session.parent.insert("here")
    with Session(database) as session:
        assert session.parent.names() == ["here"]
        session.commit()
        session.parent.insert("here too")
        session.commit()
    assert names(elsewhere) == []
    with elsewhere.session() as session:
        tables = set(inspect(session.connection()).get_table_names(schema=namespace))
        assert tables == {"parent", "child", "tablewright_attributes"}
    database.drop()
    with elsewhere.session() as session:
        assert inspect(session.connection()).get_table_names(schema=namespace) == []
        assert session.parent.names() == []
    assert repr(namespace) in repr(database)


def test_namespace_is_left_behind(postgres_url: str) -> None:
    """An engine created elsewhere has its old search path after the session."""
    engine = create_engine(postgres_url, pool_size=1, max_overflow=0)
    database = Database(engine, namespace="shop")
    database.create()
    with database.session() as session:
        session.parent.insert("a")
    with engine.connect() as connection:
        assert connection.execute(text("SHOW search_path")).scalar_one() == '"$user", public'


def test_utc(database: Database) -> None:
    """Sessions run in UTC, whatever the server's time zone."""
    with database.session() as session:
        session.execute(text(f"ALTER DATABASE {database.engine.url.database} SET timezone = 'Asia/Tokyo'"))
    database.dispose()
    with database.session() as session:
        assert session.execute(text("SHOW timezone")).scalar_one() == "UTC"
        session.execute(text(f"ALTER DATABASE {database.engine.url.database} RESET timezone"))


def test_options_of_the_url_stay(postgres_url: str) -> None:
    """Options in the URL are kept beside ours."""
    Database(postgres_url).create()
    with Database(postgres_url + "&options=-c%20work_mem%3D5MB") as database, database.session() as session:
        assert session.execute(text("SHOW work_mem")).scalar_one() == "5MB"
        assert session.execute(text("SHOW timezone")).scalar_one() == "UTC"


@pytest.mark.parametrize("kind", ["database", "session", "foreign engine"])
def test_read_only(database: Database, postgres_url: str, kind: str) -> None:
    """A read-only database, and a read-only session of any, refuses to write; the connection then writes again."""
    opened = {
        "database": lambda: Database(postgres_url, read_only=True),
        "session": lambda: database,
        "foreign engine": lambda: Database(create_engine(postgres_url), read_only=True),
    }[kind]()
    with pytest.raises(InternalError, match="read-only transaction"), opened.session(read_only=True) as session:
        session.parent.insert("a")
    with database.session() as session:
        session.parent.insert("b")
    assert names(database) == ["b"]


def test_isolation(database: Database) -> None:
    """A session has the requested isolation level, and the next one the default."""
    for asked, expected in (("SERIALIZABLE", "serializable"), (None, "read committed")):
        with database.session(isolation=asked) as session:  # type: ignore[arg-type]  # a literal of the loop
            assert session.execute(text("SHOW transaction_isolation")).scalar_one() == expected


def test_lost_connection(database: Database) -> None:
    """A connection that is lost during a transaction: one error, nothing stored, and the next session works."""
    with pytest.raises(OperationalError) as caught, database.session() as session:
        session.parent.insert("a")
        _kill(database, session)
        session.parent.insert("b")
    assert caught.value.connection_invalidated
    with database.session() as session:
        session.parent.insert("c")
    assert names(database) == ["c"]


def test_lost_connection_caught(database: Database) -> None:
    """A caught error still loses the transaction: no later statement runs in another, and the end raises."""
    with pytest.raises(TransactionLostError) as lost, database.session() as session:
        session.parent.insert("a")
        _kill(database, session)
        with pytest.raises(OperationalError):
            session.parent.insert("b")
        with pytest.raises(TransactionLostError):
            session.parent.insert("c")
    assert isinstance(lost.value.__cause__, OperationalError)
    assert names(database) == []


def test_lost_connection_in_savepoint(database: Database) -> None:
    """A savepoint does not recover a lost connection."""
    with pytest.raises(DBAPIError) as caught, database.session() as session:  # two blocks by nature
        session.parent.insert("a")
        with session.nested():
            session.parent.insert("b")
            _kill(database, session)
            session.parent.insert("c")
    assert isinstance(caught.value, OperationalError)
    assert names(database) == []


def test_lost_connection_at_commit(database: Database) -> None:
    """A connection lost just before the commit raises too."""
    with pytest.raises(OperationalError), database.session() as session:
        session.parent.insert("a")
        _kill(database, session)
    assert names(database) == []


def test_server_restart_is_not_noticed(database: Database) -> None:
    """Connections lost in the pool are replaced before they are used."""
    with database.session() as session:
        session.parent.insert("a")
        pid = session.execute(text("SELECT pg_backend_pid()")).scalar_one()
    with database.clone() as other, other.session() as session:
        session.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid})
    with database.session() as session:
        session.parent.insert("b")
    assert names(database) == ["a", "b"]


def test_create_at_once(postgres_url: str) -> None:
    """Concurrent `create()` calls for the same tables all succeed."""
    workers = 6
    barrier = Barrier(workers)

    def create(_: int) -> None:
        with Database(postgres_url, namespace="shop", pool_size=1) as database:
            barrier.wait(10)
            database.create(exist_ok=True)

    with ThreadPoolExecutor(workers) as pool:
        list(pool.map(create, range(workers)))


def test_drivers(postgres_url: str) -> None:
    """Postgres is reached through psycopg, in its shorter spelling too; another driver is refused."""
    with Database(postgres_url.replace("+psycopg", "")) as database:
        assert database.engine.dialect.driver == "psycopg"
    with pytest.raises(ArgumentError, match="psycopg"):
        Database(postgres_url.replace("+psycopg", "+asyncpg"))


def test_forked_child_gets_its_own_connections(database: Database) -> None:
    """A child process that disposes of the pool without closing it leaves the parent's connections whole."""
    with database.session() as session:
        session.parent.insert("a")
        child = os.fork()
        if child == 0:
            code = 1
            try:
                database.engine.dispose(close=False)
                with database.session(read_only=True) as own:
                    own.parent.names()
                code = 0
            finally:
                os._exit(code)
        assert os.waitstatus_to_exitcode(os.waitpid(child, 0)[1]) == 0
        session.parent.insert("b")
    assert names(database) == ["a", "b"]


def _kill(database: Database, session: Session) -> None:
    pid = session.connection().connection.dbapi_connection.info.backend_pid  # type: ignore[union-attr]  # psycopg's own
    with database.clone() as other, other.session() as killer:
        assert killer.execute(text("SELECT pg_terminate_backend(:pid, 5000)"), {"pid": pid}).scalar_one()
