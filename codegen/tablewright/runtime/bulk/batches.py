"""Statements that are executed with every row of a call."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Iterator
from contextlib import nullcontext
from itertools import islice
from typing import Any

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from tablewright.runtime.bulk.input_rows import InputRows
from tablewright.runtime.engine.registry import driver_of
from tablewright.runtime.rows import driver
from tablewright.runtime.rows.mapper import RowMapper
from tablewright.runtime.rows.prepared import DriverText, Prepared
from tablewright.runtime.rows.row_errors import add_row_location
from tablewright.runtime.transaction.gate import listened

BATCH = 1000

ExecuteMany = Callable[[list[Any]], int]
"""A function that executes a statement with every set of parameters, and returns the number of rows affected."""


def execute_each(
    connection: Connection,
    mapper: RowMapper[Any],
    input_rows: InputRows,
    prepare: Callable[[tuple[str, ...]], Prepared],
) -> int:
    """Execute the statement that *prepare* returns for each run of rows. Return the number of rows affected."""
    affected = 0
    while (names := input_rows.names()) is not None:
        affected += execute_run(connection, mapper, input_rows, prepare(names), names)
    return affected


def execute_run(
    connection: Connection, mapper: RowMapper[Any], input_rows: InputRows, prepared: Prepared, names: tuple[str, ...]
) -> int:
    """Execute *prepared* with the rows of the next run, with columns *names*. Return the number of rows affected."""
    text = driver_text(connection, mapper, prepared)
    first = input_rows.number
    if text is None:
        sets = (dict(zip(names, row, strict=True)) for row in input_rows.run(encoded=False))
        return execute_in_batches(connection, mapper, through_sqlalchemy(connection, prepared), sets, first)
    encoded = parameters(text, names, input_rows.run())
    if not driver_of(connection.dialect).executes_while_pulling:
        return execute_in_batches(connection, mapper, by_driver(connection, text), encoded, first)
    try:
        return driver.execute_many(connection, text.sql, encoded)
    except DBAPIError as error:
        # The driver executes each row before it pulls the next one.
        add_row_location(error, mapper.table, input_rows.number)
        raise


def driver_text(connection: Connection, mapper: RowMapper[Any], prepared: Prepared) -> DriverText | None:
    """Return *prepared* as the driver accepts it; None if SQLAlchemy has to execute it."""
    if not mapper.strict or listened(connection):
        return None
    return prepared.text(connection.dialect)


def parameters(text: DriverText, names: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
    """Return the driver's parameters for encoded *rows*, whose values are in the order of *names*."""
    arrange = text.arrangement(names)
    return iter(rows) if arrange is None else map(arrange, rows)


def through_sqlalchemy(connection: Connection, prepared: Prepared) -> ExecuteMany:
    """Return a function that executes *prepared* with values that are not encoded, seen by listeners and echo."""
    statement = prepared.statement.execution_options(preserve_rowcount=True)
    return lambda sets: max(connection.execute(statement, sets).rowcount, 0)


def by_driver(connection: Connection, text: DriverText) -> ExecuteMany:
    """Return a function that executes *text* on the driver's own cursor."""
    return lambda sets: driver.execute_many(connection, text.sql, sets)


def execute_in_batches(
    connection: Connection, mapper: RowMapper[Any], execute: ExecuteMany, sets: Iterator[Any], first: int
) -> int:
    """Execute with all *sets* of parameters, from row *first* on. Return the number of rows affected."""
    affected = 0
    while batch := list(islice(sets, BATCH)):
        try:
            # The culprit of a single row needs no second try.
            with connection.begin_nested() if len(batch) > 1 else nullcontext():
                affected += execute(batch)
        except DBAPIError as error:
            if connection.invalidated:
                raise
            if len(batch) == 1:
                add_row_location(error, mapper.table, first)
                raise
            locate_failing_row(mapper, execute, batch, first)
            raise error
        first += len(batch)
    return affected


def locate_failing_row(
    mapper: RowMapper[Any], execute: Callable[[list[Any]], object], batch: list[Any], first: int
) -> None:
    """Execute the failed *batch* row by row, so that the error names the row."""
    for number, values in enumerate(batch, first):
        try:
            execute([values])
        except DBAPIError as error:
            add_row_location(error, mapper.table, number)
            raise
