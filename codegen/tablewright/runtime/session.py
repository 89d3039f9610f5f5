"""`Session`: a `sqlalchemy.orm.Session` that also reads and writes typed rows."""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar, cast, overload

import sqlalchemy
from sqlalchemy import Connection, Engine, event, inspect
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session as EntitySession, SessionTransaction

from tablewright.runtime.engine import postgres
from tablewright.runtime.engine.connections import Connections
from tablewright.runtime.engine.create import prepare
from tablewright.runtime.engine.failures import lost_at_commit
from tablewright.runtime.engine.registry import backend_of
from tablewright.runtime.errors import SavepointError, TransactionLostError
from tablewright.runtime.package import Accessor, Package
from tablewright.runtime.reads.result_rows import result_rows
from tablewright.runtime.transaction.gate import Gate, GatedSession
from tablewright.runtime.transaction.read_only import ReadOnlyGuard, begin_options, needs_guard
from tablewright.runtime.transaction.savepoint import Savepoint
from tablewright.runtime.transaction.session_transaction import SessionState, StrictTransaction
from tablewright.runtime.writes.sequence import advance_past_explicit_ids, note_explicit_ids

if TYPE_CHECKING:
    from sqlalchemy.orm.session import JoinTransactionMode
    from sqlalchemy.sql.selectable import TypedReturnsRows

    from tablewright.runtime.dynamic.definitions import Definition
    from tablewright.runtime.dynamic.dynamic_table import DynamicTable
    from tablewright.runtime.table import Table
    from tablewright.runtime.temporary.definition import Source
    from tablewright.runtime.versions.attributes import AttributeStore

    TableT = TypeVar("TableT", bound=Table[Any, Any])

T = TypeVar("T")


