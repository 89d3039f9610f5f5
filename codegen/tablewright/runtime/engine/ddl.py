"""Making tables where others may be making them too."""

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
    """Makes the Postgres schema *namespace* where it is not there; who may not make one needs none then."""
    if namespace is not None and connection.execute(_NAMESPACE, {"name": namespace}).first() is None:
        execute_verbatim(connection, f"CREATE SCHEMA {postgres.quoted(namespace)}")


def create_all(connection: Connection, metadata: MetaData, tables: Sequence[Table] | None = None) -> None:
    """Makes those of the *tables* of *metadata*, all of them if none are named, that are not there."""
    try:
        metadata.create_all(connection, tables=tables)
    finally:
        # Where tables point at each other, Postgres gets the keys by ALTER TABLE; SQLAlchemy then never
        # says them inside CREATE TABLE again, and a SQLite made afterwards would silently lack them.
        for table in metadata.tables.values() if tables is None else tables:
            for key in table.foreign_key_constraints:
                key._create_rule = None  # pyright: ignore[reportPrivateUsage]  # there is no public way
