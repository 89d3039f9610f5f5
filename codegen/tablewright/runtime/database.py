"""`Database`: where the tables of a package are kept, and the way to sessions over them."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from copy import copy
from types import TracebackType
from typing import TYPE_CHECKING, Any, ClassVar, Generic, Self, TypeVar

from sqlalchemy import URL, Connection, Engine, MetaData, inspect, text
from sqlalchemy.exc import ArgumentError, InvalidRequestError

from tablewright.runtime import postgres, sqlite
from tablewright.runtime.ambient import AmbientScope
from tablewright.runtime.engines import EngineOptions, make_engine, parse_url, prepare
from tablewright.runtime.errors import SchemaAlreadyExistsError
from tablewright.runtime.scope import Isolation, SessionScope
from tablewright.runtime.session import Session
from tablewright.runtime.transact import transact

if TYPE_CHECKING:
    from tablewright.runtime.opaque.manager import OpaqueTableStorageManager

S = TypeVar("S", bound=Session)
T = TypeVar("T")


class Database(Generic[S]):
    """A SQLite or Postgres database that holds, or will hold, the tables of a package.

    *url_or_engine* is a URL (`sqlite:///file.db`, `postgresql+psycopg://user@host/database`) or your own Engine,
    which is never disposed of here. A *read_only* database refuses to write; *namespace* is the Postgres schema of
    the tables. The other options are those of `sqlalchemy.create_engine`, and *busy_timeout* is how many seconds
    SQLite waits for another writer. No connection is made before the first use.
    """

    # A class variable cannot be generic: generated classes say the class here and as their argument.
    session_class: ClassVar[type[Any]]
    opaque_class: ClassVar[type[Any] | None] = None

    def __init__(
        self,
        url_or_engine: str | URL | Engine,
        *,
        read_only: bool = False,
        namespace: str | None = None,
        echo: bool = False,
        pool_size: int = 5,
        max_overflow: int = 10,
        pool_timeout: float = 30.0,
        pool_recycle: int = -1,
        pool_pre_ping: bool = True,
        busy_timeout: float = 5.0,
        connect_args: Mapping[str, object] | None = None,
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
    def opaque(self) -> OpaqueTableStorageManager:
        """The opaque tables: registered by clients of the database, and looked up by name."""
        manager = self._opaque
        if manager is None:
            # Loaded with its first use, where none was generated.
            from tablewright.runtime.opaque.manager import OpaqueTableStorageManager

            made: type[OpaqueTableStorageManager] = self.opaque_class or OpaqueTableStorageManager
            manager = self._opaque = made(self)
        elif manager.database is not self:
            # That of the database which this one was copied from.
            manager = self._opaque = manager.clone(self)
        return manager

    def session(self, *, read_only: bool = False, isolation: Isolation | None = None) -> SessionScope[S]:
        """A transaction of its own, `with database.session() as session`: commits, or rolls back on an error.

        It begins, and waits for a connection or for SQLite's lock, where the block is entered. With *read_only*
        the database refuses to write; on SQLite such sessions wait for no writer.
        """
        read_only = read_only or self._read_only
        bind = self.bind
        guard = read_only
        if read_only and isinstance(bind, Engine) and bind.dialect.name == "sqlite":
            bind = self._reading_engine()
            guard = bind is self._engine and not self._read_only
        return SessionScope(self._session_type(), bind, namespace=self.namespace, read_only=guard, isolation=isolation)

    def ambient_session(self) -> AmbientScope[S]:
        """The session of the task or thread that runs, joined in a savepoint; outermost, as `session()`.

        For code that has no session at hand. Not for generators that end elsewhere, as web frameworks run them.
        """
        return AmbientScope(self)

    def transact(self, function: Callable[[S], T], retries: int = 3, *, isolation: Isolation | None = None) -> T:
        """What *function* gives for a session, in a transaction of its own.

        It is run again, up to *retries* times, on a serialization failure, a deadlock or a busy SQLite file.
        """
        return transact(lambda: self.session(isolation=isolation), function, retries)

    def create(self, exist_ok: bool = False) -> None:
        """Makes all tables, in one transaction.

        Where some are there already: `SchemaAlreadyExistsError`, or with *exist_ok* the missing ones are made.
        """
        metadata = self._metadata()
        self._refuse_read_only("create")
        if self._joined is None and self._engine.dialect.name == "sqlite" and sqlite.file_name(self._engine.url):
            self._set_wal()
        with self._transaction() as connection:
            if connection.dialect.name == "postgresql":
                # CREATE … IF NOT EXISTS fails when two do it at once.
                connection.execute(text("SELECT pg_advisory_xact_lock(hashtext('tablewright.create'))"))
                if self._namespace is not None:
                    connection.exec_driver_sql(
                        f"CREATE SCHEMA IF NOT EXISTS {postgres.quoted(self._namespace)}".replace("%", "%%")
                    )
            inspector = inspect(connection)
            present = {
                *inspector.get_table_names(schema=self._namespace),
                *inspector.get_view_names(schema=self._namespace),
            }
            clashes = sorted(table.name for table in metadata.tables.values() if table.name in present)
            if clashes and not exist_ok:
                raise SchemaAlreadyExistsError(
                    f"{self!r} has {len(clashes)} of the {len(metadata.tables)} tables already: {_some(clashes)}. "
                    "create(exist_ok=True) makes the missing ones."
                )
            try:
                metadata.create_all(connection)
            finally:
                _say_inline(metadata)

    def drop(self) -> None:
        """Drops all tables of the package, those that are there, in one transaction."""
        metadata = self._metadata()
        self._refuse_read_only("drop")
        with self._transaction() as connection:
            metadata.drop_all(connection)

    def clone(self) -> Self:
        """Another database object on the same place, with connections of its own."""
        twin = copy(self)
        twin._reader = None
        if self._joined is None and not self._given:
            twin._engine = make_engine(
                self._engine.url, self._options, read_only=self._read_only, namespace=self._namespace
            )
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
        session = self._session_type()(twin)
        # Its savepoint has to be the outermost, before those of other sessions.
        session.connection()
        try:
            yield session, twin
        finally:
            session.close()

    def _session_type(self) -> type[S]:
        return self.session_class

    def _metadata(self) -> MetaData:
        return self._session_type().package.load_tables()

    def _refuse_read_only(self, verb: str) -> None:
        if self._read_only:
            raise InvalidRequestError(f"{self!r} cannot {verb} tables.")

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
    def _transaction(self) -> Generator[Connection, None, None]:
        if self._joined is not None:
            with self._joined.begin_nested():
                yield self._joined
            return
        with self._engine.begin() as connection:
            if self.namespace is not None:
                postgres.enter_namespace(connection, self.namespace)
            yield connection


def _some(names: list[str], limit: int = 5) -> str:
    return ", ".join(names[:limit]) + (", …" if len(names) > limit else "")


def _say_inline(metadata: MetaData) -> None:
    # Where tables point at each other, Postgres gets the keys by ALTER TABLE; SQLAlchemy then never
    # says them inside CREATE TABLE again, and a SQLite made afterwards would silently lack them.
    for table in metadata.tables.values():
        for key in table.foreign_key_constraints:
            key._create_rule = None  # pyright: ignore[reportPrivateUsage]  # there is no public way
