"""DDL that is safe while other processes run the same."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import Connection, CursorResult, MetaData, Table, text

from tablewright.runtime.engine import postgres
from tablewright.runtime.engine.registry import backend_of, driver_of

_NAMESPACE = text("SELECT 1 FROM pg_namespace WHERE nspname = :name")


def lock_ddl(connection: Connection) -> None:
    """Let one transaction at a time create tables, until *connection*'s ends."""
    backend_of(connection.dialect).lock_ddl(connection)


def execute_verbatim(connection: Connection, sql: str) -> CursorResult[Any]:
    """Execute *sql*, which has no parameters, as it is."""
    return connection.exec_driver_sql(driver_of(connection.dialect).verbatim(sql))


def make_namespace(connection: Connection, namespace: str | None) -> None:
    """Create the Postgres schema *namespace* if it does not exist. An existing one needs no privilege."""
    if namespace is not None and connection.execute(_NAMESPACE, {"name": namespace}).first() is None:
        execute_verbatim(connection, f"CREATE SCHEMA {postgres.quoted(namespace)}")


def create_all(connection: Connection, metadata: MetaData, tables: Sequence[Table] | None = None) -> None:
    """Create those of the *tables* of *metadata*, by default all, that do not exist."""
    try:
        metadata.create_all(connection, tables=tables)
    finally:
        # If tables reference each other, SQLAlchemy adds the keys on Postgres by ALTER TABLE. It never writes them
        # into CREATE TABLE again, and a SQLite database created afterwards would silently miss them.
        for table in metadata.tables.values() if tables is None else tables:
            for key in table.foreign_key_constraints:
                key._create_rule = None  # pyright: ignore[reportPrivateUsage]  # no public way exists
