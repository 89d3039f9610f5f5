"""`PysqliteDriver`: the standard library's `sqlite3`."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Iterable
from typing import Any, TypeVar

from tablewright.runtime.engine.driver import Damage, Driver, ErrorLocation, Rows

T = TypeVar("T")


class PysqliteDriver(Driver):
    """The standard library's `sqlite3`."""

    execution = "driver_connection.execute(sql, parameters)"
    executes_while_pulling = True

    def reader(
        self, build: Callable[[Iterable[tuple[Any, ...]]], T], build_from_text: Callable[[Rows], T] | None = None
    ) -> Callable[[Any], T]:
        # Fastest when each tuple is freed before the next one is created.
        return build

    def damage(self, connection: Any, error: BaseException | None) -> Damage:
        if not connection.in_transaction:
            # SQLite rolled back the whole transaction (disk full, out of memory), savepoints included.
            return Damage.TRANSACTION
        return Damage.SAVEPOINT if _reached_sqlite(error) else Damage.NONE

    def transaction_lost(self, connection: Any) -> bool:
        return not connection.in_transaction

    def raised(self, error: BaseException | None) -> bool:
        return isinstance(error, sqlite3.Error)

    def may_succeed_again(self, error: Any) -> bool:
        return _code(error) in (sqlite3.SQLITE_BUSY, sqlite3.SQLITE_LOCKED)

    def refused_as_read_only(self, error: Any) -> bool:
        return _code(error) == sqlite3.SQLITE_READONLY

    def is_missing_table(self, error: Any) -> bool:
        return "no such table:" in str(error)

    def locate(self, error: Any) -> ErrorLocation:
        kind, _, rest = str(error).partition(" constraint failed: ")
        if kind in ("UNIQUE", "NOT NULL"):
            return ErrorLocation([part.rpartition(".")[2] for part in rest.split(", ")])
        return ErrorLocation(constraint=rest)


def _code(error: Any) -> int:
    # Extended codes (BUSY_SNAPSHOT …) contain the basic one in their low byte.
    return int(getattr(error, "sqlite_errorcode", 0)) & 0xFF


def _reached_sqlite(error: BaseException | None) -> bool:
    if getattr(error, "client_side", False):
        return False
    # The other classes are the module's refusals of parameters.
    return isinstance(error, sqlite3.Error) and not isinstance(error, sqlite3.ProgrammingError | sqlite3.InterfaceError)
