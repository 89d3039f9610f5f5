"""Read-only transactions of Postgres, which write nothing but may make temporary tables."""

from __future__ import annotations

import secrets
from collections.abc import Generator
from contextlib import contextmanager

from sqlalchemy import Connection, Engine

from tablewright.runtime.engine.registry import backend_of

NO_TEMPORARY_TABLES = "tablewright_no_temporary_tables"
"""The execution option of a database without temporary tables."""


def begin_options(bind: Engine | Connection, *, read_only: bool, temporary_tables: bool) -> dict[str, object]:
    """How transactions on *bind* begin, as execution options; on a connection one has begun already."""
    options: dict[str, object] = {}
    if isinstance(bind, Engine):
        if not temporary_tables:
            options[NO_TEMPORARY_TABLES] = True
        if read_only:
            options |= backend_of(bind.dialect).read_only_options(temporary_tables=temporary_tables)
    return options


def needs_guard(bind: Engine | Connection, *, read_only: bool, temporary_tables: bool) -> bool:
    """Whether a transaction on *bind* that is to be *read_only* does not begin so."""
    guarded = backend_of(bind.dialect).guards_read_only
    return read_only and guarded and (temporary_tables or isinstance(bind, Connection))


class ReadOnlyGuard:
    """A savepoint that the server keeps from writing, in a transaction that it does not.

    A transaction that begins READ ONLY makes no tables, temporary ones included, and after its first query nothing
    changes that. A savepoint's READ ONLY ends with the savepoint.
    """

    def __init__(self, connection: Connection) -> None:
        self._connection = connection
        self._name = ""
        self._set()

    @contextmanager
    def lifted(self) -> Generator[None, None, None]:
        """Lets the block, all or nothing of it, make or drop tables."""
        self._connection.exec_driver_sql(f"RELEASE SAVEPOINT {self._name}")
        try:
            with self._connection.begin_nested():
                yield
        finally:
            if not self._connection.invalidated:
                self._set()

    def _set(self) -> None:
        # A name that nobody guesses, since going back to the savepoint lifts the guard; and another each time, or
        # psycopg would prepare the text, which it cannot with two statements in it.
        self._name = f"tablewright_{secrets.token_hex(8)}"
        self._connection.exec_driver_sql(f"SAVEPOINT {self._name}; SET TRANSACTION READ ONLY")
