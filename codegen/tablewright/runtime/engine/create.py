"""Engines: made from a URL, or taken as they are and made fit."""

from __future__ import annotations

from weakref import WeakSet

from sqlalchemy import URL, Connection, Engine, make_url
from sqlalchemy.exc import ArgumentError

from tablewright.runtime.engine.backend import EngineOptions as EngineOptions
from tablewright.runtime.engine.failures import listen
from tablewright.runtime.engine.registry import BACKENDS, backend_of

_ALIASES = {"postgres": "postgresql"}
_prepared: WeakSet[Engine] = WeakSet()


def parse_url(url: str | URL) -> URL:
    """The *url*, in parts; `ArgumentError`, which quotes none of it, where it is none."""
    try:
        return make_url(url)
    except (ArgumentError, ValueError):
        raise ArgumentError(
            "This is not a database URL (sqlite:///file.db, postgresql+psycopg://user:password@host/database); "
            "characters such as @ : / in a user name or password are written %40 %3A %2F."
        ) from None


def make_engine(url: URL, options: EngineOptions, *, read_only: bool = False, namespace: str | None = None) -> Engine:
    """An engine for SQLite or Postgres."""
    backend = BACKENDS.get(_ALIASES.get(url.get_backend_name(), url.get_backend_name()))
    if backend is None:
        raise ArgumentError(f"{url.drivername!r} is not supported: Tablewright runs on SQLite and Postgres.")
    engine = backend.create_engine(url, options, read_only=read_only, namespace=namespace)
    prepare(engine)
    return engine


def prepare(bind: Engine | Connection) -> None:
    """Makes an engine fit for sessions: transactions that hold, failures remembered."""
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
    if dialect.name == "sqlite" and dialect.is_async is False:
        if namespace is not None:
            raise ArgumentError("A namespace is a schema of Postgres; SQLite has none.")
        if read_only:
            raise ArgumentError(
                "A read-only SQLite database is opened by its URL: Database('sqlite:///file.db', read_only=True)."
            )
    elif dialect.name == "postgresql" and dialect.driver == "psycopg" and dialect.is_async is False:
        if read_only:
            engine = engine.execution_options(postgresql_readonly=True)
    else:
        raise ArgumentError(
            f"An engine for {dialect.name}+{dialect.driver} is not supported: Tablewright runs on SQLite "
            "through sqlite3 and on Postgres through psycopg."
        )
    prepare(engine)
    return engine
