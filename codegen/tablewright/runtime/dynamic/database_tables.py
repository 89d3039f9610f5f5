"""Tables beside those of a package, by name, in transactions of their own."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import contextmanager
from typing import Any

import sqlalchemy
from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from tablewright.runtime.dynamic.definitions import Definition
from tablewright.runtime.dynamic.registry import DynamicTables, absent_for_reading, tables_of
from tablewright.runtime.dynamic.static_tables import StaticTablesContext
from tablewright.runtime.engine.connections import Connections
from tablewright.runtime.engine.ddl import lock_ddl, make_namespace
from tablewright.runtime.package import Package


def ensure(
    database: Connections, package: Package, definitions: Mapping[str, Definition]
) -> dict[str, sqlalchemy.Table]:
    """Create the tables that do not exist, all or none. Return all of them by name."""
    tables = find(database, package, definitions)
    missing = [name for name, table in tables.items() if table is None]
    if missing and database.read_only:
        raise absent_for_reading(missing)
    if missing:
        try:
            with _locked(database) as connection:
                return _registry(database).ensure(connection, definitions, package)
        except DBAPIError:
            # A process that does not take the lock may have created them meanwhile.
            tables = find(database, package, definitions)
            if None in tables.values():
                raise
    return {name: table for name, table in tables.items() if table is not None}


def find(
    database: Connections, package: Package, definitions: Mapping[str, Definition]
) -> dict[str, sqlalchemy.Table | None]:
    """Return the tables by name, None for those that do not exist; `TableConflictError` for a different table."""
    with database.reading() as connection:
        return _registry(database).find(connection, definitions, package)


def drop(database: Connections, package: Package, name: str) -> bool:
    """Drop table *name*. Return True if it existed."""
    database.refuse_read_only("drop")
    with database.transaction() as connection:
        return _registry(database).drop(connection, name, package)


@contextmanager
def declared(
    database: Connections,
    package: Package,
    create: bool,
    initialize: Callable[[Connection, Callable[[Any], object]], None],
) -> Generator[StaticTablesContext[Any], None, None]:
    """Collect declarations in the block, then *create* the tables, or check that the database has them.

    *initialize* calls a function with a session in the transaction of a connection.
    """
    if create:
        database.refuse_read_only("create")
    context: StaticTablesContext[Any] = StaticTablesContext(database.engine.dialect, package)
    yield context
    defined = context.finish()
    if create:
        with _locked(database) as connection:
            context.create(connection, lambda function: initialize(connection, function))
    else:
        with database.reading() as connection:
            context.check(connection)
    _registry(database).adopt(defined)


@contextmanager
def _locked(database: Connections) -> Generator[Connection, None, None]:
    """Open a transaction in which no other process creates tables, and the namespace exists."""
    with database.transaction() as connection:
        lock_ddl(connection)
        make_namespace(connection, database.namespace)
        yield connection


def _registry(database: Connections) -> DynamicTables:
    return tables_of(database.engine.dialect, database.namespace_to_enter)
