"""How a statement reaches the driver: straight where nobody listens, through SQLAlchemy where someone does.

Private names of SQLAlchemy are used here and in `gate.py`, where each says why.
"""

from __future__ import annotations

import re
from collections.abc import Callable, Generator, Iterable, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, NoReturn, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, CursorResult, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import Select
from sqlalchemy.types import TypeEngine
from sqlalchemy.util import EMPTY_DICT

from tablewright.runtime import postgres
from tablewright.runtime.gate import GatedSession, listened as listened
from tablewright.schema.types import ColumnType

Tuples: TypeAlias = list[tuple[Any, ...]]
Encoder: TypeAlias = Callable[[Any], Any]
T = TypeVar("T")
S = TypeVar("S", bound="Select[Any] | UpdateBase")

MANY = 20
"""Rows from which on it pays to prepare how they are read."""

_NAMED = re.compile(r"%%|%\((\w+)\)s")
"""A parameter by name, or a sign that stands for itself."""


def driver_connection(connection: Connection) -> Any:
    """The driver's own connection under *connection*, which is in a transaction."""
    # The attribute behind the property `connection`, which costs as much as a row; None when it was lost.
    pooled = connection._dbapi_connection
    return connection.connection.dbapi_connection if pooled is None else pooled.dbapi_connection


def as_core(statement: S) -> S:
    """*statement* without the mark that conditions on entities leave: Core compiles it, on any connection."""
    # Set by `where(Book.price < 10)`; an UPDATE with it would need the ORM's execution.
    statement._propagate_attrs = EMPTY_DICT
    return statement


def raise_wrapped(
    connection: Connection,
    error: BaseException,
    statement: str | None,
    parameters: Any,
    cursor: Any,
    context: Any = None,
) -> NoReturn:
    """Raises *error* of the driver as SQLAlchemy would: class, cause, invalidation and `handle_error` event."""
    # Only the private method does all four; without it the public parts do what they can.
    handle = getattr(connection, "_handle_dbapi_exception", None)
    if handle is not None:
        handle(error, statement, parameters, cursor, context)
    raise_wrapped_publicly(connection, error, statement, parameters, cursor)


def raise_wrapped_publicly(
    connection: Connection, error: BaseException, statement: str | None, parameters: Any, cursor: Any
) -> NoReturn:
    """The same by SQLAlchemy's public names alone: no `handle_error` event."""
    dialect = connection.dialect
    driver_error = dialect.loaded_dbapi.Error
    if not isinstance(error, driver_error):
        raise error
    driver_connection: Any = None if connection.invalidated else connection.connection.dbapi_connection
    lost = not connection.closed and dialect.is_disconnect(error, driver_connection, cursor)
    wrapped = DBAPIError.instance(
        statement,
        parameters,
        error,
        driver_error,
        hide_parameters=connection.engine.hide_parameters,
        connection_invalidated=lost,
        dialect=dialect,
    )
    if lost and not connection.invalidated:
        connection.invalidate(error)
    raise wrapped.with_traceback(error.__traceback__) from error


def encoder_of(column_type: TypeEngine[Any], dialect: Dialect) -> Encoder | None:
    """Python to driver for values of *column_type*, None included."""
    return column_type.dialect_impl(dialect).bind_processor(dialect)


def encode_all(values: Iterable[Any], value_type: TypeEngine[Any], connection: Connection) -> list[Any]:
    """*values* as the driver takes them; one that does not fit raises SQLAlchemy's DataError."""
    dialect = connection.dialect
    namespace: dict[str, Any] = {}
    # Written out, for this runs for every value of collections of any size.
    encode = eval(
        f"lambda values: [{encoding('value', value_type, dialect, namespace)} for value in values]", namespace
    )
    try:
        encoded: list[Any] = encode(values)
    except dialect.loaded_dbapi.Error as error:
        raise_wrapped(connection, error, None, None, None)
    return encoded


