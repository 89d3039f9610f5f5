"""`TemporaryTables`: the temporary tables of a session, from their creation to the end of their transaction."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any
from uuid import uuid4

import sqlalchemy
from sqlalchemy import Connection, event
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import SessionTransaction
from sqlalchemy.schema import CreateIndex, CreateTable, DropTable

from tablewright.runtime.engine.failures import first_failure
from tablewright.runtime.engine.registry import backend_of
from tablewright.runtime.reads import stream
from tablewright.runtime.rows.driver_errors import raise_wrapped
from tablewright.runtime.temporary.definition import Source, accessor_class, temporary_table
from tablewright.runtime.transaction.gate import GatedSession, driver_connection
from tablewright.schema.names import MAX_BYTES

if TYPE_CHECKING:
    from tablewright.runtime.table import Table

KEY = "tablewright_temporary_tables"
"""The key of `session.info` for the session's temporary tables."""


def of(session: GatedSession) -> TemporaryTables:
    """Return the temporary tables of *session*."""
    result: TemporaryTables | None = session.info.get(KEY)
    if result is None:
        result = session.info[KEY] = TemporaryTables(session)
    return result


@dataclass(eq=False, slots=True)
class Entry:
    """A temporary table created in the session's transaction."""

    table: sqlalchemy.Table
    name: str
    """Its current name in the database."""
    connection: Connection
    created_in: SessionTransaction
    """The transaction or savepoint whose rollback removes the table."""
    dropped_in: SessionTransaction | None = None
    """The savepoint whose rollback restores the table."""
    unwanted: bool = False
    """True if its block ended when the table could not be dropped."""


