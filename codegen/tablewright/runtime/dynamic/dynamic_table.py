"""`DynamicTable`: the verbs of a table without generated code."""

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
    """The rows of a table without generated code: `session.table(table)`.

    The verbs are those of generated tables. Rows have the columns as attributes, without static types.
    """

    c: ReadOnlyColumnCollection[str, Column[Any]]

    def get(self, /, *key: object, lock: Lock | None = None) -> Any | None:
        """Return the row with this primary *key*, or None."""
        return self._get(key, lock)

    def get_one(self, /, *key: object, lock: Lock | None = None) -> Any:
        """Return the row with this primary *key*. Raise `NotFoundError` if there is none."""
        return self._get_one(key, lock)

    def get_many(self, keys: Iterable[Any]) -> list[Any]:
        """Return the rows with these keys, in the order of *keys*; missing ones are left out."""
        return self._get_many(keys)

    def find(self, /, **equal: object) -> list[Any]:
        """Return the rows whose columns equal these values.

        None matches NULL; a collection matches any of its values.
        """
        return self._find(equal)

    def insert(self, /, **values: object) -> Any:
        """Insert a row. Return it as stored."""
        return self._insert(values)

    def upsert(self, /, _conflict: str = "primary_key", **values: object) -> Any:
        """Insert a row, or update the one with the same unique key. Return it as stored."""
        return self._upsert(_conflict, values)

    def upsert_many(self, rows: Iterable[Mapping[str, object] | Any], /, conflict: str = "primary_key") -> int:
        """Insert rows, or update those with the same unique key: all or none. Return the number of rows given."""
        return self._upsert_many(rows, conflict)

    def update(self, /, *key: object, **values: object) -> Any | None:
        """Update the row with this primary *key*. Return it as stored, or None if there is none."""
        return self._update(key, values)

    def update_where(self, where: Where | AllRows, /, *_more: Where, **values: object) -> int:
        """Update the rows that meet every condition. Return the number updated."""
        return self._update_where((where, *_more), values)

    def update_many(self, changes: Iterable[tuple[Any, Mapping[str, object]]], /) -> int:
        """Update rows by pairs of a key and new values: all or none. Return the number of rows updated."""
        return self._update_many(changes)

    def delete(self, /, *key: object) -> bool:
        """Delete the row with this primary *key*. Return True if it existed."""
        return self._delete(key)

    def delete_many(self, keys: Iterable[Any]) -> int:
        """Delete the rows with these keys. Return the number deleted."""
        return self._delete_many(keys)


def accessor_of(table: sqlalchemy.Table) -> type[DynamicTable]:
    """Return the accessor class of *table*."""
    # Stored on the table, so that both are freed together: there are many temporary tables. A copy of the table may
    # share its `info`.
    cached: type[DynamicTable] | None = table.info.get(_KEPT)
    if cached is None or cached.table is not table:
        named = {"table": table, "row": row_of(table), "c": table.columns}
        cached = table.info[_KEPT] = type(f"{_stem(table)}Table", (DynamicTable,), named)
    return cached


def dynamic_table(session: GatedSession, table: sqlalchemy.Table) -> DynamicTable:
    """Return the accessor of *table* in *session*."""
    return accessor_of(table)(session)


def row_of(table: sqlalchemy.Table) -> type[Row]:
    """Return the class of *table*'s rows, the same as would be generated."""
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
