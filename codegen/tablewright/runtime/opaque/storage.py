"""`OpaqueTableStorage`: the rows of one opaque table."""

from __future__ import annotations

from collections.abc import Generator, Iterator, Mapping, Sequence
from contextlib import contextmanager
from typing import Any, ClassVar, Generic, TypeVar

import sqlalchemy
from sqlalchemy import and_, or_

from tablewright.runtime import bulk, members, reads, upsert, writes
from tablewright.runtime.opaque.prefix import Prefix
from tablewright.runtime.session import Session
from tablewright.runtime.shape import Shape

RowT = TypeVar("RowT")
InsertT = TypeVar("InsertT")


class OpaqueTableStorage(Generic[RowT, InsertT]):
    """The rows of an opaque table, each call in a transaction of its own unless it is given a *session*."""

    table: ClassVar[sqlalchemy.Table]
    row: ClassVar[type[Any]]

    def __init__(self, manager: Any) -> None:
        self._database = manager.database
        self._shape: Shape[RowT] = Shape(self.table, self.row)

    @property
    def name(self) -> str:
        """The name of the table."""
        return self.table.name

    def insert(self, *rows: InsertT | RowT, session: Session | None = None) -> int:
        """Inserts all rows or none; how many."""
        with self._joined(session) as joined:
            return bulk.insert_many(joined, self._shape, rows)

    def ensure(self, *rows: InsertT | RowT, session: Session | None = None) -> int:
        """Inserts the rows that conflict with none there; how many."""
        with self._joined(session) as joined:
            return upsert.ensure(joined, self._shape, rows)

    def replace(self, *rows: InsertT | RowT, session: Session | None = None) -> int:
        """Inserts rows or overwrites the whole row with their primary key."""
        with self._joined(session) as joined:
            return upsert.replace(joined, self._shape, rows)

    # Generated classes give these their types; to a checker they take anything.

    def fetch(self, *args: Any, **kwargs: Any) -> Iterator[RowT]:
        """The rows with these values: one, None for NULL, any iterable for one of them, or a `Prefix`."""
        raise NotImplementedError

    def fetch_batches(self, *args: Any, **kwargs: Any) -> Iterator[list[RowT]]:
        """The same, in batches."""
        raise NotImplementedError

    def delete(self, *args: Any, **kwargs: Any) -> int:
        """Deletes the rows whose columns have the values that one of the rows given says; how many."""
        raise NotImplementedError

    def _fetch(self, equal: Mapping[str, object], session: Session | None) -> Iterator[RowT]:
        for name in equal:
            if name not in self._shape.by_name:
                self._shape.refuse(name)
        with self._joined(session) as joined:
            wanted = {name: [value] if isinstance(value, Prefix) else value for name, value in equal.items()}
            columns = self._shape.by_name
            with joined.gate as connection:
                where = [
                    columns[name].startswith(value.text, autoescape=True)
                    if isinstance(value, Prefix)
                    else members.equals(columns[name], wanted[name], connection)
                    for name, value in equal.items()
                ]
            return iter(reads.selected(joined, self._shape, where))

    def _fetch_batches(
        self, equal: Mapping[str, object], session: Session | None, batch_size: int
    ) -> Iterator[list[RowT]]:
        rows = list(self._fetch(equal, session))
        return iter([rows[start : start + batch_size] for start in range(0, len(rows), batch_size)])

    def _delete(
        self, columns: Sequence[str], rows: Sequence[Mapping[str, object] | RowT], session: Session | None
    ) -> int:
        named = self._shape.by_name
        said = [self._shape.values_of(row) for row in rows]
        where = or_(False, *(and_(*(named[name] == row[name] for name in columns)) for row in said))
        with self._joined(session) as joined:
            return writes.delete_where(joined, self._shape, (where,))

    @contextmanager
    def _joined(self, session: Session | None) -> Generator[Session]:
        if session is not None:
            yield session
        else:
            with self._database.session() as own:
                yield own


class DynamicOpaqueTableStorage(OpaqueTableStorage[Any, Mapping[str, object]]):
    """The rows of an opaque table that no code was generated for."""

    def fetch(self, /, *, session: Session | None = None, **where: object) -> Iterator[Any]:
        """The rows with these values."""
        return self._fetch(where, session)

    def fetch_batches(
        self, /, *, session: Session | None = None, batch_size: int = 1000, **where: object
    ) -> Iterator[list[Any]]:
        """The same in batches."""
        return self._fetch_batches(where, session, batch_size)

    def delete(self, columns: Sequence[str], *rows: Mapping[str, object], session: Session | None = None) -> int:
        """Deletes the rows whose *columns* are as in one of *rows*; how many."""
        return self._delete(columns, rows, session)
