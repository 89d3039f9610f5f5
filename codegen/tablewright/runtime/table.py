"""The verbs of `session.<table>`: reading and writing typed rows."""

from __future__ import annotations

from collections.abc import Collection, Iterable, Mapping, Sequence
from typing import Any, ClassVar, Generic, Literal, TypeAlias, TypeVar
from weakref import WeakKeyDictionary

import sqlalchemy
from sqlalchemy.sql.expression import SQLColumnExpression

from tablewright.runtime.expressions.conditions import (
    ALL_ROWS as ALL_ROWS,
    AllRows as AllRows,
    Lock as Lock,
    Order as Order,
    Where as Where,
)
from tablewright.runtime.reads import queries
from tablewright.runtime.reads.page import Page as Page, page
from tablewright.runtime.reads.stream import RowStream as RowStream
from tablewright.runtime.rows.mapper import RowMapper
from tablewright.runtime.rows.statement import RowStatement
from tablewright.runtime.rows.typed_dict import TypedDict as TypedDict
from tablewright.runtime.transaction.gate import GatedSession
from tablewright.runtime.writes import upsert
from tablewright.runtime.writes.delete import delete_many, delete_matching, delete_row, delete_where
from tablewright.runtime.writes.insert import insert_many, insert_many_returning, insert_row
from tablewright.runtime.writes.insert_from import insert_from
from tablewright.runtime.writes.sync import SyncResult as SyncResult, sync
from tablewright.runtime.writes.truncate import truncate
from tablewright.runtime.writes.update import update_many, update_row, update_where

T = TypeVar("T")
RowT = TypeVar("RowT")
InsertT = TypeVar("InsertT")
KeyT = TypeVar("KeyT")

Value: TypeAlias = T | SQLColumnExpression[T]
"""The new value of a column in an update: a value, or an SQL expression (`Book.stock - 1`)."""
Equal: TypeAlias = T | Collection[T]
"""The value that `find` compares a column with: a value, None for IS NULL, or a collection for IN.

For columns of JSON, arrays, ranges and codecs a list is one value, never several.
"""


