"""`Session`: a `sqlalchemy.orm.Session` that also reads and writes typed rows."""

from __future__ import annotations

import functools
from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, ClassVar, Protocol, Self, TypeVar, cast, overload

import sqlalchemy
from sqlalchemy import Connection, Engine, event, inspect
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.orm import Session as EntitySession, SessionTransaction

from tablewright.runtime.engine import postgres
from tablewright.runtime.engine.create import prepare
from tablewright.runtime.engine.failures import lost_at_commit
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


class HasBind(Protocol):
    """A database, as far as a session asks."""

    @property
    def bind(self) -> Engine | Connection: ...
    @property
    def namespace(self) -> str | None: ...
    @property
    def read_only(self) -> bool: ...
    @property
    def allow_temporary_tables(self) -> bool: ...
    def due_check(self) -> Callable[[Connection], None] | None: ...


class Session(GatedSession):
    """A session over a database: entities and rows in one transaction.

    *bind* is a Database, an Engine or a Connection. What is left out is as in SQLAlchemy, but that
    entities keep their values after a commit. `database.session()` is the usual way to get one.
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
        bind: HasBind | Engine | Connection | None = None,
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
        if bind is not None and not isinstance(bind, Engine | Connection):
            database, bind = bind, bind.bind
            kind = {"read_only": database.read_only, "temporary_tables": database.allow_temporary_tables}
            self._namespace = database.namespace
            self._check = database.due_check()
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
        """A session in the connection and transaction of *session*, whose pending entities are flushed first.

        Its own commit, rollback and close keep or undo what it did itself; the transaction remains the other's.
        """
        session.flush()
        connection = session.connection()
        prepare(connection)
        made = cls(connection, join_transaction_mode="create_savepoint")
        if isinstance(session, Session):
            made.allow_temporary_tables = session.allow_temporary_tables
        return made

    @property
    def state(self) -> SessionState:
        """Where the session stands."""
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
        """Names and values that are kept in the database, beside the versions of its tables."""
        # Not at the top: it is a table, and not every program needs one.
        from tablewright.runtime.versions.attributes import AttributeStore

        return AttributeStore(self.gate)

    def rows(self, statement: sqlalchemy.Select[Any] | sqlalchemy.Executable, row_type: type[T], /) -> list[T]:
        """The rows of any *statement* as instances of *row_type*: a msgspec Struct, a dataclass or a NamedTuple."""
        return result_rows(self, statement, row_type)

    def scalar_or_none(self, statement: TypedReturnsRows[T], /) -> T | None:
        """The first column of the first row of *statement*, or None if there is no row."""
        value: T | None = self.execute(statement).scalar()
        return value

    def explain(self, statement: sqlalchemy.ClauseElement) -> str:
        """How the database would run *statement*, a line for each step; nothing is run."""
        # Not at the top: who looks at plans waits for them.
        from tablewright.runtime.reads.explain import explain

        with self.gate as connection:
            return explain(connection, statement)

    @contextmanager
    def nested(self) -> Generator[Self, None, None]:
        """The same session in a savepoint: an error undoes what was done in it, and nothing else."""
        with self.begin_nested():
            yield self

    def savepoint(self, name: str) -> Savepoint:
        """Sets a savepoint *name*; of several of one name the newest counts."""
        point = Savepoint(self, name)
        self._savepoints = [known for known in self._savepoints if known.is_open]
        self._savepoints.append(point)
        return point

    def rollback_to(self, savepoint: str | Savepoint) -> None:
        """Undoes what was done since *savepoint*, which stays; `SavepointError` where it is not open."""
        if isinstance(savepoint, Savepoint):
            savepoint.rollback()
            return
        for point in reversed(self._savepoints):
            if point.name == savepoint and point.is_open:
                point.rollback()
                return
        known = [point.name for point in self._savepoints if point.is_open]
        raise SavepointError(f"No savepoint {savepoint!r} is open" + (f", but {', '.join(known)}." if known else "."))

    # Not at the top: most programs have no tables but those of their package.

    def table(self, table: sqlalchemy.Table, /) -> DynamicTable:
        """The rows of a table that no code was generated for, read and written as those of any other."""
        from tablewright.runtime.dynamic.dynamic_table import dynamic_table

        return dynamic_table(self, table)

    def ensure_table(self, name: str, definition: Definition, /) -> sqlalchemy.Table:
        """The table *name*, made in this transaction where it is not there; others know it once that is committed.

        `TableConflictError` where the database has another table of that name.
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
        """Makes a temporary table, which nobody else sees: its verbs, and as their `table` the SQLAlchemy table.

        *definition* is a generated table (`BookTable` or `session.book`), whose columns, checks and unique keys it
        has, but no foreign keys; or a `TableSpec`, a table of a canonical schema, a SQLAlchemy `Table`. Without a
        *name* it gets one of its own; a name that a table has already is refused. It is gone when the transaction
        ends, whether it is committed or not.
        """
        from tablewright.runtime.temporary import session_tables

        return session_tables.make(self, definition, name)

    def drop_temporary_table(self, table: Table[Any, Any] | sqlalchemy.Table) -> None:
        """Drops a temporary table of this session, said by its verbs or their `table`, before its transaction ends."""
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
        """As `make_temporary_table`, for a `with` block, at whose end the table is dropped."""
        from tablewright.runtime.temporary import session_tables

        return session_tables.block(self, definition, name)

    def lock_table(self, *tables: type[Any] | sqlalchemy.Table) -> None:
        """Keeps others from writing to *tables* until the transaction ends; they may read.

        Each is an entity (`Book`), a class of verbs (`BookTable`) or a SQLAlchemy table.
        """
        # In one order, so that no two that lock the same tables wait for each other.
        targets = sorted({_table(target) for target in tables}, key=lambda table: table.fullname)
        if not targets:
            return
        with self.gate as connection:
            names = [connection.dialect.identifier_preparer.format_table(target) for target in targets]
            if connection.dialect.name == "sqlite":
                # Takes the lock of the file, in a transaction that somebody else has begun too.
                connection.exec_driver_sql(f"DELETE FROM {names[0]} WHERE 0")
            else:
                connection.exec_driver_sql(f"LOCK TABLE {', '.join(names)} IN EXCLUSIVE MODE")

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
        """SQLAlchemy's choice of an engine, made fit for tablewright's transactions."""
        found = super().get_bind(
            mapper,
            clause=clause,
            bind=bind,
            _sa_skip_events=_sa_skip_events,
            _sa_skip_for_implicit_returning=_sa_skip_for_implicit_returning,
            **kw,
        )
        if found is not self._prepared:
            prepare(found)
            self._prepared = found
        return found

    def _autoflush(self) -> None:
        # Every statement of the entity tier asks for it, most of them for nothing.
        if self._new or self._deleted or self.identity_map.check_modified():
            super()._autoflush()

    def begin(self, nested: bool = False) -> SessionTransaction:
        """Begins a transaction; with *nested* a savepoint."""
        if not nested:
            self._refuse_in_scope("begin")
        self.gate.enter_call(refuse_lost=True)
        try:
            transaction = super().begin(nested)
        finally:
            self.gate.leave()
        # The only way, short of private ones, to have a subclass made.
        transaction.__class__ = StrictTransaction
        return transaction

    def commit(self) -> None:
        """Commits; a transaction that a failed statement has broken is rolled back: `TransactionLostError`."""
        self._refuse_in_scope("commit")
        self._commit()

    def rollback(self) -> None:
        """Rolls the whole transaction back."""
        self._refuse_in_scope("rollback")
        self._rollback()

    def close(self) -> None:
        """Ends the session; what was not committed is rolled back."""
        self._refuse_in_scope("close")
        self._close()

    def reset(self) -> None:
        """Rolls back and empties the session, to be used again."""
        self._refuse_in_scope("reset")
        super().reset()

    def invalidate(self) -> None:
        """As `close`, for connections that must not be used again."""
        self._refuse_in_scope("invalidate")
        super().invalidate()

    def _refuse_in_scope(self, verb: str) -> None:
        if self._scope is not None:
            raise InvalidRequestError(
                f"{verb}() inside `with database.session()`, which commits at its end, and rolls back on an error. "
                "Use session.nested() for a part that may fail, session.savepoint() with session.rollback_to(), "
                "or Session(database) for transactions by hand."
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


# `get` is not among them: it executes where it has to ask the database, and otherwise gives what is loaded.
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


# In a loop rather than as definitions, so that checkers see SQLAlchemy's own signatures.
for _name in GATED:
    setattr(Session, _name, _gated(getattr(EntitySession, _name)))


def _table(target: type[Any] | sqlalchemy.Table) -> sqlalchemy.Table:
    found: object = target if isinstance(target, sqlalchemy.Table) else getattr(target, "table", None)
    return cast("sqlalchemy.Table", found if isinstance(found, sqlalchemy.Table) else inspect(target).local_table)


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
