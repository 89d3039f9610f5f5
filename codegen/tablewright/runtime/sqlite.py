"""SQLite with transactions that hold: where engines made here find their dialect, and the events for others."""

from __future__ import annotations

import sqlite3
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.exc import ArgumentError, InvalidRequestError

DRIVER = "sqlite+tablewright"
MINIMUM = (3, 35, 0)

registry.register("sqlite.tablewright", "tablewright.runtime.sqlite_dialect", "SQLiteDialect")


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


def is_there(url: URL) -> bool:
    """Whether the database of *url* can be read: all can but a SQLite file that nobody has made yet."""
    name = file_name(url) if url.get_backend_name() == "sqlite" else None
    return name is None or Path(name).exists()


def require_version() -> None:
    """Raises `InvalidRequestError` where SQLite is too old for RETURNING."""
    if sqlite3.sqlite_version_info < MINIMUM:
        raise InvalidRequestError(
            f"Tablewright needs SQLite {'.'.join(map(str, MINIMUM[:2]))} or newer; "
            f"this Python has {sqlite3.sqlite_version}."
        )


def adopt(engine: Engine) -> None:
    """Gives an *engine* made elsewhere the transactions and foreign keys of this dialect, once."""
    if engine.url.drivername == DRIVER or event.contains(engine, "begin", _begin):
        return
    require_version()
    event.listen(engine, "begin", _begin)
    if not event.contains(engine.pool, "checkout", _enforce_foreign_keys):
        event.listen(engine.pool, "checkout", _enforce_foreign_keys)


def forbid_writes(driver: Any) -> None:
    """Makes a connection that others write through refuse to, until the next transaction begins."""
    driver.execute("PRAGMA query_only = ON")
    if hasattr(driver, "writes_forbidden"):
        driver.writes_forbidden = True


def allow_writes(driver: Any) -> None:
    """Undoes `forbid_writes`."""
    driver.execute("PRAGMA query_only = OFF")
    if hasattr(driver, "writes_forbidden"):
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
