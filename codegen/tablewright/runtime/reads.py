"""The reading verbs: by key, by equality and by condition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, TypeVar

from sqlalchemy import Column, Select, bindparam, func, literal, select
from sqlalchemy.exc import MultipleResultsFound

from tablewright.runtime import driver, members
from tablewright.runtime.conditions import Lock, conditions, orders
from tablewright.runtime.errors import NotFoundError
from tablewright.runtime.gate import Gate, GatedSession
from tablewright.runtime.shape import PRIMARY_KEY, Shape, is_one_value
from tablewright.runtime.statement import RowStatement
from tablewright.schema.types import ColumnType
from tablewright.schema.types.column_type import Spelt

RowT = TypeVar("RowT")


def by_key(gate: Gate, statement: RowStatement[RowT], values: Sequence[object]) -> RowT | None:
    """The row whose unique key has these *values*; *statement* is a `lookup`."""
    own = gate.enter()
    try:
        row = statement.row(gate, own, values)
    except BaseException as error:
        gate.fail(error)
        raise
    gate.leave()
    return row


def lookup(shape: Shape[RowT], unique: str = PRIMARY_KEY, lock: Lock | None = None) -> RowStatement[RowT]:
    """The statement that reads a row by the key *unique*."""
    return shape.prepared(("get", unique, lock), lambda: _lookup(shape, shape.conflict(unique), lock))


def _lookup(shape: Shape[RowT], columns: tuple[Column[Any], ...], lock: Lock | None) -> RowStatement[RowT]:
    statement = shape.select
    names = tuple(f"_key_{number}" for number in range(len(columns)))
    for name, column in zip(names, columns, strict=True):
        statement = statement.where(column == key_parameter(name, column))
    return RowStatement(shape, locked(statement, lock), names)


def key_parameter(name: str, column: Column[Any]) -> Any:
    """The parameter that *column* of a key is compared with; it may hold what the column could not store."""
    column_type = column.type
    if isinstance(column_type, ColumnType):
        return bindparam(name, type_=column_type.comparable() or column_type)
    return bindparam(name, type_=column_type)


def locked(statement: Select[Any], lock: Lock | None) -> Select[Any]:
    """*statement* with its row *lock*; SQLite has none and needs none."""
    return statement if lock is None else statement.with_for_update(read=lock == "share")


def missing(shape: Shape[Any], key: Sequence[object]) -> NotFoundError:
    """What says that no row has this *key*."""
    named = ", ".join(f"{name}={value!r}" for name, value in zip(shape.key_names, key, strict=True))
    return NotFoundError(f"{shape.table.name} has no row with {named}.")


def selected(
    session: GatedSession,
    shape: Shape[RowT],
    where: Iterable[object],
    order_by: object = (),
    *,
    limit: int | None = None,
    offset: int | None = None,
    lock: Lock | None = None,
) -> list[RowT]:
    """The rows that meet every condition."""
    statement = selection(shape, where, order_by)
    if limit is not None:
        statement = statement.limit(limit)
    if offset is not None:
        statement = statement.offset(offset)
    with session.gate as connection:
        return shape.rows(connection, connection.execute(locked(statement, lock)))


def selection(shape: Shape[Any], where: Iterable[object], order_by: object = ()) -> Select[Any]:
    """A select of the whole table that is Core's, whatever entities its conditions name."""
    statement = shape.select.where(*conditions(where)).order_by(*orders(order_by))
    return driver.as_core(statement)


def one(session: GatedSession, shape: Shape[RowT], where: Iterable[object], lock: Lock | None) -> RowT:
    """The only row that meets every condition."""
    rows = selected(session, shape, where, limit=2, lock=lock)
    if not rows:
        raise NotFoundError(f"No row of {shape.table.name} meets the condition.")
    if len(rows) > 1:
        raise MultipleResultsFound(f"More than one row of {shape.table.name} meets the condition.")
    return rows[0]


def find(session: GatedSession, shape: Shape[RowT], equal: Mapping[str, object]) -> list[RowT]:
    """The rows whose columns equal the values given."""
    for name in equal:
        if name not in shape.by_name:
            shape.refuse(name)
    with session.gate as connection:
        statement = shape.select.where(
            *(members.equals(shape.by_name[name], value, connection) for name, value in equal.items())
        )
        return shape.rows(connection, connection.execute(statement))


def get_many(session: GatedSession, shape: Shape[RowT], keys: Iterable[Any]) -> list[RowT]:
    """The rows with these primary *keys*, in the order asked."""
    asked = key_tuples(shape, keys)
    if not _compares_as_python(shape):
        # The database alone knows which of these keys are equal.
        rows = (by_key(session.gate, lookup(shape), key) for key in asked)
        return [row for row in rows if row is not None]
    found: dict[tuple[Any, ...], RowT] = {}
    with session.gate as connection:
        if asked:
            statement = shape.select.where(members.row_member(shape.key, dict.fromkeys(asked), connection))
            for row in shape.rows(connection, connection.execute(statement)):
                found[shape.key_of(row)] = row
    return [found[key] for key in asked if key in found]


def key_tuples(shape: Shape[Any], keys: Iterable[Any]) -> list[tuple[Any, ...]]:
    """The primary *keys* as tuples; `TypeError` for one with more values or fewer than the key has columns."""
    found = [(key,) for key in keys] if len(shape.key) == 1 else [tuple(key) for key in keys]
    for key in found:
        if len(key) != len(shape.key):
            raise TypeError(
                f"The key of {shape.table.name} has {len(shape.key)} columns; {len(key)} values were given."
            )
    return found


def _compares_as_python(shape: Shape[Any]) -> bool:
    return all(
        isinstance(column.type, ColumnType) and not isinstance(column.type, Spelt) and not is_one_value(column)
        for column in shape.key
    )


def count(session: GatedSession, shape: Shape[Any], where: Iterable[object]) -> int:
    """How many rows meet every condition."""
    statement = select(func.count()).select_from(shape.table).where(*conditions(where))
    with session.gate as connection:
        return int(connection.execute(driver.as_core(statement)).scalar_one())


def exists(session: GatedSession, shape: Shape[Any], where: Iterable[object]) -> bool:
    """Whether any row meets every condition."""
    statement = select(literal(1)).select_from(shape.table).where(*conditions(where)).limit(1)
    with session.gate as connection:
        return connection.execute(driver.as_core(statement)).first() is not None
