"""`Prefix`: the beginning of a text, the same on every database."""

from __future__ import annotations

import sys
from typing import Any

from msgspec import Struct
from sqlalchemy import Column, ColumnElement, and_, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean

from tablewright.schema import types
from tablewright.schema.types import Text
from tablewright.schema.types.column_type import DdlOverride


class Prefix(Struct, frozen=True):
    """Passed to `fetch` in place of a value: every text that begins with *text*, which has no wildcards."""

    text: str

    def __post_init__(self) -> None:
        if not isinstance(self.text, str):  # pyright: ignore[reportUnnecessaryIsInstance]  # not all callers are checked
            raise TypeError(f"A prefix is a string, not {self.text!r}.")


def is_text(column: Column[Any]) -> bool:
    """Return True if *column* has a type of text."""
    column_type = column.type
    while isinstance(column_type, DdlOverride):
        column_type = column_type.inner
    return isinstance(column_type, types.Text)


class StartsWith(FunctionElement[bool]):
    """A text column, what it starts with, and the least text that is greater than all texts that do, if one exists."""

    type = Boolean()
    inherit_cache = True


def starts_with(column: Column[Any], prefix: Prefix) -> ColumnElement[bool]:
    """Return the condition that *column* starts with *prefix*; case and accents matter whatever its collation."""
    if not prefix.text:
        return column.is_not(None)
    ends = (prefix.text, _after(prefix.text))
    return StartsWith(column, *(bindparam(None, end, type_=Text(), unique=True) for end in ends if end is not None))


@compiles(StartsWith)
def _between(element: StartsWith, compiler: Any, **kw: Any) -> str:
    # A range, for which SQLite uses an index: its collation BINARY is the order of code points.
    column, first, *after = element.clauses
    by_bytes = column.collate("BINARY")
    condition = and_(by_bytes >= first, *(by_bytes < end for end in after))
    return f"({compiler.process(condition, **kw)})"


@compiles(StartsWith, "postgresql")
def _operator(element: StartsWith, compiler: Any, **kw: Any) -> str:
    # By bytes, and from an index that is sorted by them.
    column, text, *_ = element.clauses
    condition = column.collate("C").op("^@", is_comparison=True)(text)
    return f"({compiler.process(condition, **kw)})"


def _after(text: str) -> str | None:
    """Return the least text greater than all texts that begin with *text*; None if no text is greater."""
    kept = text.rstrip(chr(sys.maxunicode))
    if not kept:
        return None
    point = ord(kept[-1]) + 1
    # Surrogates are not characters.
    return kept[:-1] + chr(0xE000 if point == 0xD800 else point)
