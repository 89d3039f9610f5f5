"""Failed statements: which transaction each has broken, and whether trying again may help."""

from __future__ import annotations

import sqlite3
from dataclasses import dataclass
from typing import Any

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext, Transaction
from sqlalchemy.exc import DBAPIError, PendingRollbackError

from tablewright.runtime.errors import TransactionLostError

KEY = "tablewright_failure"
BUSY, LOCKED, READ_ONLY = 5, 6, 8
SERIALIZATION_FAILURE, DEADLOCK_DETECTED, UNDEFINED_TABLE = "40001", "40P01", "42P01"
READ_ONLY_TRANSACTION = "25006"


@dataclass(frozen=True, slots=True)
class Failure:
    """The first failed statement of a transaction or savepoint."""

    error: BaseException
    transaction: Transaction


def watch(engine: Engine) -> None:
    """Makes *engine* remember which transaction a failed statement has broken."""
    if not event.contains(engine.dialect, "handle_error", _on_error):
        event.listen(engine.dialect, "handle_error", _on_error)


def _on_error(context: ExceptionContext) -> None:
    error = context.sqlalchemy_exception
    if isinstance(error, DBAPIError):
        _explain(error, context)
    if context.connection is not None:
        record(context.connection, error or context.original_exception, lost=context.is_disconnect)


def record(connection: Connection, error: BaseException, *, lost: bool = False) -> None:
    """Notes that *error* has broken the transaction or savepoint that *connection* is in.

    Errors of the client, after which the server knows nothing of a failure, are left out.
    """
    root = connection.get_transaction()
    if root is None:
        return
    innermost = connection.get_nested_transaction() or root
    if first_failure(connection) is not None:
        return
    if not lost and not connection.invalidated:
        driver: Any = connection.connection.dbapi_connection
        if isinstance(driver, sqlite3.Connection):
            if _commits_itself(connection):
                return
            if not driver.in_transaction:
                # The engine gave up the whole transaction (disk full, out of memory), savepoints with it.
                innermost = root
            elif not _reached_sqlite(error):
                return
        elif not _aborted(driver):
            return
    else:
        innermost = root
    vars(connection)[KEY] = Failure(error, innermost)


def first_failure(connection: Connection) -> BaseException | None:
    """What broke the transaction that *connection* is in, unless its savepoint has been rolled back since."""
    failure: Failure | None = vars(connection).get(KEY)
    if failure is None:
        return None
    if failure.transaction.is_active:
        return failure.error
    # An error holds its frames alive.
    del vars(connection)[KEY]
    return None


def lost_at_commit(connection: Connection) -> TransactionLostError | None:
    """Why the transaction of *connection* cannot be committed, or None."""
    error = first_failure(connection)
    if error is not None:
        return lost_error(error)
    if connection.invalidated:
        return TransactionLostError("The connection was lost in mid-transaction: nothing of it is stored.")
    driver: Any = connection.connection.dbapi_connection
    ended = isinstance(driver, sqlite3.Connection) and not driver.in_transaction and not _commits_itself(connection)
    if ended or _aborted(driver):
        return TransactionLostError(
            "A statement failed outside SQLAlchemy and broke the transaction: it is rolled back, not committed."
        )
    return None


def lost_error(cause: BaseException) -> TransactionLostError:
    """A `TransactionLostError` chained to the *cause*."""
    error = TransactionLostError(
        "The transaction can only be rolled back, because a statement in it failed and the error was caught: "
        f"{_first_line(cause)}. Wrap what may fail in session.nested()."
    )
    error.__cause__ = cause
    return error


def may_succeed_again(error: BaseException) -> bool:
    """Whether *error* is a serialization failure, a deadlock or a busy SQLite file, or was caused by one."""
    if isinstance(error, PendingRollbackError) and error.__cause__ is not None:
        return may_succeed_again(error.__cause__)
    original = error.orig if isinstance(error, DBAPIError) else None
    return _code(original) in (BUSY, LOCKED, SERIALIZATION_FAILURE, DEADLOCK_DETECTED)


def refused_as_read_only(error: DBAPIError) -> bool:
    """Whether *error* says that nothing may be written."""
    return _code(error.orig) in (READ_ONLY, READ_ONLY_TRANSACTION)


def _code(original: BaseException | None) -> int | str | None:
    if isinstance(original, sqlite3.Error):
        # Extended codes (BUSY_SNAPSHOT …) keep the plain one in their low byte.
        return getattr(original, "sqlite_errorcode", 0) & 0xFF
    return getattr(original, "sqlstate", None)


def lacks_table(error: DBAPIError) -> bool:
    """Whether *error* says that there is no such table."""
    return getattr(error.orig, "sqlstate", None) == UNDEFINED_TABLE or "no such table:" in str(error.orig)


def condemn(connection: Connection, error: BaseException) -> None:
    """Lets *error* break the transaction or savepoint that *connection* is in, whatever the database says."""
    innermost = connection.get_nested_transaction() or connection.get_transaction()
    if innermost is not None:
        vars(connection)[KEY] = Failure(error, innermost)


def _aborted(driver: Any) -> bool:
    status = getattr(getattr(driver, "info", None), "transaction_status", None)
    return status is not None and status.name == "INERROR"


def _commits_itself(connection: Connection) -> bool:
    return connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"


def _reached_sqlite(error: BaseException) -> bool:
    original = error.orig if isinstance(error, DBAPIError) else error
    if getattr(original, "client_side", False):
        return False
    # The others are the module's refusals of parameters.
    return isinstance(original, sqlite3.Error) and not isinstance(
        original, sqlite3.ProgrammingError | sqlite3.InterfaceError
    )


def _explain(error: DBAPIError, context: ExceptionContext) -> None:
    if context.connection is None and context.engine is not None:
        error.add_note(f"No connection to {context.engine.url.render_as_string(hide_password=True)}.")
    elif lacks_table(error):
        error.add_note("Has the database its tables yet? Database.create() makes them.")


def _first_line(error: BaseException) -> str:
    original = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return str(original).partition("\n")[0] or type(original).__name__
