"""The attribute table of a database: its name and a fast read, without loading any table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from tablewright.runtime.engine.postgres import quoted

NAME = "tablewright_attributes"


def schema_of_store(connection: Connection) -> str | None:
    """Return the schema of the attribute table if *connection* translates schemas, else None for the namespace."""
    translated: Mapping[str | None, str | None] | None = connection.get_execution_options().get("schema_translate_map")
    return translated.get(None) if translated else None


def name_of_store(connection: Connection) -> str:
    """Return the attribute table as SQL text for *connection*."""
    schema = schema_of_store(connection)
    return NAME if schema is None else f"{quoted(schema)}.{NAME}"


def read_attributes(connection: Connection, names: Sequence[str]) -> dict[str, str]:
    """Return the values of those *names* that have one, with one SELECT."""
    # As text: loading the table and compiling a statement takes longer than the rest of a first session.
    mark = "?" if connection.dialect.paramstyle == "qmark" else "%s"
    store = name_of_store(connection).replace("%", "%%" if mark == "%s" else "%")
    marks = ", ".join([mark] * len(names))
    rows = connection.exec_driver_sql(f"SELECT name, value FROM {store} WHERE name IN ({marks})", tuple(names))
    return {row.name: row.value for row in rows}
