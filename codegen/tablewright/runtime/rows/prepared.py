"""`Prepared`: a statement compiled once for each dialect, and the functions that encode its parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple, NoReturn, TypeAlias

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import Select
from sqlalchemy.types import TypeEngine

from tablewright.runtime.engine.registry import driver_of
from tablewright.runtime.rows.driver_errors import raise_wrapped
from tablewright.runtime.rows.per_dialect import PerDialect
from tablewright.schema.types import ColumnType
from tablewright.schema.types.compile_source import compile_source

Encoder: TypeAlias = Callable[[Any], Any]

_NAMED = re.compile(r"%%|%\((\w+)\)s")
"""A named parameter, or an escaped percent sign."""

ENCODE = """\
def encode({arguments}):
    return ({parameters})
"""
"""Runs before every statement of a batch. For an UPDATE of `title` by `id`:

    def encode(v0, v1,):
        return (encode_v0(v0), encode_v1(v1), )
"""
EXECUTE = """\
def execute(connection, driver_connection, values):
    parameters = None
    try:
        ({arguments}) = values
        parameters = ({parameters})
        return {execution}
    except BaseException as error:
        fail(connection, error, values, parameters)
"""
"""The one place where a statement is encoded, executed and fails. For a SELECT by `id`:

    def execute(connection, driver_connection, values):
        parameters = None
        try:
            (v0,) = values
            parameters = (encode_v0(v0), )
            return driver_connection.execute(sql, parameters)
        except BaseException as error:
            fail(connection, error, values, parameters)
"""
ENCODE_ALL = """\
def encode_all(values):
    return [{value} for value in values]
"""
"""For a collection of keys:

    def encode_all(values):
        return [encode_value(value) for value in values]
"""


def encoder_of(column_type: TypeEngine[Any], dialect: Dialect) -> Encoder | None:
    """Return the function from Python to the driver for values of *column_type*, including None."""
    return column_type.dialect_impl(dialect).bind_processor(dialect)


def encode_all(values: Iterable[Any], value_type: TypeEngine[Any], connection: Connection) -> list[Any]:
    """Return *values* as the driver accepts them. A value that does not fit raises SQLAlchemy's DataError."""
    dialect = connection.dialect
    namespace: dict[str, Any] = {}
    # Generated, since it runs for every value of collections of any size.
    source = ENCODE_ALL.format(value=encoding("value", value_type, dialect, namespace))
    encode = compile_source(source, f"values of {value_type!r}", namespace)
    try:
        encoded: list[Any] = encode(values)
    except dialect.loaded_dbapi.Error as error:
        raise_wrapped(connection, error, None, None, None)
    return encoded


def encoding(value: str, column_type: TypeEngine[Any], dialect: Dialect, namespace: dict[str, Any]) -> str:
    """Return an expression that encodes the variable *value*. Put the objects that it uses into *namespace*."""
    encode = encoder_of(column_type, dialect)
    if encode is None:
        return value
    namespace[f"encode_{value}"] = encode
    fast_path = column_type.fast_path(dialect) if isinstance(column_type, ColumnType) else None
    otherwise = f"encode_{value}({value})"
    return otherwise if fast_path is None else f"({fast_path.source(value, namespace)} else {otherwise})"


class Slot(NamedTuple):
    """A parameter of a statement, in its place."""

    name: str
    type: TypeEngine[Any]
    value: Any
    """The encoded value, if it is part of the statement."""


