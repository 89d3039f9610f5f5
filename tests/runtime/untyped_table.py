"""Accessors of tables that a test defines itself."""

from __future__ import annotations

from typing import Any

import msgspec
import sqlalchemy

from tablewright.runtime.row import Row
from tablewright.runtime.session import Session
from tablewright.runtime.table import KeyedTable
from tablewright.schema.tables import Element, make_table


class UntypedTable(KeyedTable[Any, dict[str, Any], Any]):
    """A table with rows of any columns."""


def untyped_table(columns: dict[str, sqlalchemy.Column[Any]], *elements: Element) -> sqlalchemy.Table:
    """Return the table `loose` of *columns*."""
    for name, column in columns.items():
        column.key = name
        column.name = column.name or name
    return make_table("loose", sqlalchemy.MetaData(), columns, elements)


def accessor(session: Session, table: sqlalchemy.Table) -> UntypedTable:
    """Return the verbs for *table* in *session*."""
    fields = [column.key for column in table.columns]
    row = msgspec.defstruct("LooseRow", fields, bases=(Row,), frozen=True, gc=False)
    accessor_class: type[UntypedTable] = type("UntypedTable", (UntypedTable,), {"table": table, "row": row})
    return accessor_class(session)
