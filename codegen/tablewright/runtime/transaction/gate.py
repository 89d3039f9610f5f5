"""`Gate`: the only access to a session's connection, for rows and entities."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager
from threading import RLock
from types import TracebackType
from typing import Any, TypeVar
from weakref import WeakSet

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session as EntitySession, SessionTransaction
from sqlalchemy.orm.session import SessionTransactionState

from tablewright.runtime.engine.failures import KEY, first_failure, lost_error, record_failure
from tablewright.runtime.engine.registry import driver_of
from tablewright.runtime.errors import RowTierFilteredError, SessionBusyError
from tablewright.runtime.transaction.read_only import ReadOnlyGuard

S = TypeVar("S")
T = TypeVar("T")

FILTER_CONSENT = "tablewright_rows"
"""The key of `session.info` with which a filtered session allows unfiltered rows."""
ACTIVE = SessionTransactionState.ACTIVE


class Gate:
    """Gives one call at a time access to the session's connection: `with session.gate as connection`.

    A session can be passed from thread to thread, but two threads cannot use it at once: `SessionBusyError`.
    Entering flushes pending entities where SQLAlchemy would. It raises `TransactionLostError` in a transaction that a
    failed statement has broken.
    """

    __slots__ = (
        "_acquire",
        "_attributes",
        "_events",
        "_reason",
        "_release",
        "_session",
        "_transaction",
        "_written",
        "connection",
        "leave",
    )

    connection: Connection
    """The connection of the session's transaction; valid only inside of a row-tier call."""

    def __init__(self, session: EntitySession) -> None:
        # Reentrant: events and lazy loads run inside of a call.
        lock = RLock()
        self._acquire = lock.acquire
        self._release = lock.release
        self.leave = lock.release
        """Ends a row-tier call that succeeded."""
        self._session = session
        self._attributes: dict[str, Any] = vars(session)
        self._events = session.dispatch
        self._reason: str | None = None
        self._transaction: SessionTransaction | None = None
        self._written: WeakSet[SessionTransaction] = WeakSet()

    def enter(self) -> Any:
        """Begin a row-tier call. Return the driver's own connection, or None if SQLAlchemy's has listeners.

        `connection` is SQLAlchemy's. `leave` ends the call, after an error `fail`.
        """
        if not self._acquire(False):
            raise self._busy()
        try:
            # Every call of the row tier runs these lines: they read attributes, also private ones without a public
            # equivalent, and call functions only where needed.
            session = self._attributes
            transaction = session["_transaction"]
            if transaction is self._transaction and transaction is not None and transaction._state is ACTIVE:
                connection = self.connection
            else:
                connection = self.begin()
            filters = self._events.do_orm_execute
            if self._reason is not None or KEY in connection.__dict__ or filters.listeners or filters.parent_listeners:
                self._refuse(connection)
            if session["_new"] or session["_deleted"] or session["identity_map"]._modified:
                self._session._autoflush()
                connection = self.begin()
            hooks = connection.dialect.dispatch.do_execute
            if (
                connection._echo
                or connection._has_events
                or connection.engine._has_events
                or hooks.listeners
                or hooks.parent_listeners
                or "schema_translate_map" in connection._execution_options
            ) and listened(connection):
                return None
            # The attribute behind the property `connection`, which costs as much as a row; None if it was lost.
            pooled = connection._dbapi_connection
            return connection.connection.dbapi_connection if pooled is None else pooled.dbapi_connection
        except BaseException:
            self._release()
            raise

    def call(self, function: Callable[[Connection, Any, S], T], argument: S) -> T:
        """Run *function* as one row-tier call, and return its result.

        It is called with SQLAlchemy's connection, the driver's or None, and *argument*. Faster than `with`.
        """
        driver_connection = self.enter()
        try:
            result = function(self.connection, driver_connection, argument)
        except BaseException as error:
            self.fail(error)
            raise
        self.leave()
        return result

    def fail(self, error: BaseException) -> None:
        """End a row-tier call that raised *error*."""
        try:
            if isinstance(error, DBAPIError) and _reports_failure(self.connection):
                record_failure(self.connection, error)
        finally:
            self._release()

    def __enter__(self) -> Connection:
        """Begin a row-tier call. Return the connection of the session's transaction."""
        self.enter()
        return self.connection

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        if error is None:
            self._release()
        else:
            self.fail(error)

    def enter_call(self, refuse_lost: bool) -> None:
        """Begin a call of the entity tier, which `leave` ends. *refuse_lost* refuses broken transactions."""
        if not self._acquire(False):
            raise self._busy()
        try:
            if self._reason is not None:
                raise self._busy()
            transaction: SessionTransaction | None = self._attributes["_transaction"]
            # The usual case: one connection, which is listed together with its engine.
            usable = transaction is None or (
                transaction is self._transaction
                and transaction._state is ACTIVE
                and KEY not in self.connection.__dict__
                and len(transaction._connections) <= 2
            )
            if refuse_lost and not usable:
                self.refuse_lost()
        except BaseException:
            self._release()
            raise

    @contextmanager
    def exclusive(self, reason: str) -> Generator[None, None, None]:
        """Refuse every other use of the session in the block, also by the same thread, with the message *reason*."""
        if not self._acquire(False):
            raise self._busy()
        try:
            if self._reason is not None:
                raise self._busy()
            self._reason = reason
            try:
                yield
            finally:
                self._reason = None
        finally:
            self._release()

    def refuse_lost(self) -> None:
        """Raise `TransactionLostError` if a failed statement has broken the transaction."""
        transaction = self._session._transaction
        if transaction is None:
            return
        cause = transaction._rollback_exception
        if cause is not None and not transaction.is_active:
            raise lost_error(cause)
        root = self._session.get_transaction()
        if root is None:
            return
        for connection, *_ in root._connections.values():
            if KEY in vars(connection):
                self._refuse_lost(connection)

    def record_write(self) -> bool:
        """Record that rows were written, in case the savepoint is rolled back. Return True if an entity is loaded.

        Which rows does not matter: a rollback also undoes what the write changed in other tables by cascade.
        """
        savepoint = self._attributes["_nested_transaction"]
        if savepoint is not None:
            self._written.add(savepoint)
        return bool(self._attributes["identity_map"]._dict)

    @property
    def holds_entities(self) -> bool:
        """Whether the session has any entity loaded."""
        return bool(self._attributes["identity_map"]._dict)

    def transaction_ended(self, transaction: SessionTransaction) -> None:
        """Add the writes of a savepoint to the enclosing one."""
        self._transaction = None
        if transaction.nested and transaction in self._written:
            enclosing = self._session.get_nested_transaction()
            if enclosing is not None:
                self._written.add(enclosing)

    def rolled_back(self, transaction: SessionTransaction) -> None:
        """Expire all entities after a savepoint with row writes was rolled back."""
        if transaction in self._written:
            # SQLAlchemy expires only the changes of its unit of work.
            self._written.discard(transaction)
            self._session.expire_all()

    def begin(self) -> Connection:
        """Begin the session's transaction if necessary. Return its connection."""
        transaction = self._session._transaction
        if transaction is not None and not transaction.is_active and transaction._rollback_exception is not None:
            raise lost_error(transaction._rollback_exception)
        # For each transaction and savepoint: SQLAlchemy sends SAVEPOINT only with this call.
        self.connection = self._session.connection()
        self._transaction = self._session._transaction
        return self.connection

    def _refuse(self, connection: Connection) -> None:
        if self._reason is not None:
            raise self._busy()
        if self._session.dispatch.do_orm_execute:
            self._refuse_unfiltered()
        self._refuse_lost(connection)

    def _refuse_unfiltered(self) -> None:
        if not self._session.info.get(FILTER_CONSENT):
            raise RowTierFilteredError(
                "This session filters its queries (a do_orm_execute listener), which rows would bypass. "
                f"Use entities, or allow unfiltered rows with session.info[{FILTER_CONSENT!r}] = True."
            )

    def _refuse_lost(self, connection: Connection) -> None:
        cause = first_failure(connection)
        if cause is not None:
            raise lost_error(cause)

    def _busy(self) -> SessionBusyError:
        return SessionBusyError(
            self._reason
            or "Another call of this session is still running in another thread. You can pass a session to another "
            "thread between calls, but threads that run at the same time need a session each: database.session()."
        )


