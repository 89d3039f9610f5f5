"""`Database`: its options, its tables, and its errors about missing or wrong databases."""

from __future__ import annotations

import socket
import struct
import traceback
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from threading import Thread

import pytest
from sqlalchemy import create_engine, event, inspect, text
from sqlalchemy.exc import ArgumentError, DBAPIError, InvalidRequestError, OperationalError
from sqlalchemy.orm import sessionmaker

import observatory
from tablewright.runtime.errors import SchemaAlreadyExistsError
from tests.runtime.family import Database, Parent, Session, names, sample_metadata

SECRET = "s3cret-word"


def test_tables_that_reference_each_other_are_dropped(url: str) -> None:
    """Tables in a circle of foreign keys can be dropped, and foreign keys are enforced afterwards."""
    with observatory.Database(url) as database:
        database.create()
        database.drop()
        assert inspect(database.engine).get_table_names() == []
        if database.engine.dialect.name == "sqlite":
            with database.engine.connect() as connection:
                assert connection.exec_driver_sql("PRAGMA foreign_keys").scalar() == 1


def test_create_and_drop(url: str) -> None:
    """`create()` creates all tables, `drop()` drops them; neither changes other tables."""
    with Database(url) as database:
        with database.engine.begin() as connection:
            connection.execute(text("CREATE TABLE mine (x INTEGER)"))
        database.create()
        tables = set(inspect(database.engine).get_table_names())
        assert tables == {"child", "mine", "parent", "tablewright_attributes"}
        database.drop()
        assert inspect(database.engine).get_table_names() == ["mine"]
        database.drop()


def test_create_twice(url: str) -> None:
    """Existing tables are an error that lists them, or are left unchanged with `exist_ok`."""
    with Database(url) as database:
        database.create()
        with database.session() as session:
            session.parent.insert("kept")
        with pytest.raises(SchemaAlreadyExistsError, match="2 of the 2 tables already: child, parent"):
            database.create()
        database.create(exist_ok=True)
        assert names(database) == ["kept"]


def test_create_what_is_missing(url: str) -> None:
    """With `exist_ok` the missing tables are created; without it, no table is."""
    with Database(url, check_versions=False) as database:
        sample_metadata.tables["parent"].create(database.engine)
        with pytest.raises(SchemaAlreadyExistsError, match="1 of the 2 tables already: parent"):
            database.create()
        assert inspect(database.engine).get_table_names() == ["parent"]
        database.create(exist_ok=True)
        assert set(inspect(database.engine).get_table_names()) == {"child", "parent"}


def test_create_is_one_transaction(url: str) -> None:
    """If one table cannot be created, none is."""

    def fail(*_: object, **__: object) -> None:
        raise ValueError("x")

    child = sample_metadata.tables["child"]
    event.listen(child, "after_create", fail)
    try:
        with Database(url) as database:
            with pytest.raises(ValueError, match="x"):
                database.create()
            assert inspect(database.engine).get_table_names() == []
    finally:
        event.remove(child, "after_create", fail)


def test_a_view_with_the_name_of_a_table(url: str) -> None:
    """A view with the name of a table prevents `create()`, as a table does."""
    with Database(url) as database:
        with database.engine.begin() as connection:
            connection.execute(text("CREATE VIEW child AS SELECT 1 AS x"))
        with pytest.raises(SchemaAlreadyExistsError, match="child"):
            database.create()
        assert inspect(database.engine).get_table_names() == []


def test_missing_tables(url: str) -> None:
    """If tables are missing, the database's error comes with the method that creates them."""
    with Database(url, check_versions=False) as database:
        with pytest.raises(DBAPIError, match="parent") as caught, database.session() as session:
            session.parent.names()
        assert "Database.create()" in "".join(caught.value.__notes__)


def test_clone(url: str) -> None:
    """A clone has its own connections to the same database, with the same options."""
    with Database(url, pool_size=1, max_overflow=0) as database, database.clone() as clone:
        database.create()
        assert type(clone) is Database
        assert clone.engine is not database.engine
        assert clone.engine.pool.size() == 1  # type: ignore[attr-defined]  # of a QueuePool
        with database.session(read_only=True) as session, clone.session() as other:
            assert session.parent.names() == []
            other.parent.insert("a")
        assert names(database) == ["a"]


def test_own_engine(url: str) -> None:
    """An engine of the caller is used unchanged, is not disposed of, and cannot be combined with engine options."""
    engine = create_engine(url)
    with Database(engine) as database:
        assert database.engine is engine
        database.create()
        with database.session() as session:
            session.parent.insert("a")
    pool = engine.pool
    assert engine.pool is pool
    assert names(Database(engine)) == ["a"]
    with pytest.raises(ArgumentError, match="cannot be combined with an existing Engine"):
        Database(engine, pool_size=3)
    with pytest.raises(ArgumentError, match="cannot be combined with an existing Engine"):
        Database(engine, echo=True)
    engine.dispose()


