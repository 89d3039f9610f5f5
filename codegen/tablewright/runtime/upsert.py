"""Inserts that meet rows already there: upsert, ensure, replace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, literal_column
from sqlalchemy.dialects import sqlite
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.sql.schema import ColumnElementColumnDefault

from tablewright.runtime import driver, identity, writes
from tablewright.runtime.bulk import PULLING, execute_each
from tablewright.runtime.driver import Prepared
from tablewright.runtime.gate import GatedSession
from tablewright.runtime.incoming import Incoming, place
from tablewright.runtime.shape import PRIMARY_KEY, Shape
from tablewright.schema import postgresql

RowT = TypeVar("RowT")


def upsert_row(session: GatedSession, shape: Shape[RowT], conflict: str, values: Mapping[str, object]) -> RowT:
    """Inserts one row, or updates the one whose unique key *conflict* it has; as the database stored it."""
    names = tuple(values)
    with session.gate as connection:
        kind = ("upsert", connection.dialect.name, conflict, names)
        prepared = shape.prepared(kind, lambda: _prepare_upsert(connection, shape, conflict, names, returning=True))
        writes.refuse_missing_key(connection, shape, values)
        row = shape.run(connection, prepared, values)[0]
        writes.advance_sequence(connection, shape, values)
        # Whether it was an update nobody says; an update reaches further.
        identity.wrote(session, shape, "update", row)
    return row


def upsert_many(session: GatedSession, shape: Shape[Any], rows: Iterable[Any], conflict: str) -> int:
    """Inserts rows or updates those whose unique key *conflict* is there, one after the other; how many were given."""
    shape.conflict(conflict)
    with driver.whole(session) as connection, session.gate.exclusive(PULLING):
        incoming = Incoming(shape, rows, connection)

        def prepare(names: tuple[str, ...]) -> Prepared:
            kind = ("upsert many", connection.dialect.name, conflict, names)
            return shape.prepared(kind, lambda: _prepare_upsert(connection, shape, conflict, names))

        execute_each(connection, shape, incoming, prepare)
        writes.advance_sequence_to(connection, shape, incoming.highest)
    if incoming.number:
        identity.wrote(session, shape, "update")
    return incoming.number


def replace(session: GatedSession, shape: Shape[Any], rows: Iterable[Any]) -> int:
    """Inserts rows or overwrites the whole row with their primary key; how many were given."""
    key = shape.conflict(PRIMARY_KEY)
    with driver.whole(session) as connection, session.gate.exclusive(PULLING):
        incoming = Incoming(shape, rows, connection)

        def make(names: tuple[str, ...]) -> Prepared:
            statement = dialect_insert(connection, shape)
            others = [column for column in shape.columns if not column.primary_key and column.computed is None]
            # A column that the row leaves out has its default in `excluded`.
            overwritten = {column.key: statement.excluded[column.key] for column in others}
            return Prepared(_on_conflict(statement, key, overwritten).inline(), names)

        def prepare(names: tuple[str, ...]) -> Prepared:
            return shape.prepared(("replace", connection.dialect.name, names), lambda: make(names))

        execute_each(connection, shape, incoming, prepare)
        writes.advance_sequence_to(connection, shape, incoming.highest)
    if incoming.number:
        identity.wrote(session, shape, "update")
    return incoming.number


def ensure(session: GatedSession, shape: Shape[Any], rows: Iterable[Any]) -> int:
    """Inserts the rows that conflict with none there, nor with one given before; how many."""
    count = 0
    with driver.whole(session) as connection, session.gate.exclusive(PULLING):
        incoming = Incoming(shape, rows, connection)
        while (values := incoming.pull()) is not None:
            prepared = insert_absent(connection, shape, tuple(values))
            try:
                inserted = len(driver.run(connection, prepared, values))
            except DBAPIError as error:
                place(error, shape, incoming.number)
                raise
            count += inserted
        writes.advance_sequence_to(connection, shape, incoming.highest)
    if count:
        identity.wrote(session, shape, "insert")
    return count


def insert_absent(connection: Connection, shape: Shape[Any], names: tuple[str, ...]) -> Prepared:
    """The insert that does nothing when the row conflicts with another, and returns 1 when it does not."""

    def make() -> Prepared:
        statement = dialect_insert(connection, shape).on_conflict_do_nothing().returning(literal_column("1"))
        return Prepared(statement, names)

    return shape.prepared(("ensure", connection.dialect.name, names), make)


def dialect_insert(connection: Connection, shape: Shape[Any]) -> Any:
    """An insert that has ON CONFLICT."""
    name = connection.dialect.name
    if name not in ("postgresql", "sqlite"):
        raise InvalidRequestError(f"Tablewright knows the ON CONFLICT of SQLite and Postgres, not of {name}.")
    return postgresql.insert(shape.table) if name == "postgresql" else sqlite.insert(shape.table)


def _prepare_upsert(
    connection: Connection, shape: Shape[Any], conflict: str, names: tuple[str, ...], *, returning: bool = False
) -> Prepared:
    shape.check(names)
    key = shape.conflict(conflict)
    missing = [column.key for column in key if column.key not in names]
    if missing and conflict != PRIMARY_KEY:
        raise InvalidRequestError(f"An upsert by {conflict!r} needs a value of {missing[0]!r}.")
    statement = dialect_insert(connection, shape)
    kept = {column.key for column in (*key, *shape.key)}
    written = {name: statement.excluded[name] for name in names if name not in kept}
    if written:
        written |= {
            column.key: column.onupdate.arg
            for column in shape.columns
            if isinstance(column.onupdate, ColumnElementColumnDefault) and column.key not in written
        }
    else:
        # Nothing to update; writing the key again makes RETURNING give the row that is there.
        written = {key[0].key: shape.table.c[key[0].key]}
    statement = _on_conflict(statement, key, written)
    return Prepared(statement.returning(*shape.columns) if returning else statement.inline(), names)


def _on_conflict(statement: Any, key: tuple[Column[Any], ...], written: Mapping[str, Any]) -> Any:
    columns = [column.name for column in key]
    if not written:
        return statement.on_conflict_do_nothing(index_elements=columns)
    return statement.on_conflict_do_update(index_elements=columns, set_=dict(written))
