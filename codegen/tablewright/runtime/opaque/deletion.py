"""Deleting the rows of an opaque table whose columns have the values of rows that are given."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from contextlib import nullcontext
from itertools import islice
from typing import Any, cast

import msgspec
from sqlalchemy import (
    Column,
    ColumnElement,
    Connection,
    Text as SqlText,
    and_,
    bindparam,
    column as sql_column,
    delete,
    func,
    or_,
    select,
    tuple_,
)
from sqlalchemy.exc import ArgumentError

from tablewright.runtime import driver, identity, members
from tablewright.runtime.arrays import array_parameter
from tablewright.runtime.gate import GatedSession
from tablewright.runtime.shape import Shape, is_one_value
from tablewright.schema.types import ColumnType
from tablewright.schema.types.column_type import Spelt

Values = tuple[Any, ...]

CHUNK = 100
"""Rows that one statement compares one after the other, where their columns cannot be taken all at once."""


def values_of(shape: Shape[Any], columns: Sequence[str], rows: Iterable[Any]) -> list[Values]:
    """What *rows*, mappings of just these *columns* or rows of the table, say of the columns."""
    if isinstance(columns, str):
        raise ArgumentError(f"The columns of delete() are a sequence of names: ({columns!r},).")
    if not columns:
        raise ArgumentError("Without columns delete() would delete every row: delete_all() does that.")
    for name in columns:
        if name not in shape.by_name:
            shape.refuse(name)
    count = len(set(columns))
    if count != len(columns):
        raise ArgumentError(f"delete() was given a column twice: {', '.join(columns)}.")
    found: list[Values] = []
    for number, row in enumerate(rows, 1):
        kind = cast("object", type(row))
        if kind is dict and len(row) == count:
            # What most are, and quickest to read.
            try:
                found.append(tuple([row[name] for name in columns]))
            except KeyError:
                pass
            else:
                continue
        if isinstance(row, shape.row_class):
            found.append(tuple([getattr(row, name) for name in columns]))
            continue
        given = shape.values_of(row)
        if len(given) != count or any(name not in given for name in columns):
            raise ArgumentError(
                f"Row {number} of delete() says {', '.join(map(str, given)) or 'nothing'}; "
                f"each has to say {', '.join(columns)} and nothing else."
            )
        found.append(tuple([given[name] for name in columns]))
    return found


def delete_matching(session: GatedSession, shape: Shape[Any], columns: Sequence[str], values: list[Values]) -> int:
    """Deletes the rows whose *columns* have one of these *values*, None being NULL; all or none; how many."""
    if not values:
        return 0
    compared = [shape.by_name[name] for name in columns]
    with session.gate as connection:
        conditions = _conditions(compared, values, connection)
        first = next(conditions)
        second = next(conditions, None)
        with connection.begin_nested() if second is not None else nullcontext():
            count = _deleted(connection, shape, first)
            if second is not None:
                count += _deleted(connection, shape, second)
                count += sum(_deleted(connection, shape, condition) for condition in conditions)
        if count:
            identity.wrote(session, shape, "delete")
    return count


def _deleted(connection: Connection, shape: Shape[Any], condition: ColumnElement[bool]) -> int:
    return connection.execute(delete(shape.table).where(condition)).rowcount


def _conditions(
    columns: list[Column[Any]], values: list[Values], connection: Connection
) -> Iterator[ColumnElement[bool]]:
    """One condition for each statement."""
    if any(_stands_alone(column) for column in columns):
        left = iter(values)
        while some := list(islice(left, CHUNK)):
            yield or_(*(_equal(columns, row) for row in some))
        return
    if len(columns) == 1:
        yield members.member(columns[0], [value for (value,) in values], connection)
        return
    for absent, alike in _by_absence(values).items():
        nulls = [column.is_(None) for column, is_absent in zip(columns, absent, strict=True) if is_absent]
        present = [column for column, is_absent in zip(columns, absent, strict=True) if not is_absent]
        kept = [tuple([value for value in row if value is not None]) for row in alike] if nulls else alike
        yield and_(*nulls, *_among(present, kept, connection))


def _by_absence(values: list[Values]) -> dict[tuple[bool, ...], list[Values]]:
    """*values* by where they have None."""
    found: dict[tuple[bool, ...], list[Values]] = {}
    none = (False,) * len(values[0])
    for row in values:
        absent = tuple([value is None for value in row]) if None in row else none
        found.setdefault(absent, []).append(row)
    return found


def _among(columns: list[Column[Any]], values: list[Values], connection: Connection) -> Iterator[ColumnElement[bool]]:
    if len(columns) == 1:
        yield members.member(columns[0], [value for (value,) in values], connection)
    elif columns and len(values) <= members.FEW:
        yield or_(*(_equal(columns, row) for row in values))
    elif columns:
        made = _of_arrays if connection.dialect.name == "postgresql" else _of_json
        yield made(columns, values, connection)


def _equal(columns: list[Column[Any]], row: Values) -> ColumnElement[bool]:
    return and_(
        *(column.is_(None) if value is None else column == value for column, value in zip(columns, row, strict=True))
    )


def _of_arrays(columns: list[Column[Any]], values: list[Values], connection: Connection) -> ColumnElement[bool]:
    names = [f"c{number}" for number in range(len(columns))]
    arrays = [
        array_parameter(part, members.compared_type(column, part[0]), connection)
        for column, part in zip(columns, zip(*values, strict=True), strict=True)
    ]
    listed = func.unnest(*arrays).table_valued(*names).render_derived()
    return tuple_(*columns).in_(select(*(listed.c[name] for name in names)))


def _of_json(columns: list[Column[Any]], values: list[Values], connection: Connection) -> ColumnElement[bool]:
    # SQLite allows some thousand parameters; one of JSON holds any number of rows.
    left: list[Any] = []
    encoded: list[list[Any]] = []
    for column, part in zip(columns, zip(*values, strict=True), strict=True):
        of_column = driver.encode_all(part, members.compared_type(column, part[0]), connection)
        in_bytes = any(isinstance(value, bytes) for value in of_column)
        encoded.append([bytes(value).hex().upper() for value in of_column] if in_bytes else of_column)
        left.append(func.hex(column) if in_bytes else column)
    text = msgspec.json.encode(list(zip(*encoded, strict=True))).decode()
    elements = func.json_each(bindparam(None, text, type_=SqlText())).table_valued("value")
    element: ColumnElement[Any] = sql_column("value")
    listed = [func.json_extract(element, f"$[{number}]") for number in range(len(columns))]
    return tuple_(*left).in_(select(*listed).select_from(elements))


def _stands_alone(column: Column[Any]) -> bool:
    """Whether values of *column* are compared one by one only: SQL of the user's, and values that are lists."""
    return isinstance(column.type, Spelt) or not isinstance(column.type, ColumnType) or is_one_value(column)
