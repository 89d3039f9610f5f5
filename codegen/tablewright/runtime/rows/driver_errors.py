"""Errors of the driver, raised as SQLAlchemy would raise them."""

from __future__ import annotations

from typing import Any, NoReturn

from sqlalchemy import Connection, CursorResult
from sqlalchemy.exc import DBAPIError

from tablewright.runtime.engine.driver import client_side_error


def raise_wrapped(
    connection: Connection,
    error: BaseException,
    statement: str | None,
    parameters: Any,
    cursor: Any,
    context: Any = None,
) -> NoReturn:
    """Raise the driver's *error* as SQLAlchemy would: class, cause, invalidation and `handle_error` event."""
    # Only the private method does all four. Without it, the public API does the other three.
    handle = getattr(connection, "_handle_dbapi_exception", None)
    if handle is not None:
        handle(error, statement, parameters, cursor, context)
    raise_wrapped_publicly(connection, error, statement, parameters, cursor)


def raise_wrapped_publicly(
    connection: Connection, error: BaseException, statement: str | None, parameters: Any, cursor: Any
) -> NoReturn:
    """Raise *error* by SQLAlchemy's public API only: without the `handle_error` event."""
    dialect = connection.dialect
    driver_error = dialect.loaded_dbapi.Error
    if not isinstance(error, driver_error):
        raise error
    driver_connection: Any = None if connection.invalidated else connection.connection.dbapi_connection
    lost = not connection.closed and dialect.is_disconnect(error, driver_connection, cursor)
    wrapped = DBAPIError.instance(
        statement,
        parameters,
        error,
        driver_error,
        hide_parameters=connection.engine.hide_parameters,
        connection_invalidated=lost,
        dialect=dialect,
    )
    if lost and not connection.invalidated:
        connection.invalidate(error)
    raise wrapped.with_traceback(error.__traceback__) from error


def fail_reading(connection: Connection, result: CursorResult[Any], error: Exception) -> NoReturn:
    """Raise *error*, which reading *result* raised, as SQLAlchemy would."""
    context: Any = result.context
    raise_wrapped(connection, error, context.statement, context.parameters, result.cursor, context)


def refuse(connection: Connection, kind: str, message: str) -> NoReturn:
    """Raise SQLAlchemy's error of this *kind*, as if the database had refused."""
    error = client_side_error(connection.dialect, kind, message)
    try:
        raise error
    except type(error):
        raise_wrapped(connection, error, None, None, None)
