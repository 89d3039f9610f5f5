"""Membership in a collection of any size, as one condition that engines take."""

from __future__ import annotations

from collections.abc import Collection, Iterable
from typing import Any, cast

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Dialect,
    Select,
    Text as SqlText,
    any_,
    bindparam,
    column as sql_column,
    false,
    func,
    or_,
    select,
)
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeEngine

from tablewright.runtime import driver
from tablewright.runtime.arrays import array_parameter
from tablewright.runtime.shape import is_one_value

FEW = 50
"""Up to so many values are parameters of their own, which planners know best."""


def equals(column: Column[Any], value: object, connection: Connection) -> ColumnElement[bool]:
    """*column* compared with *value*: None is IS NULL, a collection IN, unless it is one value of the type."""
    if value is None:
        return column.is_(None)
    if isinstance(value, str | bytes | bytearray | memoryview) or is_one_value(column):
        return column == value
    if isinstance(value, Iterable):
        return member(column, list(cast("Iterable[Any]", value)), connection)
    return column == value


def member(column: Column[Any], values: Collection[Any], connection: Connection) -> ColumnElement[bool]:
    """*column* IN *values*, any number of them; None among them is IS NULL."""
    present = [value for value in values if value is not None]
    among = _among(column, present, connection) if present else false()
    return among if len(present) == len(values) else or_(among, column.is_(None))


def _among(column: Column[Any], values: list[Any], connection: Connection) -> ColumnElement[bool]:
    if len(values) <= FEW:
        return column.in_(values)
    value_type = compared_type(column, values[0])
    if connection.dialect.name == "postgresql":
        return column == any_(array_parameter(values, value_type, connection))
    return _among_sqlite(column, values, value_type, connection)


def _among_sqlite(
    column: Column[Any], values: list[Any], value_type: TypeEngine[Any], connection: Connection
) -> ColumnElement[bool]:
    # SQLite allows some thousand parameters; one of JSON holds any number of values.
    encoded = driver.encode_all(values, value_type, connection)
    blobs = any(isinstance(value, bytes) for value in encoded)
    if blobs:
        encoded = [bytes(value).hex().upper() for value in encoded]
    elements = func.json_each(bindparam(None, msgspec.json.encode(encoded).decode(), type_=SqlText()))
    value: ColumnElement[Any] = sql_column("value")
    listed: Select[Any] = select(value).select_from(elements.table_valued("value"))
    return (func.hex(column) if blobs else column).in_(listed)


def compared_type(column: Column[Any], value: object) -> TypeEngine[Any]:
    """The type of a *value* compared with *column*, which may hold what the column could not store."""
    return column.type.coerce_compared_value(operators.eq, value)


def few_enough(dialect: Dialect, columns: int) -> int:
    """How many keys of *columns* columns one statement takes."""
    return 10_000 // max(columns, 1)
