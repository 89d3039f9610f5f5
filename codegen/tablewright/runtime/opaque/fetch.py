"""`fetch`: the conditions of its arguments, and the rows in batches."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from typing import Any, TypeAlias, TypeVar, cast

from sqlalchemy import ColumnElement, Connection
from sqlalchemy.exc import ArgumentError

from tablewright.runtime.expressions.comparable import is_one_value
from tablewright.runtime.expressions.prefix import Prefix, is_text, starts_with
from tablewright.runtime.reads.membership import equals
from tablewright.runtime.reads.stream import RowStream
from tablewright.runtime.rows.mapper import RowMapper
from tablewright.runtime.transaction.gate import GatedSession

RowT = TypeVar("RowT")


def wanted(mapper: RowMapper[Any], equal: Mapping[str, object]) -> dict[str, object] | None:
    """Return *equal*, checked, with its collections as lists; None if no row can match.

    Raise `UnknownColumnError` for a name that is not a column.
    """
    checked: dict[str, object] = {}
    for name, value in equal.items():
        if name not in mapper.by_name:
            mapper.refuse(name)
        column = mapper.by_name[name]
        if isinstance(value, Prefix):
            if not is_text(column):
                raise ArgumentError(f"{mapper.table.name}.{name} is not text and cannot be compared with a Prefix.")
        elif isinstance(value, Iterable) and not (
            isinstance(value, str | bytes | bytearray | memoryview) or is_one_value(column)
        ):
            # Copied now: an iterator may be exhausted by the time of the first row.
            value = list(cast("Iterable[object]", value))
            if not value:
                return None
        checked[name] = value
    return checked


def batches(
    session: GatedSession, mapper: RowMapper[RowT], equal: Mapping[str, object], batch_size: int
) -> Iterator[list[RowT]]:
    """Yield the matching rows, *batch_size* at a time."""
    with session.gate as connection:
        statement = mapper.select.where(*conditions(mapper, equal, connection))
    with RowStream(session, mapper, statement, batch_size) as stream:
        while batch := stream.next_batch():
            yield batch


def conditions(
    mapper: RowMapper[Any], equal: Mapping[str, object], connection: Connection
) -> list[ColumnElement[bool]]:
    """Return the conditions for *equal*: a value, None for NULL, a list for any of its values, or a prefix."""
    return [
        starts_with(mapper.by_name[name], value)
        if isinstance(value, Prefix)
        else equals(mapper.by_name[name], value, connection)
        for name, value in equal.items()
    ]


T = TypeVar("T")


Matches: TypeAlias = T | Iterable[T]
"""A value, None for IS NULL, or any iterable of values for IN; for text also a `Prefix`.

For columns of JSON, arrays, ranges and codecs a list is one value, never several.
"""
