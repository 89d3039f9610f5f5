"""Where a database keeps its attributes: the name of the table, known without loading any table."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy import Connection

from tablewright.runtime.engine.postgres import quoted

NAME = "tablewright_attributes"


def schema_of_store(connection: Connection) -> str | None:
    """The schema of the store, where *connection* translates schemas; else None, and the namespace counts."""
    translated: Mapping[str | None, str | None] | None = connection.get_execution_options().get("schema_translate_map")
    return translated.get(None) if translated else None


def name_of_store(connection: Connection) -> str:
    """The store as SQL text for *connection*."""
    schema = schema_of_store(connection)
    return NAME if schema is None else f"{quoted(schema)}.{NAME}"


def read_attributes(connection: Connection, names: Sequence[str]) -> dict[str, str]:
    """The values of those of *names* that are there, with one SELECT."""
    # Not by the table: to load it and to compile a statement takes longer than all the rest of a first session.
    mark = "?" if connection.dialect.name == "sqlite" else "%s"
    store = name_of_store(connection).replace("%", "%%" if mark == "%s" else "%")
    marks = ", ".join([mark] * len(names))
    found = connection.exec_driver_sql(f"SELECT name, value FROM {store} WHERE name IN ({marks})", tuple(names))
    return {row.name: row.value for row in found}
