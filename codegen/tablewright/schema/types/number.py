"""Integers, floats, decimals and booleans."""

from __future__ import annotations

import decimal
import math
import struct
from operator import index
from typing import Any

from sqlalchemy import Dialect, types as sqltypes
from sqlalchemy.sql import operators
from sqlalchemy.types import TypeEngine

from tablewright.schema.types.column_type import ColumnType, Converter, RangeStorage
from tablewright.schema.types.inline import Inline

__all__ = ["BigInteger", "Boolean", "Decimal", "Float", "Integer", "Real", "SmallInteger"]

_LARGEST_SINGLE = 3.4028234663852886e38
_BITS = {"int2": 16, "int4": 32, "int8": 64}


class _Integral(ColumnType[int]):
    impl = sqltypes.Integer
    bits = 64
    stored: type[sqltypes.Integer] = sqltypes.BigInteger
    range_storage = RangeStorage("INT8RANGE", sqltypes.BigInteger(), 1)

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        # In SQLite only a column declared INTEGER can be the rowid.
        return sqltypes.Integer() if dialect.name == "sqlite" else self.stored()

    def encoder(self, dialect: Dialect) -> Converter:
        high = 2 ** (self.bits - 1) - 1
        low = -high - 1

        def encode(value: Any) -> Any:
            if type(value) is not int:
                value = self._integer(value, dialect)
            if low <= value <= high:
                return value
            raise self.invalid_value(dialect, value, f"an integer from {low} to {high}")

        return encode

    def fast_path(self, dialect: Dialect) -> Inline:
        high = 2 ** (self.bits - 1) - 1
        return Inline(f"{{v}} if type({{v}}) is int and {-high - 1} <= {{v}} <= {high}")

    def binary(self, stored: str) -> bool:
        return _BITS.get(stored, 0) >= self.bits

    def _integer(self, value: Any, dialect: Dialect) -> int:
        if isinstance(value, bool) or not hasattr(value, "__index__"):
            raise self.invalid_value(dialect, value, "an integer")
        return index(value)

    def check(self, column: str, dialect_name: str) -> str | None:
        if dialect_name != "sqlite":
            return None
        high = 2 ** (self.bits - 1) - 1
        if self.bits == 64:
            return f"typeof({column}) IN ('integer', 'null')"
        return f"typeof({column}) IN ('integer', 'null') AND {column} BETWEEN {-high - 1} AND {high}"

    def comparison_type(self) -> TypeEngine[Any] | None:
        return None if self.bits == 64 else BigInteger()

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        if isinstance(value, float):
            return sqltypes.Double()
        if isinstance(value, decimal.Decimal):
            return sqltypes.Numeric()
        return super().coerce_compared_value(op, value)


class SmallInteger(_Integral):
    """A 16-bit integer."""

    bits = 16
    stored = sqltypes.SmallInteger


class Integer(_Integral):
    """A 32-bit integer."""

    bits = 32
    stored = sqltypes.Integer
    range_storage = RangeStorage("INT4RANGE", sqltypes.Integer(), 1)


class BigInteger(_Integral):
    """A 64-bit integer."""


class Float(ColumnType[float]):
    """A double; NaN is refused, because SQLite would store NULL for it."""

    impl = sqltypes.Double
    expected = "a float"

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        return sqltypes.REAL() if dialect.name == "sqlite" else sqltypes.Double()

    def encoder(self, dialect: Dialect) -> Converter:
        def encode(value: Any) -> Any:
            if type(value) is not float:
                if isinstance(value, bool | str | bytes | decimal.Decimal):
                    raise self.invalid_value(dialect, value)
                try:
                    value = float(value)
                except (TypeError, ValueError, OverflowError):
                    raise self.invalid_value(dialect, value) from None
            if value != value:
                raise self.invalid_value(dialect, value, "a number; use NULL for a missing one")
            return value

        return encode

    def fast_path(self, dialect: Dialect) -> Inline | None:
        return Inline("{v} if type({v}) is float and {v} == {v}")

    def binary(self, stored: str) -> bool:
        return stored == "float8"

    def decoding(self, dialect: Dialect) -> Inline | None:
        # SQLite stores 600.0 as an integer, and RETURNING returns an integer if the table has an index.
        return Inline("{v} if type({v}) is float else float({v})") if dialect.name == "sqlite" else None

    def check(self, column: str, dialect_name: str) -> str | None:
        return f"typeof({column}) IN ('real', 'integer', 'null')" if dialect_name == "sqlite" else None


class Real(Float):
    """A single-precision float, rounded to 32 bits on both databases."""

    expected = "a float of 32 bits"

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        return sqltypes.REAL()

    def encoder(self, dialect: Dialect) -> Converter:
        as_float = super().encoder(dialect)
        single = struct.Struct("<f")

        def encode(value: Any) -> Any:
            value = as_float(value)
            if math.isinf(value):
                return value
            try:
                (rounded,) = single.unpack(single.pack(value))
            except OverflowError:
                raise self.invalid_value(dialect, value) from None
            return float(rounded)

        return encode

    def fast_path(self, dialect: Dialect) -> Inline | None:
        return None

    def binary(self, stored: str) -> bool:
        return stored in ("float4", "float8")

    def decoding(self, dialect: Dialect) -> Inline:
        single = struct.Struct("<f")
        return Inline("{unpack}({pack}({v}))[0]", unpack=single.unpack, pack=single.pack)

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        # A number is rounded as the column stores it, so that stored values are found.
        fits = isinstance(value, int | float) and abs(value) <= _LARGEST_SINGLE
        return self if fits else Float()


