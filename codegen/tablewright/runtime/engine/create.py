"""Engines: made from a URL, or taken as they are and made fit."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any
from weakref import WeakSet

from sqlalchemy import URL, Connection, Engine, create_engine, make_url
from sqlalchemy.exc import ArgumentError

from tablewright.runtime.engine import postgres, sqlite
from tablewright.runtime.engine.failures import watch

_prepared: WeakSet[Engine] = WeakSet()


@dataclass(frozen=True, slots=True)
class EngineOptions:
    """What an engine made from a URL is told."""

    echo: bool = False
    pool_size: int = 5
    max_overflow: int = 10
    pool_timeout: float = 30.0
    pool_recycle: int = -1
    pool_pre_ping: bool = True
    busy_timeout: float = 5.0
    connect_args: Mapping[str, object] | None = None


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
    arguments: dict[str, Any] = {"echo": options.echo}
    connect_args = dict(options.connect_args or {})
    pool: dict[str, Any] = {
        "pool_size": options.pool_size,
        "max_overflow": options.max_overflow,
        "pool_timeout": options.pool_timeout,
        "pool_recycle": options.pool_recycle,
    }
    backend = url.get_backend_name()
    if backend == "sqlite":
        if namespace is not None:
            raise ArgumentError("A namespace is a schema of Postgres; SQLite has none.")
        if sqlite.file_name(url) is None:
            # Every connection to memory has a database of its own.
            pool.update(pool_size=1, max_overflow=0, pool_recycle=-1)
        engine = create_engine(
            sqlite.engine_url(url, read_only=read_only),
            connect_args={"timeout": options.busy_timeout} | connect_args,
            **arguments,
            **pool,
        )
        if read_only:
            engine.dialect.begin_statement = "BEGIN"  # type: ignore[attr-defined]  # of our own dialect
    elif backend in ("postgresql", "postgres"):
        if read_only:
            arguments["execution_options"] = {"postgresql_readonly": True}
        engine = create_engine(
            postgres.engine_url(url),
            connect_args=postgres.connect_options(url, namespace) | connect_args,
            pool_pre_ping=options.pool_pre_ping,
            **arguments,
            **pool,
        )
    else:
        raise ArgumentError(f"{url.drivername!r} is not supported: Tablewright runs on SQLite and Postgres.")
    prepare(engine)
    return engine


def prepare(bind: Engine | Connection) -> None:
    """Makes an engine fit for sessions: transactions that hold, failures remembered."""
    engine = bind.engine
    if isinstance(bind, Connection) and engine.dialect.name == "sqlite" and bind.in_transaction():
        sqlite.begin_late(bind)
    if engine in _prepared:
        return
    if engine.dialect.name == "sqlite":
        sqlite.adopt(engine)
    watch(engine)
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
