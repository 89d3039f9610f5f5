"""SQLite: reliable transactions, one writer at a time, files that opening does not change."""

from __future__ import annotations

import os
import sqlite3
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import pytest
from sqlalchemy import create_engine, event, insert, text
from sqlalchemy.exc import ArgumentError, IntegrityError, InvalidRequestError, OperationalError
from sqlalchemy.pool import QueuePool

from tests.runtime.family import Child, Database, Session, names


@pytest.fixture
def database(sqlite_url: str) -> Database:
    """The sample's tables in a SQLite file."""
    made = Database(sqlite_url)
    made.create()
    return made


@pytest.mark.parametrize("engine", ["ours", "foreign"])
def test_savepoint_is_inside_the_transaction(sqlite_url: str, engine: str) -> None:
    """A rollback undoes what a released savepoint wrote (with plain pysqlite it is kept)."""
    database = Database(sqlite_url if engine == "ours" else create_engine(sqlite_url))
    database.create()
    with pytest.raises(ValueError, match="x"), database.session() as session:
        with session.nested():
            session.parent.insert("a")
        raise ValueError("x")
    assert names(database) == []


@pytest.mark.parametrize("engine", ["ours", "foreign"])
def test_tables_are_made_in_a_transaction(sqlite_url: str, engine: str) -> None:
    """DDL is undone with its transaction."""
    database = Database(sqlite_url if engine == "ours" else create_engine(sqlite_url), check_versions=False)
    with pytest.raises(ValueError, match="x"), database.session() as session:
        session.execute(text("CREATE TABLE t (x INTEGER)"))
        raise ValueError("x")
    with database.session() as session:
        session.execute(text("CREATE TABLE t (x INTEGER)"))


@pytest.mark.parametrize("engine", ["ours", "foreign", "foreign, used before"])
def test_foreign_keys_are_enforced(sqlite_url: str, engine: str) -> None:
    """A dangling reference fails, also on an engine created elsewhere and on its older connections."""
    made = create_engine(sqlite_url)
    if engine == "foreign, used before":
        with made.connect() as connection:
            connection.execute(text("SELECT 1"))
    database = Database(sqlite_url if engine == "ours" else made)
    database.create()
    with pytest.raises(IntegrityError), database.session() as session:
        session.execute(insert(Child.__table__).values(parent_id=404))


@pytest.mark.parametrize("engine", ["ours", "foreign"])
def test_writers_take_turns(sqlite_url: str, engine: str) -> None:
    """Threads that increment a value they have read lose no update, and never fail with a busy snapshot."""
    database = Database(sqlite_url if engine == "ours" else create_engine(sqlite_url))
    database.create()
    with database.session() as session:
        session.parent.insert("counter")

    def count(_: int) -> None:
        with database.session() as session:
            (size,) = session.execute(text("SELECT size FROM parent")).one()
            session.parent.set_size("counter", size + 1)

    with ThreadPoolExecutor(4) as pool:
        list(pool.map(count, range(40)))
    with database.session() as session:
        assert session.execute(text("SELECT size FROM parent")).scalar_one() == 40


def test_begins(database: Database) -> None:
    """A writing session locks at the beginning of its block; a reading one does not lock, and sees one state."""
    with Database(database.engine.url, busy_timeout=0.01) as impatient, database.session() as writer:
        assert writer.parent.names() == []
        with impatient.session(read_only=True) as reader:
            assert reader.parent.names() == []
            writer.parent.insert("a")
            assert reader.parent.names() == []
        with pytest.raises(OperationalError, match=r"database is locked: another connection has been writing.*\."):
            impatient.session().__enter__()


def test_create_sets_wal_and_opening_does_not(tmp_path: Path, database: Database) -> None:
    """`create()` enables WAL; opening and reading a file created elsewhere does not change it."""
    with database.session() as session:
        assert session.execute(text("PRAGMA journal_mode")).scalar_one() == "wal"
    path = tmp_path / "other.db"
    with sqlite3.connect(path) as made:
        made.execute("CREATE TABLE parent (id INTEGER PRIMARY KEY, name TEXT, size INTEGER)")
    made.close()
    before = path.read_bytes()
    for read_only in (False, True):
        opened = Database(f"sqlite:///{path}", read_only=read_only, check_versions=False)
        with opened as other, other.session() as session:
            assert session.parent.names() == []
            assert session.execute(text("PRAGMA journal_mode")).scalar_one() == "delete"
    assert path.read_bytes() == before


def test_read_only(database: Database, sqlite_url: str) -> None:
    """Read-only databases and sessions refuse to write; others continue to write."""
    with database.session() as session:
        session.parent.insert("a")
    with Database(sqlite_url, read_only=True) as reader, reader.clone() as twin:
        for scope in (reader.session(), twin.session(), database.session(read_only=True)):
            with pytest.raises(OperationalError, match="readonly"), scope as session:
                assert session.parent.names() == ["a"]
                session.parent.insert("b")
    with database.session() as session:
        session.parent.insert("c")
    assert names(database) == ["a", "c"]


