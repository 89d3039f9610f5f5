"""Emptying a table, with the same result on both engines."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import Connection, delete, text
from sqlalchemy.exc import InvalidRequestError

from tablewright.runtime.engine.postgres import table_name
from tablewright.runtime.rows import driver
from tablewright.runtime.rows.driver_errors import refuse
from tablewright.runtime.rows.mapper import Shape
from tablewright.runtime.transaction.gate import GatedSession
from tablewright.runtime.writes import identity_map

POINTING = text(
    "SELECT DISTINCT m.name FROM sqlite_master AS m, pragma_foreign_key_list(m.name) AS f "
    "WHERE m.type = 'table' AND lower(f.\"table\") = lower(:name) ORDER BY m.name"
)


def truncate(session: GatedSession, shape: Shape[Any], *, cascade: bool) -> None:
    """Deletes all rows; with *cascade* those of the tables that point at them too."""
    with driver.whole(session) as connection:
        if "TEMPORARY" in cast("list[str]", shape.table._prefixes):
            # Postgres truncates nothing in a read-only transaction; nothing points at a temporary table.
            connection.execute(delete(shape.table))
        elif connection.dialect.name == "postgresql":
            tail = " CASCADE" if cascade else ""
            connection.execute(text(f"TRUNCATE TABLE {_escaped(table_name(connection, shape.table))}{tail}"))
        elif connection.dialect.name == "sqlite":
            _empty(connection, shape.table.name, cascade=cascade)
        else:
            raise InvalidRequestError(f"truncate knows SQLite and Postgres, not {connection.dialect.name}.")
        identity_map.wrote_everywhere(session)


def _empty(connection: Connection, name: str, *, cascade: bool) -> None:
    order: list[str] = []
    _visit(connection, name, {name}, order)
    if len(order) > 1 and not cascade:
        others = ", ".join(sorted(order[:-1]))
        message = f"cannot truncate {name}: {others} point at it; truncate(cascade=True) empties them too"
        refuse(connection, "NotSupportedError", message)
    # Tables may point at each other in a circle.
    connection.execute(text("PRAGMA defer_foreign_keys = ON"))
    for table in order:
        quoted = connection.dialect.identifier_preparer.quote(table)
        connection.execute(text(f"DELETE FROM {_escaped(quoted)}"))
    connection.execute(text("PRAGMA defer_foreign_keys = OFF"))


def _visit(connection: Connection, table: str, seen: set[str], order: list[str]) -> None:
    # Asked of the database: tables whose modules nobody has imported count as well.
    for name in connection.execute(POINTING, {"name": table}).scalars().all():
        if name.lower() not in {known.lower() for known in seen}:
            seen.add(name)
            _visit(connection, name, seen, order)
    order.append(table)


def _escaped(name: str) -> str:
    return name.replace(":", "\\:")
