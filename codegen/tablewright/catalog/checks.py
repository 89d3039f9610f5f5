"""The values that the check of a column's type allows: the values of an enum, or limits."""

from __future__ import annotations

import re
from typing import Any, cast

from sqlalchemy import Table
from sqlalchemy.types import TypeEngine

from tablewright.schema.types import ArrayOf, CodecType, ColumnType, Enum
from tablewright.schema.types.column_type import DdlOverride

_LITERAL = re.compile(r"'((?:[^']|'')*)'")
_QUOTED = re.compile(r'"(?:[^"]|"")*"')
_NUMBER = re.compile(r"(?<![\w.])-?\d+(?![\w.])")


def enum_of(column_type: TypeEngine[Any]) -> Enum[Any] | None:
    """Return the enum of a column's values, or of their elements."""
    match column_type:
        case Enum():
            return column_type
        case DdlOverride():
            return enum_of(column_type.inner)
        case ArrayOf():
            return enum_of(cast("ArrayOf[Any]", column_type).element)
        case CodecType():
            return enum_of(column_type.stored)
        case _:
            return None


def listed_values(column_type: TypeEngine[Any]) -> tuple[str, ...] | None:
    """Return the sorted values of an enum; None for other types."""
    enum = enum_of(column_type)
    return None if enum is None else tuple(sorted(enum.values))


def checked_values(table: Table, name: str, check: str) -> tuple[str, ...] | None:
    """Return the sorted values that a *check* lists for the column *name*, if that is an enum in *table*."""
    if not any(column.name == name and enum_of(column.type) is not None for column in table.columns):
        return None
    return tuple(sorted({value.replace("''", "'") for value in _LITERAL.findall(check)})) or None


def limits(check: str) -> tuple[str, ...]:
    """Return the numbers in the SQL of a *check*, in order."""
    return tuple(_NUMBER.findall(_QUOTED.sub("", _LITERAL.sub("", check))))


def expected_limits(column_type: TypeEngine[Any], dialect_name: str) -> tuple[str, ...] | None:
    """Return the numbers in the check of a type; None if it has no check."""
    if not isinstance(column_type, ColumnType) or enum_of(column_type) is not None:
        return None
    check = column_type.check('"x"', dialect_name)
    return None if check is None else limits(check)
