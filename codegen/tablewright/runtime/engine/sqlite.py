"""SQLite with transactions that hold: where engines made here find their dialect, and the events for others."""

from __future__ import annotations

import sqlite3
from collections.abc import Generator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from urllib.parse import quote, unquote
from uuid import uuid4

from sqlalchemy import URL, Connection, Engine, event
from sqlalchemy.dialects import registry
from sqlalchemy.exc import ArgumentError, InvalidRequestError

DRIVER = "sqlite+tablewright"
MINIMUM = (3, 35, 0)
READING = {
    sqlite3.SQLITE_SELECT,
    sqlite3.SQLITE_READ,
    sqlite3.SQLITE_FUNCTION,
    sqlite3.SQLITE_RECURSIVE,
    sqlite3.SQLITE_SAVEPOINT,
    sqlite3.SQLITE_TRANSACTION,
}
"""What a statement may do to any table where writes are forbidden."""
READING_PRAGMAS = {
    "defer_foreign_keys",
    "foreign_key_check",
    "foreign_key_list",
    "index_info",
    "index_list",
    "index_xinfo",
    "table_info",
    "table_list",
    "table_xinfo",
}
"""Those that take an argument and change no database."""

registry.register("sqlite.tablewright", "tablewright.runtime.engine.sqlite_dialect", "SQLiteDialect")


@contextmanager
def foreign_keys_disabled(connection: Connection) -> Generator[None, None, None]:
    """Begins and ends outside of a transaction, in which tables are dropped that point at each other in a circle.

    Before it drops a table, SQLite deletes its rows, for which it looks at the tables they point at, dropped or not.
    """
    cursor: Any = connection.connection.cursor()
    (enforced,) = cursor.execute("PRAGMA foreign_keys").fetchone()
    cursor.execute("PRAGMA foreign_keys = OFF")
    try:
        yield
    finally:
        cursor.execute(f"PRAGMA foreign_keys = {enforced}")
        cursor.close()


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


def allow_temporary_writes(driver: Any) -> None:
    """Lets a connection whose writes are forbidden write temporary tables, and nothing else."""
    if driver.execute("PRAGMA query_only").fetchone()[0]:
        driver.execute("PRAGMA query_only = OFF")
        driver.set_authorizer(_authorize)


def allow_writes(driver: Any) -> None:
    """Undoes `forbid_writes`."""
    driver.set_authorizer(None)
    driver.execute("PRAGMA query_only = OFF")
    if hasattr(driver, "writes_forbidden"):
        driver.writes_forbidden = False


def ensure_begun(connection: Connection) -> None:
    """Begins the transaction that SQLAlchemy takes *connection* to be in, where the driver still waits to.

    Without it the driver would commit at the release of a savepoint.
    """
    driver: Any = connection.connection.dbapi_connection
    if not driver.in_transaction and connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        driver.execute("BEGIN IMMEDIATE")


def drop_temporary_table(driver: Any, name: str) -> str | None:
    """Drops a temporary table; while anything is being read SQLite refuses, and it is emptied and renamed: to what."""
    quoted = 'temp."' + name.replace('"', '""') + '"'
    try:
        driver.execute(f"DROP TABLE IF EXISTS {quoted}")
    except sqlite3.OperationalError as error:
        if error.sqlite_errorcode & 0xFF != sqlite3.SQLITE_LOCKED:
            raise
    else:
        return None
    left = f"tablewright_{uuid4().hex}"
    driver.execute(f"DELETE FROM {quoted}")
    driver.execute(f"ALTER TABLE {quoted} RENAME TO {left}")
    return left


def _authorize(action: int, first: str | None, second: str | None, schema: str | None, _trigger: str | None) -> int:
    # Asked by SQLite for every part of a statement that it prepares.
    if action == sqlite3.SQLITE_PRAGMA:
        allowed = second is None or first in READING_PRAGMAS
    elif action == sqlite3.SQLITE_ALTER_TABLE:
        allowed = first == "temp"
    else:
        allowed = action in READING or schema == "temp"
    return sqlite3.SQLITE_OK if allowed else sqlite3.SQLITE_DENY


def _begin(connection: Connection) -> None:
    allow_writes(connection.connection.dbapi_connection)
    ensure_begun(connection)


def _enforce_foreign_keys(driver: Any, record: Any, proxy: Any) -> None:
    allow_writes(driver)
    driver.execute("PRAGMA foreign_keys = ON")
