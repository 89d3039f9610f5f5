"""`Builders`: compiled functions that build a table's rows from the driver's tuples."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from typing import Any, Generic, NamedTuple, TypeVar, cast

from sqlalchemy import Column, Dialect
from sqlalchemy.types import TypeEngine

from tablewright.runtime.expressions.comparable import innermost
from tablewright.schema.types import ArrayOf, CodecType, ColumnType, Json
from tablewright.schema.types.inline import Inline

RowT = TypeVar("RowT")


class Builders(NamedTuple, Generic[RowT]):
    """What makes rows of a driver's values."""

    many: Callable[[Iterable[tuple[Any, ...]]], list[RowT]]
    one: Callable[..., RowT]
    """Takes the values one by one."""
    many_of_text: Callable[[Iterable[tuple[Any, ...]]], list[RowT]] | None = None
    """Takes JSON as text; None for tables that have none, or some that only the driver's own parsing reaches."""


def _no_rows(*_: object) -> Any:
    return []


NO_BUILDERS: Builders[Any] = Builders(_no_rows, _no_rows)
"""In place of those of a dialect that is not known yet."""


def _hides_json(column_type: TypeEngine[Any]) -> bool:
    while isinstance(column_type, ArrayOf | CodecType):
        outer = cast("ArrayOf[Any] | CodecType[Any]", column_type)
        column_type = innermost(outer.element if isinstance(outer, ArrayOf) else outer.stored)
        if isinstance(column_type, Json):
            return True
    return False


def compile_builders(
    table: str, row: Callable[..., RowT], columns: Sequence[Column[Any]], dialect: Dialect
) -> Builders[RowT]:
    """Compile the functions that build a *row* of *columns* from the tuples of *dialect*'s driver."""
    column_types = [innermost(column.type) for column in columns]
    targets = "".join(f"v{number}, " for number in range(len(columns)))
    namespace: dict[str, Any] = {"Row": row}
    decodings = [t.decoding(dialect) if isinstance(t, ColumnType) else None for t in column_types]
    built = _source(columns, namespace, decodings)
    many, one = _compiled(
        f"(lambda tuples: [{built} for ({targets}) in tuples], lambda {targets}: {built})", table, namespace
    )
    if not any(isinstance(t, Json) for t in column_types) or any(map(_hides_json, column_types)):
        return Builders(many, one)
    namespace = {"Row": row}
    decodings = [
        t.decoding_text() if isinstance(t, Json) else t.decoding(dialect) if isinstance(t, ColumnType) else None
        for t in column_types
    ]
    built = _source(columns, namespace, decodings)
    return Builders(many, one, _compiled(f"lambda tuples: [{built} for ({targets}) in tuples]", table, namespace))


def _source(columns: Sequence[Column[Any]], namespace: dict[str, Any], decodings: list[Inline | None]) -> str:
    arguments: list[str] = []
    for number, (column, decoding) in enumerate(zip(columns, decodings, strict=True)):
        value = f"v{number}"
        if decoding is not None:
            read = f"({decoding.source(value, namespace)})"
            value = f"None if {value} is None else {read}" if column.nullable else read
        arguments.append(value)
    return f"Row({', '.join(arguments)})"


def _compiled(source: str, table: str, namespace: dict[str, Any]) -> Any:
    # Plain names, as in a loop written by hand; nothing of the user's is in the text.
    return eval(compile(source, f"<rows of {table}>", "eval"), namespace)
