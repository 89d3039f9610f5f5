"""`glob`: matching text with a pattern, the same on every database."""

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
    """A text, and a pattern in the syntax of LIKE and in that of SQLite's GLOB."""

    type = Boolean()
    inherit_cache = True


def glob(text: SQLColumnExpression[str | None] | SQLColumnExpression[str], pattern: str) -> ColumnElement[bool]:
    """Return the condition that *text* matches *pattern*: `*` is any text, `?` one character, a backslash escapes both.

    Case matters, whatever the collation of the column. NULL matches as NULL.
    """
    parts = list(_parts(pattern))
    like = "".join(_LIKE[part] if special else _OF_LIKE.get(part, part) for part, special in parts)
    globbed = "".join(part if special else _OF_GLOB.get(part, part) for part, special in parts)
    return Glob(as_element(text), *(bindparam(None, given, type_=Text(), unique=True) for given in (like, globbed)))


def _parts(pattern: str) -> Iterator[tuple[str, bool]]:
    """Yield each character of *pattern*, and True if it is a wildcard."""
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
