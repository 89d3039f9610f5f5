"""`ColumnType`: the conversion of Python values to the driver's and back, per dialect."""

from __future__ import annotations

import datetime as dt
import decimal
import functools
import math
from collections.abc import Callable, Hashable
from typing import Any, Generic, TypeVar, cast

from msgspec import Struct
from sqlalchemy import ColumnElement, Dialect, TypeDecorator, types as sqltypes, util
from sqlalchemy.types import TypeEngine, UserDefinedType

from tablewright.schema.types.inline import Inline

T = TypeVar("T")

Converter = Callable[[Any], Any]
"""A function of one value, which is never None."""


class SqlText(UserDefinedType[Any]):
    """A type given as SQL in the spec (`sql: {postgresql: citext}`)."""

    cache_ok = True

    def __init__(self, text: str) -> None:
        self.text = text

    def get_col_spec(self, **_: object) -> str:
        """Return the SQL as written."""
        return self.text


@functools.cache
def _refusal(dbapi: Hashable) -> type[Exception]:
    # A subclass of the driver's own DataError, so that SQLAlchemy wraps it like an error of
    # the server. `client_side`: nothing was sent.
    parent: type[Exception] = getattr(dbapi, "DataError", Exception)
    return type("DataError", (parent,), {"client_side": True})


def refusal(dialect: Dialect) -> type[Exception]:
    """Return the exception class for a value that does not fit its column."""
    return _refusal(cast("Hashable", dialect.dbapi))


def shorten(value: object) -> str:
    """Return *value* for an error message: its repr, cut at 60 characters."""
    text = repr(value)
    return text if len(text) <= 60 else text[:57] + "..."


@functools.cache
def _comparator_class(inner: Hashable) -> type[Any]:
    def pickled(self: Any) -> tuple[Any, ...]:
        return _compared, (self.expr.type.impl_instance, self.expr)

    plain = cast("type[Any]", inner)
    if issubclass(plain, TypeDecorator.Comparator):
        return cast("type[Any]", inner)
    bases = (TypeDecorator.Comparator, plain)
    return type("Comparator", bases, {"__slots__": (), "__reduce__": pickled})


def _compared(impl: TypeEngine[Any], expression: ColumnElement[Any]) -> Any:
    return _comparator_class(cast("Hashable", impl.comparator_factory))(expression)


class RangeStorage(Struct, frozen=True):
    """How ranges of a column type are stored on Postgres."""

    name: str
    """The range type, of SQLAlchemy's Postgres dialect."""
    bound: TypeEngine[Any]
    """The type of its bounds: a value of any other type is cast to it."""
    step: Any
    """The difference between neighbouring values; None for continuous types."""


