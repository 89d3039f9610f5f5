"""Accessors of tables that a test makes for itself."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy

from tablewright.runtime.row import Row
from tablewright.runtime.session import Session
from tablewright.runtime.table import KeyedTable
from tablewright.schema.tables import Element, make_table


class LooseTable(KeyedTable[Any, dict[str, Any], Any]):
    """Any table, its rows of any columns."""


def loose_table(columns: dict[str, sqlalchemy.Column[Any]], *elements: Element) -> sqlalchemy.Table:
    """The table `loose` of *columns*."""
    for name, column in columns.items():
        column.key = name
        column.name = column.name or name
    return make_table("loose", sqlalchemy.MetaData(), columns, elements)


def accessor(session: Session, table: sqlalchemy.Table) -> LooseTable:
    """The verbs for *table* in *session*."""
    fields = [column.key for column in table.columns]
    row = msgspec.defstruct("LooseRow", fields, bases=(Row,), frozen=True, gc=False)
    made: type[LooseTable] = type("LooseTable", (LooseTable,), {"table": table, "row": row})
    return made(session)
