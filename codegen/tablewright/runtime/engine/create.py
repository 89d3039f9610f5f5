"""Engines: created from a URL, or adopted."""

from __future__ import annotations

from weakref import WeakSet

from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError

from tablewright.runtime.engine.backend import EngineOptions as EngineOptions
from tablewright.runtime.engine.failures import listen
from tablewright.runtime.engine.registry import BACKENDS, DRIVERS, backend_of

_ALIASES = {"postgres": "postgresql"}
_prepared: WeakSet[Engine] = WeakSet()


def parse_url(url: str | URL) -> URL:
    """Parse *url*. Raise `ArgumentError`, which does not quote it, if it is invalid."""
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise ArgumentError(
            "This is not a database URL (sqlite:///file.db, postgresql+psycopg://user:password@host/database); "
            "characters such as @ : / in a user name or password are written %40 %3A %2F."
        ) from None


def make_engine(url: URL, options: EngineOptions, *, read_only: bool = False, namespace: str | None = None) -> Engine:
    """Create an engine for SQLite or Postgres."""
    backend = BACKENDS.get(_ALIASES.get(url.get_backend_name(), url.get_backend_name()))
    if backend is None:
        raise ArgumentError(f"{url.drivername!r} is not supported: Tablewright runs on SQLite and Postgres.")
    engine = backend.create_engine(url, options, read_only=read_only, namespace=namespace)
    prepare(engine)
    return engine


def make_reader(engine: Engine, options: EngineOptions) -> Engine | None:
    """Create an engine for the database of *engine* that only reads and waits for no writer, or return None."""
    reader = backend_of(engine.dialect).create_reader(engine.url, options)
    if reader is not None:
        prepare(reader)
    return reader


def prepare(bind: Engine | Connection) -> None:
    """Prepare an engine for sessions: give it our transactions, and let it record failed statements."""
    engine = bind.engine
    backend = backend_of(engine.dialect)
    if isinstance(bind, Connection) and bind.in_transaction():
        backend.ensure_begun(bind)
    if engine in _prepared:
        return
    backend.adopt(engine)
    listen(engine)
    _prepared.add(engine)


def adopt_engine(engine: Engine, *, read_only: bool, namespace: str | None) -> Engine:
    """Prepare an *engine* of the caller's. Return it, or on Postgres a *read_only* view of it."""
    dialect = engine.dialect
    if (dialect.name, dialect.driver) not in DRIVERS or dialect.is_async:
        raise ArgumentError(
            f"An engine for {dialect.name}+{dialect.driver} is not supported: Tablewright runs on SQLite "
            "through sqlite3 and on Postgres through psycopg."
        )
    engine = backend_of(dialect).use_engine(engine, read_only=read_only, namespace=namespace)
    prepare(engine)
    return engine