class Table(Generic[RowT, InsertT]):
    """A table of a session: its rows, read and written at the speed of the driver.

    Every verb first flushes the session's pending entities. Errors of the database are SQLAlchemy's.
    """

    table: ClassVar[sqlalchemy.Table]
    row: ClassVar[type[Any]]

    def __init__(self, session: GatedSession) -> None:
        self._session = session
        self._mapper: RowMapper[RowT] = _mapper(type(self))
        # Stored here for reads by key, where a lookup in the session takes as long as the database itself.
        self._gate = session.gate
        self._lookup: RowStatement[RowT] | None = queries.lookup(self._mapper) if self._mapper.key else None

    def select(
        self,
        *where: Where,
        order_by: Order | Sequence[Order] = (),
        limit: int | None = None,
        offset: int | None = None,
        lock: Lock | None = None,
    ) -> list[RowT]:
        """Return the rows that meet every condition."""
        return queries.select_rows(self._session, self._mapper, where, order_by, limit=limit, offset=offset, lock=lock)

    def first(self, *where: Where, order_by: Order | Sequence[Order] = (), lock: Lock | None = None) -> RowT | None:
        """Return the first row that meets every condition, or None."""
        rows = queries.select_rows(self._session, self._mapper, where, order_by, limit=1, lock=lock)
        return rows[0] if rows else None

    def one(self, *where: Where, lock: Lock | None = None) -> RowT:
        """Return the only row that meets every condition.

        Raise `NotFoundError` for none, `MultipleResultsFound` for several.
        """
        return queries.one(self._session, self._mapper, where, lock)

    def stream(self, *where: Where, order_by: Order | Sequence[Order] = (), batch_size: int = 1000) -> RowStream[RowT]:
        """Return an iterator over the rows, in constant memory.

        It raises `ResourceClosedError` once its transaction has ended.
        """
        statement = queries.selection(self._mapper, where, order_by)
        return RowStream(self._session, self._mapper, statement, batch_size)

    def page(
        self,
        *where: Where,
        order_by: Order | Sequence[Order] = (),
        after: str | None = None,
        before: str | None = None,
        limit: int = 50,
    ) -> Page[RowT]:
        """Return a page of rows by keyset: the primary key is appended to the order, NULLs come last.

        Raise `CursorError` for a cursor of another table or order.
        """
        return page(self._session, self._mapper, where, order_by, after=after, before=before, limit=limit)

    def count(self, *where: Where) -> int:
        """Return the number of rows that meet every condition."""
        return queries.count(self._session, self._mapper, where)

    def exists(self, *where: Where) -> bool:
        """Return True if any row meets every condition."""
        return queries.exists(self._session, self._mapper, where)

    def insert_many(self, rows: Iterable[InsertT | RowT]) -> int:
        """Insert all rows or none, in constant memory. Return the number inserted."""
        return insert_many(self._session, self._mapper, rows)

    def insert_many_returning(self, rows: Iterable[InsertT | RowT]) -> list[RowT]:
        """Insert all rows or none. Return them as stored, in the order given."""
        return insert_many_returning(self._session, self._mapper, rows)

    def insert_from(self, rows: sqlalchemy.SelectBase, /, names: Sequence[str] | None = None) -> int:
        """Insert the rows of a select, all or none, without fetching them. Return the number inserted.

        The labels of the select name the columns, or *names* does, in order. An unknown column, or a missing value of a
        column that requires one, is an error before anything is sent.
        """
        return insert_from(self._session, self._mapper, rows, names)

    def _upsert_many(self, rows: Iterable[InsertT | RowT], conflict: str) -> int:
        """Insert rows, or update those whose key *conflict* exists: all or none. Return the number of rows given."""
        return upsert.upsert_many(self._session, self._mapper, rows, conflict)

    def ensure(self, rows: Iterable[InsertT | RowT], *, conflict: Literal["primary_key"] | None = None) -> int:
        """Insert rows that do not conflict with existing rows. Return the number inserted.

        With *conflict* only rows with an existing primary key are left out. An existing value of another unique key is
        then an IntegrityError, and nothing is inserted.
        """
        return upsert.ensure(self._session, self._mapper, rows, conflict)

    def replace(self, rows: Iterable[InsertT | RowT]) -> int:
        """Insert rows, or overwrite the whole row with the same primary key. Return the number of rows given.

        A column that a row leaves out gets its default, or NULL. Of two rows with one key the later wins.
        """
        return upsert.replace(self._session, self._mapper, rows)

    def sync(
        self,
        values: InsertT,
        *,
        keys: Collection[str],
        compare: Collection[str] | None = None,
        update: bool = False,
    ) -> SyncResult[RowT]:
        """Insert the row of *values* if no row has the same *keys*; otherwise compare the existing row.

        With *update* correct the existing row if it differs; without, raise `SyncConflictError`. Only the columns
        *compare* are compared, by default all of *values* that are not *keys*. None among the keys matches NULL.
        Raise `MultipleResultsFound` if *keys* match several rows.
        """
        return sync(self._session, self._mapper, self._mapper.values_of(values), keys, compare, correct=update)

    def delete_matching(self, columns: Sequence[str], rows: Iterable[Mapping[str, object]]) -> int:
        """Delete the rows whose *columns* equal those of one of *rows*. None matches NULL. Return the number deleted.

        Each of *rows* has exactly these *columns*. No rows delete nothing.
        """
        return delete_matching(self._session, self._mapper, columns, rows)

    def delete_where(self, where: Where | AllRows, /, *more: Where) -> int:
        """Delete the rows that meet every condition. Return the number deleted."""
        return delete_where(self._session, self._mapper, (where, *more))

    def truncate(self, *, cascade: bool = False) -> None:
        """Delete all rows; with *cascade* also those of tables that reference this one."""
        truncate(self._session, self._mapper, cascade=cascade)

    # Generated classes add the types of these.

    def _find(self, equal: Mapping[str, object]) -> list[RowT]:
        return queries.find(self._session, self._mapper, equal)

    def _insert(self, values: Mapping[str, object]) -> RowT:
        return insert_row(self._session, self._mapper, values)

    def _upsert(self, conflict: str, values: Mapping[str, object]) -> RowT:
        return upsert.upsert_row(self._session, self._mapper, conflict, values)

    def _update_where(self, where: tuple[Where | AllRows, ...], values: Mapping[str, object]) -> int:
        return update_where(self._session, self._mapper, where, values)

    def _get(self, key: tuple[object, ...], lock: Lock | None = None) -> RowT | None:
        statement = self._lookup if lock is None else None
        return self._gate.call((statement or queries.lookup(self._mapper, lock=lock)).run, key)

    def _get_one(self, key: tuple[object, ...], lock: Lock | None = None) -> RowT:
        row = self._get(key, lock)
        if row is None:
            raise queries.not_found(self._mapper, key)
        return row

    def _get_many(self, keys: Iterable[Any]) -> list[RowT]:
        return queries.get_many(self._session, self._mapper, keys)

    def _get_by(self, unique: str, values: tuple[object, ...], lock: Lock | None = None) -> RowT | None:
        return self._gate.call(queries.lookup(self._mapper, unique, lock).run, values)

    def _update(self, key: tuple[object, ...], values: Mapping[str, object]) -> RowT | None:
        return update_row(self._session, self._mapper, key, values)

    def _update_many(self, changes: Iterable[tuple[Any, Mapping[str, object]]]) -> int:
        return update_many(self._session, self._mapper, changes)

    def _delete(self, key: tuple[object, ...]) -> bool:
        return delete_row(self._session, self._mapper, key)

    def _delete_many(self, keys: Iterable[Any]) -> int:
        return delete_many(self._session, self._mapper, keys)


