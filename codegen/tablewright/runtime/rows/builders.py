"""`Builders`: generated functions that build a table's rows from the driver's tuples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from functools import cached_property, partial
from typing import Any, Generic, TypeVar, cast

import sqlalchemy
from sqlalchemy import Dialect
from sqlalchemy.types import TypeEngine

from tablewright.runtime.expressions.comparable import innermost
from tablewright.runtime.rows.row_errors import add_stored_value
from tablewright.schema.types import ArrayOf, CodecType, ColumnType, Json
from tablewright.schema.types.compile_source import compile_source
from tablewright.schema.types.inline import Inline

RowT = TypeVar("RowT")

Decodings = Sequence[Inline | None]
"""How the value of each column is decoded, None where the driver's value is right as it is."""

BUILD_MANY = """\
def build_many(tuples):
    rows = []
    append = rows.append
    try:
        for ({variables}) in tuples:
            append({row})
    except Exception as error:
        add_stored_value(error, locals())
        raise
    return rows
"""
"""A loop as one would write it by hand. For a table with the columns `id` and `price` on SQLite:

    def build_many(tuples):
        rows = []
        append = rows.append
        try:
            for (v0, v1,) in tuples:
                append(Row(v0, None if v1 is None else (read_v1(v1))))
        except Exception as error:
            add_stored_value(error, locals())
            raise
        return rows
"""
BUILD_FIRST = """\
def build_first(cursor):
    try:
        for ({variables}) in cursor.fetchall():
            return {row}
    except Exception as error:
        add_stored_value(error, locals())
        raise
    return None
"""
"""The same for at most one row:

    def build_first(cursor):
        try:
            for (v0, v1,) in cursor.fetchall():
                return Row(v0, None if v1 is None else (read_v1(v1)))
        except Exception as error:
            add_stored_value(error, locals())
            raise
        return None
"""


class Builders(Generic[RowT]):
    """The functions that build a *row* of *table* from the tuples of *dialect*'s driver, each compiled at first use."""

    def __init__(self, table: sqlalchemy.Table, row: Callable[..., RowT], dialect: Dialect) -> None:
        self._table = table
        self._row = row
        self._types = [innermost(column.type) for column in table.columns]
        self._decodings = [decoding(each, dialect) for each in self._types]

    @cached_property
    def many(self) -> Callable[[Iterable[tuple[Any, ...]]], list[RowT]]:
        """Build any number of rows."""
        many: Callable[[Iterable[tuple[Any, ...]]], list[RowT]] = self._compile(BUILD_MANY, self._decodings)
        return many

    @cached_property
    def first(self) -> Callable[[Any], RowT | None]:
        """Build the first row of the driver's cursor, and read all of its rows."""
        first: Callable[[Any], RowT | None] = self._compile(BUILD_FIRST, self._decodings)
        return first

    @cached_property
    def many_from_text(self) -> Callable[[Iterable[tuple[Any, ...]]], list[RowT]] | None:
        """Build any number of rows from JSON as text.

        None for tables without JSON, or with JSON inside of values that the driver parses.
        """
        if not any(isinstance(each, Json) for each in self._types) or any(map(_contains_json, self._types)):
            return None
        of_text = [
            each.decoding_text() if isinstance(each, Json) else parsed
            for each, parsed in zip(self._types, self._decodings, strict=True)
        ]
        many: Callable[[Iterable[tuple[Any, ...]]], list[RowT]] = self._compile(BUILD_MANY, of_text)
        return many

    def _compile(self, template: str, decodings: Decodings) -> Any:
        table = self._table
        columns = tuple(table.columns)
        namespace: dict[str, Any] = {
            "Row": self._row,
            "add_stored_value": partial(_add_stored_value, table.name, [column.key for column in columns], decodings),
        }
        source = render_builder(template, [bool(column.nullable) for column in columns], decodings, namespace)
        return compile_source(source, f"rows of {table.name}", namespace)


def decoding(column_type: TypeEngine[Any], dialect: Dialect) -> Inline | None:
    """Return how *dialect*'s values of *column_type* are decoded."""
    return column_type.decoding(dialect) if isinstance(column_type, ColumnType) else None


def render_builder(template: str, nullable: Sequence[bool], decodings: Decodings, namespace: dict[str, Any]) -> str:
    """Fill *template* for columns that are *nullable* or not. Put the objects that it uses into *namespace*."""
    arguments: list[str] = []
    for number, (may_be_null, inline) in enumerate(zip(nullable, decodings, strict=True)):
        value = f"v{number}"
        if inline is not None:
            decoded = f"({inline.source(value, namespace)})"
            value = f"None if {value} is None else {decoded}" if may_be_null else decoded
        arguments.append(value)
    variables = " ".join(f"v{number}," for number in range(len(decodings)))
    return template.format(variables=variables, row=f"Row({', '.join(arguments)})")


def _add_stored_value(
    table: str, columns: Sequence[str], decodings: Decodings, error: Exception, variables: Mapping[str, object]
) -> None:
    """Name the column whose value in *variables* cannot be decoded in *error*, which building a row raised."""
    for number, (column, inline) in enumerate(zip(columns, decodings, strict=True)):
        value = variables.get(f"v{number}")
        if value is None or inline is None:
            continue
        try:
            inline.function()(value)
        except Exception:
            add_stored_value(error, table, column, value)
            return


def _contains_json(column_type: TypeEngine[Any]) -> bool:
    while isinstance(column_type, ArrayOf | CodecType):
        outer = cast("ArrayOf[Any] | CodecType[Any]", column_type)
        column_type = innermost(outer.element if isinstance(outer, ArrayOf) else outer.stored)
        if isinstance(column_type, Json):
            return True
    return False
