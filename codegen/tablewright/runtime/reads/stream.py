"""`RowStream`: rows one by one, in constant memory, until their transaction ends."""

from __future__ import annotations

from collections import deque
from collections.abc import Iterator
from types import TracebackType
from typing import Any, Generic, TypeVar

from sqlalchemy import CursorResult, Select, Table, event
from sqlalchemy.exc import ResourceClosedError
from sqlalchemy.orm import SessionTransaction
from sqlalchemy.sql import visitors

from tablewright.runtime.engine.registry import driver_of
from tablewright.runtime.rows import driver
from tablewright.runtime.rows.driver_errors import fail_reading
from tablewright.runtime.rows.mapper import RowMapper
from tablewright.runtime.transaction.gate import GatedSession

RowT = TypeVar("RowT")

OPEN = "tablewright_streams"
"""The key of `session.info` with the unfinished streams."""


class RowStream(Iterator[RowT], Generic[RowT]):
    """An iterator over rows, read in batches.

    It ends with its transaction. After a commit, a rollback, also of a savepoint, or the end of the session, reading on
    raises `ResourceClosedError`. To stop early, call `close()` or use a `with` block.
    """

    def __init__(self, session: GatedSession, mapper: RowMapper[RowT], statement: Select[Any], batch_size: int) -> None:
        if batch_size < 1:
            raise ValueError(f"batch_size= must be at least 1, not {batch_size}.")
        self._session = session
        self._mapper = mapper
        self._statement = statement
        self._batch_size = batch_size
        self._rows: deque[RowT] = deque()
        self._done = False
        self._closed_by: str | None = None
        with session.gate as connection:
            options = {"stream_results": True, "max_row_buffer": batch_size}
            self._connection = connection
            self._result: CursorResult[Any] = connection.execute(statement, execution_options=options)
            self._transaction = session.get_nested_transaction() or session.get_transaction()
        _streams(session).add(self)

    def __iter__(self) -> RowStream[RowT]:
        return self

    def __next__(self) -> RowT:
        if self._closed_by is not None:
            raise self._closed()
        if not self._rows and not self._done:
            self._fill()
        if self._rows:
            return self._rows.popleft()
        raise StopIteration

    def next_batch(self) -> list[RowT]:
        """Return the rows of the next batch; an empty list at the end."""
        if self._closed_by is not None:
            raise self._closed()
        if not self._rows and not self._done:
            self._fill()
        batch = list(self._rows)
        self._rows.clear()
        return batch

    def _closed(self) -> ResourceClosedError:
        return ResourceClosedError(f"This stream of {self._mapper.table.name} rows was closed by {self._closed_by}.")

    def _fill(self) -> None:
        session, connection, result = self._session, self._connection, self._result
        # Reading on is not a new query: it flushes nothing.
        with session.no_autoflush, session.gate:
            if self._mapper.strict:
                cursor: Any = result.cursor
                try:
                    read = driver.read_ahead(result)
                    if len(read) < self._batch_size:
                        read += cursor.fetchmany(self._batch_size - len(read))
                except connection.dialect.loaded_dbapi.Error as error:
                    fail_reading(connection, result, error)
                self._rows.extend(self._mapper.build(connection.dialect, read))
            else:
                self._rows.extend(self._mapper.row(*row) for row in result.fetchmany(self._batch_size))
            if not self._rows:
                self._finish()

    def close(self) -> None:
        """Stop reading, and discard the remaining rows."""
        if self._closed_by is None and not self._done:
            self._finish()
            self._end("close()")

    def __enter__(self) -> RowStream[RowT]:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _reads(self, table: Table) -> bool:
        return any(element is table for element in visitors.iterate(self._statement))

    def _finish(self) -> None:
        self._done = True
        _streams(self._session).discard(self)
        self._result.close()

    def _end(self, reason: str, *, undone: bool = False) -> None:
        self._closed_by = reason
        self._rows.clear()
        if self._done:
            return
        self._done = True
        _streams(self._session).discard(self)
        if undone:
            driver_of(self._connection.dialect).close_after_rollback(self._result)
        else:
            self._result.close()


def close_streams_of(session: GatedSession, table: Table) -> None:
    """Close the streams that read *table*, which is about to be dropped."""
    opened: set[RowStream[Any]] = session.info.get(OPEN, set())
    for stream in [stream for stream in opened if stream._reads(table)]:
        stream._end(f"the end of {table.name}")


def _streams(session: GatedSession) -> set[RowStream[Any]]:
    streams: set[RowStream[Any]] | None = session.info.get(OPEN)
    if streams is None:
        streams = set[RowStream[Any]]()
        session.info[OPEN] = streams
        event.listen(session, "before_commit", _before_commit)
        event.listen(session, "after_soft_rollback", _after_rollback)
        event.listen(session, "after_transaction_end", _after_end)
    return streams


def _before_commit(session: GatedSession) -> None:
    current = session.get_nested_transaction() or session.get_transaction()
    for stream in [stream for stream in _streams(session) if stream._transaction is current]:
        stream._end("the commit of its transaction")


def _after_rollback(session: GatedSession, transaction: SessionTransaction) -> None:
    reason = "the rollback of a savepoint" if transaction.nested else "the rollback of its transaction"
    for stream in list(_streams(session)):
        stream._end(reason, undone=True)


def _after_end(session: GatedSession, transaction: SessionTransaction) -> None:
    for stream in [stream for stream in _streams(session) if stream._transaction is transaction]:
        stream._end("the end of its transaction", undone=True)
