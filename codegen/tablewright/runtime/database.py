"""`Database`: where the tables of a package are kept, and the way to sessions over them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping, Sequence
from contextlib import contextmanager, nullcontext
from copy import copy
from pathlib import Path
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Self, TypeVar

from sqlalchemy import URL, Connection, Engine, MetaData, Table
from sqlalchemy.exc import ArgumentError, InvalidRequestError

from tablewright.runtime.dynamic.database_tables import MakesTables
from tablewright.runtime.engine import postgres, sqlite
from tablewright.runtime.engine.create import EngineOptions, make_engine, parse_url, prepare
from tablewright.runtime.engine.registry import backend_of
from tablewright.runtime.errors import ReadOnlyDatabaseError
from tablewright.runtime.scopes.ambient_scope import AmbientScope
from tablewright.runtime.scopes.retry import transact
from tablewright.runtime.scopes.session_scope import Isolation, SessionScope
from tablewright.runtime.session import Session
from tablewright.runtime.versions.check import VersionCheck
from tablewright.runtime.versions.compatibility import Versions
from tablewright.runtime.versions.extension import VersionedExtension
from tablewright.runtime.versions.version_tuple import VersionTuple

if TYPE_CHECKING:
    from tablewright.runtime.opaque.manager import OpaqueTableStorageManager
    from tablewright.runtime.versions.create import Making

S = TypeVar("S", bound=Session)
T = TypeVar("T")


class Database(MakesTables[S]):
    """A SQLite or Postgres database that holds, or will hold, the tables of a package.

    *url_or_engine* is a URL (`sqlite:///file.db`, `postgresql+psycopg://user@host/database`) or your own Engine,
    which is never disposed of here. A *read_only* database refuses to write; *namespace* is the Postgres schema of
    the tables. The other options are those of `sqlalchemy.create_engine`, and *busy_timeout* is how many seconds
    SQLite waits for another writer. No connection is made before the first use. Where temporary tables are not
    to be had (a replica, a pooler of transactions), *allow_temporary_tables* refuses them from the start.

    The first session asks the database which versions it holds: `IncompatibleVersionError` where they do not fit.
    Without *check_versions* it does not, for databases whose versions are kept elsewhere.
    """

    # A class variable cannot be generic: generated classes say the class here and as their argument.
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
        self._options = EngineOptions(
            echo=echo,
            pool_size=pool_size,
            max_overflow=max_overflow,
            pool_timeout=pool_timeout,
            pool_recycle=pool_recycle,
            pool_pre_ping=pool_pre_ping,
            busy_timeout=busy_timeout,
            connect_args=connect_args,
        )
        self._read_only = read_only
        self._namespace = namespace
        self._allow_temporary_tables = allow_temporary_tables
        self._check = VersionCheck(Versions(self._session_type().package.schema, self.extensions), check_versions)
        self._given = isinstance(url_or_engine, Engine)
        self._joined: Connection | None = None
        self._reader: Engine | None = None
        self._opaque: OpaqueTableStorageManager | None = None
        if isinstance(url_or_engine, Engine):
            if self._options != EngineOptions():
                raise ArgumentError("The options of an engine are given where it is made, not here.")
            self._engine = self._adopted(url_or_engine)
        else:
            url = parse_url(url_or_engine)
            self._engine = make_engine(url, self._options, read_only=read_only, namespace=namespace)

    def __repr__(self) -> str:
        url = self._engine.url.render_as_string(hide_password=True)
        parts = [repr(url)]
        if self._read_only:
            parts.append("read_only=True")
        if self._namespace is not None:
            parts.append(f"namespace={self._namespace!r}")
        return f"{type(self).__name__}({', '.join(parts)})"

    @property
    def engine(self) -> Engine:
        """The engine, for what SQLAlchemy and Alembic do with one."""
        return self._engine

    @property
    def bind(self) -> Engine | Connection:
        """What sessions are bound to: the engine, or the connection of `testing.rolled_back`."""
        return self._engine if self._joined is None else self._joined

    @property
    def namespace(self) -> str | None:
        """The Postgres schema that each transaction has to enter, where the engine does not do it by itself."""
        return self._namespace if self._given else None

    @property
    def read_only(self) -> bool:
        """Whether the database was opened to read only."""
        return self._read_only

    @property
    def allow_temporary_tables(self) -> bool:
        """Whether sessions may make temporary tables."""
        return self._allow_temporary_tables

    @property
    def opaque(self) -> OpaqueTableStorageManager:
        """The opaque tables: registered by clients of the database, and looked up by name."""
        manager = self._opaque
        if manager is None:
            # Loaded with its first use, as is the one that was generated.
            from tablewright.runtime.opaque.manager import OpaqueTableStorageManager

            generated: type[OpaqueTableStorageManager] | None = self._session_type().package.opaque_class()
            manager = self._opaque = (generated or OpaqueTableStorageManager)(self)
        elif manager.database is not self:
            # That of the database which this one was copied from.
            manager = self._opaque = manager.clone(self)
        return manager

    def session(
        self,
        *,
        read_only: bool = False,
        isolation: Isolation | None = None,
        lock: Sequence[type[Any] | Table] = (),
    ) -> SessionScope[S]:
        """A transaction of its own, `with database.session() as session`: commits, or rolls back on an error.

        It begins, and waits for a connection or for SQLite's lock, where the block is entered. With *read_only*
        the database refuses to write; on SQLite such sessions wait for no writer. With *lock* it waits until it is
        the only one that writes to these tables, as `session.lock_table` does.
        """
        read_only = read_only or self._read_only
        if lock and read_only:
            raise InvalidRequestError("A read-only session locks no tables: it keeps nobody from writing.")
        bind = self.bind
        guard = read_only
        if read_only and isinstance(bind, Engine) and bind.dialect.name == "sqlite":
            bind = self._reading_engine()
            guard = bind is self._engine and not self._read_only
        return SessionScope(
            self._session_type(),
            bind,
            namespace=self.namespace,
            read_only=guard,
            isolation=isolation,
            lock=lock,
            temporary_tables=self._allow_temporary_tables,
            check=self._check.due(read_only),
        )

    def due_check(self) -> Callable[[Connection], None] | None:
        """What a session by hand has to ask the database when it begins; None once the versions are known to fit."""
        return self._check.due(self._read_only)

    def ambient_session(self, *, interrupting: bool = False) -> AmbientScope[S]:
        """The session of the task or thread that runs, joined in a savepoint; outermost, as `session()`.

        For code that has no session at hand. Not for generators that end elsewhere, as web frameworks run them.
        *interrupting* says that what is done must be stored by its end: where one is open already it is refused.
        """
        return AmbientScope(self, interrupting=interrupting)

    def transact(self, function: Callable[[S], T], retries: int = 3, *, isolation: Isolation | None = None) -> T:
        """What *function* gives for a session, in a transaction of its own.

        It is run again, up to *retries* times, on a serialization failure, a deadlock or a busy SQLite file.
        """
        return transact(lambda: self.session(isolation=isolation), function, retries)

    def create(
        self,
        exist_ok: bool = False,
        *,
        initialize: Callable[[S], object] | None = None,
        versions: Mapping[type[VersionedExtension], VersionTuple] | None = None,
    ) -> None:
        """Makes all tables, and writes which versions they are, in one transaction.

        Where some are there already: `SchemaAlreadyExistsError`, or with *exist_ok* the missing ones are made if the
        versions fit. Then, if any was made, *initialize* is called with a session in the same transaction: it fails,
        nothing is made. *versions* are those that extensions are to have, instead of their own choice.
        """
        metadata = self._metadata()
        self._refuse_read_only("create")
        if self._joined is None and self._engine.dialect.name == "sqlite" and sqlite.file_name(self._engine.url):
            self._set_wal()
        with self._making(metadata) as making:
            made = making.create(exist_ok, versions or {}, check=self._check.on)
            if made and initialize is not None:
                self._initialize(making.connection, initialize)

    def stamp(
        self, *, versions: Mapping[type[VersionedExtension], VersionTuple] | None = None, force: bool = False
    ) -> None:
        """Writes which versions the tables are, where others made them: Alembic, an older release, a hand.

        `IncompatibleVersionError` where tables are missing, or where the database says that it holds other versions,
        unless *force* overwrites them. The tables are not looked at beyond their names.
        """
        metadata = self._metadata()
        self._refuse_read_only("stamp")
        with self._making(metadata) as making:
            making.stamp(versions or {}, force=force)

    def stored_versions(self) -> dict[str, VersionTuple | None]:
        """The versions that the database says it holds: the schema's by its name, those of extensions by their role.

        None is an extension without versions. `VersionsMissingError` where the database says nothing.
        """
        with self._transaction() as connection:
            return self._check.stored(connection)

    def drop(self) -> None:
        """Drops all tables of the package, those that are there, and its versions, in one transaction.

        `InvalidRequestError` where other tables, opaque ones among them, point at them.
        """
        metadata = self._metadata()
        self._refuse_read_only("drop")
        with self._making(metadata, dropping=True) as making:
            making.drop()
        self._check = self._check.again()

    def clone(self) -> Self:
        """Another database object on the same place, with connections of its own."""
        twin = copy(self)
        twin._reader = None
        if self._joined is None and not self._given:
            twin._engine = make_engine(
                self._engine.url, self._options, read_only=self._read_only, namespace=self._namespace
            )
            self._share_tables(twin)
        return twin

    def dispose(self) -> None:
        """Closes the pooled connections; not those of an engine that was given."""
        if self._reader is not None:
            self._reader.dispose()
            self._reader = None
        if not self._given and self._joined is None:
            self._engine.dispose()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.dispose()

    @contextmanager
    def joined_to(self, connection: Connection) -> Generator[tuple[S, Self], None, None]:
        """A session, and this database with all its sessions in the transaction of *connection*: each a savepoint."""
        twin = copy(self)
        twin._reader = None
        twin._joined = connection
        # What the twin finds may be undone with the transaction.
        twin._check = self._check.again()
        session = self._session_type()(twin)
        try:
            # Its savepoint has to be the outermost, before those of other sessions.
            session.connection()
            yield session, twin
        finally:
            session.close()

    def _session_type(self) -> type[S]:
        return self.session_class

    def _metadata(self) -> MetaData:
        return self._session_type().package.load_tables()

    def _refuse_read_only(self, verb: str) -> None:
        if self._read_only:
            raise ReadOnlyDatabaseError(f"{self!r} cannot {verb} tables.")

    def _adopted(self, engine: Engine) -> Engine:
        dialect = engine.dialect
        if dialect.name == "sqlite" and dialect.is_async is False:
            if self._namespace is not None:
                raise ArgumentError("A namespace is a schema of Postgres; SQLite has none.")
            if self._read_only:
                raise ArgumentError(
                    "A read-only SQLite database is opened by its URL: Database('sqlite:///file.db', read_only=True)."
                )
        elif dialect.name == "postgresql" and dialect.driver == "psycopg" and dialect.is_async is False:
            if self._read_only:
                engine = engine.execution_options(postgresql_readonly=True)
        else:
            raise ArgumentError(
                f"An engine for {dialect.name}+{dialect.driver} is not supported: Tablewright runs on SQLite "
                "through sqlite3 and on Postgres through psycopg."
            )
        prepare(engine)
        return engine

    def _reading_engine(self) -> Engine:
        """On SQLite: the engine of read-only sessions, which cannot write and waits for no writer."""
        if self._read_only:
            return self._engine
        name = sqlite.file_name(self._engine.url)
        if name is None:
            return self._engine
        if self._reader is None:
            self._reader = make_engine(sqlite.reader_url(name), self._options, read_only=False)
            self._reader.dialect.begin_statement = "BEGIN"  # type: ignore[attr-defined]  # of our own dialect
        return self._reader

    def _set_wal(self) -> None:
        # Outside a transaction, and only here: the mode stays in the file.
        with self._engine.connect() as connection:
            connection.connection.cursor().execute("PRAGMA journal_mode = WAL")

    @contextmanager
    def _reading(self) -> Generator[Connection, None, None]:
        """A connection that waits for no writer."""
        if self._joined is not None:
            yield self._joined
            return
        name = sqlite.file_name(self._engine.url) if self._engine.dialect.name == "sqlite" else None
        # A file that is not there is made by who writes.
        engine = self._reading_engine() if name is not None and Path(name).exists() else self._engine
        with engine.connect() as connection:
            if self.namespace is not None:
                postgres.enter_namespace(connection, self.namespace)
            yield connection

    @contextmanager
    def _transaction(self, *, dropping: bool = False) -> Generator[Connection, None, None]:
        if self._joined is not None:
            with self._joined.begin_nested():
                yield self._joined
            return
        with (
            self._engine.connect() as connection,
            backend_of(connection.dialect).foreign_keys_disabled(connection) if dropping else nullcontext(),
            connection.begin(),
        ):
            if self.namespace is not None:
                postgres.enter_namespace(connection, self.namespace)
            yield connection

    @contextmanager
    def _making(self, metadata: MetaData, *, dropping: bool = False) -> Generator[Making, None, None]:
        # Not at the top: most programs make no tables.
        from tablewright.runtime.versions.create import Making

        with self._transaction(dropping=dropping) as connection:
            yield Making(connection, metadata, self._check.versions, namespace=self._namespace, place=repr(self))
