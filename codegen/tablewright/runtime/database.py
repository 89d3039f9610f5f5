"""`Database`: the tables of a package in a SQLite or Postgres database, and the sessions over them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

import sqlalchemy
from sqlalchemy import URL, Connection, Engine, MetaData, Table

from tablewright.runtime.engine.connections import Connections
from tablewright.runtime.engine.create import EngineOptions
from tablewright.runtime.package import Package
from tablewright.runtime.scopes.ambient_scope import AmbientScope
from tablewright.runtime.scopes.retry import transact
from tablewright.runtime.scopes.session_scope import Isolation, SessionScope, open_scope
from tablewright.runtime.session import Session
from tablewright.runtime.versions.check import VersionCheck
from tablewright.runtime.versions.compatibility import Versions
from tablewright.runtime.versions.extension import VersionedExtension
from tablewright.runtime.versions.version_tuple import VersionTuple

if TYPE_CHECKING:
    from tablewright.runtime.dynamic.definitions import Definition
    from tablewright.runtime.dynamic.static_tables import StaticTablesContext
    from tablewright.runtime.opaque.manager import OpaqueTableStorageManager
    from tablewright.runtime.versions.create import SchemaCreator

S = TypeVar("S", bound=Session)
T = TypeVar("T")


class Database(Connections, Generic[S]):
    """A SQLite or Postgres database that contains, or will contain, the tables of a package.

    *url_or_engine* is a URL (`sqlite:///file.db`, `postgresql+psycopg://user@host/database`) or your own Engine, which
    is never disposed of here. A *read_only* database refuses to write. *namespace* is the Postgres schema of the
    tables. The other options are those of `sqlalchemy.create_engine`; *busy_timeout* is how many seconds SQLite waits
    for another writer. No connection is opened before the first use. Set *allow_temporary_tables* to False for replicas
    and connection poolers that do not support them.

    The first session checks the versions that the database stores, and raises `IncompatibleVersionError` if they do not
    fit. Set *check_versions* to False for databases whose versions are stored elsewhere.
    """

    # A class variable cannot be generic: generated classes give the class here and as their argument.
    session_class: ClassVar[type[Any]]
    extensions: ClassVar[tuple[type[VersionedExtension], ...]] = ()
    """The parts of the database that have versions of their own; a subclass lists them."""

    def __init__(
        self,
        url_or_engine: str | URL | Engine,
        *,
        read_only: bool = False,
        namespace: str | None = None,
        check_versions: bool = True,
        echo: bool = False,
        pool_size: int = 5,
        max_overflow: int = 10,
        pool_timeout: float = 30.0,
        pool_recycle: int = -1,
        pool_pre_ping: bool = True,
        busy_timeout: float = 5.0,
        connect_args: Mapping[str, object] | None = None,
        allow_temporary_tables: bool = True,
    ) -> None:
        options = EngineOptions(
            echo=echo,
            pool_size=pool_size,
            max_overflow=max_overflow,
            pool_timeout=pool_timeout,
            pool_recycle=pool_recycle,
            pool_pre_ping=pool_pre_ping,
            busy_timeout=busy_timeout,
            connect_args=connect_args,
        )
        self._check = VersionCheck(Versions(self._package.schema, self.extensions), check_versions)
        self._opaque: OpaqueTableStorageManager | None = None
        super().__init__(
            url_or_engine,
            options,
            read_only=read_only,
            namespace=namespace,
            allow_temporary_tables=allow_temporary_tables,
        )

    @property
    def opaque(self) -> OpaqueTableStorageManager:
        """The opaque tables: registered by clients of the database, and looked up by name."""
        manager = self._opaque
        if manager is None:
            # Loaded with its first use, as is the generated one.
            from tablewright.runtime.opaque.manager import OpaqueTableStorageManager

            generated: type[OpaqueTableStorageManager] | None = self._package.opaque_class()
            manager = self._opaque = (generated or OpaqueTableStorageManager)(self)
        elif manager.database is not self:
            # That of the database from which this one was copied.
            manager = self._opaque = manager.clone(self)
        return manager

    def session(
        self,
        *,
        read_only: bool = False,
        isolation: Isolation | None = None,
        lock: Sequence[type[Any] | Table] = (),
    ) -> SessionScope[S]:
        """Open a session in its own transaction: `with database.session() as session`.

        The transaction commits at the end of the block, or rolls back on an error. It begins, and may wait for a
        connection or SQLite's lock, when the block is entered. With *read_only* the database refuses to write; on
        SQLite such sessions wait for no writer. With *lock* the session waits until it is the only one that writes to
        these tables, as `session.lock_table` does.
        """
        return open_scope(self, read_only=read_only, isolation=isolation, lock=lock)

    def due_check(self, read_only: bool) -> Callable[[Connection], None] | None:
        """Return the check of the versions that a session must run when it begins; None once it has passed."""
        return self._check.due(read_only)

    def ambient_session(self, *, interrupting: bool = False) -> AmbientScope[S]:
        """Join the current task's or thread's session in a savepoint, or open one as `session()` does.

        For code that is given no session. Not for generators that end in another context, as web frameworks run them.
        With *interrupting* an open ambient session is an error: what the block does must be stored at its end.
        """
        return AmbientScope(self, self.session, interrupting=interrupting)

    def transact(self, function: Callable[[S], T], retries: int = 3, *, isolation: Isolation | None = None) -> T:
        """Run *function* with a session in its own transaction, and return its result.

        Run it again, up to *retries* times, after a serialization failure, a deadlock or a busy SQLite file.
        """
        return transact(lambda: self.session(isolation=isolation), function, retries)

    def create(
        self,
        exist_ok: bool = False,
        *,
        initialize: Callable[[S], object] | None = None,
        versions: Mapping[type[VersionedExtension], VersionTuple] | None = None,
    ) -> None:
        """Create all tables and store their versions, in one transaction.

        If some exist, raise `SchemaAlreadyExistsError`, or with *exist_ok* create the missing ones if the versions fit.
        If any was created, call *initialize* with a session in the same transaction; if it fails, nothing is created.
        *versions* are those that extensions get, instead of their own choice.
        """
        metadata = self._metadata()
        self.refuse_read_only("create")
        self.prepare_file()
        with self._creator(metadata) as creator:
            created = creator.create(exist_ok, versions or {}, check=self._check.on)
            if created and initialize is not None:
                self._initialize(creator.connection, initialize)

    def stamp(
        self, *, versions: Mapping[type[VersionedExtension], VersionTuple] | None = None, force: bool = False
    ) -> None:
        """Store the versions of tables that another tool created: Alembic, an older release, hand-written SQL.

        Raise `IncompatibleVersionError` if tables are missing, or if the database stores other versions and *force* is
        not set. Only the names of the tables are compared.
        """
        metadata = self._metadata()
        self.refuse_read_only("stamp")
        with self._creator(metadata) as creator:
            creator.stamp(versions or {}, force=force)

    def stored_versions(self) -> dict[str, VersionTuple | None]:
        """Return the versions that the database stores: the schema's by its name, those of extensions by their role.

        The value is None for an extension without versions. Raise `VersionsMissingError` if the database stores none.
        """
        with self.transaction() as connection:
            return self._check.stored(connection)

    def drop(self) -> None:
        """Drop all tables of the package that exist, and its versions, in one transaction.

        Raise `InvalidRequestError` if other tables, opaque ones among them, reference them.
        """
        metadata = self._metadata()
        self.refuse_read_only("drop")
        with self._creator(metadata, dropping=True) as creator:
            creator.drop()
        self._check = self._check.again()

    # Most programs have no tables but those of their package: the rest is loaded with its first use.

    def ensure_table(self, name: str, definition: Definition) -> sqlalchemy.Table:
        """Create table *name* if it does not exist, in its own transaction. Equal definitions return the same Table.

        Raise `TableConflictError` if the database has a different table of that name, `ReadOnlyDatabaseError` if it has
        none and is open for reading only. Safe if other processes do the same. In a transaction, use
        `session.ensure_table`.
        """
        return self.ensure_tables({name: definition})[name]

    def ensure_tables(self, definitions: Mapping[str, Definition]) -> dict[str, sqlalchemy.Table]:
        """Create several tables, which may reference each other: all or none. Return them by name."""
        from tablewright.runtime.dynamic import database_tables

        return database_tables.ensure(self, self._package, definitions)

    def get_table(self, name: str, definition: Definition) -> sqlalchemy.Table | None:
        """Return table *name*, or None if it does not exist; raise `TableConflictError` for a different one."""
        from tablewright.runtime.dynamic import database_tables

        return database_tables.find(self, self._package, {name: definition})[name]

    def drop_table(self, name: str) -> bool:
        """Drop a table that is not one of the package's. Return True if it existed."""
        from tablewright.runtime.dynamic import database_tables

        return database_tables.drop(self, self._package, name)

    @contextmanager
    def declare_static_tables(self, create: bool) -> Generator[StaticTablesContext[S], None, None]:
        """Declare tables beside the package's, inside the block and in any order.

        With *create* they are created at its end, in one transaction with their initializers. An error in the block
        creates none; raise `SchemaAlreadyExistsError` if one exists. Without *create* the database must have them as
        declared: `MissingTablesError`, `TableConflictError`.
        """
        from tablewright.runtime.dynamic import database_tables

        with database_tables.declared(self, self._package, create, self._initialize) as context:
            yield context

    def missing_tables(self) -> list[str]:
        """Return the names of the package's tables that are missing in the database."""
        from tablewright.catalog.compare import missing

        metadata = self._metadata()
        with self.reading() as connection:
            return missing(connection, metadata)

    def check(self) -> list[str]:
        """Return one message for each difference between the database and the package's tables."""
        from tablewright.catalog.compare import compare_all

        metadata = self._metadata()
        with self.reading() as connection:
            return compare_all(connection, metadata)

    def clone(self) -> Self:
        """Return another Database for the same place, with connections of its own."""
        copy = super().clone()
        if copy.engine is not self.engine:
            from tablewright.runtime.dynamic.registry import share_tables

            share_tables(self.engine.dialect, copy.engine.dialect)
        return copy

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.dispose()

    @contextmanager
    def joined_to(self, connection: Connection) -> Generator[tuple[S, Self], None, None]:
        """Open a session and a Database in the transaction of *connection*; each of its sessions is a savepoint."""
        copy = self.joined(connection)
        # The transaction may undo what the copy finds.
        copy._check = self._check.again()
        session: S = self.session_class(copy)
        try:
            # Its savepoint has to be the outermost, before those of other sessions.
            session.connection()
            yield session, copy
        finally:
            session.close()

    @property
    def _package(self) -> Package:
        package: Package = self.session_class.package
        return package

    def _metadata(self) -> MetaData:
        return self._package.load_tables()

    def _initialize(self, connection: Connection, initialize: Callable[[S], object]) -> None:
        scope: SessionScope[S] = SessionScope(self.session_class, connection)
        with scope as session:
            initialize(session)

    @contextmanager
    def _creator(self, metadata: MetaData, *, dropping: bool = False) -> Generator[SchemaCreator, None, None]:
        # Not at the top: most programs create no tables.
        from tablewright.runtime.versions.create import SchemaCreator

        with self.transaction(dropping=dropping) as connection:
            yield SchemaCreator(
                connection, metadata, self._check.versions, namespace=self.namespace, database=repr(self)
            )
