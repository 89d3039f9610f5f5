"""Which row of many, and which column, an error of the database is of."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ForeignKeyConstraint, PrimaryKeyConstraint, UniqueConstraint
from sqlalchemy.exc import DBAPIError

from tablewright.runtime.engine.registry import driver_that_raised
from tablewright.runtime.rows.mapper import Shape


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
    """Return the line of the COPY that failed, if the database reports it."""
    return driver_that_raised(error.orig).locate(error.orig).line


def _column(error: DBAPIError, shape: Shape[Any]) -> str | None:
    location = driver_that_raised(error.orig).locate(error.orig)
    names = ", ".join(column.key for column in shape.columns if column.name in location.columns)
    # A constraint without a name here has one in the database all the same.
    return names or _columns_of_constraint(location.constraint, shape) or location.key


def _columns_of_constraint(name: str | None, shape: Shape[Any]) -> str | None:
    for constraint in shape.table.constraints:
        if name and constraint.name == name:
            if isinstance(constraint, UniqueConstraint | PrimaryKeyConstraint | ForeignKeyConstraint):
                return ", ".join(column.key for column in constraint.columns)
            return next((c.key for c in shape.columns if name == f"{shape.table.name}_{c.name}_type_check"), None)
    return None