def listened(connection: Connection) -> bool:
    """Return True if a listener or the log would miss statements that the driver executes directly."""
    # SQLAlchemy has no public API for the log and for whether events have listeners.
    if connection._echo or "schema_translate_map" in connection._execution_options:
        return True
    if connection._has_events or connection.engine._has_events:
        events = connection.dispatch
        # The usual ones first: reading an event of the engine takes long.
        if events.before_cursor_execute or events.after_cursor_execute or events.before_execute or events.after_execute:
            return True
    hooks = connection.dialect.dispatch
    return bool(hooks.do_execute or hooks.do_execute_no_params or hooks.do_executemany)


class GatedSession(EntitySession):
    """The session of the row tier: SQLAlchemy's, with a gate to its connection."""

    gate: Gate
    """The access to the connection, for one row-tier call at a time."""
    read_only_guard: ReadOnlyGuard | None = None
    """The guard of a read-only transaction of Postgres."""
    allow_temporary_tables: bool = True
    """Whether the database of the session allows temporary tables."""


def _reports_failure(connection: Connection) -> bool:
    # Postgres does, after the fact; on SQLite a savepoint inside the call may have undone the failure by now.
    return driver_of(connection.dialect).reports_failure and not connection.closed


def driver_connection(connection: Connection) -> Any:
    """Return the driver's own connection of *connection*, which is in a transaction."""
    # The attribute behind the property `connection`, which costs as much as a row; None if it was lost.
    pooled = connection._dbapi_connection
    return connection.connection.dbapi_connection if pooled is None else pooled.dbapi_connection