def test_sessionmaker(database: Database) -> None:
    """SQLAlchemy's sessionmaker creates sessions of the package, with an engine or configured later."""
    make = sessionmaker(database.engine, class_=Session)
    with make.begin() as session:
        assert isinstance(session, Session)
        session.parent.insert("a")
    later = sessionmaker(class_=Session)
    later.configure(bind=database.engine)
    with later() as session:
        session.parent.insert("b")
    assert names(database) == ["a"]


def test_binds_by_entity(database: Database) -> None:
    """`binds` chooses an engine by entity, as in SQLAlchemy."""
    with Session(binds={Parent: database.engine}) as session:
        session.add(Parent(name="a"))
        session.commit()
    assert names(database) == ["a"]


@pytest.mark.parametrize("url", ["mysql://u:p@h/d", "sqlite+aiosqlite://", "oracle://h"])
def test_other_databases(url: str) -> None:
    """Other databases and drivers are refused with a list of the supported ones."""
    with pytest.raises(ArgumentError, match="not supported"):
        Database(url)


@pytest.mark.parametrize(
    "url", ["", "books.db", f"postgresql://u:{SECRET}@{SECRET}:{SECRET}@h/d", "postgresql://h:x/d"]
)
def test_not_a_url(url: str) -> None:
    """An invalid URL is refused with examples of URLs. It is not quoted, because it may contain a password."""
    with pytest.raises(ArgumentError, match=r"sqlite:///file\.db") as caught:
        Database(url)
    assert SECRET not in _full_text(caught.value)


def test_namespace_of_sqlite(sqlite_url: str) -> None:
    """SQLite has no namespaces."""
    with pytest.raises(ArgumentError, match="schema of Postgres"):
        Database(sqlite_url, namespace="x")
    with pytest.raises(ArgumentError, match="schema of Postgres"):
        Database(create_engine(sqlite_url), namespace="x")


def test_read_only_makes_no_tables(url: str) -> None:
    """A read-only database creates and drops nothing."""
    Database(url).create()
    with Database(url, read_only=True) as database:
        for work in (database.create, database.drop):
            with pytest.raises(InvalidRequestError, match="read_only=True"):
                work()


def test_creation_opens_no_connection() -> None:
    """Creating a `Database` opens no connection."""
    Database("postgresql+psycopg://user@nowhere.invalid/nothing")


def test_absent_server() -> None:
    """An unreachable server is an OperationalError that contains the address, without the password."""
    with socket.socket() as free:
        free.bind(("127.0.0.1", 0))
        port = free.getsockname()[1]
    database = Database(f"postgresql+psycopg://someone:{SECRET}@127.0.0.1:{port}/shop")
    _fails_to_connect(database, f"someone:***@127.0.0.1:{port}/shop")


def test_refused_password() -> None:
    """A refused password is an OperationalError that does not contain the password."""
    with _refusing_server() as port:
        database = Database(
            f"postgresql+psycopg://someone:{SECRET}@127.0.0.1:{port}/shop", connect_args={"sslmode": "disable"}
        )
        _fails_to_connect(database, "password authentication failed")


def test_absent_directory(tmp_path: Path) -> None:
    """A SQLite file in a missing folder is an OperationalError that names the file."""
    database = Database(f"sqlite:///{tmp_path}/absent/books.db")
    with pytest.raises(OperationalError, match="unable to open") as caught:
        database.create()
    assert "absent/books.db" in "".join(caught.value.__notes__)


def _fails_to_connect(database: Database, message: str) -> None:
    with pytest.raises(OperationalError) as entered, database.session() as session:
        session.parent.names()
    with pytest.raises(OperationalError) as created:
        database.create()
    for error in (entered.value, created.value):
        shown = _full_text(error)
        assert message in shown
        assert SECRET not in shown
    assert SECRET not in repr(database)
    assert "***" in repr(database)
    assert SECRET not in repr(database.engine)


def _full_text(error: BaseException) -> str:
    # The message and the notes of the error and of its causes, and the source lines shown with them, but no local
    # values.
    return "".join(traceback.format_exception(error)).replace(f'SECRET = "{SECRET}"', "")


@contextmanager
def _refusing_server() -> Iterator[int]:
    """Run a server that speaks just enough of Postgres's protocol to refuse a connection."""

    def serve() -> None:
        while True:
            try:
                connection, _ = listening.accept()
            except OSError:
                return
            with connection:
                connection.recv(4096)
                connection.sendall(b"R" + struct.pack("!ii", 8, 3))
                connection.recv(4096)
                fields = b'SFATAL\0C28P01\0Mpassword authentication failed for user "someone"\0\0'
                connection.sendall(b"E" + struct.pack("!i", len(fields) + 4) + fields)

    with socket.create_server(("127.0.0.1", 0)) as listening:
        thread = Thread(target=serve, daemon=True)
        thread.start()
        yield listening.getsockname()[1]
        listening.shutdown(socket.SHUT_RDWR)
    thread.join(5)
