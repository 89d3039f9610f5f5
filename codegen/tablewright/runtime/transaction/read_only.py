"""Read-only transactions of Postgres that can create temporary tables."""

from __future__ import annotations

import secrets
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from tablewright.runtime.engine.registry import backend_of

NO_TEMPORARY_TABLES = "tablewright_no_temporary_tables"
"""The execution option of a database without temporary tables."""


def begin_options(bind: Engine | Connection, *, read_only: bool, temporary_tables: bool) -> dict[str, object]:
    """Return the execution options with which transactions on *bind* begin. A connection has begun already: none."""
    options: dict[str, object] = {}
    if isinstance(bind, Engine):
        if not temporary_tables:
            options[NO_TEMPORARY_TABLES] = True
        if read_only:
            options |= backend_of(bind.dialect).read_only_options(temporary_tables=temporary_tables)
    return options


def needs_guard(bind: Engine | Connection, *, read_only: bool, temporary_tables: bool) -> bool:
    """Return True if a *read_only* transaction on *bind* needs a guard, since it does not begin READ ONLY."""
    guarded = backend_of(bind.dialect).guards_read_only
    return read_only and guarded and (temporary_tables or isinstance(bind, Connection))


class ReadOnlyGuard:
    """A read-only savepoint in a transaction that is not read-only.

    A transaction that begins READ ONLY can create no tables, temporary ones included, and that cannot be changed after
    its first query. READ ONLY of a savepoint ends with the savepoint.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._name = ""
        self._set()

    @contextmanager
    def lifted(self) -> Generator[None, None, None]:
        """Let the block create or drop tables, atomically."""
        self._connection.exec_driver_sql(f"RELEASE SAVEPOINT {self._name}")
        try:
            with self._connection.begin_nested():
                yield
        finally:
            if not self._connection.invalidated:
                self._set()

    def _set(self) -> None:
        # A random name: rolling back to the savepoint would lift the guard. Another one each time: psycopg would
        # prepare a repeated text, and text with two statements cannot be prepared.
        self._name = f"tablewright_{secrets.token_hex(8)}"
        self._connection.exec_driver_sql(f"SAVEPOINT {self._name}; SET TRANSACTION READ ONLY")
