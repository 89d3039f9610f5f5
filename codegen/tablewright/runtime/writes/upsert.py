"""Inserts that meet rows already there: upsert, ensure, replace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, literal_column
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.sql.schema import ColumnElementColumnDefault

from tablewright.runtime.bulk.input_rows import PULLING, Incoming
from tablewright.runtime.bulk.row_errors import place
from tablewright.runtime.bulk.staging import Merge, merge
from tablewright.runtime.engine.registry import backend_of
from tablewright.runtime.rows import driver
from tablewright.runtime.rows.mapper import PRIMARY_KEY, Shape
from tablewright.runtime.rows.prepared import Prepared
from tablewright.runtime.rows.statement import RowStatement
from tablewright.runtime.transaction.gate import GatedSession
from tablewright.runtime.writes import identity_map
from tablewright.runtime.writes.insert import inserted, refuse_missing_key
from tablewright.runtime.writes.sequence import advance_sequence, advance_sequence_to

RowT = TypeVar("RowT")


def upsert_row(session: GatedSession, shape: Shape[RowT], conflict: str, values: Mapping[str, object]) -> RowT:
    """Inserts one row, or updates the one whose unique key *conflict* it has; as the database stored it."""
    names = tuple(values)
    gate = session.gate
    own = gate.enter()
    connection = gate.connection
    try:
        statement = _upsertion(connection, shape, conflict, names)
        refuse_missing_key(connection, shape, values)
        row = inserted(statement.row(gate, own, tuple(values.values())))
        advance_sequence(connection, shape, values)
        # Whether it was an update nobody says; an update reaches further.
        identity_map.wrote(session, shape, "update", row)
    except BaseException as error:
        gate.fail(error)
        raise
    gate.leave()
    return row


def _upsertion(connection: Connection, shape: Shape[RowT], conflict: str, names: tuple[str, ...]) -> RowStatement[RowT]:
    def make() -> RowStatement[RowT]:
        statement = _update_conflicting(backend_of(connection.dialect).insert(shape.table), shape, conflict, names)
        return RowStatement(shape, statement.returning(*shape.columns), names)

    return shape.prepared(("upsert", backend_of(connection.dialect), conflict, names), make)


def upsert_many(session: GatedSession, shape: Shape[Any], rows: Iterable[Any], conflict: str) -> int:
    """Inserts rows or updates those whose unique key *conflict* is there, one after the other; how many were given."""
    key = shape.conflict(conflict)

    def update(statement: Any, names: tuple[str, ...]) -> Any:
        return _update_conflicting(statement, shape, conflict, names)

    # Defaults are not filled in: an update leaves columns alone that the row leaves out.
    given, _ = _merge(session, shape, rows, Merge(("upsert many", conflict), update, key), "update", fill=False)
    return given


def replace(session: GatedSession, shape: Shape[Any], rows: Iterable[Any]) -> int:
    """Inserts rows or overwrites the whole row with their primary key; how many were given.

    A column that a row leaves out has its default or NULL afterwards, whatever it had. Of two rows with one key the
    later counts.
    """
    key = shape.conflict(PRIMARY_KEY)
    others = [column.key for column in shape.columns if not column.primary_key and column.computed is None]

    def overwrite(statement: Any, _: tuple[str, ...]) -> Any:
        # A column that the row leaves out has its default in `excluded`.
        return _on_conflict(statement, key, {name: statement.excluded[name] for name in others})

    given, _ = _merge(session, shape, rows, Merge("replace", overwrite, key), "update")
    return given


def ensure(session: GatedSession, shape: Shape[Any], rows: Iterable[Any], conflict: str | None = None) -> int:
    """Inserts the rows that conflict with none there, nor with one given before; how many.

    With *conflict* only rows whose unique key of this name is there are left out; another that is there is an error.
    """
    columns = [] if conflict is None else [column.name for column in shape.conflict(conflict)]
    if not columns and backend_of(session.connection().dialect).emulates_exclusion and _excludes(shape):
        return _ensure_each(session, shape, rows)

    def skip(statement: Any, _: tuple[str, ...]) -> Any:
        return statement.on_conflict_do_nothing(index_elements=columns or None)

    _, inserted = _merge(session, shape, rows, Merge(("ensure many", conflict), skip), "insert")
    return inserted


def _excludes(shape: Shape[Any]) -> bool:
    return any(constraint.__visit_name__ == "exclude_constraint" for constraint in shape.table.constraints)


def _ensure_each(session: GatedSession, shape: Shape[Any], rows: Iterable[Any]) -> int:
    """Row by row, for the triggers that stand in for exclusion constraints know nothing of ON CONFLICT."""
    inserted = 0
    with driver.atomic(session) as connection, session.gate.exclusive(PULLING):
        incoming = Incoming(shape, rows, connection, fill=True)
        while (names := incoming.names()) is not None:
            prepared = insert_absent(connection, shape, names)
            for values in incoming.run(encoded=False):
                try:
                    with connection.begin_nested():
                        inserted += len(driver.run(connection, prepared, dict(zip(names, values, strict=True))))
                except DBAPIError as error:
                    if "violates exclusion constraint" not in str(error.orig):
                        place(error, shape, incoming.number)
                        raise
    if incoming.number:
        identity_map.wrote(session, shape, "insert")
    return inserted


def _merge(
    session: GatedSession,
    shape: Shape[Any],
    rows: Iterable[Any],
    plan: Merge,
    action: identity_map.Action,
    *,
    fill: bool = True,
) -> tuple[int, int]:
    """How many rows were given, and how many the database has inserted or updated."""
    with driver.atomic(session) as connection, session.gate.exclusive(PULLING):
        incoming = Incoming(shape, rows, connection, fill=fill)
        affected = merge(connection, shape, incoming, plan)
        advance_sequence_to(connection, shape, incoming.highest)
    if incoming.number:
        identity_map.wrote(session, shape, action)
    return incoming.number, affected


def insert_absent(connection: Connection, shape: Shape[Any], names: tuple[str, ...]) -> Prepared:
    """The insert that does nothing when the row conflicts with another, and returns 1 when it does not."""

    def make() -> Prepared:
        statement = (
            backend_of(connection.dialect).insert(shape.table).on_conflict_do_nothing().returning(literal_column("1"))
        )
        return Prepared(statement, names)

    return shape.prepared(("ensure", backend_of(connection.dialect), names), make)


def _update_conflicting(statement: Any, shape: Shape[Any], conflict: str, names: tuple[str, ...]) -> Any:
    """The insert *statement* of rows that name the columns *names*, updating the rows whose key *conflict* is there."""
    shape.check(names)
    key = shape.conflict(conflict)
    missing = [column.key for column in key if column.key not in names]
    if missing and conflict != PRIMARY_KEY:
        raise InvalidRequestError(f"An upsert by {conflict!r} needs a value of {missing[0]!r}.")
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
    return _on_conflict(statement, key, written)


def _on_conflict(statement: Any, key: tuple[Column[Any], ...], written: Mapping[str, Any]) -> Any:
    columns = [column.name for column in key]
    if not written:
        return statement.on_conflict_do_nothing(index_elements=columns)
    return statement.on_conflict_do_update(index_elements=columns, set_=dict(written))
