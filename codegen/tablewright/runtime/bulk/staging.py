"""Many rows that meet rows already there, on Postgres: by COPY into a temporary table, then one statement."""

from __future__ import annotations

from collections.abc import Callable, Hashable, Iterable, Iterator, Mapping
from functools import cache
from itertools import islice
from operator import add, itemgetter
from typing import Any, NamedTuple, TypeAlias

import sqlalchemy
from sqlalchemy import Column, ColumnClause, Connection, TableClause, select
from sqlalchemy.engine import TwoPhaseTransaction
from sqlalchemy.exc import DBAPIError

from tablewright.runtime.bulk import batches, postgres_copy
from tablewright.runtime.bulk.input_rows import InputRows
from tablewright.runtime.bulk.postgres_copy import CopyTarget
from tablewright.runtime.engine.ddl import execute_verbatim
from tablewright.runtime.engine.postgres import quoted
from tablewright.runtime.engine.registry import backend_of, driver_of
from tablewright.runtime.expressions.comparable import compares_as_python, is_one_value
from tablewright.runtime.rows.mapper import RowMapper
from tablewright.runtime.rows.prepared import DriverText, Prepared
from tablewright.runtime.transaction.read_only import NO_TEMPORARY_TABLES

Row: TypeAlias = tuple[Any, ...]

STAGE = "tablewright_incoming"
"""The temporary table; names that begin with `tablewright_` are our own."""
ORDINAL = "_ordinal"
INTEGER_OID = 23
WORTHWHILE = 200
"""Rows from which on a temporary table is faster than a statement for each."""
CHUNK = 10_000
"""Rows that are held at a time, and go into one statement."""


class Merge(NamedTuple):
    """An insert that does something of its own with rows already there."""

    kind: Hashable
    """What tells its statements from those of others on the table."""
    on_conflict: Callable[[Any, tuple[str, ...]], Any]
    """Adds ON CONFLICT to the insert of rows that name these columns."""
    key: tuple[Column[Any], ...] = ()
    """The columns whose values no two rows of one statement may share."""


class Work(NamedTuple):
    """A statement for each of many rows, and what does the same with all of them."""

    kind: Hashable
    """What tells its statements from those of others on the table."""
    each: DriverText
    names: tuple[str, ...]
    """Its parameters, in the order of the rows' values."""
    columns: tuple[str, ...]
    """The columns that these are values of."""
    key: tuple[Column[Any], ...]
    """The columns whose values no two rows of one statement may share."""
    all_of: Callable[[TableClause], Any]
    """The statement for all rows of the temporary table, in the order of its column `ORDINAL`, if it has it."""


def merge(connection: Connection, mapper: RowMapper[Any], input_rows: InputRows, plan: Merge) -> int:
    """Does to every row, one after the other, what *plan* says; rows affected."""
    affected = 0
    find_target = cache(lambda: _find_target(connection, mapper))
    while (names := input_rows.names()) is not None:
        prepared = _each(connection, mapper, plan, names)
        text = batches.driver_text(connection, mapper, prepared)
        if text is None or not names or not driver_of(connection.dialect).supports_copy:
            affected += batches.execute_run(connection, mapper, input_rows, prepared, names)
            continue

        def all_of(stage: TableClause, names: tuple[str, ...] = names) -> Any:
            rows = select(*(stage.c[column] for column in postgres_copy.stored_columns(mapper, names)))
            if ORDINAL in stage.c:
                rows = rows.order_by(stage.c[ORDINAL])
            insert = backend_of(connection.dialect).insert(mapper.table)
            return plan.on_conflict(insert.from_select(list(names), rows), names)

        work = Work(plan.kind, text, names, names, plan.key, all_of)
        affected += _Run(connection, mapper, work, find_target).execute(input_rows.run(), input_rows.number)
    return affected


def update(
    connection: Connection,
    mapper: RowMapper[Any],
    text: DriverText,
    column_of: Mapping[str, str],
    rows: Iterator[Row],
    first: int,
) -> int:
    """Executes *text*, an update by key, with encoded *rows*, the first of which has the number *first*; rows affected.

    *column_of* says which column each of its parameters is a value of.
    """
    copies = driver_of(connection.dialect).supports_copy
    if not copies or text.order is None or not compares_as_python(mapper.key):
        return batches.execute_in_batches(connection, mapper, batches.by_driver(connection, text), rows, first)
    columns = tuple(column_of[name] for name in text.order)

    @cache
    def find_target() -> CopyTarget | None:
        target = _find_target(connection, mapper)
        # Of two changes that the database alone finds to have one key, Postgres would leave one out without a word.
        known = target is not None and postgres_copy.binary_types(mapper, target, mapper.key_names) is not None
        return target if known else None

    def all_of(stage: TableClause) -> Any:
        written = {name: stage.c[mapper.by_name[name].name] for name in columns if name not in mapper.key_names}
        same = (column == stage.c[column.name] for column in mapper.key)
        return sqlalchemy.update(mapper.table).where(*same).values(written)

    work = Work("update many", text, text.order, columns, mapper.key, all_of)
    return _Run(connection, mapper, work, find_target).execute(rows, first)


