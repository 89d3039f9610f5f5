"""The dialect of SQLite engines created here, loaded with the first one."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable
from typing import Any

from sqlalchemy import URL
from sqlalchemy.dialects.sqlite.pysqlite import SQLiteDialect_pysqlite
from sqlalchemy.pool import Pool, QueuePool

from tablewright.runtime.engine.sqlite import allow_writes

BUSY = (
    "another connection has been writing for longer than busy_timeout=. If that is a session of this same thread, "
    "it cannot end while this one waits: write in that session."
)


class DriverConnection(sqlite3.Connection):
    """A connection of the driver with the statement that begins its transactions."""

    begin_statement: str | None = "BEGIN IMMEDIATE"
    writes_forbidden = False


class SQLiteDialect(SQLiteDialect_pysqlite):
    """pysqlite with the transactions and savepoints of SQLite itself.

    Writers begin IMMEDIATE: they wait at the beginning. In the middle of a transaction SQLite would refuse at once.
    """

    supports_statement_cache = True
    begin_statement = "BEGIN IMMEDIATE"
    busy_timeout = 5.0

    @classmethod
    def get_pool_class(cls, url: URL) -> type[Pool]:
        return QueuePool

    def create_connect_args(self, url: URL) -> Any:
        (filename,), options = super().create_connect_args(url)
        # Otherwise the driver begins and commits by itself, which breaks savepoints.
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
        if statement is None:
            return
        try:
            dbapi_connection.execute(statement)
        except sqlite3.OperationalError as error:
            if error.sqlite_errorcode == sqlite3.SQLITE_BUSY:
                error.args = (f"{error}: {BUSY}",)
            raise

    def set_isolation_level(self, dbapi_connection: Any, level: Any) -> None:
        if level == "AUTOCOMMIT":
            dbapi_connection.begin_statement = None
            return
        dbapi_connection.begin_statement = self.begin_statement
        dbapi_connection.execute(f"PRAGMA read_uncommitted = {int(level == 'READ UNCOMMITTED')}")

    def detect_autocommit_setting(self, dbapi_conn: Any) -> bool:
        return dbapi_conn.begin_statement is None
