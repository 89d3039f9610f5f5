"""Dates, times, timestamps and intervals."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeVar

from sqlalchemy import Dialect, types as sqltypes
from sqlalchemy.types import TypeEngine

from tablewright.schema import postgresql
from tablewright.schema.types.column_type import ColumnType, Converter, RangeStorage
from tablewright.schema.types.inline import Inline

__all__ = ["Date", "DateTime", "Interval", "Time", "TimestampTz"]

T = TypeVar("T")
_MICROSECOND = dt.timedelta(microseconds=1)


class Date(ColumnType[dt.date]):
    """A calendar date; a datetime is refused."""

    impl = sqltypes.Date
    expected = "a date"
    range_storage = RangeStorage("DATERANGE", sqltypes.Date(), dt.timedelta(days=1))

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        return sqltypes.Date()

    def encoder(self, dialect: Dialect) -> Converter:
        sqlite = dialect.name == "sqlite"

        def encode(value: Any) -> Any:
            if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
                raise self.invalid_value(dialect, value)
            return value.isoformat() if sqlite else value

        return encode

    def fast_path(self, dialect: Dialect) -> Inline:
        text = "{v}.isoformat()" if dialect.name == "sqlite" else "{v}"
        return Inline(text + " if type({v}) is {date}", date=dt.date)

    def binary(self, stored: str) -> bool:
        return stored == "date"

    def decoding(self, dialect: Dialect) -> Inline | None:
        return Inline("{read}({v})", read=dt.date.fromisoformat) if dialect.name == "sqlite" else None

    def check(self, column: str, dialect_name: str) -> str | None:
        return f"length({column}) = 10" if dialect_name == "sqlite" else None


class _ToTheFraction(ColumnType[T]):
    """A time or timestamp with *precision* fractional digits; values with more are refused."""

    def __init__(self, precision: int = 6) -> None:
        super().__init__()
        self.precision = precision

    @property
    def width(self) -> int:
        """The number of characters of the fraction in SQLite's text, including the point."""
        return self.precision + 1 if self.precision else 0

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        if isinstance(value, dt.timedelta):
            return Interval()
        # Texts of equal timestamps must have the same width; a finer timestamp's is wider.
        finer = getattr(value, "microsecond", 0) % 10 ** (6 - self.precision)
        return type(self)() if finer else self

    def check_fraction(self, value: Any, dialect: Dialect) -> None:
        """Raise an error for a fraction finer than the column stores."""
        if self.precision < 6 and value.microsecond % 10 ** (6 - self.precision):
            raise self.invalid_value(dialect, value, f"{self.expected} to {self.precision} fractional digits")

    def if_whole(self, text: str, **objects: object) -> Inline | None:
        """Return *text* if the column stores all six digits, so that no fraction needs a check."""
        return Inline(text, **objects) if self.precision == 6 else None

    def cut(self, text: str) -> str:
        """Return *text*, which has microseconds, in the column's width."""
        return text[: len(text) - 7 + self.width]


class Time(_ToTheFraction[dt.time]):
    """A time of day without a zone."""

    impl = sqltypes.Time
    expected = "a time without a zone"

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        return sqltypes.Time() if dialect.name == "sqlite" else postgresql.TIME(precision=self.precision)

    def encoder(self, dialect: Dialect) -> Converter:
        sqlite = dialect.name == "sqlite"

        def encode(value: Any) -> Any:
            if not isinstance(value, dt.time) or value.tzinfo is not None:
                raise self.invalid_value(dialect, value)
            self.check_fraction(value, dialect)
            return self.cut(value.isoformat("microseconds")) if sqlite else value

        return encode

    def fast_path(self, dialect: Dialect) -> Inline | None:
        text = "{v}.isoformat('microseconds')" if dialect.name == "sqlite" else "{v}"
        return self.if_whole(text + " if type({v}) is {kind} and {v}.tzinfo is None", kind=dt.time)

    def binary(self, stored: str) -> bool:
        return stored == "time"

    def decoding(self, dialect: Dialect) -> Inline | None:
        return Inline("{read}({v})", read=dt.time.fromisoformat) if dialect.name == "sqlite" else None

    def check(self, column: str, dialect_name: str) -> str | None:
        return f"length({column}) = {8 + self.width}" if dialect_name == "sqlite" else None


