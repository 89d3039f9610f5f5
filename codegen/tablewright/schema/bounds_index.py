"""`BoundsIndex`: SQLite's substitute for a `gist` index of ranges."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any

from sqlalchemy import Column, Index, Table
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import ExecutableDDLElement

from tablewright.schema import names
from tablewright.schema.emulation import Statement, emulate
from tablewright.schema.range_sql import high, low, range_type

METHODS = ("gist", "spgist")
"""The index methods that Postgres uses to find overlapping ranges."""


class BoundsIndex(ExecutableDDLElement):
    """An index over *columns* and the bounds of the range column *ranged*, for the rows that meet *where*."""

    def __init__(
        self, name: str, table: Table, columns: Sequence[Column[Any]], ranged: Column[Any], where: str | None
    ) -> None:
        self.name = name
        self.table = table
        self.columns = columns
        self.ranged = ranged
        self.where = where


@compiles(BoundsIndex, "sqlite")
def _create(index: BoundsIndex, compiler: Any, **_: object) -> str:
    quote = compiler.preparer.quote
    ranged = quote(index.ranged.name)
    # The upper bound first: queries are mostly for late ranges, and few others end after those begin.
    parts = [*(quote(column.name) for column in index.columns), high(ranged), low(ranged)]
    where = "" if index.where is None else f" WHERE {index.where}"
    return f"CREATE INDEX {quote(index.name)} ON {quote(index.table.name)} ({', '.join(parts)}){where}"


def index_bounds(index: Index, attributes: Sequence[str], where: str | None) -> None:
    """Let SQLite create, in addition to *index* of *attributes*, an index over the bounds of its ranges."""

    def make(name: str, table: Table) -> Iterable[Statement]:
        columns = [table.c[attribute] for attribute in attributes]
        ranged = next((column for column in columns if range_type(column) is not None), None)
        if ranged is not None:
            others = [column for column in columns if range_type(column) is None]
            yield "after_create", BoundsIndex(names.bounds_index_name(name), table, others, ranged, where)

    emulate(index, make)
