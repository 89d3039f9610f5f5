"""Membership in a collection of values or rows of any size, as one condition."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Sequence
from typing import Any, cast

from sqlalchemy import Column, ColumnElement, Connection, and_, false, or_
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeEngine

from tablewright.runtime.engine.registry import backend_of
from tablewright.runtime.expressions.comparable import is_one_value
from tablewright.runtime.rows.prepared import encode_all

FEW = 50
"""Maximum number of values that are parameters of their own, for which planners have the best estimates."""


def equals(column: Column[Any], value: object, connection: Connection) -> ColumnElement[bool]:
    """Return *column* = *value*; IS NULL for None, IN for a collection that is not one value of the type."""
    if value is None:
        return column.is_(None)
    if isinstance(value, str | bytes | bytearray | memoryview) or is_one_value(column):
        return column == value
    if isinstance(value, Iterable):
        return member(column, list(cast("Iterable[Any]", value)), connection)
    return column == value


def member(column: Column[Any], values: Collection[Any], connection: Connection) -> ColumnElement[bool]:
    """Return *column* IN *values*, of any number; None among them is IS NULL."""
    present = [value for value in values if value is not None]
    members = _member_of_classes(column, present, connection) if present else false()
    return members if len(present) == len(values) else or_(members, column.is_(None))


def row_member(
    columns: Sequence[Column[Any]], rows: Iterable[Sequence[Any]], connection: Connection
) -> ColumnElement[bool]:
    """Return *columns* IN *rows*, of any number; None in a row is IS NULL.

    If the values of a column are lists, `FEW` rows are the maximum.
    """
    if len(columns) == 1 and not is_one_value(columns[0]):
        return member(columns[0], [row[0] for row in rows], connection)
    # NULL equals nothing: rows with NULL are compared by their other columns. The type that a value is sent as depends
    # on its class.
    groups: dict[tuple[type, ...], list[Sequence[Any]]] = {}
    for row in rows:
        groups.setdefault(tuple(map(type, row)), []).append(row)
    conditions: list[ColumnElement[bool]] = []
    for kinds, group in groups.items():
        present = [number for number, kind in enumerate(kinds) if kind is not type(None)]
        parts: list[ColumnElement[bool]] = [
            column.is_(None) for number, column in enumerate(columns) if number not in present
        ]
        if present:
            compared = [columns[number] for number in present]
            parts.append(_rows_of_one_class(compared, [[row[n] for n in present] for row in group], connection))
        conditions.append(and_(*parts))
    return or_(false(), *conditions)


def _rows_of_one_class(
    columns: list[Column[Any]], rows: list[list[Any]], connection: Connection
) -> ColumnElement[bool]:
    if any(map(is_one_value, columns)) or 1 < len(columns) * len(rows) <= FEW:
        return or_(*(and_(*(c == value for c, value in zip(columns, row, strict=True))) for row in rows))
    by_column = [list(values) for values in zip(*rows, strict=True)]
    if len(columns) == 1:
        return _member_of_one_class(columns[0], by_column[0], connection)
    value_types = [compared_type(column, values[0]) for column, values in zip(columns, by_column, strict=True)]
    encoded = [
        encode_all(values, value_type, connection) for values, value_type in zip(by_column, value_types, strict=True)
    ]
    return backend_of(connection.dialect).row_member(columns, by_column, encoded, value_types)


def _member_of_classes(column: Column[Any], values: list[Any], connection: Connection) -> ColumnElement[bool]:
    kinds = set(map(type, values))
    if len(kinds) > 1 and not is_one_value(column):
        # The type that a value is sent as depends on its class: 1 and 1.5 have different ones.
        return or_(
            *(_member_of_one_class(column, [v for v in values if type(v) is kind], connection) for kind in kinds)
        )
    return _member_of_one_class(column, values, connection)


def _member_of_one_class(column: Column[Any], values: list[Any], connection: Connection) -> ColumnElement[bool]:
    if len(values) <= FEW:
        return column.in_(values)
    value_type = compared_type(column, values[0])
    encoded = encode_all(values, value_type, connection)
    return backend_of(connection.dialect).member(column, values, encoded, value_type)


def compared_type(column: Column[Any], value: object) -> TypeEngine[Any]:
    """Return the type of a *value* compared with *column*, which the column itself may not be able to store."""
    return column.type.coerce_compared_value(operators.eq, value)
