"""Which table, row, column and value an error is about, added to its message."""

from __future__ import annotations

from collections.abc import Generator, Mapping
from contextlib import contextmanager
from typing import Any

from sqlalchemy import Connection, Dialect, ForeignKeyConstraint, PrimaryKeyConstraint, Table, UniqueConstraint
from sqlalchemy.exc import DBAPIError, StatementError
from sqlalchemy.types import TypeEngine

from tablewright.runtime.engine.registry import driver_that_raised
from tablewright.schema.types.column_type import shorten

KEY_PARAMETER = "_key_"
"""The prefix of the parameters that a key is compared with."""


def add_row_location(error: DBAPIError, table: Table, row: int | None, column: str | None = None) -> None:
    """Add to *error* the *row* and the column that it is about, as far as they can be known."""
    if error.detail:
        if row and not error.detail[0].startswith("row "):
            error.detail[0] = f"row {row}, {error.detail[0]}"
        return
    column = column or _column(error, table)
    parts = [f"row {row}"] if row else []
    if column:
        parts.append(f"column {column}")
    if parts:
        error.add_detail(", ".join(parts))


def add_value_location(error: StatementError, table: Table, dialect: Dialect, values: Mapping[str, object]) -> None:
    """Add to *error* the table, the column and the one of *values*, by column, that it is about.

    Adds nothing if it is about none of them.
    """
    if error.detail:
        return
    if isinstance(error, DBAPIError) and not getattr(error.orig, "client_side", False):
        column = _column(error, table)
    else:
        column = _misfit(table, dialect, values)
    if column is None:
        return
    shown = ""
    if column in values:
        # A value that does not fit is in the message already.
        text = shorten(values[column])
        shown = "" if text in str(error.orig) else f", value {text}"
    error.add_detail(f"table {table.name}, column {column}{shown}")


@contextmanager
def value_location(connection: Connection, table: Table, values: Mapping[str, object]) -> Generator[None, None, None]:
    """Add to errors of the block which of *values*, by column, they are about."""
    try:
        yield
    except StatementError as error:
        add_value_location(error, table, connection.dialect, values)
        raise


def add_stored_value(error: Exception, table: str, column: str, value: object) -> None:
    """Add to *error* the *column* of *table* whose stored *value* cannot be decoded."""
    location = f"table {table}, column {column}, stored value {shorten(value)}"
    if len(error.args) <= 1 and type(error).__str__ in (BaseException.__str__, KeyError.__str__):
        error.args = (f"{error} ({location})",)
    else:
        # The message of such a class is made of its other attributes.
        error.add_note(f"({location})")


def line_of(error: DBAPIError) -> int | None:
    """Return the line of the COPY that failed, if the database reports it."""
    return driver_that_raised(error.orig).locate(error.orig).line


def _column(error: DBAPIError, table: Table) -> str | None:
    location = driver_that_raised(error.orig).locate(error.orig)
    names = ", ".join(column.key for column in table.columns if column.name in location.columns)
    # A constraint without a name here has one in the database all the same.
    return names or _columns_of_constraint(location.constraint, table) or location.key


def _columns_of_constraint(name: str | None, table: Table) -> str | None:
    for constraint in table.constraints:
        if name and constraint.name == name:
            if isinstance(constraint, UniqueConstraint | PrimaryKeyConstraint | ForeignKeyConstraint):
                return ", ".join(column.key for column in constraint.columns)
            return next((c.key for c in table.columns if name == f"{table.name}_{c.name}_type_check"), None)
    return None


def _misfit(table: Table, dialect: Dialect, values: Mapping[str, object]) -> str | None:
    """Return the column whose type does not accept its value."""
    for name, value in values.items():
        column = table.columns.get(name)
        if column is None:
            continue
        kind: TypeEngine[Any] = column.type
        encode = kind.dialect_impl(dialect).bind_processor(dialect)
        try:
            if encode is not None:
                encode(value)
        except Exception:
            return name
    return None
