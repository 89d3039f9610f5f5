"""The writing verbs for one row by key, and for the rows that meet a condition."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NoReturn, TypeVar

from sqlalchemy import Connection, CursorResult, delete, insert, update
from sqlalchemy.sql import ClauseElement

from tablewright.runtime import driver, identity, reads, sequence
from tablewright.runtime.conditions import PLAIN, as_element, chosen
from tablewright.runtime.errors import NotFoundError
from tablewright.runtime.gate import GatedSession
from tablewright.runtime.shape import Shape
from tablewright.runtime.statement import CountStatement, RowStatement

RowT = TypeVar("RowT")


def insert_row(session: GatedSession, shape: Shape[RowT], values: Mapping[str, object]) -> RowT:
    """Inserts one row; as the database stored it."""
    statement = insertion(shape, tuple(values))
    gate = session.gate
    own = gate.enter()
    connection = gate.connection
    try:
        refuse_missing_key(connection, shape, values)
        row = inserted(statement.row(gate, own, tuple(values.values())))
        advance_sequence(connection, shape, values)
        identity.wrote(session, shape, "insert", row)
    except BaseException as error:
        gate.fail(error)
        raise
    gate.leave()
    return row


def insertion(shape: Shape[RowT], names: tuple[str, ...]) -> RowStatement[RowT]:
    """The insert of a row that says just the columns *names*."""

    def make() -> RowStatement[RowT]:
        shape.check(names)
        return RowStatement(shape, insert(shape.table).returning(*shape.columns), names)

    return shape.prepared(("insert", names), make)


def inserted(row: RowT | None) -> RowT:
    """What an insert returned; a trigger or a rule may have kept the row from being stored."""
    if row is None:
        raise NotFoundError("The database stored no row for the insert, and gave none back.")
    return row


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
        return reads.by_key(session.gate, reads.lookup(shape), key)
    statement = _update(shape, tuple(values))
    gate = session.gate
    own = gate.enter()
    connection = gate.connection
    try:
        if has_expressions(values):
            changed = update_by_key(shape).values(sql_values(values)).returning(*shape.columns)
            rows = shape.rows(connection, connection.execute(driver.as_core(changed), key_values(key)))
            row = rows[0] if rows else None
        else:
            row = statement.row(gate, own, (*values.values(), *key))
        if row is not None:
            identity.wrote(session, shape, "update", row)
    except BaseException as error:
        gate.fail(error)
        raise
    gate.leave()
    return row


def _update(shape: Shape[RowT], names: tuple[str, ...]) -> RowStatement[RowT]:
    def make() -> RowStatement[RowT]:
        shape.check(names, keys=False)
        return RowStatement(shape, update_by_key(shape).returning(*shape.columns), names + key_names(shape))

    return shape.prepared(("update", names), make)


def update_by_key(shape: Shape[Any]) -> Any:
    """The update of the row whose key are the parameters `key_names`."""
    return update(shape.table).where(*_keys(shape))


def key_names(shape: Shape[Any]) -> tuple[str, ...]:
    """The parameters that a key is compared with."""
    return tuple(f"_key_{number}" for number in range(len(shape.key)))


def key_values(key: Sequence[object]) -> dict[str, object]:
    """Those of *key*, by name."""
    return {f"_key_{number}": value for number, value in enumerate(key)}


def _keys(shape: Shape[Any]) -> list[Any]:
    return [column == reads.key_parameter(f"_key_{number}", column) for number, column in enumerate(shape.key)]


def has_expressions(values: Mapping[str, object]) -> bool:
    """Whether any of *values* is SQL."""
    return not PLAIN.issuperset(map(type, values.values())) and any(map(_is_expression, values.values()))


def _is_expression(value: object) -> bool:
    return isinstance(value, ClauseElement) or hasattr(value, "__clause_element__")


def sql_values(values: Mapping[str, object]) -> dict[str, Any]:
    """*values* as an update takes them."""
    return {name: as_element(value) for name, value in values.items()}


def update_where(
    session: GatedSession, shape: Shape[Any], where: Sequence[object], values: Mapping[str, object]
) -> int:
    """Updates the rows that meet every condition; how many."""
    shape.check(values, keys=False)
    found = chosen(where)
    if not values:
        return reads.count(session, shape, found)
    statement = update(shape.table).where(*found).values(sql_values(values))
    with session.gate as connection:
        count = affected(connection, connection.execute(driver.as_core(statement)))
        if count:
            identity.wrote(session, shape, "update")
    return count


def delete_row(session: GatedSession, shape: Shape[Any], key: Sequence[object]) -> bool:
    """Deletes the row with this *key*; whether it was there."""
    gate = session.gate
    own = gate.enter()
    try:
        if gate.holds_entities:
            # Which entity it was the key as stored says.
            row = _returning_deletion(shape).row(gate, own, key)
            count = 0 if row is None else 1
            if row is not None:
                identity.wrote(session, shape, "delete", row)
        else:
            count = shape.prepared("delete", lambda: _deletion(shape)).count(gate, own, key)
            gate.wrote()
    except BaseException as error:
        gate.fail(error)
        raise
    gate.leave()
    return count > 0


def _deletion(shape: Shape[Any]) -> CountStatement:
    return CountStatement(delete(shape.table).where(*_keys(shape)), key_names(shape))


def _returning_deletion(shape: Shape[RowT]) -> RowStatement[RowT]:
    def make() -> RowStatement[RowT]:
        statement = delete(shape.table).where(*_keys(shape)).returning(*shape.columns)
        return RowStatement(shape, statement, key_names(shape))

    return shape.prepared("delete returning", make)


def delete_where(session: GatedSession, shape: Shape[Any], where: Sequence[object]) -> int:
    """Deletes the rows that meet every condition; how many."""
    statement = delete(shape.table).where(*chosen(where))
    with session.gate as connection:
        count = affected(connection, connection.execute(driver.as_core(statement)))
        if count:
            identity.wrote(session, shape, "delete")
    return count


def affected(connection: Connection, result: CursorResult[Any]) -> int:
    """How many rows the statement of *result*, just executed, has written."""
    count = result.rowcount
    if count < 0 and connection.dialect.name == "sqlite":
        # The driver takes a statement that begins with WITH for a read.
        count = int(connection.exec_driver_sql("SELECT changes()").scalar_one())
    return count
