"""`SessionScope`: the `with` block of `database.session()`, which is one transaction."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from types import TracebackType
from typing import Any, Generic, Literal, TypeAlias, TypeVar

from sqlalchemy import Connection, Engine, Table
from sqlalchemy.exc import InvalidRequestError

from tablewright.runtime.engine.connections import Connections
from tablewright.runtime.engine.registry import backend_of
from tablewright.runtime.session import Session
from tablewright.runtime.transaction.read_only import begin_options, needs_guard

S = TypeVar("S", bound=Session)
Isolation: TypeAlias = Literal["READ COMMITTED", "REPEATABLE READ", "SERIALIZABLE"]
"""The isolation level of a transaction. SQLite's transactions are always serializable."""


class SessionScope(Generic[S]):
    """One transaction: commits at the end of the block, rolls back on an error, and closes the session.

    The block may end in another thread than it began.
    """

    __slots__ = (
        "_backend",
        "_bind",
        "_check",
        "_forbids",
        "_lock",
        "_namespace",
        "_needs_guard",
        "_options",
        "_session",
        "_session_class",
        "_temporary_tables",
    )

    def __init__(
        self,
        session_class: type[S],
        bind: Engine | Connection,
        *,
        namespace: str | None = None,
        read_only: bool = False,
        isolation: Isolation | None = None,
        lock: Sequence[type[Any] | Table] = (),
        temporary_tables: bool = True,
        check: Callable[[Connection], None] | None = None,
    ) -> None:
        self._session_class = session_class
        self._bind = bind
        self._backend = backend_of(bind.dialect)
        self._namespace = namespace
        self._lock = lock
        self._temporary_tables = temporary_tables
        self._check = check
        self._session: S | None = None
        self._needs_guard = needs_guard(bind, read_only=read_only, temporary_tables=temporary_tables)
        # On SQLite by the connection, which writers may share.
        self._forbids = read_only
        options: dict[str, Any] = begin_options(bind, read_only=read_only, temporary_tables=temporary_tables)
        if isolation is not None and self._backend.has_isolation_levels and not isinstance(bind, Connection):
            options["isolation_level"] = isolation
        self._options = options

    def __enter__(self) -> S:
        if self._session is not None:
            raise InvalidRequestError(
                "This `with database.session()` has already been entered; call database.session() again."
            )
        session = self._session_class(
            self._bind,
            autobegin=False,
            close_resets_only=False,
            execution_options=self._options,
            join_transaction_mode="create_savepoint",
        )
        session._namespace = self._namespace
        session._needs_guard = self._needs_guard
        session.allow_temporary_tables = self._temporary_tables
        session._check = self._check
        self._session = session
        try:
            session.begin()
            # Wait for a connection, or for SQLite's lock, here: a web framework may enter the block in a thread that
            # may wait, and use it in an event loop that must not.
            connection = session.gate.begin()
            if self._forbids:
                # Until the next transaction begins, which may belong to another session.
                self._backend.forbid_writes(connection)
            if self._lock:
                session.lock_table(*self._lock)
        except BaseException:
            session._close()
            raise
        session._scope = self
        return session

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        session = self._session
        assert session is not None
        try:
            if error is None:
                session._commit()
            else:
                _undo(session, error)
        except BaseException as failed:
            if error is None:
                _undo(session, failed)
            raise
        finally:
            session._scope = None
            session._close()
            if self._forbids and isinstance(self._bind, Connection):
                self._backend.allow_writes(self._bind)


def _undo(session: Session, error: BaseException) -> None:
    try:
        session._rollback()
    except Exception as second:
        # Closing returns the connection to its pool, which rolls it back or discards it.
        error.add_note(f"The rollback failed too: {second}")


def open_scope(
    database: Connections,
    *,
    read_only: bool = False,
    isolation: Isolation | None = None,
    lock: Sequence[type[Any] | Table] = (),
) -> SessionScope[Any]:
    """Return the `with` block of a session over *database*, in its own transaction."""
    read_only = read_only or database.read_only
    if lock and read_only:
        raise InvalidRequestError(
            "A read-only session cannot lock tables: it keeps no other session from writing. Open a writing session."
        )
    bind, guard = database.reading_bind() if read_only else (database.bind, False)
    return SessionScope(
        database.session_class,
        bind,
        namespace=database.namespace_to_enter,
        read_only=guard,
        isolation=isolation,
        lock=lock,
        temporary_tables=database.allow_temporary_tables,
        check=database.due_check(read_only),
    )
