"""Temporary tables in the transaction of a session."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import contextmanager
from typing import Any, cast

import sqlalchemy

from tablewright.runtime.errors import TemporaryTablesDisabledError
from tablewright.runtime.table import Table
from tablewright.runtime.temporary import tables
from tablewright.runtime.temporary.definition import Source
from tablewright.runtime.transaction.gate import GatedSession


def make(session: GatedSession, definition: Source, name: str | None) -> Table[Any, Any]:
    """Create a temporary table after *definition*. Return its accessor."""
    return _tables(session).make(definition, name)


def drop(session: GatedSession, table: Table[Any, Any] | sqlalchemy.Table) -> None:
    """Drop a temporary table of *session*, given by its accessor or as a SQLAlchemy table."""
    core_table: object = table if isinstance(table, sqlalchemy.Table) else getattr(table, "table", None)
    if not isinstance(core_table, sqlalchemy.Table):
        raise TypeError(f"Expected a table returned by make_temporary_table, not {table!r}.")
    _tables(session).drop(cast("sqlalchemy.Table", core_table))


@contextmanager
def block(session: GatedSession, definition: Source, name: str | None) -> Generator[Any, None, None]:
    """Create a temporary table for a `with` block, and drop it at the end."""
    temporary_tables = _tables(session)
    accessor = temporary_tables.make(definition, name)
    try:
        yield accessor
    except BaseException as error:
        temporary_tables.leave(accessor.table, error)
        raise
    temporary_tables.leave(accessor.table, None)


def _tables(session: GatedSession) -> tables.TemporaryTables:
    if not session.allow_temporary_tables:
        raise TemporaryTablesDisabledError(
            "This database was opened without temporary tables: Database(…, allow_temporary_tables=False)."
        )
    return tables.of(session)