class DateTime(_ToTheFraction[dt.datetime]):
    """A date and time without a zone; an aware one is refused."""

    impl = sqltypes.DateTime
    expected = "a datetime without a zone"
    range_storage = RangeStorage("TSRANGE", sqltypes.DateTime(), None)

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return sqltypes.DateTime()
        return postgresql.TIMESTAMP(precision=self.precision)

    def encoder(self, dialect: Dialect) -> Converter:
        sqlite = dialect.name == "sqlite"

        def encode(value: Any) -> Any:
            if not isinstance(value, dt.datetime) or value.tzinfo is not None:
                raise self.invalid_value(dialect, value)
            self.check_fraction(value, dialect)
            return self.cut(value.isoformat(" ", "microseconds")) if sqlite else value

        return encode

    def fast_path(self, dialect: Dialect) -> Inline | None:
        text = "{v}.isoformat(' ', 'microseconds')" if dialect.name == "sqlite" else "{v}"
        return self.if_whole(text + " if type({v}) is {kind} and {v}.tzinfo is None", kind=dt.datetime)

    def binary(self, stored: str) -> bool:
        return stored == "timestamp"

    def decoding(self, dialect: Dialect) -> Inline | None:
        return Inline("{read}({v})", read=dt.datetime.fromisoformat) if dialect.name == "sqlite" else None

    def check(self, column: str, dialect_name: str) -> str | None:
        return f"length({column}) = {19 + self.width}" if dialect_name == "sqlite" else None


class TimestampTz(_ToTheFraction[dt.datetime]):
    """A timestamp with a zone: aware datetimes in, UTC out; on SQLite sortable text in UTC."""

    impl = sqltypes.DateTime
    expected = "a datetime with a zone"
    range_storage = RangeStorage("TSTZRANGE", sqltypes.DateTime(timezone=True), None)

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return sqltypes.DateTime()
        return postgresql.TIMESTAMP(timezone=True, precision=self.precision)

    def encoder(self, dialect: Dialect) -> Converter:
        sqlite = dialect.name == "sqlite"

        def encode(value: Any) -> Any:
            if not isinstance(value, dt.datetime) or value.utcoffset() is None:
                raise self.invalid_value(dialect, value)
            self.check_fraction(value, dialect)
            if not sqlite:
                return value
            try:
                utc = value.astimezone(dt.UTC).replace(tzinfo=None)
            except OverflowError:
                raise self.invalid_value(dialect, value, "a timestamp between the years 1 and 9999") from None
            return self.cut(utc.isoformat(" ", "microseconds"))

        return encode

    def fast_path(self, dialect: Dialect) -> Inline | None:
        # Cut off the offset at the end of the text.
        text = "{v}.isoformat(' ', 'microseconds')[:26]" if dialect.name == "sqlite" else "{v}"
        return self.if_whole(text + " if type({v}) is {kind} and {v}.tzinfo is {utc}", kind=dt.datetime, utc=dt.UTC)

    def binary(self, stored: str) -> bool:
        return stored == "timestamptz"

    def decoding(self, dialect: Dialect) -> Inline:
        if dialect.name == "sqlite":
            return Inline("{read}({v} + '+00:00')", read=dt.datetime.fromisoformat)
        return Inline("{v} if {v}.tzinfo is {utc} else {v}.astimezone({utc})", utc=dt.UTC)

    def check(self, column: str, dialect_name: str) -> str | None:
        return f"length({column}) = {19 + self.width}" if dialect_name == "sqlite" else None


class Interval(ColumnType[dt.timedelta]):
    """A duration; on SQLite whole microseconds. Months are refused: they have no fixed length."""

    impl = sqltypes.Interval
    expected = "a timedelta"

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        return sqltypes.Integer() if dialect.name == "sqlite" else postgresql.INTERVAL()

    def encoder(self, dialect: Dialect) -> Converter:
        sqlite = dialect.name == "sqlite"

        def encode(value: Any) -> Any:
            if not isinstance(value, dt.timedelta):
                raise self.invalid_value(dialect, value)
            if not sqlite:
                return value
            microseconds = value // _MICROSECOND
            if abs(microseconds) >= 2**63:
                raise self.invalid_value(dialect, value, "an interval of fewer than 292,000 years")
            return microseconds

        return encode

    def binary(self, stored: str) -> bool:
        return stored == "interval"

    def decoding(self, dialect: Dialect) -> Inline | None:
        return Inline("{timedelta}(0, 0, {v})", timedelta=dt.timedelta) if dialect.name == "sqlite" else None

    def check(self, column: str, dialect_name: str) -> str | None:
        if dialect_name == "sqlite":
            return f"typeof({column}) IN ('integer', 'null')"
        # The driver would read a month as thirty days.
        return f"extract(month from {column}) = 0 AND extract(year from {column}) = 0"

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        return self if isinstance(value, dt.timedelta) else sqltypes.Double()