def _each(connection: Connection, mapper: RowMapper[Any], plan: Merge, names: tuple[str, ...]) -> Prepared:
    def make() -> Prepared:
        # Inline: without SQLAlchemy's own RETURNING, which `executemany` of SQLite does not take.
        return Prepared(plan.on_conflict(backend_of(connection.dialect).insert(mapper.table), names).inline(), names)

    return mapper.statement((plan.kind, backend_of(connection.dialect), names), make)


def _find_target(connection: Connection, mapper: RowMapper[Any]) -> CopyTarget | None:
    if isinstance(connection.get_transaction(), TwoPhaseTransaction):
        # Postgres does not prepare a transaction that has used temporary tables.
        return None
    if NO_TEMPORARY_TABLES in connection.get_execution_options():
        return None
    target = postgres_copy.find_target(connection, mapper)
    if target is None or not target.stageable or any(column.name not in target.columns for column in mapper.columns):
        return None
    return target


class _Run:
    """Rows on their way by psycopg: few of them, or with one key, by a statement for each."""

    def __init__(
        self, connection: Connection, mapper: RowMapper[Any], work: Work, find_target: Callable[[], CopyTarget | None]
    ) -> None:
        self.connection = connection
        self.mapper = mapper
        self.work = work
        self.find_target = find_target
        places = [work.columns.index(column.key) for column in work.key if column.key in work.columns]
        hashable = not any(is_one_value(column) for column in work.key)
        # Without it Postgres finds the rows with one key, and the statement fails.
        self.key = itemgetter(*places) if places and hashable else None

    def execute(self, rows: Iterator[Row], first: int) -> int:
        """Does the work with *rows*, the first of which has the number *first*; rows affected."""
        affected = 0
        rest: list[Row] = []
        while begun := rest or list(islice(rows, WORTHWHILE)):
            begun += islice(rows, max(0, WORTHWHILE - len(begun)))
            worthwhile = len(begun) >= WORTHWHILE and self._distinct(begun) >= WORTHWHILE
            target = self.find_target() if worthwhile else None
            if target is None:
                taken, rest = begun[:WORTHWHILE], begun[WORTHWHILE:]
                affected += self._each(taken, first)
            else:
                begun += islice(rows, max(0, CHUNK - len(begun)))
                distinct = self._distinct(begun)
                taken, rest = begun[:distinct], begun[distinct:]
                affected += self._together(target, taken, first)
            first += len(taken)
        return affected

    def _distinct(self, rows: list[Row]) -> int:
        """How many of *rows* come before the first whose key another has."""
        if self.key is None or len(set(map(self.key, rows))) == len(rows):
            return len(rows)
        seen: set[Any] = set()
        for number, key in enumerate(map(self.key, rows)):
            if key in seen:
                return number
            seen.add(key)
        return len(rows)

    def _each(self, rows: list[Row], first: int) -> int:
        sets = batches.parameters(self.work.each, self.work.names, rows)
        execute = batches.by_driver(self.connection, self.work.each)
        return batches.execute_in_batches(self.connection, self.mapper, execute, sets, first)

    def _together(self, target: CopyTarget, rows: list[Row], first: int) -> int:
        """Does the work with *rows*, no two of which have one key; rows affected.

        Where Postgres refuses one of them it is done row by row, which will tell which, or not fail: only then
        are two rows with one key what they are for Postgres, or rows that refer to one another refused.
        """
        columns = postgres_copy.stored_columns(self.mapper, self.work.columns)
        types = postgres_copy.binary_types(self.mapper, target, self.work.columns)
        made = [f"{quoted(name)} {target.columns[name].sql}" for name in columns]
        staged: Iterable[Row] = rows
        # Rows with keys of their own do not meet one another; of others the first is there for those after it.
        ordered = self.key is None
        if ordered:
            columns.append(ORDINAL)
            made.append(f"{ORDINAL} integer")
            types = types and [*types, INTEGER_OID]
            staged = map(add, rows, zip(range(len(rows))))
        statement = self._all_of(columns)
        try:
            with self.connection.begin_nested():
                execute_verbatim(self.connection, f"CREATE TEMPORARY TABLE {STAGE} ({', '.join(made)})")
                postgres_copy.write(self.connection, f"pg_temp.{STAGE}", columns, types, staged)
                affected = self.connection.execute(statement).rowcount
                execute_verbatim(self.connection, f"DROP TABLE pg_temp.{STAGE}")
        except DBAPIError as error:
            if self.connection.invalidated or not driver_of(self.connection.dialect).refused_for_a_row(error.orig):
                raise
            return self._each(rows, first)
        return affected

    def _all_of(self, columns: list[str]) -> Any:
        def make() -> Prepared:
            staged: list[ColumnClause[Any]] = [sqlalchemy.column(name) for name in columns]
            statement = self.work.all_of(sqlalchemy.table(STAGE, *staged, schema="pg_temp"))
            return Prepared(statement.execution_options(preserve_rowcount=True), ())

        return self.mapper.statement((self.work.kind, STAGE, self.work.columns), make).statement
