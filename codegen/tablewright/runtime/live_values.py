"""The values that a column of an enum may have: those declared, and those that a database's check lists."""

from __future__ import annotations

import re
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.types import TypeEngine

from tablewright.schema.types import ArrayOf, Coded, Enum
from tablewright.schema.types.column_type import Spelt

_LITERAL = re.compile(r"'((?:[^']|'')*)'")


def enum_of(column_type: TypeEngine[Any]) -> Enum[Any] | None:
    """The enum whose members are the values, or elements of the values, of a column."""
    match column_type:
        case Enum():
            return cast("Enum[Any]", column_type)
        case Spelt():
            return enum_of(cast("Spelt[Any]", column_type).inner)
        case ArrayOf():
            return enum_of(cast("ArrayOf[Any]", column_type).element)
        case Coded():
            return enum_of(cast("Coded[Any]", column_type).stored)
        case _:
            return None


def listed_values(column_type: TypeEngine[Any]) -> tuple[str, ...] | None:
    """The values of an enum, sorted; None for other types."""
    found = enum_of(column_type)
    return None if found is None else tuple(sorted(found.values))


def checked_values(table: Table, name: str, check: str) -> tuple[str, ...] | None:
    """The values that the SQL of a *check* lists for the column *name*, sorted, if *table* has an enum there."""
    if not any(column.name == name and enum_of(column.type) is not None for column in table.columns):
        return None
    return tuple(sorted({value.replace("''", "'") for value in _LITERAL.findall(check)})) or None
