"""How a statement reaches the driver: straight where nobody listens, through SQLAlchemy where someone does.

The only file of the row tier that uses private names of SQLAlchemy; each says why.
"""

from __future__ import annotations

from collections.abc import Callable, Generator, Iterable, Mapping
from contextlib import contextmanager
from typing import Any, NoReturn, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, CursorResult, Dialect
from sqlalchemy.exc import DBAPIError
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import Select
from sqlalchemy.types import TypeEngine
from sqlalchemy.util import EMPTY_DICT

from tablewright.runtime.gate import GatedSession

Tuples: TypeAlias = list[tuple[Any, ...]]
Encoder: TypeAlias = Callable[[Any], Any]
S = TypeVar("S", bound="Select[Any] | UpdateBase")


def listened(connection: Connection) -> bool:
    """Whether anyone would notice a statement that SQLAlchemy does not execute itself."""
    # SQLAlchemy offers no public way to ask whether statements are logged or events have listeners.
    if connection._echo or connection.get_execution_options().get("schema_translate_map"):
        return True
    if connection._has_events or connection.engine._has_events:
        events = connection.dispatch
        if events.before_execute or events.after_execute or events.before_cursor_execute or events.after_cursor_execute:
            return True
    dialect = connection.dialect
    if dialect._has_events:
        hooks = dialect.dispatch
        return bool(hooks.do_execute or hooks.do_execute_no_params or hooks.do_executemany)
    return False


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


class DriverText:
    """A statement as the driver is given it: SQL, and where each parameter goes.

    *slots* are the names of the parameters with the encoders of those that callers give, and the values of
    those that are part of the statement.
    """

    __slots__ = ("_positional", "_slots", "parameters", "sql")

    def __init__(
        self, sql: str, slots: list[tuple[str, Encoder | None, Any]], given: tuple[str, ...], *, positional: bool
    ) -> None:
        self.sql = sql
        self._positional = positional
        self._slots = {
            name: (name in given, encode, fixed if encode is None or name in given else encode(fixed))
            for name, encode, fixed in slots
        }
        self.parameters: Callable[[Mapping[str, object]], Any] = self._maker(positional)
        """The driver's parameters for values by name; the encoders refuse what does not fit."""

    def _maker(self, positional: bool) -> Callable[[Mapping[str, object]], Any]:
        namespace: dict[str, Any] = {}
        made: list[str] = []
        for number, (name, (given, encode, fixed)) in enumerate(self._slots.items()):
            value = f"values[{name!r}]"
            if not given:
                namespace[f"f{number}"] = fixed
                value = f"f{number}"
            elif encode is not None:
                namespace[f"e{number}"] = encode
                value = f"e{number}({value})"
            made.append(value if positional else f"{name!r}: {value}")
        source = f"({''.join(f'{value}, ' for value in made)})" if positional else f"{{{', '.join(made)}}}"
        # Written out, for this runs before every statement; names are the only text, and they are quoted.
        maker: Callable[[Mapping[str, object]], Any] = eval(f"lambda values: {source}", namespace)
        return maker

    def arrangement(self, names: tuple[str, ...]) -> Callable[[tuple[Any, ...]], Any] | None:
        """How encoded values in the order of *names* become the driver's parameters; None when they are already."""
        if not self._positional:
            fixed = {name: value for name, (given, _, value) in self._slots.items() if not given}
            return lambda values: {**fixed, **dict(zip(names, values, strict=True))}
        if list(self._slots) == list(names):
            return None
        return lambda values: self._arranged(dict(zip(names, values, strict=True)))

    def _arranged(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(values[name] if given else fixed for name, (given, _, fixed) in self._slots.items())


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
            or dialect.paramstyle not in ("qmark", "pyformat", "format", "named")
        ):
            return None
        positional = bool(compiled.positional)
        order: list[str] = list(compiled.positiontup) if positional else list(compiled.binds)
        if len(set(order)) != len(order):
            return None
        slots: list[tuple[str, Encoder | None, Any]] = []
        for name in order:
            bind = compiled.binds[name]
            slots.append((name, encoder_of(bind.type, dialect), bind.effective_value))
        return DriverText(str(compiled), slots, self.names, positional=positional)


def run(connection: Connection, prepared: Prepared, values: Mapping[str, object]) -> Tuples:
    """Executes *prepared*, which returns rows, on the driver's own cursor, or by SQLAlchemy when anyone listens."""
    text = None if listened(connection) else prepared.text(connection.dialect)
    if text is None:
        return fetch_all(connection, connection.execute(prepared.statement, dict(values)))
    cursor: Any = None
    parameters: Any = None
    try:
        parameters = text.parameters(values)
        # Asked anew each time: a kept cursor would write outside a savepoint.
        cursor = connection.connection.cursor()
        cursor.execute(text.sql, parameters)
        rows: Tuples = cursor.fetchall()
        cursor.close()
    except BaseException as error:
        raise_wrapped(connection, error, text.sql, dict(values) if parameters is None else parameters, cursor)
    return rows


def fetch_all(connection: Connection, result: CursorResult[Any]) -> Tuples:
    """All rows of *result* as the driver gives them."""
    cursor: Any = result.cursor
    with driver_errors(connection, result):
        rows: Tuples = cursor.fetchall()
    result.close()
    return rows


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
def driver_errors(connection: Connection, result: CursorResult[Any]) -> Generator[None, None, None]:
    """Errors while reading *result* from the driver's cursor, raised as SQLAlchemy's."""
    try:
        yield
    except connection.dialect.loaded_dbapi.Error as error:
        context: Any = result.context
        raise_wrapped(connection, error, context.statement, context.parameters, result.cursor, context)


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