class ColumnType(TypeDecorator[T], Generic[T]):
    """Base of the column types: strict towards Python, the same on SQLite and Postgres.

    A value that does not fit raises `sqlalchemy.exc.DataError` on both databases, before it is sent.
    """

    impl: type[TypeEngine[Any]] | TypeEngine[Any] = sqltypes.NullType
    cache_ok = True
    expected: str = "a value"
    """A description of valid values, for messages."""
    range_storage: RangeStorage | None = None
    """How ranges of such values are stored; None if they cannot be."""

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        # SQLAlchemy reads it from each class: the arguments of `__init__` identify a type.
        cls.cache_ok = True

    def __repr__(self) -> str:
        # Alembic writes it into migrations.
        return util.generic_repr(self)

    def with_ddl(self, **sql: str) -> ColumnType[T]:
        """Return the same type with the DDL *sql* for the dialects named."""
        return DdlOverride(self, tuple(sorted(sql.items())))

    @property
    def python_type(self) -> Any:
        """The Python type of the column's values, NULL apart; `Any` if it is unknown."""
        return self.impl_instance.python_type

    # Overridden by the types.

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        """Return the SQLAlchemy type for DDL and casts."""
        raise NotImplementedError

    def encoder(self, dialect: Dialect) -> Converter | None:
        """Return the function from Python to the driver; it raises `refusal(dialect)` for a value that does not fit."""
        return None

    def fast_path(self, dialect: Dialect) -> Inline | None:
        """Return `X if Y`: for the common values that meet Y, X is the result of `encoder`. Return None without one."""
        return None

    def binary(self, stored: str) -> bool:
        """Return True if encoded values fit a Postgres column of the type *stored* in the driver's binary form.

        Drivers do not check values: only the encoder does.
        """
        return False

    def decoding(self, dialect: Dialect) -> Inline | None:
        """Return the conversion from the driver to Python; None if the driver's value needs none."""
        return None

    def decoder(self, dialect: Dialect) -> Converter | None:
        """Return `decoding` as a function."""
        decoding = self.decoding(dialect)
        return None if decoding is None else decoding.function()

    def check(self, column: str, dialect_name: str) -> str | None:
        """Return the SQL condition that the database checks *column* with, or None."""
        return None

    def comparison_type(self) -> TypeEngine[Any] | None:
        """Return the type of values compared with the column; None for the column's own type.

        A comparison may use values that the column cannot store: `code == "far too long"`
        is false, not an error.
        """
        return None

    # Called by SQLAlchemy.

    @property
    def comparator_factory(self) -> Any:  # type: ignore[override]  # pyright: ignore[reportIncompatibleVariableOverride]  # SQLAlchemy's own descriptor is read-only too
        # SQLAlchemy would create a class for each type object, of which every column has one.
        return _comparator_class(cast("Hashable", self.impl_instance.comparator_factory))

    def load_dialect_impl(self, dialect: Dialect) -> TypeEngine[Any]:
        return self.storage(dialect)

    # Their return types are private protocols of SQLAlchemy.

    def bind_processor(self, dialect: Dialect) -> Any:
        encode = self.encoder(dialect)
        if encode is None:
            return None

        def process(value: Any) -> Any:
            return None if value is None else encode(value)

        return process

    def result_processor(self, dialect: Dialect, coltype: object) -> Any:
        decode = self.decoder(dialect)
        if decode is None:
            return None

        def process(value: Any) -> Any:
            return None if value is None else decode(value)

        return process

    def literal_processor(self, dialect: Dialect) -> Any:
        encode = self.encoder(dialect)

        def process(value: Any) -> str:
            return sql_literal(encode(value) if encode else value, dialect)

        return process

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        return self.comparison_type() or self

    def invalid_value(self, dialect: Dialect, value: object, why: str | None = None) -> Exception:
        """Return the exception for a *value* that does not fit."""
        return refusal(dialect)(f"{shorten(value)} is not {why or self.expected}")


class DdlOverride(ColumnType[T]):
    """The type *inner* with other DDL for some dialects."""

    def __init__(self, inner: ColumnType[T], sql: tuple[tuple[str, str], ...]) -> None:
        super().__init__()
        self.inner = inner
        self.sql = sql
        self.range_storage = inner.range_storage

    @property
    def python_type(self) -> Any:
        return self.inner.python_type

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        sql = dict(self.sql).get(dialect.name)
        return self.inner.storage(dialect) if sql is None else SqlText(sql)

    def encoder(self, dialect: Dialect) -> Converter | None:
        return self.inner.encoder(dialect)

    def fast_path(self, dialect: Dialect) -> Inline | None:
        return self.inner.fast_path(dialect)

    def binary(self, stored: str) -> bool:
        return self.inner.binary(stored)

    def decoding(self, dialect: Dialect) -> Inline | None:
        return self.inner.decoding(dialect)

    def check(self, column: str, dialect_name: str) -> str | None:
        return self.inner.check(column, dialect_name)

    def literal_processor(self, dialect: Dialect) -> Any:
        return self.inner.literal_processor(dialect)

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        compared = self.inner.coerce_compared_value(op, value)
        # Cast to the inner type, a value would be compared as that: as text, not as citext.
        return DdlOverride(compared, self.sql) if isinstance(compared, ColumnType) else compared


def sql_literal(value: object, dialect: Dialect) -> str:
    """Return a driver's value as SQL text."""
    postgres = dialect.name == "postgresql"
    match value:
        case None:
            return "NULL"
        case bool():
            return str(value).lower() if postgres else str(int(value))
        case bytes():
            return f"'\\x{value.hex()}'::bytea" if postgres else f"X'{value.hex()}'"
        case float() if value in (math.inf, -math.inf):
            sign = "-" if value < 0 else ""
            return f"'{sign}Infinity'::float8" if postgres else f"{sign}9e999"
        case int() | float():
            return repr(value)
        case decimal.Decimal():
            return format(value, "f")
        case dt.timedelta():
            return f"interval '{value // dt.timedelta(microseconds=1)} microseconds'"
        case _:
            text = str(value).replace("'", "''")
            # Drivers with `%s` placeholders require `%%`, as in SQLAlchemy's own literals.
            doubled = dialect.paramstyle in ("format", "pyformat")
            return f"'{text.replace('%', '%%') if doubled else text}'"
