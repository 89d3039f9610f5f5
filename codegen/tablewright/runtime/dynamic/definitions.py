"""Definitions of tables without generated code, and the SQLAlchemy tables that they describe."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Protocol, TypeAlias

import sqlalchemy
from msgspec.structs import replace
from sqlalchemy import Constraint, Dialect, Index, MetaData
from sqlalchemy.sql import quoted_name

from tablewright.schema import definition as d, names
from tablewright.schema.build import build_table


class Describes(Protocol):
    """An object that defines a table: a `TableSpec`."""

    def definition(
        self,
        name: str | None = None,
        *,
        schema: d.Schema | None = None,
        others: Mapping[str, object] = ...,
        complete: bool = ...,
        dialects: Iterable[str] = ...,
    ) -> d.Table:
        """Return the definition as a table called *name*.

        It may reference tables of *schema* and the specs *others*; unless *complete*, other tables too.
        """
        ...


Definition: TypeAlias = Describes | d.Table | sqlalchemy.Table
"""A `TableSpec`, a table of a canonical schema, or a SQLAlchemy `Table`."""


def make_table(
    definition: Definition, name: str, metadata: MetaData, dialect: Dialect, *, schema: d.Schema | None = None
) -> sqlalchemy.Table:
    """Build the table of *definition*, called *name*, in *metadata*.

    *schema* contains the tables that it may reference.
    """
    if isinstance(definition, sqlalchemy.Table):
        return _copied(definition, name, metadata, dialect)
    return make_resolved(resolved(definition, name, dialect, schema=schema), metadata, schema)


def make_resolved(table: d.Table, metadata: MetaData, schema: d.Schema | None) -> sqlalchemy.Table:
    """Build the SQLAlchemy table of a definition in *metadata*. Tables missing in *schema* are referenced by name."""
    base = schema or d.Schema(name="", version="")
    existing = {item.name for item in base.tables}
    targets = dict.fromkeys(key.table for key in table.foreign_keys if key.table not in existing)
    others = [d.Table(name=name, table=name, class_name="", accessor="", columns=()) for name in targets]
    kept = [item for item in base.tables if item.name != table.name]
    return build_table(table, metadata, replace(base, tables=(*kept, *others, table)))


def resolved(
    definition: Describes | d.Table,
    name: str,
    dialect: Dialect,
    *,
    schema: d.Schema | None = None,
    others: Mapping[str, object] = MappingProxyType({}),
    complete: bool = True,
) -> d.Table:
    """Return *definition* resolved as a table called *name*."""
    if isinstance(definition, d.Table):
        return _renamed(definition, name)
    return definition.definition(name, schema=schema, others=others, complete=complete, dialects=(dialect.name,))


def _renamed(table: d.Table, name: str) -> d.Table:
    if table.table == name:
        return table
    prefix = f"{table.table}_"

    def own(part: str) -> str:
        return names.shortened(f"{name}_{part.removeprefix(prefix)}") if part.startswith(prefix) else part

    return replace(
        table,
        name=name,
        table=name,
        foreign_keys=tuple(
            replace(key, name=own(key.name), table=name if key.table == table.name else key.table)
            for key in table.foreign_keys
        ),
        uniques=tuple(replace(item, name=own(item.name)) for item in table.uniques),
        indexes=tuple(replace(item, name=own(item.name)) for item in table.indexes),
        checks=tuple(replace(item, name=own(item.name)) for item in table.checks),
        exclusions=tuple(replace(item, name=own(item.name)) for item in table.exclusions),
    )


def _copied(table: sqlalchemy.Table, name: str, metadata: MetaData, dialect: Dialect) -> sqlalchemy.Table:
    if table.metadata is metadata and table.name == name:
        return table
    copied = table.to_metadata(metadata, name=name)
    forget_those_of_other_engines(copied, table, dialect)
    if table.name != name:
        # Names of indexes are unique in a database, and an error would name the wrong table by its constraint.
        parts: list[Constraint | Index] = [*copied.constraints, *copied.indexes]
        for part in parts:
            if isinstance(part.name, str) and part.name.startswith(f"{table.name}_"):
                part.name = quoted_name(names.shortened(f"{name}_{part.name.removeprefix(f'{table.name}_')}"), None)
    return copied


def forget_those_of_other_engines(table: sqlalchemy.Table, original: sqlalchemy.Table, dialect: Dialect) -> None:
    """Remove constraints of other dialects than *dialect* from *table*, a copy of *original*."""
    # SQLAlchemy does not copy the dialect of a constraint.
    others = {
        _looks(constraint)
        for constraint in original.constraints
        if constraint._ddl_if is not None and constraint._ddl_if.dialect not in (None, dialect.name)
    }
    for constraint in [constraint for constraint in table.constraints if _looks(constraint) in others]:
        table.constraints.discard(constraint)


def _looks(constraint: Constraint) -> tuple[type, str, str]:
    return type(constraint), str(constraint.name), str(getattr(constraint, "sqltext", ""))
