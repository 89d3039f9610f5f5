"""`Prefix`: what a text begins with, the same on both engines."""

from __future__ import annotations

import sys
from typing import Any

from msgspec import Struct
from sqlalchemy import Column, ColumnElement, Connection, and_, bindparam

from tablewright.schema import types
from tablewright.schema.types.column_type import DdlOverride


class Prefix(Struct, frozen=True):
    """In place of a value of `fetch`: every text that begins with *text*, whose characters stand for themselves."""

    text: str

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # not all callers are checked
            raise TypeError(f"A prefix is a string, not {self.text!r}.")


def is_text(column: Column[Any]) -> bool:
    """Whether *column* holds text, which has prefixes."""
    column_type = column.type
    while isinstance(column_type, DdlOverride):
        column_type = column_type.inner
    return isinstance(column_type, types.Text)


def starts_with(column: Column[Any], prefix: Prefix, connection: Connection) -> ColumnElement[bool]:
    """*column* begins with *prefix*, whatever its collation says of case and accents."""
    if not prefix.text:
        return column.is_not(None)
    text = bindparam(None, prefix.text, type_=types.Text())
    if connection.dialect.name == "postgresql":
        # By bytes, and from an index where that is sorted by them.
        return column.collate("C").op("^@", is_comparison=True)(text)
    # A range, for which SQLite uses an index: its own collation is the order of code points.
    by_bytes = column.collate("BINARY")
    after = _after(prefix.text)
    if after is None:
        return by_bytes >= text
    return and_(by_bytes >= text, by_bytes < bindparam(None, after, type_=types.Text()))


def _after(text: str) -> str | None:
    """The least text that comes after all that begin with *text*; None if all that come after do."""
    kept = text.rstrip(chr(sys.maxunicode))
    if not kept:
        return None
    point = ord(kept[-1]) + 1
    # Surrogates are no characters.
    return kept[:-1] + chr(0xE000 if point == 0xD800 else point)
