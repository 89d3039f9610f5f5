"""The reading verbs: by key, by equality and by condition."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from enum import StrEnum
from typing import Any, TypeVar, cast

from sqlalchemy import BindParameter, Column, ColumnElement, Connection, Select, bindparam, func, literal, select
from sqlalchemy.exc import MultipleResultsFound
from sqlalchemy.sql.visitors import replacement_traverse

from tablewright.runtime.errors import NotFoundError
from tablewright.runtime.expressions.comparable import compares_as_python, is_one_value
from tablewright.runtime.expressions.conditions import PLAIN, Lock, conditions, orders
from tablewright.runtime.reads.membership import compared_type, equals, row_member
from tablewright.runtime.rows import driver
from tablewright.runtime.rows.mapper import PRIMARY_KEY, RowMapper
from tablewright.runtime.rows.row_errors import value_location
from tablewright.runtime.rows.statement import RowsStatement, RowStatement
from tablewright.runtime.transaction.gate import GatedSession
from tablewright.schema.types import ColumnType

RowT = TypeVar("RowT")


def lookup(mapper: RowMapper[RowT], unique: str = PRIMARY_KEY, lock: Lock | None = None) -> RowStatement[RowT]:
    """Return the statement that reads a row by the key *unique*."""
    return mapper.statement(("get", unique, lock), lambda: _lookup(mapper, mapper.conflict(unique), lock))


def _lookup(mapper: RowMapper[RowT], columns: tuple[Column[Any], ...], lock: Lock | None) -> RowStatement[RowT]:
    statement = mapper.select
    names = tuple(f"_key_{number}" for number in range(len(columns)))
    for name, column in zip(names, columns, strict=True):
        statement = statement.where(column == key_parameter(name, column))
    return RowStatement(mapper, with_lock(statement, lock), names, [column.key for column in columns])


def key_parameter(name: str, column: Column[Any]) -> Any:
    """Return the parameter for *column* of a key. It accepts values that the column could not store."""
    column_type = column.type
    if isinstance(column_type, ColumnType):
        return bindparam(name, type_=column_type.comparison_type() or column_type)
    return bindparam(name, type_=column_type)


def with_lock(statement: Select[Any], lock: Lock | None) -> Select[Any]:
    """Return *statement* with the row *lock*. SQLite locks the whole file instead."""
    return statement if lock is None else statement.with_for_update(read=lock == "share")


def not_found(mapper: RowMapper[Any], key: Sequence[object]) -> NotFoundError:
    """Return the error for a *key* that no row has."""
    named = ", ".join(f"{name}={value!r}" for name, value in zip(mapper.key_names, key, strict=True))
    return NotFoundError(f"{mapper.table.name} has no row with {named}.")


def select_rows(
    session: GatedSession,
    mapper: RowMapper[RowT],
    where: Iterable[object],
    order_by: object = (),
    *,
    limit: int | None = None,
    offset: int | None = None,
    lock: Lock | None = None,
) -> list[RowT]:
    """Return the rows that meet every condition."""
    statement = selection(mapper, where, order_by)
    if limit is not None:
        statement = statement.limit(limit)
    if offset is not None:
        statement = statement.offset(offset)
    statement = with_lock(statement, lock)
    cached, values = _cached(mapper, statement)
    run = None if cached is None else cached.run

    def read(connection: Connection, driver_connection: Any, values: Sequence[object]) -> list[RowT]:
        if driver_connection is None or run is None:
            # Listeners are shown the statement itself.
            return mapper.rows(connection, connection.execute(statement))
        return run(connection, driver_connection, values)

    return session.gate.call(read, values)


def _cached(mapper: RowMapper[RowT], statement: Select[Any]) -> tuple[RowsStatement[RowT] | None, list[Any]]:
    """Return the cached statement that *statement* is an instance of, and its values; None if it has no cache key."""
    # SQLAlchemy's own cache key, which its documentation's recipe for caching results uses as well.
    key = statement._generate_cache_key()
    if key is None or any(bind.required for bind in key.bindparams):
        return None, []
    cached = mapper.statement(("select", key.key), lambda: _with_named_values(mapper, statement, key.bindparams))
    return cached, [bind.effective_value for bind in key.bindparams]


def _with_named_values(
    mapper: RowMapper[RowT], statement: Select[Any], binds: Sequence[BindParameter[Any]]
) -> RowsStatement[RowT]:
    named = {
        id(bind): bindparam(
            f"_value_{number}", type_=bind.type, expanding=bind.expanding, literal_execute=bind.literal_execute
        )
        for number, bind in enumerate(binds)
    }
    replaced = replacement_traverse(statement, {}, lambda element, **_: named.get(id(element)))
    names = tuple(bind.key for bind in named.values())
    return RowsStatement(mapper, cast("Select[Any]", replaced), names)


def selection(mapper: RowMapper[Any], where: Iterable[object], order_by: object = ()) -> Select[Any]:
    """Return a Core SELECT of the whole table, even if its conditions name entities."""
    statement = mapper.select.where(*conditions(where)).order_by(*orders(order_by))
    return driver.as_core(statement)


def one(session: GatedSession, mapper: RowMapper[RowT], where: Iterable[object], lock: Lock | None) -> RowT:
    """Return the only row that meets every condition. Raise an error for none or several."""
    rows = select_rows(session, mapper, where, limit=2, lock=lock)
    if not rows:
        raise NotFoundError(f"No row of {mapper.table.name} meets the condition.")
    if len(rows) > 1:
        raise MultipleResultsFound(f"More than one row of {mapper.table.name} meets the condition.")
    return rows[0]


def find(session: GatedSession, mapper: RowMapper[RowT], equal: Mapping[str, object]) -> list[RowT]:
    """Return the rows whose columns equal the given values."""
    for name in equal:
        if name not in mapper.by_name:
            mapper.refuse(name)
    key = _find_key(mapper, equal)
    if key is None:
        plain = {name: value for name, value in equal.items() if type(value) in PLAIN}
        with session.gate as connection, value_location(connection, mapper.table, plain):
            uncached = mapper.select.where(
                *(equals(mapper.by_name[name], value, connection) for name, value in equal.items())
            )
            return mapper.rows(connection, connection.execute(uncached))
    statement = mapper.statement(("find", key), lambda: _find_statement(mapper, equal))
    return session.gate.call(statement.run, [value for value in equal.values() if value is not None])


def _find_key(mapper: RowMapper[Any], equal: Mapping[str, object]) -> tuple[object, ...] | None:
    """Return the cache key of the statement that finds rows *equal*; None if it cannot be cached."""
    key: list[object] = []
    for name, value in equal.items():
        column = mapper.by_name[name]
        if value is None:
            key += name, None
        elif (type(value) in PLAIN or isinstance(value, StrEnum)) and not is_one_value(column):
            compared = compared_type(column, value)
            # A type that is not the column's own is determined by its class, and by the column.
            key += name, column if compared is column.type else type(compared)
        else:
            return None
    return tuple(key)


def _find_statement(mapper: RowMapper[RowT], equal: Mapping[str, object]) -> RowsStatement[RowT]:
    names = tuple(name for name, value in equal.items() if value is not None)
    parts: list[ColumnElement[bool]] = [mapper.by_name[name].is_(None) for name in equal if name not in names]
    for name in names:
        column = mapper.by_name[name]
        parts.append(column == bindparam(name, type_=compared_type(column, equal[name])))
    return RowsStatement(mapper, mapper.select.where(*parts), names)


def get_many(session: GatedSession, mapper: RowMapper[RowT], keys: Iterable[Any]) -> list[RowT]:
    """Return the rows with these primary *keys*, in the order of the keys."""
    requested = key_tuples(mapper, keys)
    if not compares_as_python(mapper.key):
        # Only the database can tell which of these keys are equal.
        rows = (session.gate.call(lookup(mapper).run, key) for key in requested)
        return [row for row in rows if row is not None]
    by_key: dict[tuple[Any, ...], RowT] = {}
    with session.gate as connection:
        if requested:
            statement = mapper.select.where(row_member(mapper.key, dict.fromkeys(requested), connection))
            for row in mapper.rows(connection, connection.execute(statement)):
                by_key[mapper.key_of(row)] = row
    return [by_key[key] for key in requested if key in by_key]


def key_tuples(mapper: RowMapper[Any], keys: Iterable[Any]) -> list[tuple[Any, ...]]:
    """Return the primary *keys* as tuples. Raise `TypeError` for a wrong number of values."""
    tuples = [(key,) for key in keys] if len(mapper.key) == 1 else [tuple(key) for key in keys]
    for key in tuples:
        if len(key) != len(mapper.key):
            raise TypeError(
                f"The key of {mapper.table.name} has {len(mapper.key)} columns; {len(key)} values were given."
            )
    return tuples


def count(session: GatedSession, mapper: RowMapper[Any], where: Iterable[object]) -> int:
    """Return the number of rows that meet every condition."""
    statement = select(func.count()).select_from(mapper.table).where(*conditions(where))
    with session.gate as connection:
        return int(connection.execute(driver.as_core(statement)).scalar_one())


def exists(session: GatedSession, mapper: RowMapper[Any], where: Iterable[object]) -> bool:
    """Return True if a row meets every condition."""
    statement = select(literal(1)).select_from(mapper.table).where(*conditions(where)).limit(1)
    with session.gate as connection:
        return connection.execute(driver.as_core(statement)).first() is not None
