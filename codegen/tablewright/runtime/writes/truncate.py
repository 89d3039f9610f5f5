"""Emptying a table, with the same result on every database."""

from __future__ import annotations

from typing import Any, cast

from sqlalchemy import delete

from tablewright.runtime.engine.registry import backend_of
from tablewright.runtime.rows import driver
from tablewright.runtime.rows.driver_errors import raise_wrapped
from tablewright.runtime.rows.mapper import RowMapper
from tablewright.runtime.transaction.gate import GatedSession
from tablewright.runtime.writes import identity_map


def truncate(session: GatedSession, mapper: RowMapper[Any], *, cascade: bool) -> None:
    """Delete all rows; with *cascade* also those of the tables that reference them."""
    with driver.atomic(session) as connection:
        if "TEMPORARY" in cast("list[str]", mapper.table._prefixes):
            # Postgres refuses TRUNCATE in a read-only transaction, and no table references a temporary one.
            connection.execute(delete(mapper.table))
        else:
            try:
                backend_of(connection.dialect).truncate(connection, mapper.table, cascade=cascade)
            except connection.dialect.loaded_dbapi.Error as error:
                raise_wrapped(connection, error, None, None, None)
        identity_map.expire_all(session)
