"""`TemporaryTables`: the temporary tables of a session, from their making to the end of their transaction."""

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

from tablewright.runtime.engine import sqlite
from tablewright.runtime.engine.failures import first_failure
from tablewright.runtime.reads import stream
from tablewright.runtime.rows.driver_errors import raise_wrapped
from tablewright.runtime.temporary.definition import Source, accessor_class, temporary_table
from tablewright.runtime.transaction.gate import GatedSession, driver_connection
from tablewright.schema.names import MAX_BYTES

if TYPE_CHECKING:
    from tablewright.runtime.table import Table

KEY = "tablewright_temporary_tables"
"""The key of `session.info` with the session's temporary tables."""


def of(session: GatedSession) -> TemporaryTables:
    """The temporary tables of *session*."""
    found: TemporaryTables | None = session.info.get(KEY)
    if found is None:
        found = session.info[KEY] = TemporaryTables(session)
    return found


@dataclass(eq=False, slots=True)
class Made:
    """A temporary table that was made in the session's transaction."""

    table: sqlalchemy.Table
    name: str
    """What the database calls it now."""
    connection: Connection
    made_in: SessionTransaction
    """The transaction or savepoint that takes it along when it is rolled back."""
    dropped_in: SessionTransaction | None = None
    """The savepoint that brings it back when it is rolled back."""
    unwanted: bool = False
    """Its block has ended, at a moment when it could not be dropped."""


