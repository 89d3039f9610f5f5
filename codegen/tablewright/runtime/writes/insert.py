"""Inserting many rows, all or none, in constant memory."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, insert
from sqlalchemy.exc import DBAPIError

from tablewright.runtime.bulk import batches, postgres_copy
from tablewright.runtime.bulk.input_rows import PULLING, Incoming
from tablewright.runtime.bulk.row_errors import place
from tablewright.runtime.errors import NotFoundError
from tablewright.runtime.rows import driver
from tablewright.runtime.rows.driver import Tuples
from tablewright.runtime.rows.driver_errors import refuse
from tablewright.runtime.rows.mapper import Shape
from tablewright.runtime.rows.prepared import DriverText, Prepared
from tablewright.runtime.rows.statement import RowStatement
from tablewright.runtime.transaction.gate import GatedSession
from tablewright.runtime.writes import identity_map
from tablewright.runtime.writes.sequence import advance_sequence, advance_sequence_to

RowT = TypeVar("RowT")


def insert_many(session: GatedSession, shape: Shape[Any], rows: Iterable[Any]) -> int:
    """Inserts all rows or none; how many."""
    with driver.atomic(session) as connection, session.gate.exclusive(PULLING):
        incoming = Incoming(shape, rows, connection, fill=True)
        target = postgres_copy.find_target(connection, shape)
        if target is not None:
            postgres_copy.copy_in(connection, shape, target, incoming)
        else:
            batches.execute_each(connection, shape, incoming, partial(_insertion, shape))
        advance_sequence_to(connection, shape, incoming.highest)
    if incoming.number:
        identity_map.wrote(session, shape, "insert")
    return incoming.number


def _insertion(shape: Shape[Any], names: tuple[str, ...]) -> Prepared:
    # Inline: without SQLAlchemy's own RETURNING, after which SQLite's `executemany` leaves a statement unfinished.
    return shape.prepared(("insert many", names), lambda: Prepared(insert(shape.table).inline(), names))


def _returning_insertion(shape: Shape[Any], names: tuple[str, ...]) -> Prepared:
    statement = insert(shape.table).returning(*shape.columns)
    return shape.prepared(("insert many returning", names), lambda: Prepared(statement, names))


def insert_many_returning(session: GatedSession, shape: Shape[RowT], rows: Iterable[Any]) -> list[RowT]:
    """Inserts all rows or none; as stored, in the order given."""
    stored: list[RowT] = []
    with driver.atomic(session) as connection, session.gate.exclusive(PULLING):
        incoming = Incoming(shape, rows, connection, fill=True)
        while (names := incoming.names()) is not None:
            prepared = _returning_insertion(shape, names)
            text = batches.direct_text(connection, shape, prepared)
            if text is None:
                for row in incoming.run(encoded=False):
                    given = dict(zip(names, row, strict=True))
                    try:
                        stored += shape.rows(connection, connection.execute(prepared.statement, given))
                    except DBAPIError as error:
                        place(error, shape, incoming.number)
                        raise
                continue
            first = incoming.number
            sets = batches.parameters(text, names, incoming.run())
            # The driver's values of a batch are let go once its rows are built.
            while batch := list(islice(sets, batches.BATCH)):
                stored += shape.build(connection.dialect, _insert_batch(connection, shape, text, batch, first))
                first += len(batch)
        advance_sequence_to(connection, shape, incoming.highest)
    if stored:
        identity_map.wrote(session, shape, "insert")
    return stored


def _insert_batch(connection: Connection, shape: Shape[Any], text: DriverText, batch: list[Any], first: int) -> Tuples:
    try:
        with connection.begin_nested():
            return driver.run_many(connection, text.sql, batch)
    except DBAPIError as error:
        if connection.invalidated:
            raise
        batches.find_culprit(shape, lambda sets: driver.run_many(connection, text.sql, sets), batch, first)
        raise error


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
        identity_map.wrote(session, shape, "insert", row)
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
