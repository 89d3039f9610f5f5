"""Portable SQL expressions, which each dialect compiles in its own way: `now`, `uuid4`, `uuid7`."""

from __future__ import annotations

from typing import Any

from sqlalchemy import ColumnElement, literal_column
from sqlalchemy.ext.compiler import compiles

from tablewright.schema.type_registry import PORTABLE
from tablewright.schema.types.column_type import ColumnType
from tablewright.schema.types.temporal import Date, DateTime, Time, TimestampTz


class Portable(ColumnElement[Any]):
    """A portable expression, with the type of its column."""

    inherit_cache = False

    def __init__(self, name: str, column_type: ColumnType[Any]) -> None:
        self.name = name
        self.type = column_type


def expression(text: str, column_type: ColumnType[Any]) -> ColumnElement[Any]:
    """Return *text* of a spec as an expression: a portable name, or SQL as written."""
    return Portable(text, column_type) if text in PORTABLE else literal_column(text)


@compiles(Portable, "postgresql")
def _postgres(element: Portable, compiler: Any, **_: object) -> str:
    if element.name == "uuid4":
        return "gen_random_uuid()"
    if element.name == "uuid7":
        return _POSTGRES_UUID7
    match element.type:
        case Date():
            return "CAST(CURRENT_TIMESTAMP AT TIME ZONE 'UTC' AS DATE)"
        case Time():
            return "CAST(CURRENT_TIMESTAMP AT TIME ZONE 'UTC' AS TIME)"
        case DateTime():
            return "(CURRENT_TIMESTAMP AT TIME ZONE 'UTC')"
        case _:
            return "CURRENT_TIMESTAMP"


@compiles(Portable, "sqlite")
def _sqlite(element: Portable, compiler: Any, **_: object) -> str:
    if element.name == "uuid4":
        return _SQLITE_UUID4
    if element.name == "uuid7":
        return _SQLITE_UUID7
    # SQLite's clock has milliseconds; the text must be as wide as the column's values.
    match element.type:
        case Date():
            return "(strftime('%Y-%m-%d', 'now'))"
        case Time() | DateTime() | TimestampTz() as time:
            day = "" if isinstance(time, Time) else "%Y-%m-%d "
            clock = _sqlite_clock(time.precision)
            return f"({clock})".replace("{day}", day)
        case _:
            return "CURRENT_TIMESTAMP"


def _sqlite_clock(precision: int) -> str:
    if precision == 0:
        return "strftime('{day}%H:%M:%S', 'now')"
    if precision >= 3:
        return f"strftime('{{day}}%H:%M:%f{'0' * (precision - 3)}', 'now')"
    return (
        f"substr(strftime('{{day}}%H:%M:%f', 'now'), 1, length(strftime('{{day}}%H:%M:%f', 'now')) - {3 - precision})"
    )


# RFC 9562, from functions of every supported server; uuidv7() is new in Postgres 18.
_POSTGRES_UUID7 = (
    "CAST(encode(set_bit(set_bit(overlay(uuid_send(gen_random_uuid()) placing "
    "substring(int8send(CAST(floor(extract(epoch from clock_timestamp()) * 1000) AS bigint)) from 3) "
    "from 1 for 6), 52, 1), 53, 1), 'hex') AS uuid)"
)
_SQLITE_VARIANT = "substr('89ab', 1 + (random() & 3), 1)"
_SQLITE_UUID4 = (
    "(lower(hex(randomblob(6)) || '4' || substr(hex(randomblob(2)), 2) || "
    f"{_SQLITE_VARIANT} || substr(hex(randomblob(2)), 2) || hex(randomblob(6))))"
)
_SQLITE_UUID7 = (
    "(lower(printf('%012x', CAST((julianday('now') - 2440587.5) * 86400000 AS INTEGER)) || '7' || "
    f"substr(hex(randomblob(2)), 2) || {_SQLITE_VARIANT} || substr(hex(randomblob(2)), 2) || hex(randomblob(6))))"
)
