"""`Driver`: what the drivers differ in, one object per driver."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Sequence
from enum import Enum
from typing import Any, NamedTuple, TypeVar

from sqlalchemy import CursorResult, Dialect

T = TypeVar("T")
Rows = list[tuple[Any, ...]]


class ErrorLocation(NamedTuple):
    """The place of a database error, as far as its driver reports it."""

    columns: Sequence[str] = ()
    """Names in the database."""
    constraint: str | None = None
    key: str | None = None
    """The columns of the violated key, as the database writes them."""
    line: int | None = None
    """The line of a COPY, counted from 1."""


class Damage(Enum):
    """The effect of a failed statement on its transaction."""

    NONE = "none"
    SAVEPOINT = "savepoint"
    """The innermost savepoint can only be rolled back; without savepoints, the transaction."""
    TRANSACTION = "transaction"


class Driver:
    """The differences of one driver from others. The defaults are those of PEP 249.

    To add a driver:

    1. Write `engine/<driver>_driver.py` with a subclass that overrides what the driver does differently.
    2. Add its row to `DRIVERS` in `engine/registry.py`, by the names of the dialect and the driver.
    """

    execution = "execute_on(driver_connection, sql, parameters)"
    """The expression that executes *sql* and returns a cursor, in the generated function of each statement.

    If the driver's connection has `execute`, `driver_connection.execute(sql, parameters)` saves a call per statement.
    """
    executes_while_pulling = False
    """Whether `executemany` executes each set of parameters before it pulls the next one."""
    supports_copy = False
    """Whether `copy_in` exists."""
    reports_failure = False
    """Whether `damage` is still reliable after a savepoint inside the failed call was rolled back."""

    # Executing.

    def execute_on(self, connection: Any, sql: str, parameters: Sequence[Any]) -> Any:
        """Execute *sql* on the driver's *connection*. Return the cursor."""
        cursor = connection.cursor()
        cursor.execute(sql, parameters)
        return cursor

    def execute_many(self, cursor: Any, sql: str, parameters: Iterable[Any]) -> int:
        """Execute *sql* with every set of *parameters*. Return the number of rows affected."""
        cursor.executemany(sql, parameters)
        return max(int(cursor.rowcount), 0)

    def execute_many_returning(self, cursor: Any, sql: str, parameters: Iterable[Any]) -> Rows:
        """Execute *sql*, which returns rows, with every set of *parameters*. Return all rows in order."""
        rows: Rows = []
        for each in parameters:
            cursor.execute(sql, each)
            rows += cursor.fetchall()
        return rows

    def copy_in(self, cursor: Any, sql: str, types: Sequence[int] | None, rows: Iterable[Sequence[Any]]) -> int:
        """Write *rows* by the COPY statement *sql*, in binary as *types* or as text. Return the number written."""
        raise NotImplementedError

    def verbatim(self, sql: str) -> str:
        """Return *sql*, which has no parameters, escaped for `Connection.exec_driver_sql`."""
        return sql

    # Reading.

    def reader(
        self, build: Callable[[Iterable[tuple[Any, ...]]], T], build_from_text: Callable[[Rows], T] | None = None
    ) -> Callable[[Any], T]:
        """Return a function that builds a result from all rows of a cursor.

        *build* accepts the rows as the driver returns them, *build_from_text* those with JSON as text.
        """
        return lambda cursor: build(cursor.fetchall())

    def close_after_rollback(self, result: CursorResult[Any]) -> None:
        """Close *result*, whose cursor may have disappeared from the server with a savepoint."""
        result.close()

    # Transactions; *connection* is the driver's own.

    def damage(self, connection: Any, error: BaseException | None) -> Damage:
        """Return what *error*, raised by a statement, did to the transaction of *connection*."""
        return Damage.NONE

    def transaction_lost(self, connection: Any) -> bool:
        """Return True if the transaction of *connection* has ended, or can only be rolled back."""
        return False

    # Errors.

    def raised(self, error: BaseException | None) -> bool:
        """Return True if *error* is an error of this driver."""
        return False

    def may_succeed_again(self, error: Any) -> bool:
        """Return True for a serialization failure, a deadlock or a busy database."""
        return False

    def refused_as_read_only(self, error: Any) -> bool:
        """Return True if the database refused to write because it, or the transaction, is read-only."""
        return False

    def refused_for_a_row(self, error: Any) -> bool:
        """Return True if *error* may be the fault of one row, as a violated constraint is."""
        return False

    def is_missing_table(self, error: Any) -> bool:
        """Return True if a table does not exist."""
        return False

    def locate(self, error: Any) -> ErrorLocation:
        """Return where *error* happened."""
        return ErrorLocation()


def client_side_error(dialect: Dialect, kind: str, message: str) -> Exception:
    """Return the driver's error of the class *kind*, as if the database had refused; nothing was sent to it."""
    error_class: type[Exception] = getattr(dialect.loaded_dbapi, kind)
    error: Exception = type(kind, (error_class,), {"client_side": True})(message)
    return error
