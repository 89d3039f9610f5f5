"""The reading verbs: by key, by equality and by condition."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar, cast

from sqlalchemy import BindParameter, Column, ColumnElement, Select, bindparam, func, literal, select
from sqlalchemy.exc import MultipleResultsFound
from sqlalchemy.sql.visitors import replacement_traverse

from tablewright.runtime.errors import NotFoundError
from tablewright.runtime.expressions.comparable import compares_as_python, is_one_value
from tablewright.runtime.expressions.conditions import PLAIN, Lock, conditions, orders
from tablewright.runtime.reads.membership import compared_type, equals, row_member
from tablewright.runtime.rows import driver
from tablewright.runtime.rows.mapper import PRIMARY_KEY, Shape
from tablewright.runtime.rows.statement import RowStatement
from tablewright.runtime.transaction.gate import Gate, GatedSession
from tablewright.schema.types import ColumnType

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
        return bindparam(name, type_=column_type.comparison_type() or column_type)
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
    statement = locked(statement, lock)
    known, values = _known(shape, statement)
    gate = session.gate

    def ask(driver_connection: Any) -> list[RowT]:
        if driver_connection is None or known is None:
            return shape.rows(gate.connection, gate.connection.execute(statement))
        return known.rows(gate, driver_connection, values)

    return _asked(gate, ask)


def _asked(gate: Gate, ask: Callable[[Any], list[RowT]]) -> list[RowT]:
    # As `by_key`, which would be slower by this call.
    own = gate.enter()
    try:
        rows = ask(own)
    except BaseException as error:
        gate.fail(error)
        raise
    gate.leave()
    return rows


def _known(shape: Shape[RowT], statement: Select[Any]) -> tuple[RowStatement[RowT] | None, list[Any]]:
    """What runs statements like this one, made once, and the values of this one; None where SQLAlchemy has to."""
    # By what SQLAlchemy itself knows them; its documentation's recipe for caching results asks for it, too.
    key = statement._generate_cache_key()
    if key is None or any(bind.required for bind in key.bindparams):
        return None, []
    known = shape.prepared(("select", key.key), lambda: _with_named_values(shape, statement, key.bindparams))
    return known, [bind.effective_value for bind in key.bindparams]


def _with_named_values(
    shape: Shape[RowT], statement: Select[Any], binds: Sequence[BindParameter[Any]]
) -> RowStatement[RowT]:
    named = {
        id(bind): bindparam(
            f"_value_{number}", type_=bind.type, expanding=bind.expanding, literal_execute=bind.literal_execute
        )
        for number, bind in enumerate(binds)
    }
    replaced = replacement_traverse(statement, {}, lambda element, **_: named.get(id(element)))
    return RowStatement(shape, cast("Select[Any]", replaced), tuple(bind.key for bind in named.values()))


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
    kinds = _kinds(shape, equal)
    if kinds is None:
        with session.gate as connection:
            statement = shape.select.where(
                *(equals(shape.by_name[name], value, connection) for name, value in equal.items())
            )
            return shape.rows(connection, connection.execute(statement))
    known = shape.prepared(("find", kinds), lambda: _finder(shape, equal))
    gate, values = session.gate, [value for value in equal.values() if value is not None]
    return _asked(gate, lambda own: known.rows(gate, own, values))


def _kinds(shape: Shape[Any], equal: Mapping[str, object]) -> tuple[object, ...] | None:
    """What the statement that finds rows *equal* depends on; None where it has to be made each time."""
    kinds: list[object] = []
    for name, value in equal.items():
        column = shape.by_name[name]
        if value is None:
            kinds += name, None
        elif (type(value) in PLAIN or isinstance(value, StrEnum)) and not is_one_value(column):
            compared = compared_type(column, value)
            # Of a type that is not the column's own the class says all: what else it takes is the column's.
            kinds += name, column if compared is column.type else type(compared)
        else:
            return None
    return tuple(kinds)


def _finder(shape: Shape[RowT], equal: Mapping[str, object]) -> RowStatement[RowT]:
    names = tuple(name for name, value in equal.items() if value is not None)
    parts: list[ColumnElement[bool]] = [shape.by_name[name].is_(None) for name in equal if name not in names]
    for name in names:
        column = shape.by_name[name]
        parts.append(column == bindparam(name, type_=compared_type(column, equal[name])))
    return RowStatement(shape, shape.select.where(*parts), names)


def get_many(session: GatedSession, shape: Shape[RowT], keys: Iterable[Any]) -> list[RowT]:
    """The rows with these primary *keys*, in the order asked."""
    asked = key_tuples(shape, keys)
    if not compares_as_python(shape.key):
        # The database alone knows which of these keys are equal.
        rows = (by_key(session.gate, lookup(shape), key) for key in asked)
        return [row for row in rows if row is not None]
    found: dict[tuple[Any, ...], RowT] = {}
    with session.gate as connection:
        if asked:
            statement = shape.select.where(row_member(shape.key, dict.fromkeys(asked), connection))
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
