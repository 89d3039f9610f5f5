"""Dates, times, moments and intervals."""

from __future__ import annotations

import datetime as dt
from typing import Any, TypeVar

from sqlalchemy import Dialect, types as sqltypes
from sqlalchemy.types import TypeEngine

from tablewright.schema import postgresql
from tablewright.schema.types.column_type import ColumnType, Converter

T = TypeVar("T")
_MICROSECOND = dt.timedelta(microseconds=1)


class Date(ColumnType[dt.date]):
    """A calendar date; a datetime is refused."""

    impl = sqltypes.Date
    what = "a date"

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        return sqltypes.Date()

    def encoder(self, dialect: Dialect) -> Converter:
        sqlite = dialect.name == "sqlite"

        def encode(value: Any) -> Any:
            if not isinstance(value, dt.date) or isinstance(value, dt.datetime):
                raise self.misfit(dialect, value)
            return value.isoformat() if sqlite else value

        return encode

    def decoder(self, dialect: Dialect) -> Converter | None:
        return dt.date.fromisoformat if dialect.name == "sqlite" else None

    def check(self, column: str, dialect_name: str) -> str | None:
        return f"length({column}) = 10" if dialect_name == "sqlite" else None


class _ToTheFraction(ColumnType[T]):
    """A time of day or moment, kept to *precision* fractional digits: exactly or refused."""

    def __init__(self, precision: int = 6) -> None:
        super().__init__()
        self.precision = precision

    @property
    def width(self) -> int:
        """Characters of the fraction in SQLite's text, the point included."""
        return self.precision + 1 if self.precision else 0

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        if isinstance(value, dt.timedelta):
            return Interval()
        # Text of equal moments must be equally wide; of a finer one, wider.
        finer = getattr(value, "microsecond", 0) % 10 ** (6 - self.precision)
        return type(self)() if finer else self

    def check_fraction(self, value: Any, dialect: Dialect) -> None:
        """Refuses a fraction finer than the column keeps."""
        if self.precision < 6 and value.microsecond % 10 ** (6 - self.precision):
            raise self.misfit(dialect, value, f"{self.what} to {self.precision} fractional digits")

    def cut(self, text: str) -> str:
        """*text*, written to microseconds, as wide as the column."""
        return text[: len(text) - 7 + self.width]


class Time(_ToTheFraction[dt.time]):
    """A time of day without a zone."""

    impl = sqltypes.Time
    what = "a time without a zone"

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        return sqltypes.Time() if dialect.name == "sqlite" else postgresql.TIME(precision=self.precision)

    def encoder(self, dialect: Dialect) -> Converter:
        sqlite = dialect.name == "sqlite"

        def encode(value: Any) -> Any:
            if not isinstance(value, dt.time) or value.tzinfo is not None:
                raise self.misfit(dialect, value)
            self.check_fraction(value, dialect)
            return self.cut(value.isoformat("microseconds")) if sqlite else value

        return encode

    def decoder(self, dialect: Dialect) -> Converter | None:
        return dt.time.fromisoformat if dialect.name == "sqlite" else None

    def check(self, column: str, dialect_name: str) -> str | None:
        return f"length({column}) = {8 + self.width}" if dialect_name == "sqlite" else None


class DateTime(_ToTheFraction[dt.datetime]):
    """A date and time without a zone; an aware one is refused."""

    impl = sqltypes.DateTime
    what = "a datetime without a zone"

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return sqltypes.DateTime()
        return postgresql.TIMESTAMP(precision=self.precision)

    def encoder(self, dialect: Dialect) -> Converter:
        sqlite = dialect.name == "sqlite"

        def encode(value: Any) -> Any:
            if not isinstance(value, dt.datetime) or value.tzinfo is not None:
                raise self.misfit(dialect, value)
            self.check_fraction(value, dialect)
            return self.cut(value.isoformat(" ", "microseconds")) if sqlite else value

        return encode

    def decoder(self, dialect: Dialect) -> Converter | None:
        return dt.datetime.fromisoformat if dialect.name == "sqlite" else None

    def check(self, column: str, dialect_name: str) -> str | None:
        return f"length({column}) = {19 + self.width}" if dialect_name == "sqlite" else None


class TimestampTz(_ToTheFraction[dt.datetime]):
    """A moment: aware datetimes in, UTC out; on SQLite UTC text that sorts."""

    impl = sqltypes.DateTime
    what = "a datetime with a zone"

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        if dialect.name == "sqlite":
            return sqltypes.DateTime()
        return postgresql.TIMESTAMP(timezone=True, precision=self.precision)

    def encoder(self, dialect: Dialect) -> Converter:
        sqlite = dialect.name == "sqlite"

        def encode(value: Any) -> Any:
            if not isinstance(value, dt.datetime) or value.utcoffset() is None:
                raise self.misfit(dialect, value)
            self.check_fraction(value, dialect)
            if not sqlite:
                return value
            try:
                utc = value.astimezone(dt.UTC).replace(tzinfo=None)
            except OverflowError:
                raise self.misfit(dialect, value, "a moment between the years 1 and 9999") from None
            return self.cut(utc.isoformat(" ", "microseconds"))

        return encode

    def decoder(self, dialect: Dialect) -> Converter:
        utc = dt.UTC
        if dialect.name == "sqlite":
            read = dt.datetime.fromisoformat
            return lambda value: read(value).replace(tzinfo=utc)
        return lambda value: value if value.tzinfo is utc else value.astimezone(utc)

    def check(self, column: str, dialect_name: str) -> str | None:
        return f"length({column}) = {19 + self.width}" if dialect_name == "sqlite" else None


class Interval(ColumnType[dt.timedelta]):
    """A duration; on SQLite whole microseconds. Months are refused: they have no fixed length."""

    impl = sqltypes.Interval
    what = "a timedelta"

    def storage(self, dialect: Dialect) -> TypeEngine[Any]:
        return sqltypes.Integer() if dialect.name == "sqlite" else postgresql.INTERVAL()

    def encoder(self, dialect: Dialect) -> Converter:
        sqlite = dialect.name == "sqlite"

        def encode(value: Any) -> Any:
            if not isinstance(value, dt.timedelta):
                raise self.misfit(dialect, value)
            if not sqlite:
                return value
            microseconds = value // _MICROSECOND
            if abs(microseconds) >= 2**63:
                raise self.misfit(dialect, value, "an interval of fewer than 292,000 years")
            return microseconds

        return encode

    def decoder(self, dialect: Dialect) -> Converter | None:
        if dialect.name != "sqlite":
            return None
        return lambda value: dt.timedelta(microseconds=value)

    def check(self, column: str, dialect_name: str) -> str | None:
        if dialect_name == "sqlite":
            return f"typeof({column}) IN ('integer', 'null')"
        # The driver would read a month as thirty days.
        return f"extract(month from {column}) = 0 AND extract(year from {column}) = 0"

    def coerce_compared_value(self, op: Any, value: Any) -> TypeEngine[Any]:
        return self if isinstance(value, dt.timedelta) else sqltypes.Double()
