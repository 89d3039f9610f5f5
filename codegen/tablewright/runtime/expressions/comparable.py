"""How values of a column compare: one value or several, and equal in Python as in the database or not."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

import sqlalchemy
from sqlalchemy import Column
from sqlalchemy.types import TypeEngine

from tablewright.schema.types import ArrayOf, CodecType, ColumnType, Json, RangeOf
from tablewright.schema.types.column_type import DdlOverride


def is_one_value(column: Column[Any]) -> bool:
    """Whether a list is a value of *column* (JSON, arrays, ranges, codecs) rather than several of them."""
    return isinstance(innermost(column.type), Json | ArrayOf | RangeOf | CodecType | sqlalchemy.JSON | sqlalchemy.ARRAY)


def compares_as_python(columns: Iterable[Column[Any]]) -> bool:
    """Whether values of *columns* are equal in the database when they are in Python, as far as the spec can say."""
    return all(
        isinstance(column.type, ColumnType) and not isinstance(column.type, DdlOverride) and not is_one_value(column)
        for column in columns
    )


def innermost(column_type: TypeEngine[Any]) -> TypeEngine[Any]:
    while isinstance(column_type, DdlOverride):
        column_type = column_type.inner
    return column_type
