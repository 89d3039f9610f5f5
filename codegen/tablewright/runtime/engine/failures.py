"""Failed statements: which transaction each has broken, and whether a second try may succeed."""

from __future__ import annotations

from dataclasses import dataclass

from sqlalchemy import Connection, Engine, event
from sqlalchemy.engine import ExceptionContext, Transaction
from sqlalchemy.exc import DBAPIError, PendingRollbackError

from tablewright.runtime.engine.driver import Damage
from tablewright.runtime.engine.registry import driver_of, driver_that_raised
from tablewright.runtime.errors import TransactionLostError

KEY = "tablewright_failure"


@dataclass(frozen=True, slots=True)
class Failure:
    """The first failed statement of a transaction or savepoint."""

    error: BaseException
    transaction: Transaction


def listen(engine: Engine) -> None:
    """Let *engine* record which transaction a failed statement has broken."""
    if not event.contains(engine.dialect, "handle_error", _on_error):
        event.listen(engine.dialect, "handle_error", _on_error)


def _on_error(context: ExceptionContext) -> None:
    error = context.sqlalchemy_exception
    if isinstance(error, DBAPIError):
        _explain(error, context)
    if context.connection is not None:
        record_failure(context.connection, error or context.original_exception, lost=context.is_disconnect)


def record_failure(connection: Connection, error: BaseException, *, lost: bool = False) -> None:
    """Record that *error* has broken the transaction or savepoint that *connection* is in.

    Errors of the client, which never reached the server, are ignored.
    """
    root = connection.get_transaction()
    if root is None or first_failure(connection) is not None:
        return
    broken: Transaction = root
    if not lost and not connection.invalidated:
        if _is_autocommit(connection):
            return
        driver_connection = connection.connection.dbapi_connection
        original = error.orig if isinstance(error, DBAPIError) else error
        damage = driver_of(connection.dialect).damage(driver_connection, original)
        if damage is Damage.NONE:
            return
        if damage is Damage.SAVEPOINT:
            broken = connection.get_nested_transaction() or root
    vars(connection)[KEY] = Failure(error, broken)


def first_failure(connection: Connection) -> BaseException | None:
    """Return the error that broke *connection*'s transaction; None if its savepoint was rolled back since."""
    failure: Failure | None = vars(connection).get(KEY)
    if failure is None:
        return None
    if failure.transaction.is_active:
        return failure.error
    # An error keeps its frames alive.
    del vars(connection)[KEY]
    return None


def lost_at_commit(connection: Connection) -> TransactionLostError | None:
    """Return the reason why *connection*'s transaction cannot be committed, or None."""
    error = first_failure(connection)
    if error is not None:
        return lost_error(error)
    if connection.invalidated:
        return TransactionLostError("The connection was lost during the transaction: nothing of it is stored.")
    driver_connection = connection.connection.dbapi_connection
    if not _is_autocommit(connection) and driver_of(connection.dialect).transaction_lost(driver_connection):
        return TransactionLostError(
            "A statement failed outside SQLAlchemy and broke the transaction: it is rolled back, not committed."
        )
    return None


def lost_error(cause: BaseException) -> TransactionLostError:
    """Return a `TransactionLostError` chained to *cause*."""
    error = TransactionLostError(
        "The transaction can only be rolled back, because a statement in it failed and the error was caught: "
        f"{_first_line(cause)}. Run statements that may fail in session.nested()."
    )
    error.__cause__ = cause
    return error


def may_succeed_again(error: BaseException) -> bool:
    """Return True if *error* is, or was caused by, a serialization failure, a deadlock or a busy SQLite file."""
    if isinstance(error, PendingRollbackError) and error.__cause__ is not None:
        return may_succeed_again(error.__cause__)
    original = error.orig if isinstance(error, DBAPIError) else None
    return driver_that_raised(original).may_succeed_again(original)


def refused_as_read_only(error: DBAPIError) -> bool:
    """Return True if *error* means that the database or the transaction is read-only."""
    return driver_that_raised(error.orig).refused_as_read_only(error.orig)


def is_missing_table(error: DBAPIError) -> bool:
    """Return True if *error* means that a table does not exist."""
    return driver_that_raised(error.orig).is_missing_table(error.orig)


def mark_failed(connection: Connection, error: BaseException) -> None:
    """Mark the transaction or savepoint that *connection* is in as broken by *error*, even if the database does not."""
    innermost = connection.get_nested_transaction() or connection.get_transaction()
    if innermost is not None:
        vars(connection)[KEY] = Failure(error, innermost)


def _is_autocommit(connection: Connection) -> bool:
    return connection.get_execution_options().get("isolation_level") == "AUTOCOMMIT"


def _explain(error: DBAPIError, context: ExceptionContext) -> None:
    if context.connection is None and context.engine is not None:
        error.add_note(f"No connection to {context.engine.url.render_as_string(hide_password=True)}.")
    elif is_missing_table(error):
        error.add_note("If the database has no tables yet, create them with Database.create().")


def _first_line(error: BaseException) -> str:
    original = error.orig if isinstance(error, DBAPIError) and error.orig is not None else error
    return str(original).partition("\n")[0] or type(original).__name__
