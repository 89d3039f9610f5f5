"""Which row of many, and which column, an error of the database is of."""

from __future__ import annotations

import re
from typing import Any

from sqlalchemy import ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.exc import DBAPIError

from tablewright.runtime.rows.mapper import Shape

_KEY = re.compile(r"Key \(([^)]*)\)=")
_LINE = re.compile(r"COPY .*, line (\d+)(?:, column ([^:]+))?")


def place(error: DBAPIError, shape: Shape[Any], row: int | None, column: str | None = None) -> None:
    """Says in *error* which *row* and column it is of, as far as that can be known."""
    if error.detail:
        return
    column = column or _column(error, shape)
    parts = [f"row {row}"] if row else []
    if column:
        parts.append(f"column {column}")
    if parts:
        error.add_detail(", ".join(parts))


def line_of(error: DBAPIError) -> int | None:
    """The line of the COPY that failed, where the server says it."""
    diagnosis = getattr(error.orig, "diag", None)
    found = _LINE.search(getattr(diagnosis, "context", None) or "")
    return int(found[1]) if found else None


def _column(error: DBAPIError, shape: Shape[Any]) -> str | None:
    diagnosis = getattr(error.orig, "diag", None)
    if diagnosis is None:
        return _column_of_sqlite(str(error.orig), shape)
    database_name = diagnosis.column_name
    found = _LINE.search(diagnosis.context or "")
    if database_name is None and found:
        database_name = found[2]
    for column in shape.columns:
        if column.name == database_name:
            return column.key
    # A constraint without a name here has one in the database all the same.
    key = _KEY.search(diagnosis.message_detail or "")
    return _columns_of_constraint(diagnosis.constraint_name, shape) or (key and key[1])


def _column_of_sqlite(message: str, shape: Shape[Any]) -> str | None:
    kind, _, rest = message.partition(" constraint failed: ")
    if kind in ("UNIQUE", "NOT NULL"):
        names = [part.rpartition(".")[2] for part in rest.split(", ")]
        return ", ".join(column.key for column in shape.columns if column.name in names) or None
    return _columns_of_constraint(rest, shape)


def _columns_of_constraint(name: str | None, shape: Shape[Any]) -> str | None:
    for constraint in shape.table.constraints:
        if name and constraint.name == name:
            if isinstance(constraint, UniqueConstraint | PrimaryKeyConstraint | ForeignKeyConstraint):
                return ", ".join(column.key for column in constraint.columns)
            return next((c.key for c in shape.columns if name == f"{shape.table.name}_{c.name}_type_check"), None)
    return None
