"""`RangeOf`: columns of ranges."""

from __future__ import annotations

import json
from typing import Any, cast

import msgspec
from sqlalchemy import Dialect, types as sqltypes
from sqlalchemy.types import TypeEngine

from tablewright.schema import postgresql
from tablewright.schema.range import Range, canonical
from tablewright.schema.types.column_type import ColumnType, Converter
from tablewright.schema.types.inline import Inline
from tablewright.schema.types.number import BigInteger, Decimal, Integer, SmallInteger
from tablewright.schema.types.temporal import DateTime, TimestampTz

__all__ = ["RangeOf"]


def _as_it_is(value: Any) -> Any:
    return value


class RangeOf(ColumnType[Range[Any]]):
    """A `Range` of *element* values; on SQLite JSON text, `[lower, upper, bounds]` or `"empty"`."""

    impl = sqltypes.JSON
    expected = "a Range"

    def __init__(self, element: ColumnType[Any]) -> None:
        super().__init__()
        if element.range_storage is None:
            raise TypeError(f"There are no ranges of {element!r}.")
        self.element = element
        self._storage = element.range_storage

    @property
    def python_type(self) -> Any:
        return Range

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return sqltypes.Text()
        storage: type[TypeEngine[Any]] = getattr(postgresql, self._storage.name)
        return storage()

    def bound_storage(self) -> TypeEngine[Any]:
        """Return the type of the bounds of Postgres' range type: other values are cast to it."""
        return self._storage.bound

    def comparable_with(self, other: RangeOf) -> bool:
        """Return True if ranges of the two types can be compared: their bounds are stored in the same way."""
        return _stored_bound(self.element) == _stored_bound(other.element)

    def bounded_by(self, element: object) -> bool:
        """Return True if the bounds can be compared with stored values of the type *element*."""
        integral = Integer | BigInteger | SmallInteger
        if isinstance(element, integral) and isinstance(self.element, integral):
            return True
        return _stored_bound(element) == _stored_bound(self.element)

    def canonical(self, value: Range[Any]) -> Range[Any]:
        """Return *value* in the form that equal ranges share: Postgres' own, `[)` if discrete."""
        return canonical(value, self._storage.step)

    def encoder(self, dialect: Dialect) -> Converter:
        encode_bound = self.element.encoder(dialect) or _as_it_is
        sqlite = dialect.name == "sqlite"
        discrete = self._storage.step is not None

        def encode(value: Any) -> Any:
            if not isinstance(value, Range):
                raise self.invalid_value(dialect, value)
            given = cast("Range[Any]", value)
            for bound in (given.lower, given.upper):
                if bound is not None:
                    encode_bound(bound)
            given = self.canonical(given)
            if given.empty:
                return '"empty"' if sqlite else "empty"
            if discrete and given.bounds != "[)":
                raise self.invalid_value(dialect, given, "a Range that ends before the last of all values")
            lower, upper = (None if bound is None else encode_bound(bound) for bound in (given.lower, given.upper))
            if sqlite:
                return msgspec.json.encode([lower, upper, given.bounds]).decode()
            # As text: drivers infer int4range from small bounds, and Postgres does not cast ranges.
            lower = "" if lower is None else f'"{lower}"'
            upper = "" if upper is None else f'"{upper}"'
            return f"{given.bounds[0]}{lower},{upper}{given.bounds[1]}"

        return encode

    def decoding(self, dialect: Dialect) -> Inline:
        decode_bound = self.element.decoder(dialect) or _as_it_is

        def bound(value: Any) -> Any:
            return None if value is None else decode_bound(value)

        def from_text(text: str) -> Range[Any]:
            parts = json.loads(text)
            if parts == "empty":
                return Range(empty=True)
            return Range(bound(parts[0]), bound(parts[1]), parts[2])

        def from_driver(value: Any) -> Range[Any]:
            if value.isempty:
                return Range(empty=True)
            return self.canonical(Range(bound(value.lower), bound(value.upper), value.bounds))

        return Inline("{read}({v})", read=from_text if dialect.name == "sqlite" else from_driver)

    def check(self, column: str, dialect_name: str) -> str | None:
        if dialect_name != "sqlite":
            return None
        brackets = "IS '[)'" if self._storage.step is not None else "IN ('[)', '[]', '(]', '()')"
        # `NULL IN …` is NULL, which satisfies a check.
        bounds = f"coalesce(json_extract({column}, '$[2]'), '') {brackets}"
        return f"CASE WHEN json_valid({column}) THEN {column} = '\"empty\"' OR {bounds} ELSE {column} IS NULL END"


def _stored_bound(element: object) -> tuple[object, ...]:
    match element:
        case Decimal():
            return Decimal, element.scale, element.scaled
        case DateTime() | TimestampTz():
            # SQLite can compare only texts of the same width.
            return type(element), element.precision
        case SmallInteger():
            return (BigInteger,)
        case _:
            return (type(element),)
