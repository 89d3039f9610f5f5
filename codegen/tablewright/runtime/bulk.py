"""Inserting many rows, all or none, in constant memory."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator, Mapping
from functools import partial
from itertools import islice
from typing import Any, TypeVar

from sqlalchemy import Connection, insert
from sqlalchemy.exc import DBAPIError

from tablewright.runtime import copy, driver, identity, writes
from tablewright.runtime.driver import Prepared
from tablewright.runtime.gate import GatedSession
from tablewright.runtime.incoming import Incoming, place
from tablewright.runtime.shape import Shape

RowT = TypeVar("RowT")

BATCH = 1000
PULLING = (
    "The session is taking rows from an iterable that uses the same session. "
    "Make a list of the rows first, or read them in another session."
)


def insert_many(session: GatedSession, shape: Shape[Any], rows: Iterable[Any]) -> int:
    """Inserts all rows or none; how many."""
    with driver.whole(session) as connection, session.gate.exclusive(PULLING):
        incoming = Incoming(shape, rows, connection, fill=True)
        if copy.available(connection, shape):
            copy.copy_in(connection, shape, incoming)
        else:
            execute_each(connection, shape, incoming, partial(_insertion, shape))
        writes.advance_sequence_to(connection, shape, incoming.highest)
    if incoming.number:
        identity.wrote(session, shape, "insert")
    return incoming.number


def _insertion(shape: Shape[Any], names: tuple[str, ...]) -> Prepared:
    # Inline: without SQLAlchemy's own RETURNING, after which SQLite's `executemany` leaves a statement unfinished.
    return shape.prepared(("insert many", names), lambda: Prepared(insert(shape.table).inline(), names))


def execute_each(
    connection: Connection,
    shape: Shape[Any],
    incoming: Incoming,
    prepare: Callable[[tuple[str, ...]], Prepared],
) -> int:
    """Executes the statement that *prepare* makes for its columns with every row; rows affected."""
    affected = 0
    direct = connection.dialect.name == "sqlite" and shape.strict and not driver.listened(connection)
    while (values := incoming.pull()) is not None:
        names = tuple(name for name in shape.names if name in values)
        prepared: Prepared = prepare(names)
        driver_text = prepared.text(connection.dialect) if direct else None
        if driver_text is None:
            affected += _in_batches(connection, shape, incoming, prepared, incoming.run(values))
            continue
        try:
            sets = _placed(driver_text, names, incoming, values)
            affected += driver.execute_many(connection, driver_text.sql, sets)
        except DBAPIError as error:
            place(error, shape, incoming.number)
            raise
    return affected


def _placed(
    driver_text: driver.DriverText, names: tuple[str, ...], incoming: Incoming, first: Mapping[str, Any]
) -> Iterator[Any]:
    arrange = driver_text.arrangement(names)
    encoded = incoming.encoded(first, names)
    return encoded if arrange is None else map(arrange, encoded)


def _in_batches(
    connection: Connection,
    shape: Shape[Any],
    incoming: Incoming,
    prepared: Prepared,
    rows: Iterator[Mapping[str, Any]],
) -> int:
    affected = 0
    start = incoming.number
    while batch := [dict(values) for values in islice(rows, BATCH)]:
        try:
            with connection.begin_nested():
                affected += max(connection.execute(prepared.statement, batch).rowcount, 0)
        except DBAPIError as error:
            if connection.invalidated:
                raise
            _find_culprit(connection, shape, prepared, batch, start)
            raise error
        start += len(batch)
    return affected


def _find_culprit(
    connection: Connection, shape: Shape[Any], prepared: Prepared, batch: list[dict[str, Any]], start: int
) -> None:
    # A failed batch does not say which of its rows it was: one by one they do.
    for number, values in enumerate(batch, start):
        try:
            connection.execute(prepared.statement, values)
        except DBAPIError as error:
            place(error, shape, number)
            raise


def insert_many_returning(session: GatedSession, shape: Shape[RowT], rows: Iterable[Any]) -> list[RowT]:
    """Inserts all rows or none; as stored, in the order given."""
    stored: list[RowT] = []
    with driver.whole(session) as connection, session.gate.exclusive(PULLING):
        incoming = Incoming(shape, rows, connection)
        own = None if driver.listened(connection) else driver.driver_connection(connection)
        while (values := incoming.pull()) is not None:
            statement = writes.insertion(shape, tuple(values))
            try:
                stored.append(writes.inserted(statement.row(session.gate, own, tuple(values.values()))))
            except DBAPIError as error:
                place(error, shape, incoming.number)
                raise
        writes.advance_sequence_to(connection, shape, incoming.highest)
    if stored:
        identity.wrote(session, shape, "insert")
    return stored
