"""What a temporary table is made after, and the classes of its rows and verbs."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar, cast
from uuid import uuid4

import sqlalchemy
from msgspec.structs import replace
from sqlalchemy import CheckConstraint, Dialect, MetaData
from sqlalchemy.sql import quoted_name

from tablewright.runtime.dynamic.definitions import Definition, forget_those_of_other_engines, make_table, resolved
from tablewright.runtime.dynamic.dynamic_table import DynamicTable, accessor_of
from tablewright.runtime.table import Table
from tablewright.schema import definition as d

TableT = TypeVar("TableT", bound=Table[Any, Any])
Source: TypeAlias = type[Table[Any, Any]] | Table[Any, Any] | Definition
"""A class of verbs (`BookTable`), the verbs of a session (`session.book`), or a definition."""


def temporary_table(source: Source, name: str, dialect: Dialect, among: d.Schema | None) -> sqlalchemy.Table:
    """A temporary table called *name*, after *source* but for foreign keys, and indexes that keep nothing unique."""
    definition = source if not isinstance(source, type | Table) else source.table
    # Its own, with which it goes: programs make many.
    metadata = MetaData()
    if isinstance(definition, sqlalchemy.Table):
        # None, which SQLAlchemy's types leave out, is for no schema.
        table = definition.to_metadata(metadata, schema=cast("str", None), name=name)
        _forget_foreign_keys(table)
        forget_those_of_other_engines(table, definition, dialect)
    else:
        found = replace(resolved(definition, name, dialect, among=among), foreign_keys=())
        table = make_table(found, name, metadata, dialect, among=among)
    _rename_parts(table)
    # Said to the constructor alone, which neither a copy nor a definition reaches.
    table._prefixes = ["TEMPORARY"]
    if dialect.name == "postgresql":
        table.dialect_options["postgresql"]["on_commit"] = "DROP"
    return table


def accessor_class(source: Source, table: sqlalchemy.Table) -> type[Table[Any, Any]]:
    """The class of verbs for the temporary *table* that was made after *source*."""
    if not isinstance(source, type | Table):
        return accessor_of(table)
    known = source if isinstance(source, type) else type(source)
    if issubclass(known, DynamicTable):
        return accessor_of(table)
    named: dict[str, Any] = {"table": table, "__module__": known.__module__}
    columns: Any = getattr(known, "c", None)
    if columns is not None:
        # Columns as attributes, of a class (`BookColumns`) or of the one instance of it that generated verbs have.
        kind = columns if isinstance(columns, type) else type(columns)
        own = type(kind.__name__, (kind,), {column.key: column for column in table.columns})
        named["c"] = own if kind is columns else own()
    return cast("type[Table[Any, Any]]", type(known.__name__, (known,), named))


def _forget_foreign_keys(table: sqlalchemy.Table) -> None:
    for constraint in table.foreign_key_constraints:
        table.constraints.discard(constraint)
        for key in constraint.elements:
            key.parent.foreign_keys.discard(key)
            table.foreign_keys.discard(key)


def _rename_parts(table: sqlalchemy.Table) -> None:
    # Names of keys and indexes are one space on each engine; of an unnamed constraint it makes one up.
    for constraint in table.constraints:
        if not isinstance(constraint, CheckConstraint):
            constraint.name = None
    for index in list(table.indexes):
        if index.unique:
            index.name = quoted_name(f"tmp_{uuid4().hex}_key", None)
        else:
            table.indexes.discard(index)
