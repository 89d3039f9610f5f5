"""`Connections`: the connections to one database, for sessions and for what creates, reads and drops tables."""

from __future__ import annotations

from collections.abc import Callable, Generator
from contextlib import contextmanager, nullcontext
from copy import copy
from pathlib import Path
from typing import Any, ClassVar, Self

from sqlalchemy import URL, Connection, Engine
from sqlalchemy.exc import ArgumentError

from tablewright.runtime.engine import postgres
from tablewright.runtime.engine.backend import Backend
from tablewright.runtime.engine.create import EngineOptions, adopt_engine, make_engine, make_reader, parse_url
from tablewright.runtime.engine.registry import backend_of
from tablewright.runtime.errors import ReadOnlyDatabaseError


class Connections:
    """The connections to a SQLite or Postgres database: those of an engine, or the one that a test joins them to.

    *url_or_engine* is a URL or an Engine of the caller's, which is never disposed of here. No connection is opened
    before the first use.
    """

    session_class: ClassVar[type[Any]]
    """The class of the sessions over these connections; its `package` has the tables."""

    def __init__(
        self,
        url_or_engine: str | URL | Engine,
        options: EngineOptions | None = None,
        *,
        read_only: bool = False,
        namespace: str | None = None,
        allow_temporary_tables: bool = True,
    ) -> None:
        self.read_only = read_only
        """True if the database was opened for reading only."""
        self.namespace = namespace
        """The Postgres schema of the tables; None for that of the connection."""
        self.allow_temporary_tables = allow_temporary_tables
        """False if sessions must not create temporary tables."""
        self._options = options or EngineOptions()
        self._given = isinstance(url_or_engine, Engine)
        self._joined: Connection | None = None
        self._reader: Engine | None = None
        if isinstance(url_or_engine, Engine):
            if self._options != EngineOptions():
                raise ArgumentError(
                    "Engine options cannot be combined with an existing Engine; pass them to create_engine()."
                )
            self._engine = adopt_engine(url_or_engine, read_only=read_only, namespace=namespace)
        else:
            self._engine = self._make_engine(parse_url(url_or_engine))

    def __repr__(self) -> str:
        url = self._engine.url.render_as_string(hide_password=True)
        parts = [repr(url)]
        if self.read_only:
            parts.append("read_only=True")
        if self.namespace is not None:
            parts.append(f"namespace={self.namespace!r}")
        return f"{type(self).__name__}({', '.join(parts)})"

    @property
    def engine(self) -> Engine:
        """The engine, for SQLAlchemy and Alembic."""
        return self._engine

    @property
    def bind(self) -> Engine | Connection:
        """The engine or connection that sessions use."""
        return self._engine if self._joined is None else self._joined

    @property
    def namespace_to_enter(self) -> str | None:
        """The namespace, if each transaction has to enter it because the engine does not."""
        return self.namespace if self._given else None

    def due_check(self, read_only: bool) -> Callable[[Connection], None] | None:
        """Return the check that a session must run when it begins, or None. A Database checks its versions."""
        return None

    def reading_bind(self) -> tuple[Engine | Connection, bool]:
        """Return the engine or connection of read-only sessions, and whether they must be kept from writing there."""
        if self._joined is not None:
            return self._joined, True
        engine = self._reading_engine()
        opened = self.read_only or engine is not self._engine
        return engine, not (opened and self._backend.opens_read_only)

    @contextmanager
    def reading(self) -> Generator[Connection, None, None]:
        """Open a connection that waits for no writer."""
        if self._joined is not None:
            yield self._joined
            return
        # A reader cannot create a missing file.
        engine = self._reading_engine() if self.exists() else self._engine
        with engine.connect() as connection:
            self._enter_namespace(connection)
            yield connection

    @contextmanager
    def transaction(self, *, dropping: bool = False) -> Generator[Connection, None, None]:
        """Open a connection in a transaction of its own, for *dropping* tables that reference each other if so."""
        if self._joined is not None:
            with self._joined.begin_nested():
                yield self._joined
            return
        with (
            self._engine.connect() as connection,
            self._backend.foreign_keys_disabled(connection) if dropping else nullcontext(),
            connection.begin(),
        ):
            self._enter_namespace(connection)
            yield connection

    def prepare_file(self) -> None:
        """Store the settings that belong in the database's file, before its tables are created."""
        if self._joined is None:
            self._backend.prepare_file(self._engine)

    def exists(self) -> bool:
        """Return True unless the database is a file that has not been created."""
        name = self._backend.file_name(self._engine.url)
        return name is None or Path(name).exists()

    def refuse_read_only(self, verb: str) -> None:
        """Raise `ReadOnlyDatabaseError` if the database was opened for reading only."""
        if self.read_only:
            raise ReadOnlyDatabaseError(f"{self!r} cannot {verb} tables.")

    def clone(self) -> Self:
        """Return another object for the same database, with connections of its own."""
        other = copy(self)
        other._reader = None
        if self._joined is None and not self._given:
            other._engine = self._make_engine(self._engine.url)
        return other

    def joined(self, connection: Connection) -> Self:
        """Return another object for the same database, with *connection* as its only one."""
        other = copy(self)
        other._reader = None
        other._joined = connection
        return other

    def dispose(self) -> None:
        """Close the pooled connections, except those of an engine that was given."""
        if self._reader is not None:
            self._reader.dispose()
        self._reader = None
        if not self._given and self._joined is None:
            self._engine.dispose()

    def _make_engine(self, url: URL) -> Engine:
        return make_engine(url, self._options, read_only=self.read_only, namespace=self.namespace)

    def _reading_engine(self) -> Engine:
        """On a SQLite file, an engine that cannot write and waits for no writer; elsewhere the only one."""
        if self.read_only:
            return self._engine
        if self._reader is None:
            self._reader = make_reader(self._engine, self._options)
        return self._reader or self._engine

    @property
    def _backend(self) -> Backend:
        return backend_of(self._engine.dialect)

    def _enter_namespace(self, connection: Connection) -> None:
        if self.namespace_to_enter is not None:
            postgres.enter_namespace(connection, self.namespace_to_enter)