# Weak, because classes of temporary tables are freed.
_mappers: WeakKeyDictionary[type, RowMapper[Any]] = WeakKeyDictionary()


def _mapper(accessor: type[Table[Any, Any]]) -> RowMapper[Any]:
    mapper = _mappers.get(accessor)
    if mapper is None:
        # Two threads may both create one; either works.
        mapper = _mappers[accessor] = RowMapper(accessor.table, accessor.row)
    return mapper


class CompositeTable(Table[RowT, InsertT], Generic[RowT, InsertT, KeyT]):
    """A table whose primary key has several columns; *KeyT* is their NamedTuple."""

    def get_many(self, keys: Iterable[KeyT]) -> list[RowT]:
        """Return the rows with these keys, in the order of *keys*; missing ones are left out."""
        return self._get_many(keys)

    def delete_many(self, keys: Iterable[KeyT]) -> int:
        """Delete the rows with these keys. Return the number deleted."""
        return self._delete_many(keys)


class KeyedTable(Table[RowT, InsertT], Generic[RowT, InsertT, KeyT]):
    """A table whose primary key is one column."""

    def get(self, key: KeyT, /, *, lock: Lock | None = None) -> RowT | None:
        """Return the row with this *key*, or None."""
        statement = self._lookup
        if lock is not None or statement is None:
            return self._get((key,), lock)
        return self._gate.call(statement.run, (key,))

    def get_one(self, key: KeyT, /, *, lock: Lock | None = None) -> RowT:
        """Return the row with this *key*. Raise `NotFoundError` if there is none."""
        return self._get_one((key,), lock)

    def get_many(self, keys: Iterable[KeyT]) -> list[RowT]:
        """Return the rows with these keys, in the order of *keys*; missing ones are left out."""
        return self._get_many(keys)

    def delete(self, key: KeyT, /) -> bool:
        """Delete the row with this *key*. Return True if it existed."""
        return self._delete((key,))

    def delete_many(self, keys: Iterable[KeyT]) -> int:
        """Delete the rows with these keys. Return the number deleted."""
        return self._delete_many(keys)
