"""Inserting rows: one, or many, all or none, in constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, insert
from sqlalchemy.exc import DBAPIError

from tablewright.runtime.bulk import batches, postgres_copy
from tablewright.runtime.bulk.input_rows import PULLING, InputRows
from tablewright.runtime.errors import NotFoundError
from tablewright.runtime.rows import driver
from tablewright.runtime.rows.driver import Tuples
from tablewright.runtime.rows.driver_errors import refuse
from tablewright.runtime.rows.mapper import RowMapper
from tablewright.runtime.rows.prepared import DriverText, Prepared
from tablewright.runtime.rows.row_errors import add_row_location
from tablewright.runtime.rows.statement import RowStatement
from tablewright.runtime.transaction.gate import GatedSession
from tablewright.runtime.writes import identity_map
from tablewright.runtime.writes.sequence import advance_sequence, advance_sequence_to

RowT = TypeVar("RowT")


def insert_many(session: GatedSession, mapper: RowMapper[Any], rows: Iterable[Any]) -> int:
    """Insert all rows or none. Return the number inserted."""
    with driver.atomic(session) as connection, session.gate.exclusive(PULLING):
        input_rows = InputRows(mapper, rows, connection, fill=True)
        target = postgres_copy.find_target(connection, mapper)
        if target is not None:
            postgres_copy.copy_in(connection, mapper, target, input_rows)
        else:
            batches.execute_each(connection, mapper, input_rows, partial(_insert_many_statement, mapper))
        advance_sequence_to(connection, mapper, input_rows.highest)
    if input_rows.number:
        identity_map.refresh_entities(session, mapper, "insert")
    return input_rows.number


def _insert_many_statement(mapper: RowMapper[Any], names: tuple[str, ...]) -> Prepared:
    # Inline: after SQLAlchemy's own RETURNING, SQLite's `executemany` leaves a statement unfinished.
    return mapper.statement(("insert many", names), lambda: Prepared(insert(mapper.table).inline(), names))


def _returning_statement(mapper: RowMapper[Any], names: tuple[str, ...]) -> Prepared:
    statement = insert(mapper.table).returning(*mapper.columns)
    return mapper.statement(("insert many returning", names), lambda: Prepared(statement, names))


def insert_many_returning(session: GatedSession, mapper: RowMapper[RowT], rows: Iterable[Any]) -> list[RowT]:
    """Insert all rows or none. Return them as stored, in the order given."""
    stored: list[RowT] = []
    with driver.atomic(session) as connection, session.gate.exclusive(PULLING):
        input_rows = InputRows(mapper, rows, connection, fill=True)
        while (names := input_rows.names()) is not None:
            prepared = _returning_statement(mapper, names)
            text = batches.driver_text(connection, mapper, prepared)
            if text is None:
                for row in input_rows.run(encoded=False):
                    given = dict(zip(names, row, strict=True))
                    try:
                        stored += mapper.rows(connection, connection.execute(prepared.statement, given))
                    except DBAPIError as error:
                        add_row_location(error, mapper.table, input_rows.number)
                        raise
                continue
            first = input_rows.number
            sets = batches.parameters(text, names, input_rows.run())
            # The driver's values of a batch are freed once its rows are built.
            while batch := list(islice(sets, batches.BATCH)):
                stored += mapper.build(connection.dialect, _insert_batch(connection, mapper, text, batch, first))
                first += len(batch)
        advance_sequence_to(connection, mapper, input_rows.highest)
    if stored:
        identity_map.refresh_entities(session, mapper, "insert")
    return stored


def _insert_batch(
    connection: Connection, mapper: RowMapper[Any], text: DriverText, batch: list[Any], first: int
) -> Tuples:
    try:
        with connection.begin_nested():
            return driver.execute_many_returning(connection, text.sql, batch)
    except DBAPIError as error:
        if connection.invalidated:
            raise
        batches.locate_failing_row(
            mapper, lambda sets: driver.execute_many_returning(connection, text.sql, sets), batch, first
        )
        raise error


def insert_row(session: GatedSession, mapper: RowMapper[RowT], values: Mapping[str, object]) -> RowT:
    """Insert one row. Return it as stored."""
    statement = insert_statement(mapper, tuple(values))

    def run(connection: Connection, driver_connection: Any, given: tuple[object, ...]) -> RowT:
        require_key(connection, mapper, values)
        row = stored_row(statement.run(connection, driver_connection, given))
        advance_sequence(connection, mapper, values)
        identity_map.refresh_entities(session, mapper, "insert", row)
        return row

    return session.gate.call(run, tuple(values.values()))


def insert_statement(mapper: RowMapper[RowT], names: tuple[str, ...]) -> RowStatement[RowT]:
    """Return the insert of a row with the columns *names*."""

    def make() -> RowStatement[RowT]:
        mapper.check(names)
        return RowStatement(mapper, insert(mapper.table).returning(*mapper.columns), names)

    return mapper.statement(("insert", names), make)


def stored_row(row: RowT | None) -> RowT:
    """Return *row*, which an insert returned. Raise `NotFoundError` if a trigger or a rule suppressed the insert."""
    if row is None:
        raise NotFoundError("The database stored no row for the insert, and returned none.")
    return row


def require_key(connection: Connection, mapper: RowMapper[Any], values: Mapping[str, object]) -> None:
    """Raise the IntegrityError that SQLite omits: it generates missing integer keys."""
    name = mapper.missing_key(values, connection.dialect)
    if name is not None:
        refuse(connection, "IntegrityError", f"NOT NULL constraint failed: {mapper.table.name}.{name}")
