"""Making tables where others may be making them too."""

from __future__ import annotations

from collections.abc import Sequence

from sqlalchemy import Connection, MetaData, Table, text

from tablewright.runtime.engine import postgres

_LOCK = text("SELECT pg_advisory_xact_lock(hashtext('tablewright.create'))")
_NAMESPACE = text("SELECT 1 FROM pg_namespace WHERE nspname = :name")


def wait_for_turn(connection: Connection) -> None:
    """Has one transaction at a time make tables; on SQLite a transaction that writes is the only one anyway."""
    if connection.dialect.name == "postgresql":
        # CREATE … IF NOT EXISTS fails when two do it at once.
        connection.execute(_LOCK).close()


def make_namespace(connection: Connection, namespace: str | None) -> None:
    """Makes the Postgres schema *namespace* where it is not there; who may not make one needs none then."""
    if namespace is not None and connection.execute(_NAMESPACE, {"name": namespace}).first() is None:
        connection.exec_driver_sql(f"CREATE SCHEMA {postgres.quoted(namespace)}".replace("%", "%%"))


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
