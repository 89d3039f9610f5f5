"""The writing verbs for one row by key, and for the rows that meet a condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, TypeVar

from sqlalchemy import Connection, delete, insert, update
from sqlalchemy.sql import ClauseElement

from tablewright.runtime import driver, identity, reads, sequence
from tablewright.runtime.conditions import as_element, chosen
from tablewright.runtime.driver import Prepared
from tablewright.runtime.gate import GatedSession
from tablewright.runtime.shape import Shape

RowT = TypeVar("RowT")


def insert_row(session: GatedSession, shape: Shape[RowT], values: Mapping[str, object]) -> RowT:
    """Inserts one row; as the database stored it."""
    prepared = insertion(shape, values)
    with session.gate as connection:
        refuse_missing_key(connection, shape, values)
        row = shape.run(connection, prepared, values)[0]
        advance_sequence(connection, shape, values)
        identity.wrote(session, shape, "insert", row)
    return row


def insertion(shape: Shape[Any], values: Mapping[str, object]) -> Prepared:
    """The insert of a row that names just the columns of *values*, returning the whole row."""
    names = tuple(values)

    def prepare() -> Prepared:
        shape.check(names)
        return Prepared(insert(shape.table).returning(*shape.columns), names)

    return shape.prepared(("insert", names), prepare)


def refuse_missing_key(connection: Connection, shape: Shape[Any], values: Mapping[str, object]) -> None:
    """Raises the IntegrityError that SQLite, which makes up integer keys, leaves out."""
    name = shape.missing_key(values, connection.dialect)
    if name is not None:
        refuse(connection, "IntegrityError", f"NOT NULL constraint failed: {shape.table.name}.{name}")


def refuse(connection: Connection, kind: str, message: str) -> NoReturn:
    """Raises SQLAlchemy's error of this *kind*, as if the database had refused."""
    error_class = getattr(connection.dialect.loaded_dbapi, kind)
    error = type(kind, (error_class,), {"client_side": True})(message)
    try:
        raise error
    except error_class:
        driver.raise_wrapped(connection, error, None, None, None)


def advance_sequence(connection: Connection, shape: Shape[Any], values: Mapping[str, Any]) -> None:
    """After an explicit id: the next automatic one comes after it, as SQLite's does by itself."""
    if shape.identity is not None and shape.identity.key in values:
        advance_sequence_to(connection, shape, values[shape.identity.key])


def advance_sequence_to(connection: Connection, shape: Shape[Any], used: int | None) -> None:
    """The next automatic id comes after *used*."""
    if used is not None and shape.identity is not None:
        sequence.advance(connection, shape.table, used)


def update_row(
    session: GatedSession, shape: Shape[RowT], key: Sequence[object], values: Mapping[str, object]
) -> RowT | None:
    """Updates the row with this *key*; as the database stored it."""
    if not values:
        return reads.by_key(session, shape, shape.key, key, None)
    shape.check(values, keys=False)
    keys = {f"_key_{number}": value for number, value in enumerate(key)}
    with session.gate as connection:
        if any(_is_expression(value) for value in values.values()):
            statement = _update_by_key(shape).values(_sql_values(values))
            rows = shape.rows(connection, connection.execute(driver.as_core(statement), keys))
        else:
            names = (*values, *keys)
            prepared = shape.prepared(("update", names), lambda: Prepared(_update_by_key(shape), names))
            rows = shape.run(connection, prepared, {**values, **keys})
        if not rows:
            return None
        identity.wrote(session, shape, "update", rows[0])
    return rows[0]


def _update_by_key(shape: Shape[Any]) -> Any:
    keys = [column == reads.key_parameter(f"_key_{number}", column) for number, column in enumerate(shape.key)]
    return update(shape.table).where(*keys).returning(*shape.columns)


def _is_expression(value: object) -> bool:
    return isinstance(value, ClauseElement) or hasattr(value, "__clause_element__")


def _sql_values(values: Mapping[str, object]) -> dict[str, Any]:
    return {name: as_element(value) for name, value in values.items()}


def update_where(
    session: GatedSession, shape: Shape[Any], where: Sequence[object], values: Mapping[str, object]
) -> int:
    """Updates the rows that meet every condition; how many."""
    shape.check(values, keys=False)
    found = chosen(where)
    if not values:
        return reads.count(session, shape, found)
    statement = update(shape.table).where(*found).values(_sql_values(values))
    with session.gate as connection:
        result = connection.execute(driver.as_core(statement))
        count = result.rowcount
        if count:
            identity.wrote(session, shape, "update")
    return count


def delete_row(session: GatedSession, shape: Shape[Any], key: Sequence[object]) -> bool:
    """Deletes the row with this *key*; whether it was there."""
    prepared = shape.prepared("delete", lambda: _prepare_delete(shape))
    with session.gate as connection:
        rows = shape.run(connection, prepared, dict(zip(prepared.names, key, strict=True)))
        if rows:
            identity.wrote(session, shape, "delete", rows[0])
    return bool(rows)


def _prepare_delete(shape: Shape[Any]) -> Prepared:
    names = tuple(f"_key_{number}" for number in range(len(shape.key)))
    keys = [column == reads.key_parameter(name, column) for name, column in zip(names, shape.key, strict=True)]
    return Prepared(delete(shape.table).where(*keys).returning(*shape.columns), names)


def delete_where(session: GatedSession, shape: Shape[Any], where: Sequence[object]) -> int:
    """Deletes the rows that meet every condition; how many."""
    statement = delete(shape.table).where(*chosen(where))
    with session.gate as connection:
        count = connection.execute(driver.as_core(statement)).rowcount
        if count:
            identity.wrote(session, shape, "delete")
    return count
