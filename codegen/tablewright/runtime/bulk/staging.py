"""Many rows that may conflict with existing ones, on Postgres: COPY into a temporary table, then one statement."""

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
"""The temporary table. Names that begin with `tablewright_` are reserved for us."""
ORDINAL = "_ordinal"
INTEGER_OID = 23
WORTHWHILE = 200
"""Number of rows from which on a temporary table is faster than a statement for each."""
CHUNK = 10_000
"""Maximum number of rows in memory, which share one statement."""


class Merge(NamedTuple):
    """An insert with its action for existing rows."""

    kind: Hashable
    """The cache key of its statements among those of the table."""
    on_conflict: Callable[[Any, tuple[str, ...]], Any]
    """Adds ON CONFLICT to the insert of rows with these columns."""
    key: tuple[Column[Any], ...] = ()
    """The columns that must differ between the rows of one statement."""


class Work(NamedTuple):
    """A statement for each of many rows, and the equivalent statement for all of them."""

    kind: Hashable
    """The cache key of its statements among those of the table."""
    each: DriverText
    names: tuple[str, ...]
    """Its parameters, in the order of the rows' values."""
    columns: tuple[str, ...]
    """The columns of these parameters."""
    key: tuple[Column[Any], ...]
    """The columns that must differ between the rows of one statement."""
    all_of: Callable[[TableClause], Any]
    """Returns the statement for all rows of the temporary table, in the order of its column `ORDINAL` if it has it."""


def merge(connection: Connection, mapper: RowMapper[Any], input_rows: InputRows, plan: Merge) -> int:
    """Execute *plan* for every row, one after the other. Return the number of rows affected."""
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
    """Execute *text*, an update by key, with encoded *rows*, from number *first* on. Return the number affected.

    *column_of* maps its parameters to their columns.
    """
    copies = driver_of(connection.dialect).supports_copy
    if not copies or text.order is None or not compares_as_python(mapper.key):
        return batches.execute_in_batches(connection, mapper, batches.by_driver(connection, text), rows, first)
    columns = tuple(column_of[name] for name in text.order)

    @cache
    def find_target() -> CopyTarget | None:
        target = _find_target(connection, mapper)
        # If only the database finds two keys equal, Postgres would silently skip one of the two changes.
        comparable = target is not None and postgres_copy.binary_types(mapper, target, mapper.key_names) is not None
        return target if comparable else None

    def all_of(stage: TableClause) -> Any:
        written = {name: stage.c[mapper.by_name[name].name] for name in columns if name not in mapper.key_names}
        same = (column == stage.c[column.name] for column in mapper.key)
        return sqlalchemy.update(mapper.table).where(*same).values(written)

    work = Work("update many", text, text.order, columns, mapper.key, all_of)
    return _Run(connection, mapper, work, find_target).execute(rows, first)


def _each(connection: Connection, mapper: RowMapper[Any], plan: Merge, names: tuple[str, ...]) -> Prepared:
    def make() -> Prepared:
        # Inline: without SQLAlchemy's own RETURNING, which `executemany` of SQLite does not support.
        return Prepared(plan.on_conflict(backend_of(connection.dialect).insert(mapper.table), names).inline(), names)

    return mapper.statement((plan.kind, backend_of(connection.dialect), names), make)


def _find_target(connection: Connection, mapper: RowMapper[Any]) -> CopyTarget | None:
    if isinstance(connection.get_transaction(), TwoPhaseTransaction):
        # Postgres cannot prepare a transaction that has used temporary tables.
        return None
    if NO_TEMPORARY_TABLES in connection.get_execution_options():
        return None
    target = postgres_copy.find_target(connection, mapper)
    if target is None or not target.stageable or any(column.name not in target.columns for column in mapper.columns):
        return None
    return target


class _Run:
    """The execution of one `Work`: all rows together if that is faster and their keys differ, otherwise one by one."""

    def __init__(
        self, connection: Connection, mapper: RowMapper[Any], work: Work, find_target: Callable[[], CopyTarget | None]
    ) -> None:
        self.connection = connection
        self.mapper = mapper
        self.work = work
        self.find_target = find_target
        places = [work.columns.index(column.key) for column in work.key if column.key in work.columns]
        hashable = not any(is_one_value(column) for column in work.key)
        # Without a key here, Postgres detects rows with the same key, and the statement fails.
        self.key = itemgetter(*places) if places and hashable else None

    def execute(self, rows: Iterator[Row], first: int) -> int:
        """Execute with *rows*, from number *first* on. Return the number of rows affected."""
        affected = 0
        rest: list[Row] = []
        while pending := rest or list(islice(rows, WORTHWHILE)):
            pending += islice(rows, max(0, WORTHWHILE - len(pending)))
            worthwhile = len(pending) >= WORTHWHILE and self._distinct(pending) >= WORTHWHILE
            target = self.find_target() if worthwhile else None
            if target is None:
                taken, rest = pending[:WORTHWHILE], pending[WORTHWHILE:]
                affected += self._each(taken, first)
            else:
                pending += islice(rows, max(0, CHUNK - len(pending)))
                distinct = self._distinct(pending)
                taken, rest = pending[:distinct], pending[distinct:]
                affected += self._together(target, taken, first)
            first += len(taken)
        return affected

    def _distinct(self, rows: list[Row]) -> int:
        """Return the number of *rows* before the first with the key of an earlier one."""
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
        """Execute one statement for *rows*, whose keys differ. Return the number of rows affected.

        If Postgres refuses a row, all are executed one by one. That identifies the row, or succeeds: only one statement
        for all refuses rows whose keys Postgres finds equal, and rows that reference each other.
        """
        columns = postgres_copy.stored_columns(self.mapper, self.work.columns)
        types = postgres_copy.binary_types(self.mapper, target, self.work.columns)
        definitions = [f"{quoted(name)} {target.columns[name].sql}" for name in columns]
        staged: Iterable[Row] = rows
        # Rows with different keys do not conflict with one another. Otherwise the first row must come first.
        ordered = self.key is None
        if ordered:
            columns.append(ORDINAL)
            definitions.append(f"{ORDINAL} integer")
            types = types and [*types, INTEGER_OID]
            staged = map(add, rows, zip(range(len(rows))))
        statement = self._all_of(columns)
        try:
            with self.connection.begin_nested():
                execute_verbatim(self.connection, f"CREATE TEMPORARY TABLE {STAGE} ({', '.join(definitions)})")
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
