"""Execution on the driver's own cursors, with the errors and events of SQLAlchemy.

Private names of SQLAlchemy are used here and in `gate.py`, with a comment that explains why.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable
from contextlib import contextmanager
from typing import Any, TypeAlias, TypeVar

from sqlalchemy import Connection, CursorResult
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import Select
from sqlalchemy.util import EMPTY_DICT

from tablewright.runtime.engine.registry import driver_of
from tablewright.runtime.rows.driver_errors import fail_reading, raise_wrapped
from tablewright.runtime.transaction.gate import GatedSession

Tuples: TypeAlias = list[tuple[Any, ...]]

T = TypeVar("T")
S = TypeVar("S", bound="Select[Any] | UpdateBase")


def as_core(statement: S) -> S:
    """Return *statement* without the mark of conditions on entities, so that Core compiles it."""
    # Set by `where(Book.price < 10)`; an UPDATE with it would need the ORM's execution.
    statement._propagate_attrs = EMPTY_DICT
    return statement


def fetch_all(connection: Connection, result: CursorResult[Any]) -> Tuples:
    """Return all rows of *result* as the driver returns them."""
    return read(connection, result, list)


def read(
    connection: Connection,
    result: CursorResult[Any],
    build: Callable[[Iterable[tuple[Any, ...]]], T],
    build_from_text: Callable[[Iterable[tuple[Any, ...]]], T] | None = None,
) -> T:
    """Build a result from the driver's rows of *result*; *build_from_text* accepts rows with JSON as text."""
    try:
        return driver_of(connection.dialect).reader(build, build_from_text)(result.cursor)
    except connection.dialect.loaded_dbapi.Error as error:
        fail_reading(connection, result, error)
    finally:
        result.close()


def read_ahead(result: CursorResult[Any]) -> Tuples:
    """Take the rows that SQLAlchemy has already read from the driver's cursor out of its buffer."""
    # Over a server-side cursor it reads the first row at once, into a buffer with no public name.
    buffer = getattr(result.cursor_strategy, "_rowbuffer", None)
    if not buffer:
        return []
    rows = list(buffer)
    buffer.clear()
    return rows


@contextmanager
def atomic(session: GatedSession) -> Generator[Connection, None, None]:
    """Run one row-tier call atomically, in a savepoint.

    If it fails the savepoint is rolled back and the session stays usable.
    """
    with session.gate as connection, connection.begin_nested():
        yield connection


def execute_many(connection: Connection, sql: str, sets: Iterable[Any]) -> int:
    """Execute *sql* with every set of parameters on the driver's cursor. Return the number of rows affected."""
    return _executed(connection, driver_of(connection.dialect).execute_many, sql, sets)


def execute_many_returning(connection: Connection, sql: str, sets: Iterable[Any]) -> Tuples:
    """Execute *sql* with every set of parameters on the driver's cursor. Return the rows of all, in order."""
    return _executed(connection, driver_of(connection.dialect).execute_many_returning, sql, sets)


def _executed(
    connection: Connection, execute: Callable[[Any, str, Iterable[Any]], T], sql: str, sets: Iterable[Any]
) -> T:
    cursor: Any = connection.connection.cursor()
    try:
        result = execute(cursor, sql, sets)
        cursor.close()
    except connection.dialect.loaded_dbapi.Error as error:
        raise_wrapped(connection, error, sql, None, cursor)
    return result


@contextmanager
def cursor_with_events(connection: Connection, sql: str) -> Generator[Any, None, None]:
    """Yield a driver's cursor for a statement that SQLAlchemy cannot express (COPY). Listeners and echo see *sql*."""
    # No public call triggers the events of a statement without executing it.
    context: Any = connection.dialect.execution_ctx_cls._init_statement(
        connection.dialect, connection, connection.connection, connection.get_execution_options(), sql, []
    )
    cursor = context.cursor
    events = connection._has_events or connection.engine._has_events
    try:
        if events:
            for listener in connection.dispatch.before_cursor_execute:
                listener(connection, cursor, sql, (), context, False)
        if connection._echo:
            connection._log_info(sql)
        yield cursor
        if events:
            connection.dispatch.after_cursor_execute(connection, cursor, sql, (), context, False)
        cursor.close()
    except connection.dialect.loaded_dbapi.Error as error:
        raise_wrapped(connection, error, sql, None, cursor)
