"""`OpaqueTableStorage`: the rows of an opaque table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, ClassVar, Generic, Protocol, TypeVar, cast

import sqlalchemy

from tablewright.runtime.expressions.conditions import ALL_ROWS
from tablewright.runtime.opaque import fetch
from tablewright.runtime.opaque.transaction import Place, within
from tablewright.runtime.reads import queries
from tablewright.runtime.rows.mapper import RowMapper
from tablewright.runtime.session import Session
from tablewright.runtime.writes import upsert
from tablewright.runtime.writes.delete import delete_values, delete_where, matching_values
from tablewright.runtime.writes.insert import insert_many

RowT = TypeVar("RowT")
InsertT = TypeVar("InsertT")

BATCH = 1000
"""Rows of a batch that nobody said the size of."""


class HasPlace(Protocol):
    """A manager of opaque tables."""

    @property
    def database(self) -> Place[Any]: ...


class OpaqueTableStorage(ABC, Generic[RowT, InsertT]):
    """Access to the rows of an opaque table, in the database that *manager_or_db* says.

    Each call is a transaction of its own, or with *session* a part of that one's. Errors of the database are
    SQLAlchemy's, such as that of a table that another process has dropped since.
    """

    table: ClassVar[sqlalchemy.Table]
    row: ClassVar[type[Any]]

    def __init__(self, manager_or_db: HasPlace | Place[Any]) -> None:
        place = getattr(manager_or_db, "database", manager_or_db)
        self._place = cast("Place[Any]", place)

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._place!r}>"

    @property
    def name(self) -> str:
        """The name under which the table is registered."""
        return self.table.name

    def insert(self, *rows: InsertT | RowT, session: Session | None = None) -> int:
        """Inserts all rows or none; how many."""
        if not rows:
            return 0
        with within(self._place, session) as own:
            return insert_many(own, self._mapper(), rows)

    def ensure(self, *rows: InsertT | RowT, session: Session | None = None) -> int:
        """Inserts the rows that conflict with none there; how many."""
        if not rows:
            return 0
        with within(self._place, session) as own:
            return upsert.ensure(own, self._mapper(), rows)

    def replace(self, *rows: InsertT | RowT, session: Session | None = None) -> int:
        """Inserts rows or overwrites the whole row with their primary key; columns left out get their default."""
        if not rows:
            return 0
        with within(self._place, session) as own:
            return upsert.replace(own, self._mapper(), rows)

    def delete_all(self, *, session: Session | None = None) -> int:
        """Deletes all rows; how many."""
        with within(self._place, session) as own:
            return delete_where(own, self._mapper(), (ALL_ROWS,))

    def count(self, *, session: Session | None = None) -> int:
        """How many rows there are."""
        with within(self._place, session, read_only=True) as own:
            return queries.count(own, self._mapper(), ())

    # Generated classes give these their types.

    @abstractmethod
    def fetch(self, *args: Any, **kwargs: Any) -> Iterator[RowT]:
        """The rows with these values: one, None for NULL, any iterable for one of them, or a `Prefix`."""

    @abstractmethod
    def fetch_batches(self, *args: Any, **kwargs: Any) -> Iterator[list[RowT]]:
        """The same, *batch_size* rows at a time."""

    @abstractmethod
    def delete(self, *args: Any, **kwargs: Any) -> int:
        """Deletes the rows whose columns have the values that one of those given says; how many."""

    def _fetch(self, equal: Mapping[str, object], session: Session | None = None) -> Iterator[RowT]:
        """The rows that are *equal*, one by one, in constant memory.

        The database is asked when the first is; until the last one, or until the iterator is dropped, a
        transaction that reads only stays open.
        """
        return chain.from_iterable(self._fetch_batches(equal, session))

    def _fetch_batches(
        self, equal: Mapping[str, object], session: Session | None = None, batch_size: int = BATCH
    ) -> Iterator[list[RowT]]:
        """The same, *batch_size* rows at a time."""
        if batch_size < 1:
            raise ValueError(f"A batch has at least one row, not {batch_size}.")
        wanted = fetch.wanted(self._mapper(), equal)
        return iter(()) if wanted is None else self._batches(wanted, session, batch_size)

    def _batches(self, wanted: Mapping[str, object], session: Session | None, batch_size: int) -> Iterator[list[RowT]]:
        with within(self._place, session, read_only=True) as own:
            yield from fetch.batches(own, self._mapper(), wanted, batch_size)

    def _delete(
        self, columns: Sequence[str], rows: Sequence[Mapping[str, object] | RowT], session: Session | None = None
    ) -> int:
        """Deletes the rows whose *columns* have the values that one of *rows* says, None being NULL; how many."""
        values = matching_values(self._mapper(), columns, rows)
        if not values:
            return 0
        with within(self._place, session) as own:
            return delete_values(own, self._mapper(), columns, values)

    @classmethod
    def _mapper(cls) -> RowMapper[RowT]:
        mapper: RowMapper[RowT] | None = vars(cls).get("_kept_shape")
        if mapper is None:
            # Two threads may both make one; either serves.
            mapper = RowMapper(cls.table, cls.row)
            type.__setattr__(cls, "_kept_shape", mapper)
        return mapper


class DynamicOpaqueTableStorage(OpaqueTableStorage[Any, Mapping[str, object]]):
    """The storage of a table that no code was generated for, typed no further than that rows have its columns."""

    def fetch(self, /, *, session: Session | None = None, **where: object) -> Iterator[Any]:
        """The rows with these values: one, None for NULL, any iterable for one of them, or a `Prefix`."""
        return self._fetch(where, session)

    def fetch_batches(
        self, /, *, session: Session | None = None, batch_size: int = BATCH, **where: object
    ) -> Iterator[list[Any]]:
        """The same, *batch_size* rows at a time."""
        return self._fetch_batches(where, session, batch_size)

    def delete(self, columns: Sequence[str], *rows: Mapping[str, object] | Any, session: Session | None = None) -> int:
        """Deletes the rows whose *columns* have the values that one of *rows* says, None being NULL; how many."""
        return self._delete(columns, rows, session)
