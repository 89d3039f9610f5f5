"""Automatic ids after explicit ones: on every database the next id is greater than the highest used."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any, cast

from sqlalchemy import Connection, Table
from sqlalchemy.orm import Mapper, Session as EntitySession

from tablewright.runtime.engine.registry import backend_of
from tablewright.runtime.rows.mapper import RowMapper
from tablewright.schema.types import ColumnType

EXPLICIT = "tablewright_explicit_ids"
"""The key of `session.info` with the explicit ids of a flush, until it ends."""


def note_explicit_ids(session: EntitySession) -> None:
    """Record the explicit ids of new entities, before a flush."""
    explicit: dict[Table, tuple[Any, int]] = {}
    attributes: dict[Mapper[Any], str | None] = {}
    # The public `new` would create a set of all entities at every flush.
    for state in session._new:
        orm_mapper = state.mapper
        if orm_mapper not in attributes:
            attributes[orm_mapper] = _id_attribute(orm_mapper)
        attribute = attributes[orm_mapper]
        value = None if attribute is None else state.dict.get(attribute)
        if isinstance(value, int):
            table = cast("Table", orm_mapper.local_table)
            if value > explicit.get(table, (None, value - 1))[1]:
                explicit[table] = (orm_mapper, value)
    if explicit:
        session.info[EXPLICIT] = explicit


def _id_attribute(orm_mapper: Mapper[Any]) -> str | None:
    table = orm_mapper.local_table
    column = table.autoincrement_column if isinstance(table, Table) else None
    # Sequences of tables that are not ours are left alone.
    if column is None or not isinstance(column.type, ColumnType):
        return None
    return orm_mapper.get_property_by_column(column).key


def advance_past_explicit_ids(session: EntitySession) -> None:
    """Let the next automatic ids be greater than the recorded ones, after a flush."""
    explicit: dict[Table, tuple[Any, int]] = session.info.pop(EXPLICIT, {})
    for table, (orm_mapper, used) in explicit.items():
        connection = session.connection(bind_arguments={"mapper": orm_mapper})
        backend_of(connection.dialect).advance_sequence(connection, table, used)


def advance_sequence(connection: Connection, mapper: RowMapper[Any], values: Mapping[str, Any]) -> None:
    """Let the next automatic id be greater than an explicit one in *values*, as on SQLite."""
    if mapper.identity is not None and mapper.identity.key in values:
        advance_sequence_to(connection, mapper, values[mapper.identity.key])


def advance_sequence_to(connection: Connection, mapper: RowMapper[Any], used: int | None) -> None:
    """Let the next automatic id be greater than *used*."""
    if used is not None and mapper.identity is not None:
        backend_of(connection.dialect).advance_sequence(connection, mapper.table, used)
