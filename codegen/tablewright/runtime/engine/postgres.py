"""Postgres through psycopg: connection options, namespaces and identifiers."""

from __future__ import annotations

from importlib.util import find_spec
from typing import Any

from sqlalchemy import URL, Connection, Table
from sqlalchemy.exc import ArgumentError

DRIVER = "postgresql+psycopg"


def engine_url(url: URL) -> URL:
    """Return *url* with psycopg as its driver. Raise `ArgumentError` for other drivers."""
    if url.drivername not in ("postgresql", "postgres", DRIVER):
        raise ArgumentError(
            f"{url.drivername!r} is not supported: Postgres is reached through psycopg, {DRIVER}://user@host/database."
        )
    if find_spec("psycopg") is None:
        raise ArgumentError("Postgres needs psycopg: pip install 'tablewright[postgres]'.")
    return url.set(drivername=DRIVER)


def connect_options(url: URL, namespace: str | None) -> dict[str, Any]:
    """Return psycopg's options besides *url*: UTC, and *namespace* as the only schema of the search path."""
    given = url.query.get("options", "")
    options = [given if isinstance(given, str) else " ".join(given), "-c timezone=UTC"]
    if namespace is not None:
        path = quoted(namespace).replace("\\", "\\\\").replace(" ", "\\ ")
        options.append(f"-c search_path={path}")
    return {"options": " ".join(option for option in options if option)}


def enter_namespace(connection: Connection, namespace: str) -> None:
    """Set the search path to *namespace* only, until the transaction ends."""
    connection.exec_driver_sql(f"SET LOCAL search_path TO {quoted(namespace)}".replace("%", "%%"))


def quoted(name: str) -> str:
    """Return *name* as an SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def table_name(connection: Connection, table: Table) -> str:
    """Return the name of *table* as SQL for *connection*: quoted, its schema translated."""
    schema = connection.schema_for_object(table)
    preparer = connection.dialect.identifier_preparer
    name = preparer.quote(table.name)
    return f"{preparer.quote_schema(schema)}.{name}" if schema else name