class TemporaryTables:
    """The temporary tables of one session.

    Postgres drops them at the commit. SQLite would keep them with the connection, and so would a transaction that
    outlives the session: there they are dropped here. A rollback undoes their creation on both.
    """

    def __init__(self, session: GatedSession) -> None:
        self._session = session
        self._entries: list[Entry] = []
        event.listen(session, "after_commit", self._after_commit)
        event.listen(session, "after_transaction_end", self._after_transaction_end)

    def make(self, source: Source, name: str | None) -> Table[Any, Any]:
        """Create a table like *source*. Return its accessor."""
        session = self._session
        with session.gate as connection:
            if connection.dialect.detect_autocommit_setting(driver_connection(connection)):
                raise InvalidRequestError("A temporary table lasts as long as its transaction; AUTOCOMMIT has none.")
            self._sweep()
            if name is not None:
                _refuse_taken(connection, name)
            package = getattr(session, "package", None)
            schema = None if isinstance(source, type | sqlalchemy.Table) else getattr(package, "definition", None)
            table = temporary_table(source, name or f"tmp_{uuid4().hex}", connection.dialect, schema)
            with self._changing(connection):
                connection.execute(CreateTable(table))
                for index in table.indexes:
                    connection.execute(CreateIndex(index))
            self._entries.append(Entry(table, table.name, connection, self._level()))
            return accessor_class(source, table)(session)

    def drop(self, table: sqlalchemy.Table) -> None:
        """Drop *table*.

        Raise `InvalidRequestError` if it is not a temporary table of this session, or is already gone.
        """
        entry = self._find(table)
        if entry is None:
            raise InvalidRequestError(f"{table.name} is not a temporary table of this session, or it is already gone.")
        with self._session.gate:
            self._drop(entry)

    def leave(self, table: sqlalchemy.Table, error: BaseException | None) -> None:
        """Drop *table* if it exists, at the end of its block; *error* is the exception that ended it."""
        entry = self._find(table)
        if entry is None:
            return
        entry.unwanted = True
        try:
            if error is None or self._is_whole(entry.connection):
                with self._session.gate:
                    self._drop(entry)
        except Exception as second:
            if error is None:
                raise
            error.add_note(f"The temporary table {table.name} could not be dropped: {second}")

    def _find(self, table: sqlalchemy.Table) -> Entry | None:
        return next((entry for entry in self._live() if entry.table is table), None)

    def _live(self) -> list[Entry]:
        return [entry for entry in self._entries if entry.dropped_in is None]

    def _level(self) -> SessionTransaction:
        level = self._session.get_nested_transaction() or self._session.get_transaction()
        assert level is not None
        return level

    def _is_whole(self, connection: Connection) -> bool:
        return not connection.closed and not connection.invalidated and first_failure(connection) is None

    @contextmanager
    def _changing(self, connection: Connection) -> Generator[None, None, None]:
        """Create or drop tables, all or nothing, in a session that may otherwise be read-only."""
        guard = self._session.read_only_guard
        if guard is not None:
            if self._session.in_nested_transaction():
                raise InvalidRequestError(
                    "In a read-only session on Postgres temporary tables can only be created and dropped outside of "
                    "savepoints: before session.nested() or session.savepoint(), or after."
                )
            with guard.lifted():
                yield
            return
        backend_of(connection.dialect).allow_temporary_writes(connection)
        with connection.begin_nested():
            yield

    def _drop(self, entry: Entry) -> None:
        # Neither database drops a table while a cursor reads it.
        stream.close_streams_of(self._session, entry.table)
        connection = entry.connection
        if backend_of(connection.dialect).keeps_temporary_tables:
            left = _drop_kept(connection, entry.name)
            if left is not None:
                # Under another name, so that both are tracked if a rollback restores the first.
                table = entry.table.to_metadata(sqlalchemy.MetaData(), name=left)
                self._entries.append(Entry(table, left, connection, self._level(), unwanted=True))
        else:
            with self._changing(connection):
                connection.execute(DropTable(entry.table))
        savepoint = self._session.get_nested_transaction()
        if savepoint is None:
            self._entries.remove(entry)
        else:
            entry.dropped_in = savepoint

    def _sweep(self) -> None:
        for entry in self._live():
            if entry.unwanted:
                self._drop(entry)

    def _after_commit(self, session: GatedSession) -> None:
        committed = session.get_nested_transaction()
        if committed is not None:
            for entry in self._entries:
                entry.created_in = _around(entry.created_in, committed)
                if entry.dropped_in is not None:
                    entry.dropped_in = _around(entry.dropped_in, committed)
            self._entries = [entry for entry in self._entries if entry.dropped_in is None or entry.dropped_in.nested]
        else:
            # After the commit, not before: the entities that it flushes may need the table.
            self._drop_rest()

    def _after_transaction_end(self, session: GatedSession, transaction: SessionTransaction) -> None:
        if transaction.parent is None:
            if isinstance(session.bind, Connection):
                self._drop_rest()
            self._entries.clear()
            return
        # A released savepoint has handed its tables to the enclosing transaction by now.
        self._entries = [entry for entry in self._entries if entry.created_in is not transaction]
        for entry in self._entries:
            if entry.dropped_in is transaction:
                entry.dropped_in = None

    def _stays(self, entry: Entry) -> bool:
        return backend_of(entry.connection.dialect).keeps_temporary_tables or isinstance(self._session.bind, Connection)

    def _drop_rest(self) -> None:
        """Drop the tables that outlive a commit, or a transaction that goes on without the session."""
        for entry in self._live():
            connection = entry.connection
            if not self._stays(entry) or not self._is_whole(connection):
                continue
            backend = backend_of(connection.dialect)
            if not backend.keeps_temporary_tables:
                if connection.in_transaction():
                    connection.execute(DropTable(entry.table, if_exists=True))
            elif _drop_kept(connection, entry.name) is not None and backend.file_name(connection.engine.url):
                # A cursor still reads through this connection, which must not be reused. An in-memory database is its
                # connection: the table stays in it, empty and renamed.
                connection.invalidate()


def _around(transaction: SessionTransaction, committed: SessionTransaction) -> SessionTransaction:
    return committed.parent or transaction if transaction is committed else transaction


def _drop_kept(connection: Connection, name: str) -> str | None:
    try:
        return backend_of(connection.dialect).drop_kept_table(connection, name)
    except connection.dialect.loaded_dbapi.Error as error:
        raise_wrapped(connection, error, None, None, None)


def _refuse_taken(connection: Connection, name: str) -> None:
    if len(name.encode()) > MAX_BYTES:
        raise InvalidRequestError(f"Postgres truncates names of more than {MAX_BYTES} bytes: {name!r}.")
    if connection.dialect.has_table(connection, name):
        raise InvalidRequestError(
            f"A table or view {name!r} already exists, and a temporary table would hide it. "
            "Choose another name, or none to have one generated."
        )
