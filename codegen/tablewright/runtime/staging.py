"""Many rows into rows already there, on Postgres: by COPY into a temporary table, then one statement."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterator
from functools import cache
from itertools import chain, islice
from operator import itemgetter
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy
from sqlalchemy import Column, ColumnClause, Connection, select
from sqlalchemy.engine import TwoPhaseTransaction
from sqlalchemy.exc import DBAPIError, InvalidRequestError

from tablewright.runtime import batches, copy
from tablewright.runtime.copy import Target
from tablewright.runtime.driver import DriverText, Prepared
from tablewright.runtime.incoming import Incoming
from tablewright.runtime.postgres import quoted
from tablewright.runtime.read_only import NO_TEMPORARY_TABLES
from tablewright.runtime.shape import Shape, is_one_value

Row: TypeAlias = tuple[Any, ...]

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
    find_target = cache(lambda: _find_target(connection, shape))
    while (names := incoming.names()) is not None:
        prepared = _each(connection, shape, plan, names)
        text = batches.direct_text(connection, shape, prepared)
        if text is None or not names or connection.dialect.driver != "psycopg":
            affected += batches.execute_run(connection, shape, incoming, prepared, names)
        else:
            affected += _Run(connection, shape, plan, names, text, find_target).merge(incoming.run(), incoming.number)
    return affected


def dialect_insert(connection: Connection, shape: Shape[Any]) -> Any:
    """An insert that has ON CONFLICT."""
    name = connection.dialect.name
    if name not in ("postgresql", "sqlite"):
        raise InvalidRequestError(f"Tablewright knows the ON CONFLICT of SQLite and Postgres, not of {name}.")
    # A dialect takes long to import, and one of them is not needed.
    if name == "postgresql":
        from sqlalchemy.dialects.postgresql import insert as postgresql_insert

        return postgresql_insert(shape.table)
    from sqlalchemy.dialects.sqlite import insert as sqlite_insert

    return sqlite_insert(shape.table)


def _each(connection: Connection, shape: Shape[Any], plan: Merge, names: tuple[str, ...]) -> Prepared:
    def make() -> Prepared:
        # Inline: without SQLAlchemy's own RETURNING, which `executemany` of SQLite does not take.
        return Prepared(plan.on_conflict(dialect_insert(connection, shape), names).inline(), names)

    return shape.prepared((plan.kind, connection.dialect.name, names), make)


def _find_target(connection: Connection, shape: Shape[Any]) -> Target | None:
    if isinstance(connection.get_transaction(), TwoPhaseTransaction):
        # Postgres does not prepare a transaction that has used temporary tables.
        return None
    if NO_TEMPORARY_TABLES in connection.get_execution_options():
        return None
    target = copy.find_target(connection, shape)
    if target is None or not target.stageable or any(column.name not in target.columns for column in shape.columns):
        return None
    return target


class _Run:
    """A run of rows on their way by psycopg: few of them, or with one key, by a statement for each."""

    def __init__(
        self,
        connection: Connection,
        shape: Shape[Any],
        plan: Merge,
        names: tuple[str, ...],
        text: DriverText,
        find_target: Callable[[], Target | None],
    ) -> None:
        self.connection = connection
        self.shape = shape
        self.plan = plan
        self.names = names
        self.text = text
        self.find_target = find_target
        places = [names.index(column.key) for column in plan.key if column.key in names]
        hashable = not any(is_one_value(column) for column in plan.key)
        # Without it Postgres finds the rows with one key, and the statement fails.
        self.key = itemgetter(*places) if places and hashable else None

    def merge(self, rows: Iterator[Row], first: int) -> int:
        """Merges *rows*, the first of which has the number *first*; rows affected."""
        affected = 0
        rest: list[Row] = []
        while begun := [*rest, *islice(rows, WORTHWHILE - len(rest))]:
            many = len(begun) == WORTHWHILE and not self._has_twins(begun)
            target = self.find_target() if many else None
            if target is None:
                done, merged, rest = len(begun), self._each(begun, first), []
            else:
                done, merged, rest = self._together(target, begun, rows, first)
            affected += merged
            first += done
        return affected

    def _has_twins(self, rows: list[Row]) -> bool:
        return self.key is not None and len(set(map(self.key, rows))) < len(rows)

    def _each(self, rows: list[Row], first: int) -> int:
        sets = batches.parameters(self.text, self.names, rows)
        execute = batches.by_driver(self.connection, self.text)
        return batches.in_batches(self.connection, self.shape, execute, sets, first)

    def _together(
        self, target: Target, begun: list[Row], rows: Iterator[Row], first: int
    ) -> tuple[int, int, list[Row]]:
        """Merges *begun* and the *rows* up to one whose key another has: how many, rows affected, and that one.

        Where Postgres refuses one of them it is done row by row, which will tell which, or not fail: only then
        are two rows with one key what they are for Postgres, or rows that refer to one another refused.
        """
        taken: list[Row] = []
        columns = copy.stored_columns(self.shape, self.names)
        types = copy.binary_types(self.shape, target, self.names)
        made = [f"{quoted(name)} {target.columns[name].sql}" for name in columns]
        try:
            with self.connection.begin_nested():
                _execute(self.connection, f"CREATE TEMPORARY TABLE {STAGE} ({', '.join(made)}, {ORDINAL} integer)")
                written = copy.write(
                    self.connection,
                    f"pg_temp.{STAGE}",
                    [*columns, ORDINAL],
                    None if types is None else [*types, INTEGER_OID],
                    self._numbered(chain(begun, rows), taken),
                )
                affected = self.connection.execute(_all(self.connection, self.shape, self.plan, self.names)).rowcount
                _execute(self.connection, f"DROP TABLE pg_temp.{STAGE}")
        except DBAPIError as error:
            state = getattr(error.orig, "sqlstate", None) or ""
            if self.connection.invalidated or state[:2] not in FAULTS_OF_ROWS:
                raise
            refused = taken + begun[len(taken) :]
            return len(refused), self._each(refused, first), []
        return written, affected, taken[written:]

    def _numbered(self, rows: Iterator[Row], taken: list[Row]) -> Iterator[Row]:
        seen: set[Any] = set()
        for number, row in enumerate(islice(rows, CHUNK)):
            taken.append(row)
            if self.key is not None:
                key = self.key(row)
                if key in seen:
                    return
                seen.add(key)
            yield (*row, number)


def _all(connection: Connection, shape: Shape[Any], plan: Merge, names: tuple[str, ...]) -> Any:
    def make() -> Prepared:
        columns: list[ColumnClause[Any]] = [sqlalchemy.column(name) for name in copy.stored_columns(shape, names)]
        ordinal: ColumnClause[int] = sqlalchemy.column(ORDINAL)
        stage = sqlalchemy.table(STAGE, *columns, ordinal, schema="pg_temp")
        rows = select(*stage.c[:-1]).order_by(ordinal)
        statement = dialect_insert(connection, shape).from_select(list(names), rows)
        return Prepared(plan.on_conflict(statement, names).execution_options(preserve_rowcount=True), ())

    return shape.prepared((plan.kind, STAGE, names), make).statement


def _execute(connection: Connection, sql: str) -> None:
    connection.exec_driver_sql(sql.replace("%", "%%"))