class DriverText:
    """A statement as the driver is given it: SQL with parameters by position, and what makes them.

    *slots* are the names of the parameters in their places, with their types and, of those that are part of the
    statement, their values; callers give the others, whose names are *given*.
    """

    __slots__ = ("_compiled", "_slots", "encode", "names", "sql")

    def __init__(
        self, compiled: Any, slots: list[tuple[str, TypeEngine[Any], Any]], given: tuple[str, ...], dialect: Dialect
    ) -> None:
        self._compiled = compiled
        # By position drivers are quicker than by name.
        self.sql = str(compiled) if compiled.positional else _NAMED.sub(_by_position, str(compiled))
        self.names = given
        namespace: dict[str, Any] = {}
        made: list[str] = []
        self._slots: list[tuple[str, bool, Any]] = []
        for number, (name, slot_type, fixed) in enumerate(slots):
            if name in given:
                made.append(encoding(f"v{given.index(name)}", slot_type, dialect, namespace))
                self._slots.append((name, True, None))
            else:
                encode = encoder_of(slot_type, dialect)
                namespace[f"fixed_{number}"] = fixed if encode is None else encode(fixed)
                made.append(f"fixed_{number}")
                self._slots.append((name, False, namespace[f"fixed_{number}"]))
        arguments = ", ".join(f"v{number}" for number in range(len(given)))
        # Written out, for this runs before every statement.
        self.encode: Callable[..., tuple[Any, ...]] = eval(
            f"lambda {arguments}: ({''.join(f'{value}, ' for value in made)})", namespace
        )
        """The driver's parameters for the values given, in their order; refuses what does not fit."""

    @property
    def order(self) -> tuple[str, ...] | None:
        """The names of the driver's parameters in their order; None where some are part of the statement."""
        return tuple(name for name, _, _ in self._slots) if all(given for _, given, _ in self._slots) else None

    def arrangement(self, names: tuple[str, ...]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]] | None:
        """How encoded values in the order of *names* become the driver's parameters; None when they are already."""
        if [name for name, _, _ in self._slots] == list(names):
            return None
        return lambda values: self._arranged(dict(zip(names, values, strict=True)))

    def fail(
        self, connection: Connection, error: BaseException, values: Sequence[object], parameters: tuple[Any, ...] | None
    ) -> NoReturn:
        """Raises *error*, of executing it with *values*, as SQLAlchemy would; without *parameters* they did not fit."""
        shown: Any = parameters
        if parameters is None:
            shown = dict(zip(self.names, values, strict=False))
        elif not self._compiled.positional:
            shown = {name: value for (name, _, _), value in zip(self._slots, parameters, strict=True)}
        raise_wrapped(connection, error, str(self._compiled), shown, None)

    def _arranged(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(values[name] if given else fixed for name, given, fixed in self._slots)


def encoding(value: str, column_type: TypeEngine[Any], dialect: Dialect, namespace: dict[str, Any]) -> str:
    """Source that encodes the variable *value*; what it needs is put into *namespace*."""
    encode = encoder_of(column_type, dialect)
    if encode is None:
        return value
    namespace[f"encode_{value}"] = encode
    usual = column_type.usual(dialect) if isinstance(column_type, ColumnType) else None
    otherwise = f"encode_{value}({value})"
    return otherwise if usual is None else f"({usual.source(value, namespace)} else {otherwise})"


class Prepared:
    """A Core statement with a fixed text, compiled once per dialect.

    *names* are the parameters that each execution gives values for.
    """

    __slots__ = ("_latest", "_texts", "names", "statement")

    def __init__(self, statement: Select[Any] | UpdateBase, names: tuple[str, ...]) -> None:
        self.statement = statement
        self.names = names
        self._texts: WeakKeyDictionary[Dialect, DriverText | None] = WeakKeyDictionary()
        self._latest: tuple[Dialect | None, DriverText | None] = (None, None)

    def text(self, dialect: Dialect) -> DriverText | None:
        """What the driver is given; None when SQLAlchemy must make values of its own on each execution."""
        known, text = self._latest
        if known is dialect:
            return text
        if dialect not in self._texts:
            self._texts[dialect] = self._compile(dialect)
        text = self._texts[dialect]
        self._latest = (dialect, text)
        return text

    def _compile(self, dialect: Dialect) -> DriverText | None:
        # `prefetch`, `positiontup` and the like are where SQLAlchemy's own contexts read them from.
        compiled: Any = self.statement.compile(dialect=dialect, column_keys=list(self.names))
        if (
            getattr(compiled, "insert_prefetch", ())
            or getattr(compiled, "update_prefetch", ())
            or compiled.post_compile_params
            or compiled.literal_execute_params
            or compiled.escaped_bind_names
            or dialect.paramstyle not in ("qmark", "format", "pyformat")
        ):
            return None
        if compiled.positional:
            order: list[str] = list(compiled.positiontup)
        else:
            order = [name for name in _NAMED.findall(str(compiled)) if name]
        slots = [(name, compiled.binds[name].type, compiled.binds[name].effective_value) for name in order]
        return DriverText(compiled, slots, self.names, dialect)


def _by_position(found: re.Match[str]) -> str:
    return "%s" if found[1] else found[0]


def run(connection: Connection, prepared: Prepared, values: Mapping[str, object]) -> Tuples:
    """Executes *prepared*, which returns rows, on the driver's own cursor, or by SQLAlchemy when anyone listens."""
    text = None if listened(connection) else prepared.text(connection.dialect)
    if text is None:
        return fetch_all(connection, connection.execute(prepared.statement, dict(values)))
    given = [values[name] for name in text.names]
    parameters: tuple[Any, ...] | None = None
    try:
        parameters = text.encode(*given)
        rows: Tuples = driver_connection(connection).execute(text.sql, parameters).fetchall()
    except BaseException as error:
        text.fail(connection, error, given, parameters)
    return rows


def fetch_all(connection: Connection, result: CursorResult[Any]) -> Tuples:
    """All rows of *result* as the driver gives them."""
    return read(connection, result, list)


def read(
    connection: Connection,
    result: CursorResult[Any],
    build: Callable[[Iterable[tuple[Any, ...]]], T],
    build_of_text: Callable[[Iterable[tuple[Any, ...]]], T] | None = None,
) -> T:
    """What *build* makes of the rows of *result* as the driver gives them; *build_of_text* would take JSON as text."""
    try:
        return read_cursor(connection.dialect, result.cursor, build, build_of_text)
    except connection.dialect.loaded_dbapi.Error as error:
        fail_reading(connection, result, error)
    finally:
        result.close()


def read_cursor(
    dialect: Dialect,
    cursor: Any,
    build: Callable[[Iterable[tuple[Any, ...]]], T],
    build_of_text: Callable[[Iterable[tuple[Any, ...]]], T] | None = None,
) -> T:
    """What *build* makes of the rows of the driver's *cursor*; *build_of_text* would take JSON as text."""
    if dialect.driver == "pysqlite":
        # Quickest when each tuple is let go before the next is made.
        return build(cursor)
    if build_of_text is not None and dialect.driver == "psycopg" and cursor.rowcount > MANY:
        return build_of_text(postgres.tuples_with_json_text(cursor))
    return build(cursor.fetchall())


def fail_reading(connection: Connection, result: CursorResult[Any], error: Exception) -> NoReturn:
    """Raises *error*, of reading *result* from the driver's cursor, as SQLAlchemy would."""
    context: Any = result.context
    raise_wrapped(connection, error, context.statement, context.parameters, result.cursor, context)


def read_ahead(result: CursorResult[Any]) -> Tuples:
    """The rows that SQLAlchemy has taken from the driver's cursor already, which are no longer its own."""
    # Over a server-side cursor it reads the first row at once, into a buffer with no public name.
    buffer = getattr(result.cursor_strategy, "_rowbuffer", None)
    if not buffer:
        return []
    rows = list(buffer)
    buffer.clear()
    return rows


@contextmanager
def whole(session: GatedSession) -> Generator[Connection, None, None]:
    """One call of the row tier that happens whole or not at all, in a savepoint of its own.

    When it fails the savepoint is rolled back and the session stays usable.
    """
    with session.gate as connection, connection.begin_nested():
        yield connection


def execute_many(connection: Connection, sql: str, sets: Iterable[Any]) -> int:
    """Executes *sql* for every set of parameters, pulled one by one, on the driver's cursor; rows affected."""
    cursor: Any = connection.connection.cursor()
    try:
        cursor.executemany(sql, sets)
        count = int(cursor.rowcount)
        cursor.close()
    except connection.dialect.loaded_dbapi.Error as error:
        raise_wrapped(connection, error, sql, None, cursor)
    return max(count, 0)


def run_many(connection: Connection, sql: str, sets: Iterable[Any]) -> Tuples:
    """Executes *sql*, which returns rows, for every set of parameters, on the driver's cursor; those rows, in order."""
    rows: Tuples = []
    cursor: Any = connection.connection.cursor()
    try:
        if connection.dialect.driver == "psycopg":
            # In a pipeline: the statements do not wait for one another.
            cursor.executemany(sql, sets, returning=True)
            rows += cursor.fetchall()
            while cursor.nextset():
                rows += cursor.fetchall()
        else:
            for parameters in sets:
                cursor.execute(sql, parameters)
                rows += cursor.fetchall()
        cursor.close()
    except connection.dialect.loaded_dbapi.Error as error:
        raise_wrapped(connection, error, sql, None, cursor)
    return rows


@contextmanager
def announced(connection: Connection, sql: str) -> Generator[Any, None, None]:
    """A driver's cursor for a statement that SQLAlchemy has no form of (COPY); listeners and echo see *sql*."""
    # No public call announces a statement without executing it.
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
