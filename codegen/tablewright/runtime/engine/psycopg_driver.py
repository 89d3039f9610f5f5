"""`PsycopgDriver`: psycopg 3."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from sqlalchemy import CursorResult

from tablewright.runtime.engine.driver import Damage, Driver, ErrorLocation, Rows

T = TypeVar("T")

MANY = 20
"""Number of rows above which JSON is read as text, whose preparation takes a while."""
SERIALIZATION_FAILURE, DEADLOCK_DETECTED = "40001", "40P01"
READ_ONLY_TRANSACTION, UNDEFINED_TABLE = "25006", "42P01"
ROW_FAULTS = ("21", "22", "23", "44", "P0")
"""Classes of SQLSTATE: cardinality, data, constraints, check options, errors raised by triggers and functions."""
_KEY = re.compile(r"Key \(([^)]*)\)=")
_LINE = re.compile(r"COPY .*, line (\d+)(?:, column ([^:]+))?")


class PsycopgDriver(Driver):
    """psycopg 3. It is imported with the first connection, not here."""

    execution = "driver_connection.execute(sql, parameters)"
    supports_copy = True
    reports_failure = True

    def execute_many_returning(self, cursor: Any, sql: str, parameters: Iterable[Any]) -> Rows:
        # In a pipeline: the statements do not wait for one another.
        cursor.executemany(sql, parameters, returning=True)
        rows: Rows = cursor.fetchall()
        while cursor.nextset():
            rows += cursor.fetchall()
        return rows

    def copy_in(self, cursor: Any, sql: str, types: Sequence[int] | None, rows: Iterable[Sequence[Any]]) -> int:
        if types is not None:
            from tablewright.runtime.engine import psycopg_dumpers

            psycopg_dumpers.register(cursor)
        with cursor.copy(sql) as copy:
            if types is not None:
                copy.set_types(types)
            write_row = copy.write_row
            for row in rows:
                write_row(row)
        return int(cursor.rowcount)

    def verbatim(self, sql: str) -> str:
        return sql.replace("%", "%%")

    def reader(
        self, build: Callable[[Iterable[tuple[Any, ...]]], T], build_from_text: Callable[[Rows], T] | None = None
    ) -> Callable[[Any], T]:
        if build_from_text is None:
            return lambda cursor: build(cursor.fetchall())
        from_text = build_from_text

        def read(cursor: Any) -> T:
            if cursor.rowcount > MANY:
                return from_text(_rows_with_json_text(cursor))
            return build(cursor.fetchall())

        return read

    def close_after_rollback(self, result: CursorResult[Any]) -> None:
        from psycopg import Cursor

        cursor: Any = result.cursor
        if cursor is None:
            result.close()
        else:
            # If the server's cursor disappeared with a savepoint, its own `close` would fail.
            Cursor.close(cursor)

    def damage(self, connection: Any, error: BaseException | None) -> Damage:
        return Damage.SAVEPOINT if self.transaction_lost(connection) else Damage.NONE

    def transaction_lost(self, connection: Any) -> bool:
        return bool(connection.info.transaction_status.name == "INERROR")

    def raised(self, error: BaseException | None) -> bool:
        return hasattr(error, "sqlstate")

    def may_succeed_again(self, error: Any) -> bool:
        return error.sqlstate in (SERIALIZATION_FAILURE, DEADLOCK_DETECTED)

    def refused_as_read_only(self, error: Any) -> bool:
        return bool(error.sqlstate == READ_ONLY_TRANSACTION)

    def refused_for_a_row(self, error: Any) -> bool:
        return (error.sqlstate or "")[:2] in ROW_FAULTS

    def is_missing_table(self, error: Any) -> bool:
        return bool(error.sqlstate == UNDEFINED_TABLE)

    def locate(self, error: Any) -> ErrorLocation:
        diagnosis = error.diag
        column = diagnosis.column_name
        copy = _LINE.search(diagnosis.context or "")
        if column is None and copy:
            column = copy[2]
        key = _KEY.search(diagnosis.message_detail or "")
        return ErrorLocation(
            [] if column is None else [column],
            diagnosis.constraint_name,
            key and key[1],
            int(copy[1]) if copy else None,
        )


def _rows_with_json_text(cursor: Any) -> Rows:
    """Return all rows of psycopg's *cursor* with JSON as text: it is parsed once, by a decoder that has its type."""
    from psycopg.adapt import Transformer
    from psycopg.types.string import TextLoader

    # The map of this cursor only.
    for name in ("json", "jsonb"):
        cursor.adapters.register_loader(name, TextLoader)
    transformer = Transformer(cursor)
    transformer.set_pgresult(cursor.pgresult)
    return transformer.load_rows(0, cursor.pgresult.ntuples, tuple)
