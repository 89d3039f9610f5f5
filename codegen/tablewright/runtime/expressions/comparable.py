"""How values of a column compare: one value or several, and equality in Python and in the database."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy
from sqlalchemy import Column
from sqlalchemy.types import TypeEngine

from tablewright.schema.types import ArrayOf, CodecType, ColumnType, Json, RangeOf
from tablewright.schema.types.column_type import DdlOverride


def is_one_value(column: Column[Any]) -> bool:
    """Return True if a list is one value of *column* (JSON, arrays, ranges, codecs), not several."""
    return isinstance(innermost(column.type), Json | ArrayOf | RangeOf | CodecType | sqlalchemy.JSON | sqlalchemy.ARRAY)


def compares_as_python(columns: Iterable[Column[Any]]) -> bool:
    """Return True if the types of *columns* compare values in the database as Python does."""
    return all(
        isinstance(column.type, ColumnType) and not isinstance(column.type, DdlOverride) and not is_one_value(column)
        for column in columns
    )


def innermost(column_type: TypeEngine[Any]) -> TypeEngine[Any]:
    """Return the type inside of types that only change the DDL."""
    while isinstance(column_type, DdlOverride):
        column_type = column_type.inner
    return column_type
