"""`Prepared`: a statement compiled once for each dialect, with the function that encodes its parameters."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Mapping, Sequence
from typing import Any, NoReturn, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import Select
from sqlalchemy.types import TypeEngine

from tablewright.runtime.rows.driver_errors import raise_wrapped
from tablewright.runtime.transaction.gate import listened as listened
from tablewright.schema.types import ColumnType

T = TypeVar("T")
S = TypeVar("S", bound="Select[Any] | UpdateBase")


Encoder: TypeAlias = Callable[[Any], Any]


_NAMED = re.compile(r"%%|%\((\w+)\)s")
"""A parameter by name, or a sign that stands for itself."""


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


def encoding(value: str, column_type: TypeEngine[Any], dialect: Dialect, namespace: dict[str, Any]) -> str:
    """Source that encodes the variable *value*; what it needs is put into *namespace*."""
    encode = encoder_of(column_type, dialect)
    if encode is None:
        return value
    namespace[f"encode_{value}"] = encode
    fast_path = column_type.fast_path(dialect) if isinstance(column_type, ColumnType) else None
    otherwise = f"encode_{value}({value})"
    return otherwise if fast_path is None else f"({fast_path.source(value, namespace)} else {otherwise})"


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
