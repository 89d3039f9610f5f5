"""Many rows into rows already there, on Postgres: by COPY into a temporary table, then one statement."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator, Sequence
from itertools import islice
from operator import itemgetter
from typing import Any, NamedTuple

import sqlalchemy
from sqlalchemy import Column, ColumnClause, Connection, select
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.engine import TwoPhaseTransaction
from sqlalchemy.exc import DBAPIError, InvalidRequestError

from tablewright.runtime import batches, copy
from tablewright.runtime.copy import Target
from tablewright.runtime.driver import Prepared
from tablewright.runtime.incoming import Incoming
from tablewright.runtime.postgres import quoted
from tablewright.runtime.shape import Shape, is_one_value

STAGE = "tablewright_incoming"
"""The temporary table; names that begin with `tablewright_` are our own."""
ORDINAL = "_ordinal"
INTEGER_OID = 23
WORTHWHILE = 200
"""Rows from which on a temporary table is faster than a statement for each."""
CHUNK = 10_000
"""Rows that are held at a time, and go into one statement."""
FAULTS_OF_ROWS = ("21", "22", "23", "44", "P0")
"""Classes of SQLSTATE: cardinality, data, constraints, check options, what triggers and functions raise."""


class Merge(NamedTuple):
    """An insert that does something of its own with rows already there."""

    kind: Hashable
    """What tells its statements from those of others on the table."""
    on_conflict: Callable[[Any, tuple[str, ...]], Any]
    """Adds ON CONFLICT to the insert of rows that name these columns."""
    key: tuple[Column[Any], ...] = ()
    """The columns whose values no two rows of one statement may share."""


def merge(connection: Connection, shape: Shape[Any], incoming: Incoming, plan: Merge) -> int:
    """Does to every row, one after the other, what *plan* says; rows affected."""
    affected = 0
    target: Target | None = None
    asked = False
    while (names := incoming.names()) is not None:
        prepared = _each(connection, shape, plan, names)
        text = batches.direct_text(connection, shape, prepared)
        if text is None or not names or connection.dialect.driver != "psycopg":
            affected += batches.execute_run(connection, shape, incoming, prepared, names)
            continue
        execute = batches.by_driver(connection, text)
        first = incoming.number
        rows = incoming.run()
        while chunk := list(islice(rows, CHUNK)):
            if not asked and len(chunk) >= WORTHWHILE:
                target, asked = _find_target(connection, shape), True
            for part in [chunk] if target is None else _parts(shape, plan, names, chunk):
                done = None
                if target is not None and len(part) >= WORTHWHILE:
                    done = _by_stage(connection, shape, target, plan, names, part)
                if done is None:
                    sets = batches.parameters(text, names, part)
                    done = batches.in_batches(connection, shape, execute, sets, first)
                affected += done
                first += len(part)
    return affected


def dialect_insert(connection: Connection, shape: Shape[Any]) -> Any:
    """An insert that has ON CONFLICT."""
    name = connection.dialect.name
    if name not in ("postgresql", "sqlite"):
        raise InvalidRequestError(f"Tablewright knows the ON CONFLICT of SQLite and Postgres, not of {name}.")
    return postgresql.insert(shape.table) if name == "postgresql" else sqlite.insert(shape.table)


def _each(connection: Connection, shape: Shape[Any], plan: Merge, names: tuple[str, ...]) -> Prepared:
    def make() -> Prepared:
        # Inline: without SQLAlchemy's own RETURNING, which `executemany` of SQLite does not take.
        return Prepared(plan.on_conflict(dialect_insert(connection, shape), names).inline(), names)

    return shape.prepared((plan.kind, connection.dialect.name, names), make)


def _find_target(connection: Connection, shape: Shape[Any]) -> Target | None:
    if isinstance(connection.get_transaction(), TwoPhaseTransaction):
        # Postgres does not prepare a transaction that has used temporary tables.
        return None
    target = copy.find_target(connection, shape)
    return target if target is not None and target.stageable else None


def _parts(
    shape: Shape[Any], plan: Merge, names: tuple[str, ...], chunk: list[tuple[Any, ...]]
) -> Iterator[list[tuple[Any, ...]]]:
    """*chunk* in parts, in order: long ones without two rows of one key, and what is between them."""
    places = [names.index(column.key) for column in plan.key if column.key in names]
    if not places or any(is_one_value(column) for column in plan.key):
        # Values that cannot be hashed; Postgres finds two rows with one key as well.
        yield chunk
        return
    between: list[tuple[Any, ...]] = []
    part: list[tuple[Any, ...]] = []
    seen: set[Any] = set()
    for key, row in zip(map(itemgetter(*places), chunk), chunk, strict=True):
        if key in seen:
            if len(part) >= WORTHWHILE:
                if between:
                    yield between
                    between = []
                yield part
            else:
                between += part
            part = []
            seen.clear()
        seen.add(key)
        part.append(row)
    if between and len(part) >= WORTHWHILE:
        yield between
        between = []
    yield between + part


def _by_stage(
    connection: Connection,
    shape: Shape[Any],
    target: Target,
    plan: Merge,
    names: tuple[str, ...],
    rows: Sequence[tuple[Any, ...]],
) -> int | None:
    """Rows affected; None where a row is refused, which row by row will tell, or not happen."""
    columns = copy.stored_columns(shape, names)
    types = copy.binary_types(shape, target, names)
    numbered = ((*row, number) for number, row in enumerate(rows))
    made = [f"{quoted(name)} {target.columns[name].sql}" for name in columns]
    try:
        with connection.begin_nested():
            _execute(connection, f"CREATE TEMPORARY TABLE {STAGE} ({', '.join(made)}, {ORDINAL} integer)")
            copy.write(
                connection,
                f"pg_temp.{STAGE}",
                [*columns, ORDINAL],
                None if types is None else [*types, INTEGER_OID],
                numbered,
            )
            affected = connection.execute(_all(connection, shape, plan, names).statement).rowcount
            _execute(connection, f"DROP TABLE pg_temp.{STAGE}")
    except DBAPIError as error:
        state = getattr(error.orig, "sqlstate", None) or ""
        if connection.invalidated or state[:2] not in FAULTS_OF_ROWS:
            raise
        return None
    return affected


def _all(connection: Connection, shape: Shape[Any], plan: Merge, names: tuple[str, ...]) -> Prepared:
    def make() -> Prepared:
        columns: list[ColumnClause[Any]] = [sqlalchemy.column(name) for name in copy.stored_columns(shape, names)]
        ordinal: ColumnClause[int] = sqlalchemy.column(ORDINAL)
        stage = sqlalchemy.table(STAGE, *columns, ordinal, schema="pg_temp")
        rows = select(*stage.c[:-1]).order_by(ordinal)
        statement = dialect_insert(connection, shape).from_select(list(names), rows)
        return Prepared(plan.on_conflict(statement, names), ())

    return shape.prepared((plan.kind, STAGE, names), make)


def _execute(connection: Connection, sql: str) -> None:
    connection.exec_driver_sql(sql.replace("%", "%%"))