class Decimal(ColumnType[decimal.Decimal]):
    """A decimal of *precision* digits, *scale* of them fractional: stored exactly or refused.

    On SQLite up to 15 digits are NUMERIC, quantized on reading; with *scaled*, up to 18 digits are
    an integer number of the smallest unit.
    """

    impl = sqltypes.Numeric
    range_storage = RangeStorage("NUMRANGE", sqltypes.Numeric(), None)

    def __init__(self, precision: int, scale: int = 0, *, scaled: bool = False) -> None:
        super().__init__()
        self.precision = precision
        self.scale = scale
        self.scaled = scaled
        self.expected = f"a decimal of at most {precision} digits, {scale} of them fractional"

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name != "sqlite":
            return sqltypes.Numeric(self.precision, self.scale)
        return sqltypes.Integer() if self.scaled else sqltypes.NUMERIC(self.precision, self.scale)

    def encoder(self, dialect: Dialect) -> Converter:
        unit = decimal.Decimal(1).scaleb(-self.scale)
        exact = decimal.Context(prec=self.precision, traps=[decimal.InvalidOperation, decimal.Inexact])

        def encode(value: Any) -> Any:
            if type(value) is not decimal.Decimal:
                if isinstance(value, bool) or not isinstance(value, int | decimal.Decimal):
                    raise self.invalid_value(dialect, value)
                value = decimal.Decimal(value)
            try:
                # Refuses infinities, too many digits, and fractions that are too fine.
                rounded = value.quantize(unit, context=exact)
            except decimal.DecimalException:
                raise self.invalid_value(dialect, value) from None
            if rounded.is_nan():
                raise self.invalid_value(dialect, value)
            return rounded

        if dialect.name != "sqlite":
            return encode
        if self.scaled:
            return lambda value: int(encode(value).scaleb(self.scale, context=exact))
        if self.scale == 0:
            return lambda value: int(encode(value))
        return lambda value: float(encode(value))

    def fast_path(self, dialect: Dialect) -> Inline | None:
        # A value with the column's fractional digits and within its range needs no rounding.
        fits = " if type({v}) is {kind} and {v}.same_quantum({unit}) and {low} < {v} < {high}"
        unit = decimal.Decimal(1).scaleb(-self.scale)
        high = decimal.Decimal(1).scaleb(self.precision - self.scale)
        objects = {"kind": decimal.Decimal, "unit": unit, "low": high.copy_negate(), "high": high}
        if dialect.name != "sqlite":
            return Inline("{v}" + fits, **objects)
        return None if self.scaled else Inline(("int({v})" if self.scale == 0 else "float({v})") + fits, **objects)

    def binary(self, stored: str) -> bool:
        return stored == "numeric"

    def decoding(self, dialect: Dialect) -> Inline | None:
        if dialect.name != "sqlite":
            return None
        text = (
            "{Decimal}({v}).scaleb(" + str(-self.scale) + ")"
            if self.scaled
            else f"{{Decimal}}('%.{self.scale}f' % {{v}})"
        )
        return Inline(text, Decimal=decimal.Decimal)

    def check(self, column: str, dialect_name: str) -> str | None:
        if dialect_name != "sqlite":
            return None
        limit = 10 ** (self.precision if self.scaled else self.precision - self.scale)
        kinds = "'integer', 'null'" if self.scaled else "'integer', 'real', 'null'"
        return f"typeof({column}) IN ({kinds}) AND abs({column}) < {limit}"

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        if op in (operators.mul, operators.truediv, operators.floordiv):
            return sqltypes.Numeric() if isinstance(value, decimal.Decimal) else sqltypes.Integer()
        return _Compared(self.scale if self.scaled else 0)


class _Compared(ColumnType[decimal.Decimal]):
    """Any number compared with a decimal column, in the column's unit."""

    impl = sqltypes.Numeric

    def __init__(self, shift: int) -> None:
        super().__init__()
        self.shift = shift

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        return sqltypes.Numeric()

    def encoder(self, dialect: Dialect) -> Converter:
        shift = self.shift

        def encode(value: Any) -> Any:
            if isinstance(value, bool) or not isinstance(value, int | float | decimal.Decimal):
                raise self.invalid_value(dialect, value, "a number")
            if dialect.name != "sqlite":
                return value
            if not math.isfinite(value):
                return float(value)
            moved = decimal.Decimal(value).scaleb(shift)
            return int(moved) if moved == int(moved) and abs(moved) < 2**63 else float(moved)

        return encode


class Boolean(ColumnType[bool]):
    """True or false; on SQLite an INTEGER that is 0 or 1."""

    impl = sqltypes.Boolean
    expected = "True or False"

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        return sqltypes.Integer() if dialect.name == "sqlite" else sqltypes.Boolean()

    def encoder(self, dialect: Dialect) -> Converter:
        def encode(value: Any) -> Any:
            if value is True or value is False:
                return value
            raise self.invalid_value(dialect, value)

        return encode

    def fast_path(self, dialect: Dialect) -> Inline:
        return Inline("{v} if {v} is True or {v} is False")

    def binary(self, stored: str) -> bool:
        return stored == "bool"

    def decoding(self, dialect: Dialect) -> Inline | None:
        return Inline("not not {v}") if dialect.name == "sqlite" else None

    def check(self, column: str, dialect_name: str) -> str | None:
        return f"{column} IN (0, 1)" if dialect_name == "sqlite" else None
