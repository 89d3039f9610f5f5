"""`glob`: text that looks like a pattern, the same on both engines."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from sqlalchemy import ColumnElement, bindparam
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.sql.expression import SQLColumnExpression
from sqlalchemy.sql.functions import FunctionElement
from sqlalchemy.types import Boolean, Text

from tablewright.runtime.expressions.conditions import as_element

_LIKE = {"*": "%", "?": "_"}
_OF_LIKE = {"%": r"\%", "_": r"\_", "\\": r"\\"}
_OF_GLOB = {"*": "[*]", "?": "[?]", "[": "[[]"}


class Glob(FunctionElement[bool]):
    """A text, and a pattern for it as LIKE and as SQLite's GLOB have it."""

    type = Boolean()
    inherit_cache = True


def glob(text: SQLColumnExpression[str | None] | SQLColumnExpression[str], pattern: str) -> ColumnElement[bool]:
    """Whether *text* looks like *pattern*: `*` is any text, `?` one character, and a backslash makes them themselves.

    Case counts, whatever the collation of the column. NULL for NULL.
    """
    parts = list(_parts(pattern))
    like = "".join(_LIKE[part] if special else _OF_LIKE.get(part, part) for part, special in parts)
    globbed = "".join(part if special else _OF_GLOB.get(part, part) for part, special in parts)
    return Glob(as_element(text), *(bindparam(None, said, type_=Text(), unique=True) for said in (like, globbed)))


def _parts(pattern: str) -> Iterator[tuple[str, bool]]:
    """Each character of *pattern*, and whether it stands for others."""
    characters = iter(pattern)
    for character in characters:
        if character == "\\":
            yield next(characters, "\\"), False
        else:
            yield character, character in _LIKE


@compiles(Glob)
def _like(element: Glob, compiler: Any, **kw: Any) -> str:
    text, like, _ = element.clauses
    return f"(CAST({compiler.process(text, **kw)} AS TEXT) LIKE {compiler.process(like, **kw)})"


@compiles(Glob, "sqlite")
def _glob(element: Glob, compiler: Any, **kw: Any) -> str:
    text, _, globbed = element.clauses
    return f"({compiler.process(text, **kw)} GLOB {compiler.process(globbed, **kw)})"
