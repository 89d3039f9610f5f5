"""Membership in a collection of any size, of values or of rows, as one condition that engines take."""

from __future__ import annotations

import math
from collections.abc import Collection, Iterable, Sequence
from typing import Any, cast

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Select,
    Text as SqlText,
    and_,
    any_,
    bindparam,
    case,
    column as sql_column,
    false,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeEngine

from tablewright.runtime.expressions.comparable import is_one_value
from tablewright.runtime.reads.array_parameter import array_parameter
from tablewright.runtime.rows.prepared import encode_all

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


def row_member(
    columns: Sequence[Column[Any]], rows: Iterable[Sequence[Any]], connection: Connection
) -> ColumnElement[bool]:
    """*columns* together IN *rows*, any number of them; None in a row is IS NULL.

    Of columns whose values are lists themselves there may be `FEW` rows.
    """
    if len(columns) == 1 and not is_one_value(columns[0]):
        return member(columns[0], [row[0] for row in rows], connection)
    # NULL equals nothing, so that rows with it are compared by their other columns; and what a value is sent as
    # depends on what it is.
    alike: dict[tuple[type, ...], list[Sequence[Any]]] = {}
    for row in rows:
        alike.setdefault(tuple(map(type, row)), []).append(row)
    found: list[ColumnElement[bool]] = []
    for kinds, group in alike.items():
        present = [number for number, kind in enumerate(kinds) if kind is not type(None)]
        parts: list[ColumnElement[bool]] = [
            column.is_(None) for number, column in enumerate(columns) if number not in present
        ]
        if present:
            compared = [columns[number] for number in present]
            parts.append(_rows_among(compared, [[row[n] for n in present] for row in group], connection))
        found.append(and_(*parts))
    return or_(false(), *found)


def _rows_among(columns: list[Column[Any]], rows: list[list[Any]], connection: Connection) -> ColumnElement[bool]:
    if any(map(is_one_value, columns)) or 1 < len(columns) * len(rows) <= FEW:
        return or_(*(and_(*(c == value for c, value in zip(columns, row, strict=True))) for row in rows))
    by_column = [list(values) for values in zip(*rows, strict=True)]
    if len(columns) == 1:
        return _alike_among(columns[0], by_column[0], connection)
    value_types = [compared_type(column, values[0]) for column, values in zip(columns, by_column, strict=True)]
    if connection.dialect.name == "postgresql":
        arrays = [
            array_parameter(values, value_type, connection)
            for values, value_type in zip(by_column, value_types, strict=True)
        ]
        names = [f"v{number}" for number in range(len(columns))]
        listed = func.unnest(*arrays).table_valued(*names).render_derived()
        return tuple_(*columns).in_(select(*listed.c))
    compared: list[ColumnElement[Any]] = []
    encoded: list[list[Any]] = []
    for column, values, value_type in zip(columns, by_column, value_types, strict=True):
        json, among = _for_json(column, encode_all(values, value_type, connection))
        encoded.append(json)
        compared.append(among)
    row: ColumnElement[Any] = sql_column("value")
    parts = [func.json_extract(row, f"$[{number}]") for number in range(len(columns))]
    return tuple_(*compared).in_(select(*parts).select_from(_json_rows(list(zip(*encoded, strict=True)))))


def _among(column: Column[Any], values: list[Any], connection: Connection) -> ColumnElement[bool]:
    kinds = set(map(type, values))
    if len(kinds) > 1 and not is_one_value(column):
        # What a value is compared as depends on what it is: 1 and 1.5 are not sent as one type.
        return or_(*(_alike_among(column, [v for v in values if type(v) is kind], connection) for kind in kinds))
    return _alike_among(column, values, connection)


def _alike_among(column: Column[Any], values: list[Any], connection: Connection) -> ColumnElement[bool]:
    if len(values) <= FEW:
        return column.in_(values)
    value_type = compared_type(column, values[0])
    if connection.dialect.name == "postgresql":
        return column == any_(array_parameter(values, value_type, connection))
    # SQLite allows some thousand parameters; one of JSON holds any number of values.
    encoded, compared = _for_json(column, encode_all(values, value_type, connection))
    if set(map(type, encoded)) == {int}:
        # SQLite makes an index of them, which it does much sooner of sorted ones.
        encoded.sort()
    value: ColumnElement[Any] = sql_column("value")
    listed: Select[Any] = select(value).select_from(_json_rows(encoded))
    return compared.in_(listed)


def _for_json(column: Column[Any], encoded: list[Any]) -> tuple[list[Any], ColumnElement[Any]]:
    # What JSON can say of the driver's values, and what to compare with it.
    kinds = set(map(type, encoded))
    if any(issubclass(kind, bytes) for kind in kinds):
        # SQLite's hex(NULL) is '', as that of no bytes.
        return [bytes(value).hex().upper() for value in encoded], case((column.is_not(None), func.hex(column)))
    if any(issubclass(kind, float) for kind in kinds) and any(value in _INFINITE for value in encoded):
        return [_INFINITE.get(value, value) for value in encoded], column
    return encoded, column


_INFINITE = {math.inf: msgspec.Raw(b"9e999"), -math.inf: msgspec.Raw(b"-9e999")}


def _json_rows(rows: list[Any]) -> Any:
    text = msgspec.json.encode(rows).decode()
    return func.json_each(bindparam(None, text, type_=SqlText())).table_valued("value")


def compared_type(column: Column[Any], value: object) -> TypeEngine[Any]:
    """The type of a *value* compared with *column*, which may hold what the column could not store."""
    return column.type.coerce_compared_value(operators.eq, value)