class DriverText:
    """A statement as the driver accepts it: SQL with parameters by position, and the functions that encode them.

    *slots* are the parameters in their places. Callers pass values for those in *names*; the values of the others are
    part of the statement.
    """

    __slots__ = ("_compiled", "_dialect", "_encode", "_slots", "names", "sql")

    def __init__(
        self, compiled: Any, slots: list[tuple[str, TypeEngine[Any], Any]], names: tuple[str, ...], dialect: Dialect
    ) -> None:
        self._compiled = compiled
        # Drivers are faster by position than by name.
        self.sql = str(compiled) if compiled.positional else _NAMED.sub(_by_position, str(compiled))
        self.names = names
        self._dialect = dialect
        self._slots = [
            Slot(name, kind, None if name in names else _encoded(value, kind, dialect)) for name, kind, value in slots
        ]
        self._encode: Callable[..., tuple[Any, ...]] | None = None

    @property
    def order(self) -> tuple[str, ...] | None:
        """The names of the driver's parameters in their order; None if some are part of the statement."""
        order = tuple(slot.name for slot in self._slots)
        return order if all(name in self.names for name in order) else None

    @property
    def encode(self) -> Callable[..., tuple[Any, ...]]:
        """The function from values, in the order of `names`, to the driver's parameters."""
        if self._encode is None:
            self._encode = self._generate(ENCODE, {})
        return self._encode

    def executor(self) -> Callable[..., Any]:
        """Return a function that encodes values in the order of `names`, executes, and returns the driver's cursor."""
        fail = partial(_fail, self._compiled, self._slots, self.names)
        driver = driver_of(self._dialect)
        namespace = {"sql": self.sql, "fail": fail, "execute_on": driver.execute_on}
        return self._generate(EXECUTE, namespace, driver.execution)

    def _generate(self, template: str, namespace: dict[str, Any], execution: str = "") -> Callable[..., Any]:
        parameters: list[str] = []
        for number, (name, kind, value) in enumerate(self._slots):
            if name in self.names:
                parameters.append(encoding(f"v{self.names.index(name)}", kind, self._dialect, namespace))
            else:
                namespace[f"fixed_{number}"] = value
                parameters.append(f"fixed_{number}")
        source = render_statement(template, len(self.names), parameters, execution)
        return compile_source(source, f"parameters of {self.sql[:60]}", namespace)

    def arrangement(self, names: tuple[str, ...]) -> Callable[[tuple[Any, ...]], tuple[Any, ...]] | None:
        """Return a function from encoded values in the order of *names* to the driver's parameters.

        None if they are the same.
        """
        if [slot.name for slot in self._slots] == list(names):
            return None
        return lambda values: self._arranged(dict(zip(names, values, strict=True)))

    def fail(
        self, connection: Connection, error: BaseException, values: Sequence[object], parameters: tuple[Any, ...] | None
    ) -> NoReturn:
        """Raise *error*, which executing with *values* raised, as SQLAlchemy would.

        *parameters* are the encoded values; None if a value did not fit.
        """
        _fail(self._compiled, self._slots, self.names, connection, error, values, parameters)

    def _arranged(self, values: Mapping[str, Any]) -> tuple[Any, ...]:
        return tuple(values[slot.name] if slot.name in self.names else slot.value for slot in self._slots)


def render_statement(template: str, arguments: int, parameters: Sequence[str], execution: str = "") -> str:
    """Fill *template* for a statement with this number of *arguments* and these expressions for its *parameters*.

    *execution* is the driver's expression.
    """
    return template.format(
        arguments=" ".join(f"v{number}," for number in range(arguments)),
        parameters="".join(f"{parameter}, " for parameter in parameters),
        execution=execution,
    )


def _encoded(value: Any, value_type: TypeEngine[Any], dialect: Dialect) -> Any:
    encode = encoder_of(value_type, dialect)
    return value if encode is None else encode(value)


def _fail(
    compiled: Any,
    slots: Sequence[Slot],
    names: tuple[str, ...],
    connection: Connection,
    error: BaseException,
    values: Sequence[object],
    parameters: tuple[Any, ...] | None,
) -> NoReturn:
    shown: Any = parameters
    if parameters is None:
        shown = dict(zip(names, values, strict=False))
    elif not compiled.positional:
        shown = {slot.name: value for slot, value in zip(slots, parameters, strict=True)}
    raise_wrapped(connection, error, str(compiled), shown, None)


class Prepared:
    """A Core statement with a fixed text, compiled once per dialect.

    *names* are the parameters that each execution passes values for.
    """

    __slots__ = ("_texts", "names", "statement")

    def __init__(self, statement: Select[Any] | UpdateBase, names: tuple[str, ...]) -> None:
        self.statement = statement
        self.names = names
        self._texts: PerDialect[DriverText | None] = PerDialect(None)

    def text(self, dialect: Dialect) -> DriverText | None:
        """Return the text for the driver; None if SQLAlchemy must compute values of its own on each execution."""
        return self._texts.get(dialect, self._compile)

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


def _by_position(match: re.Match[str]) -> str:
    return "%s" if match[1] else match[0]
