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
"""Executes a statement with every set of parameters; rows affected."""


def execute_each(
    connection: Connection,
    mapper: RowMapper[Any],
    input_rows: InputRows,
    prepare: Callable[[tuple[str, ...]], Prepared],
) -> int:
    """Executes the statement that *prepare* makes for its columns with every row; rows affected."""
    affected = 0
    while (names := input_rows.names()) is not None:
        affected += execute_run(connection, mapper, input_rows, prepare(names), names)
    return affected


def execute_run(
    connection: Connection, mapper: RowMapper[Any], input_rows: InputRows, prepared: Prepared, names: tuple[str, ...]
) -> int:
    """Executes *prepared* with every row of the next run, which names the columns *names*; rows affected."""
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
        # SQLite executes each row before it asks for the next.
        add_row_location(error, mapper.table, input_rows.number)
        raise


def driver_text(connection: Connection, mapper: RowMapper[Any], prepared: Prepared) -> DriverText | None:
    """What the driver is given for *prepared*; None where SQLAlchemy is to execute it."""
    if not mapper.strict or listened(connection):
        return None
    return prepared.text(connection.dialect)


def parameters(text: DriverText, names: tuple[str, ...], rows: Iterable[tuple[Any, ...]]) -> Iterator[Any]:
    """The driver's parameters for encoded *rows* in the order of *names*."""
    arrange = text.arrangement(names)
    return iter(rows) if arrange is None else map(arrange, rows)


def through_sqlalchemy(connection: Connection, prepared: Prepared) -> ExecuteMany:
    """*prepared* executed where listeners and echo see it, with values that are not encoded yet."""
    statement = prepared.statement.execution_options(preserve_rowcount=True)
    return lambda sets: max(connection.execute(statement, sets).rowcount, 0)


def by_driver(connection: Connection, text: DriverText) -> ExecuteMany:
    """*text* executed on the driver's own cursor."""
    return lambda sets: driver.execute_many(connection, text.sql, sets)


def execute_in_batches(
    connection: Connection, mapper: RowMapper[Any], execute: ExecuteMany, sets: Iterator[Any], first: int
) -> int:
    """Executes with all *sets* of parameters, the first of which is of row *first*; rows affected."""
    affected = 0
    while batch := list(islice(sets, BATCH)):
        try:
            # A single row needs no second try.
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
    """Executes one by one with *batch*, which failed, so that the error says which row it is of."""
    for number, values in enumerate(batch, first):
        try:
            execute([values])
        except DBAPIError as error:
            add_row_location(error, mapper.table, number)
            raise
