"""The definition of a temporary table, and the classes of its rows and accessor."""

from __future__ import annotations

from typing import Any, TypeAlias, TypeVar, cast
from uuid import uuid4

import sqlalchemy
from msgspec.structs import replace
from sqlalchemy import CheckConstraint, Dialect, MetaData
from sqlalchemy.sql import quoted_name

from tablewright.runtime.dynamic.definitions import Definition, forget_those_of_other_engines, make_table, resolved
from tablewright.runtime.dynamic.dynamic_table import DynamicTable, accessor_of
from tablewright.runtime.engine.registry import backend_of
from tablewright.runtime.table import Table
from tablewright.schema import definition as d

TableT = TypeVar("TableT", bound=Table[Any, Any])
Source: TypeAlias = type[Table[Any, Any]] | Table[Any, Any] | Definition
"""An accessor class (`BookTable`), an accessor (`session.book`), or a definition."""


def temporary_table(source: Source, name: str, dialect: Dialect, schema: d.Schema | None) -> sqlalchemy.Table:
    """Return a temporary table called *name*, like *source* but without foreign keys and non-unique indexes."""
    definition = source if not isinstance(source, type | Table) else source.table
    # A MetaData of its own, freed together with the table: programs create many.
    metadata = MetaData()
    if isinstance(definition, sqlalchemy.Table):
        # None means no schema; SQLAlchemy's annotation omits it.
        table = definition.to_metadata(metadata, schema=cast("str", None), name=name)
        _forget_foreign_keys(table)
        forget_those_of_other_engines(table, definition, dialect)
    else:
        definition_without_keys = replace(resolved(definition, name, dialect, schema=schema), foreign_keys=())
        table = make_table(definition_without_keys, name, metadata, dialect, schema=schema)
    _rename_parts(table)
    backend_of(dialect).make_temporary(table)
    return table


def accessor_class(source: Source, table: sqlalchemy.Table) -> type[Table[Any, Any]]:
    """Return the accessor class of the temporary *table* that was created like *source*."""
    if not isinstance(source, type | Table):
        return accessor_of(table)
    accessor = source if isinstance(source, type) else type(source)
    if issubclass(accessor, DynamicTable):
        return accessor_of(table)
    named: dict[str, Any] = {"table": table, "__module__": accessor.__module__}
    columns: Any = getattr(accessor, "c", None)
    if columns is not None:
        # Columns as attributes of a class (`BookColumns`), or of its one instance in generated accessors.
        kind = columns if isinstance(columns, type) else type(columns)
        columns_class = type(kind.__name__, (kind,), {column.key: column for column in table.columns})
        named["c"] = columns_class if kind is columns else columns_class()
    return cast("type[Table[Any, Any]]", type(accessor.__name__, (accessor,), named))


def _forget_foreign_keys(table: sqlalchemy.Table) -> None:
    for constraint in table.foreign_key_constraints:
        table.constraints.discard(constraint)
        for key in constraint.elements:
            key.parent.foreign_keys.discard(key)
            table.foreign_keys.discard(key)


def _rename_parts(table: sqlalchemy.Table) -> None:
    # Names of constraints and indexes must be unique; the database generates one for an unnamed constraint.
    for constraint in table.constraints:
        if not isinstance(constraint, CheckConstraint):
            constraint.name = None
    for index in list(table.indexes):
        if index.unique:
            index.name = quoted_name(f"tmp_{uuid4().hex}_key", None)
        else:
            table.indexes.discard(index)
