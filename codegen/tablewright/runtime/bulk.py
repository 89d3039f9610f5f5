"""Inserting many rows, all or none, in constant memory."""

from __future__ import annotations

from collections.abc import Iterable
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, insert
from sqlalchemy.exc import DBAPIError

from tablewright.runtime import batches, copy, driver, identity, writes
from tablewright.runtime.driver import DriverText, Prepared, Tuples
from tablewright.runtime.gate import GatedSession
from tablewright.runtime.incoming import Incoming
from tablewright.runtime.row_errors import place
from tablewright.runtime.shape import Shape

RowT = TypeVar("RowT")

PULLING = (
    "The session is taking rows from an iterable that uses the same session. "
    "Make a list of the rows first, or read them in another session."
)


def insert_many(session: GatedSession, shape: Shape[Any], rows: Iterable[Any]) -> int:
    """Inserts all rows or none; how many."""
    with driver.whole(session) as connection, session.gate.exclusive(PULLING):
        incoming = Incoming(shape, rows, connection, fill=True)
        target = copy.find_target(connection, shape)
        if target is not None:
            copy.copy_in(connection, shape, target, incoming)
        else:
            batches.execute_each(connection, shape, incoming, partial(_insertion, shape))
        writes.advance_sequence_to(connection, shape, incoming.highest)
    if incoming.number:
        identity.wrote(session, shape, "insert")
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
    with driver.whole(session) as connection, session.gate.exclusive(PULLING):
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
        writes.advance_sequence_to(connection, shape, incoming.highest)
    if stored:
        identity.wrote(session, shape, "insert")
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