class Session(GatedSession):
    """A session over a database: entities and rows in one transaction.

    *bind* is a Database, an Engine or a Connection. The other options are SQLAlchemy's; *expire_on_commit* is False, so
    that entities keep their values after a commit. `database.session()` is the usual way to open one.
    """

    package: ClassVar[Package]

    def __init_subclass__(cls, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        package: Package | None = vars(cls).get("package")
        if package is not None:
            for name in package.accessors():
                setattr(cls, name, Accessor(package, name))

    def __init__(
        self,
        bind: Connections | Engine | Connection | None = None,
        *,
        autoflush: bool = True,
        expire_on_commit: bool = False,
        autobegin: bool = True,
        twophase: bool = False,
        binds: dict[Any, Engine | Connection] | None = None,
        info: dict[Any, Any] | None = None,
        execution_options: Mapping[str, Any] | None = None,
        join_transaction_mode: JoinTransactionMode | None = None,
        close_resets_only: bool = True,
    ) -> None:
        self.gate = Gate(self)
        self._scope: object | None = None
        self._savepoints: list[Savepoint] = []
        self._namespace: str | None = None
        self._check: Callable[[Connection], None] | None = None
        self._prepared: Engine | Connection | None = None
        self._needs_guard = False
        options = execution_options or {}
        if isinstance(bind, Connections):
            database, bind = bind, bind.bind
            kind = {"read_only": database.read_only, "temporary_tables": database.allow_temporary_tables}
            self._namespace = database.namespace_to_enter
            self._check = database.due_check(database.read_only)
            self._needs_guard = needs_guard(bind, **kind)
            self.allow_temporary_tables = database.allow_temporary_tables
            options = {**begin_options(bind, **kind), **options}
            if isinstance(bind, Connection) and join_transaction_mode is None:
                join_transaction_mode = "create_savepoint"
        super().__init__(
            bind,
            autoflush=autoflush,
            expire_on_commit=expire_on_commit,
            autobegin=autobegin,
            twophase=twophase,
            binds=binds,
            info=info,
            execution_options=options,
            join_transaction_mode=join_transaction_mode or "conditional_savepoint",
            close_resets_only=close_resets_only,
        )

    @classmethod
    def over(cls, session: EntitySession) -> Self:
        """Return a session in the connection and transaction of *session*, and flush its pending entities first.

        Commit, rollback and close of the new session apply only to its own work; the transaction stays that of
        *session*.
        """
        session.flush()
        connection = session.connection()
        prepare(connection)
        result = cls(connection, join_transaction_mode="create_savepoint")
        if isinstance(session, Session):
            result.allow_temporary_tables = session.allow_temporary_tables
        return result

    @property
    def state(self) -> SessionState:
        """The state of the session and its transaction."""
        if self._close_state.name == "CLOSED":
            return SessionState.CLOSED
        if not self.in_transaction():
            return SessionState.READY
        if not self.is_active:
            return SessionState.FAILED
        try:
            self.gate.refuse_lost()
        except TransactionLostError:
            return SessionState.FAILED
        return SessionState.ACTIVE

    @property
    def attributes(self) -> AttributeStore:
        """Names and values stored in the database, beside the versions of its tables."""
        # Not at the top: it defines a table, which not every program needs.
        from tablewright.runtime.versions.attributes import AttributeStore

        return AttributeStore(self.gate)

    def rows(self, statement: sqlalchemy.Select[Any] | sqlalchemy.Executable, row_type: type[T], /) -> list[T]:
        """Return the rows of any *statement* as *row_type*: a msgspec Struct, a dataclass or a NamedTuple."""
        return result_rows(self, statement, row_type)

    def scalar_or_none(self, statement: TypedReturnsRows[T], /) -> T | None:
        """Return the first column of the first row of *statement*, or None if there is no row."""
        value: T | None = self.execute(statement).scalar()
        return value

    def explain(self, statement: sqlalchemy.ClauseElement) -> str:
        """Return the plan by which the database would run *statement*, one line per step. The statement is not run."""
        # Not at the top: plans are for people, who can wait for the import.
        from tablewright.runtime.reads.explain import explain

        with self.gate as connection:
            return explain(connection, statement)

    @contextmanager
    def nested(self) -> Generator[Self, None, None]:
        """Run the block in a savepoint of the same session; an error undoes only the work of the block."""
        with self.begin_nested():
            yield self

    def savepoint(self, name: str) -> Savepoint:
        """Set a savepoint *name*. Of several with one name, the newest is used."""
        point = Savepoint(self, name)
        self._savepoints = [other for other in self._savepoints if other.is_open]
        self._savepoints.append(point)
        return point

    def rollback_to(self, savepoint: str | Savepoint) -> None:
        """Undo the work since *savepoint*, which stays open. Raise `SavepointError` if it is not open."""
        if isinstance(savepoint, Savepoint):
            savepoint.rollback()
            return
        for point in reversed(self._savepoints):
            if point.name == savepoint and point.is_open:
                point.rollback()
                return
        open_names = [point.name for point in self._savepoints if point.is_open]
        raise SavepointError(
            f"No savepoint {savepoint!r} is open" + (f", but {', '.join(open_names)}." if open_names else ".")
        )

    # Not at the top: most programs have no tables but those of their package.

    def table(self, table: sqlalchemy.Table, /) -> DynamicTable:
        """Return the rows of a table without generated code, with the verbs of every other table."""
        from tablewright.runtime.dynamic.dynamic_table import dynamic_table

        return dynamic_table(self, table)

    def ensure_table(self, name: str, definition: Definition, /) -> sqlalchemy.Table:
        """Create table *name* in this transaction if it does not exist; other sessions see it after the commit.

        Raise `TableConflictError` if the database has a different table of that name.
        """
        from tablewright.runtime.dynamic import session_tables

        return session_tables.ensure_table(self, self._namespace, self.package, name, definition)

    @overload
    def make_temporary_table(self, definition: type[TableT], name: str | None = None) -> TableT: ...
    @overload
    def make_temporary_table(self, definition: TableT, name: str | None = None) -> TableT: ...
    @overload
    def make_temporary_table(self, definition: Definition, name: str | None = None) -> DynamicTable: ...
    def make_temporary_table(self, definition: Source, name: str | None = None) -> Any:
        """Create a temporary table, visible only to this session. Return its accessor.

        Its `table` is the SQLAlchemy table. *definition* is a generated table (`BookTable` or `session.book`), of which
        columns, checks and unique keys are copied, but no foreign keys; or a `TableSpec`, a table of a canonical
        schema, or a SQLAlchemy `Table`. Without a *name*, one is generated; the name of an existing table is an error.
        The table is dropped when the transaction ends, committed or not.
        """
        from tablewright.runtime.temporary import session_tables

        return session_tables.make(self, definition, name)

    def drop_temporary_table(self, table: Table[Any, Any] | sqlalchemy.Table) -> None:
        """Drop a temporary table of this session, given by its accessor or its `table`, before its transaction ends."""
        from tablewright.runtime.temporary import session_tables

        session_tables.drop(self, table)

    @overload
    def temporary_table(self, definition: type[TableT], name: str | None = None) -> AbstractContextManager[TableT]: ...
    @overload
    def temporary_table(self, definition: TableT, name: str | None = None) -> AbstractContextManager[TableT]: ...
    @overload
    def temporary_table(
        self, definition: Definition, name: str | None = None
    ) -> AbstractContextManager[DynamicTable]: ...
    def temporary_table(self, definition: Source, name: str | None = None) -> AbstractContextManager[Any]:
        """Create a temporary table for a `with` block, as `make_temporary_table` does, and drop it at the end."""
        from tablewright.runtime.temporary import session_tables

        return session_tables.block(self, definition, name)

    def lock_table(self, *tables: type[Any] | sqlalchemy.Table) -> None:
        """Keep other sessions from writing to *tables* until the transaction ends; they can still read.

        Each is an entity (`Book`), an accessor class (`BookTable`) or a SQLAlchemy table.
        """
        # In a fixed order, so that two sessions that lock the same tables do not deadlock.
        targets = sorted({_table(target) for target in tables}, key=lambda table: table.fullname)
        if not targets:
            return
        with self.gate as connection:
            backend_of(connection.dialect).lock_tables(connection, targets)

    def get_bind(
        self,
        mapper: Any = None,
        *,
        clause: Any = None,
        bind: Engine | Connection | None = None,
        _sa_skip_events: bool | None = None,
        _sa_skip_for_implicit_returning: bool = False,
        **kw: Any,
    ) -> Engine | Connection:
        """Return the engine that SQLAlchemy chooses, prepared for tablewright's transactions."""
        chosen = super().get_bind(
            mapper,
            clause=clause,
            bind=bind,
            _sa_skip_events=_sa_skip_events,
            _sa_skip_for_implicit_returning=_sa_skip_for_implicit_returning,
            **kw,
        )
        if chosen is not self._prepared:
            prepare(chosen)
            self._prepared = chosen
        return chosen

    def _autoflush(self) -> None:
        # Every statement of the entity tier calls this, usually with nothing to flush.
        if self._new or self._deleted or self.identity_map.check_modified():
            super()._autoflush()

    def begin(self, nested: bool = False) -> SessionTransaction:
        """Begin a transaction, or with *nested* a savepoint."""
        if not nested:
            self._refuse_in_scope("begin")
        self.gate.enter_call(refuse_lost=True)
        try:
            transaction = super().begin(nested)
        finally:
            self.gate.leave()
        # SQLAlchemy has no public way to use a subclass.
        transaction.__class__ = StrictTransaction
        return transaction

    def commit(self) -> None:
        """Commit. If a failed statement has broken the transaction, roll back and raise `TransactionLostError`."""
        self._refuse_in_scope("commit")
        self._commit()

    def rollback(self) -> None:
        """Roll back the whole transaction."""
        self._refuse_in_scope("rollback")
        self._rollback()

    def close(self) -> None:
        """End the session; roll back what was not committed."""
        self._refuse_in_scope("close")
        self._close()

    def reset(self) -> None:
        """Roll back and empty the session, which can be used again."""
        self._refuse_in_scope("reset")
        super().reset()

    def invalidate(self) -> None:
        """End the session, and discard its connections as unusable."""
        self._refuse_in_scope("invalidate")
        super().invalidate()

    def _refuse_in_scope(self, verb: str) -> None:
        if self._scope is not None:
            raise InvalidRequestError(
                f"{verb}() is not allowed inside `with database.session()`, which commits at its end, and rolls back "
                "on an error. Use session.nested() for a part that may fail, session.savepoint() with "
                "session.rollback_to(), or Session(database) to control transactions yourself."
            )

    def _commit(self) -> None:
        self.gate.enter_call(refuse_lost=False)
        try:
            try:
                self.gate.refuse_lost()
                super().commit()
            except TransactionLostError:
                super().rollback()
                raise
        finally:
            self.gate.leave()

    def _rollback(self) -> None:
        self.gate.enter_call(refuse_lost=False)
        try:
            super().rollback()
        finally:
            self.gate.leave()

    def _close(self) -> None:
        self.gate.enter_call(refuse_lost=False)
        try:
            super().close()
        finally:
            self.gate.leave()


# `get` is not among them: it calls `execute` if it needs the database.
GATED = [
    "execute",
    "scalar",
    "scalars",
    "flush",
    "refresh",
    "merge",
    "merge_all",
    "connection",
    "bulk_save_objects",
    "bulk_insert_mappings",
    "bulk_update_mappings",
]


def _gated(method: Callable[..., Any]) -> Callable[..., Any]:
    @functools.wraps(method)
    def call(self: Session, *args: Any, **kwargs: Any) -> Any:
        gate = self.gate
        gate.enter_call(True)
        try:
            return method(self, *args, **kwargs)
        finally:
            gate.leave()

    return call


# In a loop instead of definitions, so that type checkers see SQLAlchemy's own signatures.
for _name in GATED:
    setattr(Session, _name, _gated(getattr(EntitySession, _name)))


def _table(target: type[Any] | sqlalchemy.Table) -> sqlalchemy.Table:
    table: object = target if isinstance(target, sqlalchemy.Table) else getattr(target, "table", None)
    return cast("sqlalchemy.Table", table if isinstance(table, sqlalchemy.Table) else inspect(target).local_table)


@event.listens_for(Session, "before_commit")
def _refuse_lost(session: EntitySession) -> None:
    root = session.get_transaction()
    for connection in root.connections if root is not None else ():
        lost = lost_at_commit(connection)
        if lost is not None:
            raise lost


@event.listens_for(Session, "before_flush")
def _before_flush(session: EntitySession, _context: object, _instances: object) -> None:
    note_explicit_ids(session)


@event.listens_for(Session, "after_flush")
def _after_flush(session: EntitySession, _context: object) -> None:
    advance_past_explicit_ids(session)


@event.listens_for(Session, "after_begin")
def _after_begin(session: EntitySession, transaction: SessionTransaction, connection: Connection) -> None:
    if not isinstance(session, Session) or transaction.parent is not None:
        return
    if session._namespace is not None:
        postgres.enter_namespace(connection, session._namespace)
    if session._check is not None and (session.bind is connection or session.bind is connection.engine):
        session._check(connection)
        session._check = None
    if session._needs_guard:
        session.read_only_guard = ReadOnlyGuard(connection)


@event.listens_for(Session, "after_transaction_end")
def _after_transaction_end(session: EntitySession, transaction: SessionTransaction) -> None:
    if isinstance(session, Session):
        session.gate.transaction_ended(transaction)


@event.listens_for(Session, "after_soft_rollback")
def _after_soft_rollback(session: EntitySession, transaction: SessionTransaction) -> None:
    if isinstance(session, Session):
        session.gate.rolled_back(transaction)
