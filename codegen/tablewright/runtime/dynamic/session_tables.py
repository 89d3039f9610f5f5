"""Tables without generated code, in the transaction of a session."""

from __future__ import annotations

import sqlalchemy
from sqlalchemy.exc import DBAPIError

from tablewright.runtime.dynamic.definitions import Definition
from tablewright.runtime.dynamic.registry import absent_for_reading, tables_of
from tablewright.runtime.engine.failures import refused_as_read_only
from tablewright.runtime.package import Package
from tablewright.runtime.rows import driver
from tablewright.runtime.transaction.gate import GatedSession


def ensure_table(
    session: GatedSession, namespace: str | None, package: Package, name: str, definition: Definition
) -> sqlalchemy.Table:
    """Create table *name* in the transaction of *session* if it does not exist. Return it."""
    try:
        with driver.atomic(session) as connection:
            return tables_of(connection.dialect, namespace).ensure(connection, {name: definition}, package)[name]
    except DBAPIError as error:
        if refused_as_read_only(error):
            raise absent_for_reading([name]) from error
        raise
