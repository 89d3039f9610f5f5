"""Inserts with ON CONFLICT: upsert, ensure, replace."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, TypeVar

from sqlalchemy import Column, Connection, literal_column
from sqlalchemy.exc import DBAPIError, InvalidRequestError
from sqlalchemy.sql.schema import ColumnElementColumnDefault

from tablewright.runtime.bulk.input_rows import PULLING, InputRows
from tablewright.runtime.bulk.staging import Merge, merge
from tablewright.runtime.engine.registry import backend_of
from tablewright.runtime.rows import driver
from tablewright.runtime.rows.mapper import PRIMARY_KEY, RowMapper
from tablewright.runtime.rows.row_errors import add_row_location
from tablewright.runtime.rows.statement import RowStatement, TuplesStatement
from tablewright.runtime.transaction.gate import GatedSession
from tablewright.runtime.writes import identity_map
from tablewright.runtime.writes.insert import require_key, stored_row
from tablewright.runtime.writes.sequence import advance_sequence, advance_sequence_to

RowT = TypeVar("RowT")


def upsert_row(session: GatedSession, mapper: RowMapper[RowT], conflict: str, values: Mapping[str, object]) -> RowT:
    """Insert one row, or update the row with the same unique key *conflict*. Return it as stored."""

    def run(connection: Connection, driver_connection: Any, given: tuple[object, ...]) -> RowT:
        statement = _upsert_statement(connection, mapper, conflict, tuple(values))
        require_key(connection, mapper, values)
        row = stored_row(statement.run(connection, driver_connection, given))
        advance_sequence(connection, mapper, values)
        # The database does not report which it was; an update affects more entities than an insert.
        identity_map.refresh_entities(session, mapper, "update", row)
        return row

    return session.gate.call(run, tuple(values.values()))


def _upsert_statement(
    connection: Connection, mapper: RowMapper[RowT], conflict: str, names: tuple[str, ...]
) -> RowStatement[RowT]:
    def make() -> RowStatement[RowT]:
        statement = _update_conflicting(backend_of(connection.dialect).insert(mapper.table), mapper, conflict, names)
        return RowStatement(mapper, statement.returning(*mapper.columns), names)

    return mapper.statement(("upsert", backend_of(connection.dialect), conflict, names), make)


def upsert_many(session: GatedSession, mapper: RowMapper[Any], rows: Iterable[Any], conflict: str) -> int:
    """Insert rows, or update existing ones with the same unique key *conflict*, in order. Return the number given."""
    key = mapper.conflict(conflict)

    def update(statement: Any, names: tuple[str, ...]) -> Any:
        return _update_conflicting(statement, mapper, conflict, names)

    # Defaults are not filled in: an update keeps the columns that the row leaves out.
    given, _ = _merge(session, mapper, rows, Merge(("upsert many", conflict), update, key), "update", fill=False)
    return given


def replace(session: GatedSession, mapper: RowMapper[Any], rows: Iterable[Any]) -> int:
    """Insert rows, or overwrite the whole existing row with the same primary key. Return the number given.

    Columns that a row leaves out are set to their default or NULL. Of two rows with one key the later one is stored.
    """
    key = mapper.conflict(PRIMARY_KEY)
    others = [column.key for column in mapper.columns if not column.primary_key and column.computed is None]

    def overwrite(statement: Any, _: tuple[str, ...]) -> Any:
        # `excluded` has the defaults of columns that the row leaves out.
        return _on_conflict(statement, key, {name: statement.excluded[name] for name in others})

    given, _ = _merge(session, mapper, rows, Merge("replace", overwrite, key), "update")
    return given


def ensure(session: GatedSession, mapper: RowMapper[Any], rows: Iterable[Any], conflict: str | None = None) -> int:
    """Insert the rows that conflict with no existing row, nor with an earlier one. Return the number inserted.

    With *conflict* only a conflict with this unique key skips a row. A conflict with another one is an error.
    """
    columns = [] if conflict is None else [column.name for column in mapper.conflict(conflict)]
    if not columns and backend_of(session.connection().dialect).emulates_exclusion and _excludes(mapper):
        return _ensure_each(session, mapper, rows)

    def skip(statement: Any, _: tuple[str, ...]) -> Any:
        return statement.on_conflict_do_nothing(index_elements=columns or None)

    _, inserted = _merge(session, mapper, rows, Merge(("ensure many", conflict), skip), "insert")
    return inserted


def _excludes(mapper: RowMapper[Any]) -> bool:
    return any(constraint.__visit_name__ == "exclude_constraint" for constraint in mapper.table.constraints)


def _ensure_each(session: GatedSession, mapper: RowMapper[Any], rows: Iterable[Any]) -> int:
    """Insert row by row: ON CONFLICT does not reach the triggers that replace exclusion constraints."""
    inserted = 0
    with driver.atomic(session) as connection, session.gate.exclusive(PULLING):
        input_rows = InputRows(mapper, rows, connection, fill=True)
        while (names := input_rows.names()) is not None:
            statement = insert_absent(connection, mapper, names)
            for values in input_rows.run(encoded=False):
                try:
                    with connection.begin_nested():
                        inserted += len(statement.execute(connection, values))
                except DBAPIError as error:
                    if "violates exclusion constraint" not in str(error.orig):
                        add_row_location(error, mapper.table, input_rows.number)
                        raise
    if input_rows.number:
        identity_map.refresh_entities(session, mapper, "insert")
    return inserted


def _merge(
    session: GatedSession,
    mapper: RowMapper[Any],
    rows: Iterable[Any],
    plan: Merge,
    action: identity_map.Action,
    *,
    fill: bool = True,
) -> tuple[int, int]:
    """Execute *plan* for all rows. Return the number of rows given and the number inserted or updated."""
    with driver.atomic(session) as connection, session.gate.exclusive(PULLING):
        input_rows = InputRows(mapper, rows, connection, fill=fill)
        affected = merge(connection, mapper, input_rows, plan)
        advance_sequence_to(connection, mapper, input_rows.highest)
    if input_rows.number:
        identity_map.refresh_entities(session, mapper, action)
    return input_rows.number, affected


def insert_absent(connection: Connection, mapper: RowMapper[Any], names: tuple[str, ...]) -> TuplesStatement:
    """Return the insert that does nothing if the row conflicts with another, and returns one row otherwise."""
    backend = backend_of(connection.dialect)

    def make() -> TuplesStatement:
        statement = backend.insert(mapper.table).on_conflict_do_nothing().returning(literal_column("1"))
        return TuplesStatement(mapper, statement, names)

    return mapper.statement(("ensure", backend, names), make)


def _update_conflicting(statement: Any, mapper: RowMapper[Any], conflict: str, names: tuple[str, ...]) -> Any:
    """Return *statement*, an insert of rows with the columns *names*, with an update of existing rows by *conflict*."""
    mapper.check(names)
    key = mapper.conflict(conflict)
    missing = [column.key for column in key if column.key not in names]
    if missing and conflict != PRIMARY_KEY:
        raise InvalidRequestError(f"An upsert by {conflict!r} needs a value of {missing[0]!r}.")
    kept = {column.key for column in (*key, *mapper.key)}
    written = {name: statement.excluded[name] for name in names if name not in kept}
    if written:
        written |= {
            column.key: column.onupdate.arg
            for column in mapper.columns
            if isinstance(column.onupdate, ColumnElementColumnDefault) and column.key not in written
        }
    else:
        # Nothing to update: writing the key again makes RETURNING return the existing row.
        written = {key[0].key: mapper.table.c[key[0].key]}
    return _on_conflict(statement, key, written)


def _on_conflict(statement: Any, key: tuple[Column[Any], ...], written: Mapping[str, Any]) -> Any:
    columns = [column.name for column in key]
    if not written:
        return statement.on_conflict_do_nothing(index_elements=columns)
    return statement.on_conflict_do_update(index_elements=columns, set_=dict(written))