class TemporaryTables:
    """The temporary tables of one session.

    Postgres drops them at the commit. SQLite would keep them with the connection, and so would the transaction of
    somebody else in which the session runs: there they are dropped here. A rollback undoes their making on both.
    """

    def __init__(self, session: GatedSession) -> None:
        self._session = session
        self._made: list[Made] = []
        event.listen(session, "after_commit", self._after_commit)
        event.listen(session, "after_transaction_end", self._after_transaction_end)

    def make(self, source: Source, name: str | None) -> Table[Any, Any]:
        """Makes a table after *source*: its verbs."""
        session = self._session
        with session.gate as connection:
            if connection.dialect.detect_autocommit_setting(driver_connection(connection)):
                raise InvalidRequestError("A temporary table lasts as long as its transaction; AUTOCOMMIT has none.")
            self._sweep()
            if name is not None:
                _refuse_taken(connection, name)
            package = getattr(session, "package", None)
            among = None if isinstance(source, type | sqlalchemy.Table) else getattr(package, "definition", None)
            table = temporary_table(source, name or f"tmp_{uuid4().hex}", connection.dialect, among)
            with self._changing(connection):
                connection.execute(CreateTable(table))
                for index in table.indexes:
                    connection.execute(CreateIndex(index))
            self._made.append(Made(table, table.name, connection, self._level()))
            return accessor_class(source, table)(session)

    def drop(self, table: sqlalchemy.Table) -> None:
        """Drops *table*; `InvalidRequestError` where this session has not made it, or it is gone already."""
        made = self._find(table)
        if made is None:
            raise InvalidRequestError(f"{table.name} is no temporary table of this session, or it is gone already.")
        with self._session.gate:
            self._drop(made)

    def leave(self, table: sqlalchemy.Table, error: BaseException | None) -> None:
        """Drops *table*, if it is there, at the end of its block, which an *error* may have ended."""
        made = self._find(table)
        if made is None:
            return
        made.unwanted = True
        try:
            if error is None or self._is_whole(made.connection):
                with self._session.gate:
                    self._drop(made)
        except Exception as second:
            if error is None:
                raise
            error.add_note(f"The temporary table {table.name} could not be dropped: {second}")

    def _find(self, table: sqlalchemy.Table) -> Made | None:
        return next((made for made in self._live() if made.table is table), None)

    def _live(self) -> list[Made]:
        return [made for made in self._made if made.dropped_in is None]

    def _level(self) -> SessionTransaction:
        level = self._session.get_nested_transaction() or self._session.get_transaction()
        assert level is not None
        return level

    def _is_whole(self, connection: Connection) -> bool:
        return not connection.closed and not connection.invalidated and first_failure(connection) is None

    @contextmanager
    def _changing(self, connection: Connection) -> Generator[None, None, None]:
        """Makes or drops tables, all or nothing, in a session that may be read-only for all else."""
        guard = self._session.read_only_guard
        if guard is not None:
            if self._session.in_nested_transaction():
                raise InvalidRequestError(
                    "In a read-only session on Postgres temporary tables are made and dropped outside of savepoints: "
                    "before session.nested() or session.savepoint(), or after."
                )
            with guard.lifted():
                yield
            return
        if connection.dialect.name == "sqlite":
            sqlite.allow_temporary_writes(driver_connection(connection))
        with connection.begin_nested():
            yield

    def _drop(self, made: Made) -> None:
        # Neither engine drops what is being read.
        stream.close_streams_of(self._session, made.table)
        connection = made.connection
        if connection.dialect.name == "sqlite":
            left = _drop_on_sqlite(connection, made.name)
            if left is not None:
                # One of another name, so that where a rollback brings the first back both are known.
                table = made.table.to_metadata(sqlalchemy.MetaData(), name=left)
                self._made.append(Made(table, left, connection, self._level(), unwanted=True))
        else:
            with self._changing(connection):
                connection.execute(DropTable(made.table))
        savepoint = self._session.get_nested_transaction()
        if savepoint is None:
            self._made.remove(made)
        else:
            made.dropped_in = savepoint

    def _sweep(self) -> None:
        for made in self._live():
            if made.unwanted:
                self._drop(made)

    def _after_commit(self, session: GatedSession) -> None:
        committed = session.get_nested_transaction()
        if committed is not None:
            for made in self._made:
                made.made_in = _around(made.made_in, committed)
                if made.dropped_in is not None:
                    made.dropped_in = _around(made.dropped_in, committed)
            self._made = [made for made in self._made if made.dropped_in is None or made.dropped_in.nested]
        else:
            # Not before the commit: entities that it flushes may be why a table is there.
            self._drop_rest()

    def _after_transaction_end(self, session: GatedSession, transaction: SessionTransaction) -> None:
        if transaction.parent is None:
            if isinstance(session.bind, Connection):
                self._drop_rest()
            self._made.clear()
            return
        # What a release leaves has moved to the transaction around it by now.
        self._made = [made for made in self._made if made.made_in is not transaction]
        for made in self._made:
            if made.dropped_in is transaction:
                made.dropped_in = None

    def _stays(self, made: Made) -> bool:
        return made.connection.dialect.name == "sqlite" or isinstance(self._session.bind, Connection)

    def _drop_rest(self) -> None:
        """Drops what stays after a commit, or in a transaction that goes on without the session."""
        for made in self._live():
            connection = made.connection
            if not self._stays(made) or not self._is_whole(connection):
                continue
            if connection.dialect.name != "sqlite":
                if connection.in_transaction():
                    connection.execute(DropTable(made.table, if_exists=True))
            elif _drop_on_sqlite(connection, made.name) is not None and sqlite.file_name(connection.engine.url):
                # Somebody still reads by the connection, which is not to be used again. One to memory is the
                # database: the table stays in it, empty and out of the way.
                connection.invalidate()


def _around(transaction: SessionTransaction, committed: SessionTransaction) -> SessionTransaction:
    return committed.parent or transaction if transaction is committed else transaction


def _drop_on_sqlite(connection: Connection, name: str) -> str | None:
    try:
        return sqlite.drop_temporary_table(driver_connection(connection), name)
    except connection.dialect.loaded_dbapi.Error as error:
        raise_wrapped(connection, error, None, None, None)


def _refuse_taken(connection: Connection, name: str) -> None:
    if len(name.encode()) > MAX_BYTES:
        raise InvalidRequestError(f"A name of more than {MAX_BYTES} bytes is cut by Postgres: {name!r}.")
    if connection.dialect.has_table(connection, name):
        raise InvalidRequestError(
            f"There is a table or a view {name!r} already, which a temporary one would hide. "
            "Give another name, or none: one is made up."
        )
