"""`OpaqueTableStorage`: the rows of an opaque table."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Iterator, Mapping, Sequence
from itertools import chain
from typing import Any, ClassVar, Generic, TypeVar

import sqlalchemy

from tablewright.runtime.engine.connections import Connections
from tablewright.runtime.expressions.conditions import ALL_ROWS
from tablewright.runtime.opaque import fetch
from tablewright.runtime.opaque.transaction import session_for
from tablewright.runtime.reads import queries
from tablewright.runtime.rows.mapper import RowMapper
from tablewright.runtime.session import Session
from tablewright.runtime.writes import upsert
from tablewright.runtime.writes.delete import delete_values, delete_where, matching_values
from tablewright.runtime.writes.insert import insert_many

RowT = TypeVar("RowT")
InsertT = TypeVar("InsertT")

BATCH = 1000
"""The default number of rows in a batch."""


class OpaqueTableStorage(ABC, Generic[RowT, InsertT]):
    """The rows of an opaque table in *database*.

    Each call is a transaction of its own, or with *session* part of that session's. Errors of the database are
    SQLAlchemy's, for example if another process has dropped the table.
    """

    table: ClassVar[sqlalchemy.Table]
    row: ClassVar[type[Any]]

    def __init__(self, database: Connections) -> None:
        self._database = database

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self._database!r}>"

    @property
    def name(self) -> str:
        """The name under which the table is registered."""
        return self.table.name

    def insert(self, *rows: InsertT | RowT, session: Session | None = None) -> int:
        """Insert all rows or none. Return the number inserted."""
        if not rows:
            return 0
        with session_for(self._database, session) as opened:
            return insert_many(opened, self._mapper(), rows)

    def ensure(self, *rows: InsertT | RowT, session: Session | None = None) -> int:
        """Insert rows that do not conflict with existing rows. Return the number inserted."""
        if not rows:
            return 0
        with session_for(self._database, session) as opened:
            return upsert.ensure(opened, self._mapper(), rows)

    def replace(self, *rows: InsertT | RowT, session: Session | None = None) -> int:
        """Insert rows, or overwrite the whole row with the same primary key; columns left out get their default.

        Return the number of rows given.
        """
        if not rows:
            return 0
        with session_for(self._database, session) as opened:
            return upsert.replace(opened, self._mapper(), rows)

    def delete_all(self, *, session: Session | None = None) -> int:
        """Delete all rows. Return the number deleted."""
        with session_for(self._database, session) as opened:
            return delete_where(opened, self._mapper(), (ALL_ROWS,))

    def count(self, *, session: Session | None = None) -> int:
        """Return the number of rows."""
        with session_for(self._database, session, read_only=True) as opened:
            return queries.count(opened, self._mapper(), ())

    # Generated classes add the types of these.

    @abstractmethod
    def fetch(self, *args: Any, **kwargs: Any) -> Iterator[RowT]:
        """Return an iterator over the matching rows. None matches NULL; an iterable matches any of its values."""

    @abstractmethod
    def fetch_batches(self, *args: Any, **kwargs: Any) -> Iterator[list[RowT]]:
        """Return an iterator over the matching rows, *batch_size* at a time."""

    @abstractmethod
    def delete(self, *args: Any, **kwargs: Any) -> int:
        """Delete the rows whose columns equal those of one of the rows given. Return the number deleted."""

    def _fetch(self, equal: Mapping[str, object], session: Session | None = None) -> Iterator[RowT]:
        """Return an iterator over the rows that match *equal*, in constant memory.

        The query runs when the first row is read. Its read-only transaction stays open until the last row, or until the
        iterator is dropped.
        """
        return chain.from_iterable(self._fetch_batches(equal, session))

    def _fetch_batches(
        self, equal: Mapping[str, object], session: Session | None = None, batch_size: int = BATCH
    ) -> Iterator[list[RowT]]:
        """Return an iterator over the matching rows, *batch_size* at a time."""
        if batch_size < 1:
            raise ValueError(f"A batch has at least one row, not {batch_size}.")
        values = fetch.wanted(self._mapper(), equal)
        return iter(()) if values is None else self._batches(values, session, batch_size)

    def _batches(self, values: Mapping[str, object], session: Session | None, batch_size: int) -> Iterator[list[RowT]]:
        with session_for(self._database, session, read_only=True) as opened:
            yield from fetch.batches(opened, self._mapper(), values, batch_size)

    def _delete(
        self, columns: Sequence[str], rows: Sequence[Mapping[str, object] | RowT], session: Session | None = None
    ) -> int:
        """Delete the rows whose *columns* equal those of one of *rows*; None matches NULL.

        Return the number deleted.
        """
        values = matching_values(self._mapper(), columns, rows)
        if not values:
            return 0
        with session_for(self._database, session) as opened:
            return delete_values(opened, self._mapper(), columns, values)

    @classmethod
    def _mapper(cls) -> RowMapper[RowT]:
        mapper: RowMapper[RowT] | None = vars(cls).get("_row_mapper")
        if mapper is None:
            # Two threads may both create one; either works.
            mapper = RowMapper(cls.table, cls.row)
            type.__setattr__(cls, "_row_mapper", mapper)
        return mapper


class DynamicOpaqueTableStorage(OpaqueTableStorage[Any, Mapping[str, object]]):
    """The storage of a table without generated code. Rows have the columns as attributes, without static types."""

    def fetch(self, /, *, session: Session | None = None, **where: object) -> Iterator[Any]:
        """Return an iterator over the rows with these values.

        Each is a value, None for NULL, an iterable for any of its values, or a `Prefix`.
        """
        return self._fetch(where, session)

    def fetch_batches(
        self, /, *, session: Session | None = None, batch_size: int = BATCH, **where: object
    ) -> Iterator[list[Any]]:
        """Return an iterator over the matching rows, *batch_size* at a time."""
        return self._fetch_batches(where, session, batch_size)

    def delete(self, columns: Sequence[str], *rows: Mapping[str, object] | Any, session: Session | None = None) -> int:
        """Delete the rows whose *columns* equal those of one of *rows*; None matches NULL.

        Return the number deleted.
        """
        return self._delete(columns, rows, session)
