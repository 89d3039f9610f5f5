"""`DynamicTable`: the verbs of a table that is known at run time only."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any, cast

import msgspec
import sqlalchemy
from sqlalchemy import Column
from sqlalchemy.sql.base import ReadOnlyColumnCollection

from tablewright.runtime.row import Row
from tablewright.runtime.table import AllRows, Lock, Table, Where
from tablewright.runtime.transaction.gate import GatedSession
from tablewright.schema import names
from tablewright.schema.types.column_type import ColumnType

_KEPT = "tablewright.accessor"


class DynamicTable(Table[Any, Mapping[str, object]]):
    """The rows of a table that no code was generated for: `session.table(table)`.

    The verbs of generated tables, typed no further than that rows have the columns as attributes.
    """

    c: ReadOnlyColumnCollection[str, Column[Any]]

    def get(self, /, *key: object, lock: Lock | None = None) -> Any | None:
        """The row with this primary *key*, or None."""
        return self._get(key, lock)

    def get_one(self, /, *key: object, lock: Lock | None = None) -> Any:
        """The row with this primary *key*; `NotFoundError` if there is none."""
        return self._get_one(key, lock)

    def get_many(self, keys: Iterable[Any]) -> list[Any]:
        """The rows with these keys, in the order asked; those that are not there are left out."""
        return self._get_many(keys)

    def find(self, /, **equal: object) -> list[Any]:
        """The rows with these values: one, None for NULL, or a collection of them."""
        return self._find(equal)

    def insert(self, /, **values: object) -> Any:
        """Inserts a row; as stored."""
        return self._insert(values)

    def upsert(self, /, _conflict: str = "primary_key", **values: object) -> Any:
        """Inserts a row, or updates that with the same unique key; as stored."""
        return self._upsert(_conflict, values)

    def upsert_many(self, rows: Iterable[Mapping[str, object] | Any], /, conflict: str = "primary_key") -> int:
        """Inserts rows, or updates those with the same unique key; all or none; how many were given."""
        return self._upsert_many(rows, conflict)

    def update(self, /, *key: object, **values: object) -> Any | None:
        """Updates the row with this primary *key*; as stored, or None if there is none."""
        return self._update(key, values)

    def update_where(self, where: Where | AllRows, /, *_more: Where, **values: object) -> int:
        """Updates the rows that meet every condition; how many."""
        return self._update_where((where, *_more), values)

    def update_many(self, changes: Iterable[tuple[Any, Mapping[str, object]]], /) -> int:
        """Updates, for each pair of a key and values, the row with the key; all or none; how many rows were there."""
        return self._update_many(changes)

    def delete(self, /, *key: object) -> bool:
        """Deletes the row with this primary *key*; whether it was there."""
        return self._delete(key)

    def delete_many(self, keys: Iterable[Any]) -> int:
        """Deletes the rows with these keys; how many."""
        return self._delete_many(keys)


def accessor_of(table: sqlalchemy.Table) -> type[DynamicTable]:
    """The class of verbs for *table*."""
    # Kept by the table, with which it goes: temporary ones are many. A copy of the table may have its `info`.
    known: type[DynamicTable] | None = table.info.get(_KEPT)
    if known is None or known.table is not table:
        named = {"table": table, "row": row_of(table), "c": table.columns}
        known = table.info[_KEPT] = type(f"{_stem(table)}Table", (DynamicTable,), named)
    return known


def dynamic_table(session: GatedSession, table: sqlalchemy.Table) -> DynamicTable:
    """The verbs of *table* in *session*."""
    return accessor_of(table)(session)


def row_of(table: sqlalchemy.Table) -> type[Row]:
    """The class of *table*'s rows, as one would be generated for it."""
    fields = [
        (str(column.key), python | None if column.nullable else python)
        for column in table.columns
        for python in (_python(column.type),)
    ]
    return cast("type[Row]", msgspec.defstruct(f"{_stem(table)}Row", fields, bases=(Row,), frozen=True, gc=False))


def _stem(table: sqlalchemy.Table) -> str:
    return names.class_name(table.name)


def _python(column_type: object) -> Any:
    return column_type.python_type if isinstance(column_type, ColumnType) else Any
