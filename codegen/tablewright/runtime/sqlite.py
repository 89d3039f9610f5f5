"""SQLite with transactions that hold: the dialect of engines made here, and the events for others."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.exc import ArgumentError, InvalidRequestError
from sqlalchemy.pool import Pool, QueuePool

DRIVER = "sqlite+tablewright"
MINIMUM = (3, 35, 0)

registry.register("sqlite.tablewright", __name__, "SQLiteDialect")


class DriverConnection(sqlite3.Connection):
    """A connection of the driver that knows how its transactions begin."""

    begin_statement: str | None = "BEGIN IMMEDIATE"
    writes_forbidden = False


class SQLiteDialect(SQLiteDialect_pysqlite):
    """pysqlite with transactions and savepoints as SQLite means them.

    A writer begins IMMEDIATE: it waits for its turn at the beginning, where it may, and not in the middle,
    where SQLite refuses at once.
    """

    supports_statement_cache = True
    begin_statement = "BEGIN IMMEDIATE"
    busy_timeout = 5.0

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        return QueuePool

    def create_connect_args(self, url: URL) -> Any:
        (filename,), options = super().create_connect_args(url)
        # The driver's own guesses at where transactions begin are what breaks savepoints.
        options.update(isolation_level=None, check_same_thread=False, factory=DriverConnection)
        options.setdefault("timeout", self.busy_timeout)
        return ([filename], options)

    def on_connect(self) -> Callable[[Any], None]:
        before = super().on_connect()

        def connect(connection: Any) -> None:
            before(connection)
            connection.begin_statement = self.begin_statement
            connection.execute("PRAGMA foreign_keys = ON")

        return connect

    def do_begin(self, dbapi_connection: Any) -> None:
        if dbapi_connection.writes_forbidden:
            allow_writes(dbapi_connection.dbapi_connection)
        statement = dbapi_connection.begin_statement
        if statement is not None:
            dbapi_connection.execute(statement)

    def set_isolation_level(self, dbapi_connection: Any, level: Any) -> None:
        if level == "AUTOCOMMIT":
            dbapi_connection.begin_statement = None
            return
        dbapi_connection.begin_statement = self.begin_statement
        dbapi_connection.execute(f"PRAGMA read_uncommitted = {int(level == 'READ UNCOMMITTED')}")

    def detect_autocommit_setting(self, dbapi_conn: Any) -> bool:
        return dbapi_conn.begin_statement is None


def engine_url(url: URL, *, read_only: bool) -> URL:
    """The *url* for this dialect; with *read_only* one that opens the file for reading only."""
    require_version()
    if url.drivername not in ("sqlite", "sqlite+pysqlite", DRIVER):
        raise ArgumentError(f"{url.drivername!r} is not supported: SQLite is reached by sqlite:///file.")
    made = url.set(drivername=DRIVER)
    if not read_only:
        return made
    name = file_name(url)
    if name is None:
        raise ArgumentError("A read-only SQLite database needs a file, of which another connection may read.")
    return reader_url(name)


def reader_url(file: str) -> URL:
    """A URL that opens *file* for reading only."""
    path = quote(str(Path(file).absolute()))
    return URL.create(DRIVER, database=f"file:{path}", query={"uri": "true", "mode": "ro"})


def file_name(url: URL) -> str | None:
    """The file of *url*, or None for a database in memory."""
    name = url.database
    if not name or name == ":memory:" or url.query.get("mode") == "memory" or "mode=memory" in name:
        return None
    if name.startswith("file:"):
        name = unquote(name.removeprefix("file:").partition("?")[0])
        return None if name in ("", ":memory:") else name
    return name


def require_version() -> None:
    """Raises `InvalidRequestError` where SQLite is too old for RETURNING."""
    if sqlite3.sqlite_version_info < MINIMUM:
        raise InvalidRequestError(
            f"Tablewright needs SQLite {'.'.join(map(str, MINIMUM[:2]))} or newer; "
            f"this Python has {sqlite3.sqlite_version}."
        )


def adopt(engine: Engine) -> None:
    """Gives an *engine* made elsewhere the transactions and foreign keys of this dialect, once."""
    if isinstance(engine.dialect, SQLiteDialect) or event.contains(engine, "begin", _begin):
        return
    require_version()
    event.listen(engine, "begin", _begin)
    if not event.contains(engine.pool, "checkout", _enforce_foreign_keys):
        event.listen(engine.pool, "checkout", _enforce_foreign_keys)


def forbid_writes(driver: Any) -> None:
    """Makes a connection that others write through refuse to, until the next transaction begins."""
    driver.execute("PRAGMA query_only = ON")
    if isinstance(driver, DriverConnection):
        driver.writes_forbidden = True


def allow_writes(driver: Any) -> None:
    """Undoes `forbid_writes`."""
    driver.execute("PRAGMA query_only = OFF")
    if isinstance(driver, DriverConnection):
        driver.writes_forbidden = False


def begin_late(connection: Connection) -> None:
    """Begins the transaction that SQLAlchemy takes *connection* to be in, where the driver still waits to.

    Without it the driver would commit at the release of a savepoint.
    """
    driver: Any = connection.connection.dbapi_connection
    if not driver.in_transaction and connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        driver.execute("BEGIN IMMEDIATE")


def _begin(connection: Connection) -> None:
    allow_writes(connection.connection.dbapi_connection)
    begin_late(connection)


def _enforce_foreign_keys(driver: Any, record: Any, proxy: Any) -> None:
    driver.execute("PRAGMA foreign_keys = ON")