def test_read_only_is_the_files_own_mode(sqlite_url: str, database: Database) -> None:
    """Read-only by `mode=ro`: a missing file is not created, and a temporary table is allowed."""
    with database.session(read_only=True) as session:
        session.execute(text("CREATE TEMPORARY TABLE scratch (x INTEGER)"))
        session.execute(text("INSERT INTO scratch VALUES (1)"))
    absent = sqlite_url.replace("test.db", "absent.db")
    reader = Database(absent, read_only=True)
    with pytest.raises(OperationalError, match="unable to open"), reader.session() as session:
        session.parent.names()
    assert not os.path.exists(absent.removeprefix("sqlite:///"))


def test_odd_file_names(tmp_path: Path) -> None:
    """A path with ?, %, # and spaces is the same file to a writer and a reader."""
    path = tmp_path / "a b%20c#d?e.db"
    from sqlalchemy import URL

    with Database(URL.create("sqlite", database=str(path))) as database:
        database.create()
        with database.session() as session:
            session.parent.insert("a")
        with database.session(read_only=True) as session:
            assert session.parent.names() == ["a"]
    assert path.exists()


@pytest.mark.parametrize("url", ["sqlite://", "sqlite:///:memory:", "sqlite+pysqlite://"])
def test_memory(url: str) -> None:
    """A database in memory is one database to all threads, with read-only sessions that refuse to write."""
    with Database(url, pool_size=7) as database:
        assert isinstance(database.engine.pool, QueuePool)
        database.create()

        def add(number: int) -> None:
            with database.session() as session:
                session.parent.insert(f"{number:02}")

        with ThreadPoolExecutor(4) as pool:
            list(pool.map(add, range(20)))
        assert names(database) == [f"{number:02}" for number in range(20)]
        with pytest.raises(OperationalError, match="readonly"), database.session(read_only=True) as session:
            session.parent.insert("x")
        with database.session() as session:
            session.parent.insert("y")
        assert len(names(database)) == 21


def test_memory_cannot_be_read_only() -> None:
    """A read-only database in memory would always be empty."""
    with pytest.raises(ArgumentError, match="needs a file"):
        Database("sqlite://", read_only=True)


def test_read_only_foreign_engine(sqlite_url: str) -> None:
    """An engine created elsewhere cannot become read-only; its read-only sessions use another engine."""
    engine = create_engine(sqlite_url)
    with pytest.raises(ArgumentError, match="opened by its URL"):
        Database(engine, read_only=True)
    database = Database(engine)
    database.create()
    with pytest.raises(OperationalError, match="readonly"), database.session(read_only=True) as session:
        session.parent.insert("x")
    database.dispose()


def test_foreign_engine_with_its_own_events(sqlite_url: str) -> None:
    """An engine that already begins transactions, as in SQLAlchemy's recipe, is not changed."""
    engine = create_engine(sqlite_url)

    @event.listens_for(engine, "connect")
    def _(driver: sqlite3.Connection, record: object) -> None:
        driver.isolation_level = None

    @event.listens_for(engine, "begin")
    def _(connection: object) -> None:
        connection.exec_driver_sql("BEGIN")  # type: ignore[attr-defined]  # a Connection

    database = Database(engine)
    database.create()
    with database.session() as session, session.nested():
        session.parent.insert("a")
    assert names(database) == ["a"]


def test_autocommit_connections(database: Database) -> None:
    """A connection in AUTOCOMMIT begins no transaction, and is reset when it is returned."""
    with database.engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM"))
    with pytest.raises(ValueError, match="x"), database.session() as session:
        session.parent.insert("a")
        raise ValueError("x")
    assert names(database) == []


def test_old_library(monkeypatch: pytest.MonkeyPatch, sqlite_url: str) -> None:
    """SQLite without RETURNING is refused, with the required version."""
    monkeypatch.setattr("sqlite3.sqlite_version_info", (3, 34, 1))
    monkeypatch.setattr("sqlite3.sqlite_version", "3.34.1")
    for url_or_engine in (sqlite_url, create_engine(sqlite_url)):
        with pytest.raises(InvalidRequestError, match=r"3\.35 or newer; this Python has 3\.34\.1"):
            Database(url_or_engine)


def test_session_over_stock_engine(sqlite_url: str) -> None:
    """A Session of a plain engine has the same transactions as one of a Database."""
    engine = create_engine(sqlite_url)
    Database(sqlite_url).create()
    with Session(engine) as session:
        with session.nested():
            session.parent.insert("a")
        session.rollback()
        assert session.parent.names() == []
