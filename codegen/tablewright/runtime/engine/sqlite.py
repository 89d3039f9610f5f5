"""SQLite with reliable transactions: the dialect of engines created here, and events for adopted ones."""

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
"""Actions allowed on every table while writes are forbidden."""
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
"""PRAGMAs that accept an argument and change no database."""

registry.register("sqlite.tablewright", "tablewright.runtime.engine.sqlite_dialect", "SQLiteDialect")


@contextmanager
def foreign_keys_disabled(connection: Connection) -> Generator[None, None, None]:
    """Let the block, outside of a transaction, drop circles of tables: foreign keys are not enforced.

    Before SQLite drops a table it deletes the rows, and checks the tables that they reference, dropped or not.
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
    """Return *url* for this dialect; with *read_only* it opens the file for reading only."""
    require_version()
    if url.drivername not in ("sqlite", "sqlite+pysqlite", DRIVER):
        raise ArgumentError(f"{url.drivername!r} is not supported: SQLite is reached by sqlite:///file.")
    result = url.set(drivername=DRIVER)
    if not read_only:
        return result
    name = file_name(url)
    if name is None:
        raise ArgumentError("A read-only SQLite database needs a file; one in memory has a single connection.")
    return reader_url(name)


def reader_url(file: str) -> URL:
    """Return a URL that opens *file* for reading only."""
    path = quote(str(Path(file).absolute()))
    return URL.create(DRIVER, database=f"file:{path}", query={"uri": "true", "mode": "ro"})


def file_name(url: URL) -> str | None:
    """Return the file of *url*, or None for a database in memory."""
    name = url.database
    if not name or name == ":memory:" or url.query.get("mode") == "memory" or "mode=memory" in name:
        return None
    if name.startswith("file:"):
        name = unquote(name.removeprefix("file:").partition("?")[0])
        return None if name in ("", ":memory:") else name
    return name


def require_version() -> None:
    """Raise `InvalidRequestError` if SQLite is too old for RETURNING."""
    if sqlite3.sqlite_version_info < MINIMUM:
        raise InvalidRequestError(
            f"Tablewright needs SQLite {'.'.join(map(str, MINIMUM[:2]))} or newer; "
            f"this Python has {sqlite3.sqlite_version}."
        )


def adopt(engine: Engine) -> None:
    """Let an *engine* created elsewhere use the transactions and foreign keys of this dialect, once."""
    if engine.url.drivername == DRIVER or event.contains(engine, "begin", _begin):
        return
    require_version()
    event.listen(engine, "begin", _begin)
    if not event.contains(engine.pool, "checkout", _enforce_foreign_keys):
        event.listen(engine.pool, "checkout", _enforce_foreign_keys)


def forbid_writes(driver: Any) -> None:
    """Refuse writes on a connection until the next transaction begins."""
    driver.execute("PRAGMA query_only = ON")
    if hasattr(driver, "writes_forbidden"):
        driver.writes_forbidden = True


def allow_temporary_writes(driver: Any) -> None:
    """Allow a connection whose writes are forbidden to write temporary tables only."""
    if driver.execute("PRAGMA query_only").fetchone()[0]:
        driver.execute("PRAGMA query_only = OFF")
        driver.set_authorizer(_authorize)


def allow_writes(driver: Any) -> None:
    """Undo `forbid_writes`."""
    driver.set_authorizer(None)
    driver.execute("PRAGMA query_only = OFF")
    if hasattr(driver, "writes_forbidden"):
        driver.writes_forbidden = False


def ensure_begun(connection: Connection) -> None:
    """Begin the driver's transaction if SQLAlchemy's has begun on *connection* and the driver's has not.

    Otherwise the driver would commit when a savepoint is released.
    """
    driver: Any = connection.connection.dbapi_connection
    if not driver.in_transaction and connection.get_execution_options().get("isolation_level") != "AUTOCOMMIT":
        driver.execute("BEGIN IMMEDIATE")


def drop_temporary_table(driver: Any, name: str) -> str | None:
    """Drop a temporary table. Return None.

    SQLite refuses while a statement is being read. Then the table is emptied and renamed, and its new name returned.
    """
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
    # SQLite calls this for every part of a statement that it prepares.
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
