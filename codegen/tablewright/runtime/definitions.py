"""What may say a table that no package was generated for, and the SQLAlchemy table it means."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Protocol, TypeAlias

import sqlalchemy
from msgspec.structs import replace
from sqlalchemy import Constraint, Dialect, Index, MetaData
from sqlalchemy.sql import quoted_name

from tablewright.schema import definition as d, names
from tablewright.schema.build import build_table


class Describes(Protocol):
    """Says a table: a `TableSpec`."""

    def definition(
        self, name: str | None = None, *, among: d.Schema | None = None, dialects: Iterable[str] = ...
    ) -> d.Table:
        """What it means as a table called *name*, which may point at the tables of *among*."""
        ...


Definition: TypeAlias = Describes | d.Table | sqlalchemy.Table
"""A `TableSpec`, a table of a canonical schema, or a SQLAlchemy `Table`."""


def make_table(
    definition: Definition, name: str, metadata: MetaData, dialect: Dialect, *, among: d.Schema | None = None
) -> sqlalchemy.Table:
    """The table that *definition* means, called *name*, added to *metadata*; *among* has those it may point at."""
    if isinstance(definition, sqlalchemy.Table):
        return _copied(definition, name, metadata)
    found = resolved(definition, name, dialect, among=among)
    base = among or d.Schema(name="", version="")
    return build_table(found, metadata, replace(base, tables=(*base.tables, found)))


def resolved(definition: Describes | d.Table, name: str, dialect: Dialect, *, among: d.Schema | None = None) -> d.Table:
    """What *definition* means, called *name*."""
    if isinstance(definition, d.Table):
        return _renamed(definition, name)
    return definition.definition(name, among=among, dialects=(dialect.name,))


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


def _copied(table: sqlalchemy.Table, name: str, metadata: MetaData) -> sqlalchemy.Table:
    if table.metadata is metadata and table.name == name:
        return table
    copied = table.to_metadata(metadata, name=name)
    if table.name != name:
        # Of these the database has one of a name for all tables, or a constraint's message would name another table.
        parts: list[Constraint | Index] = [*copied.constraints, *copied.indexes]
        for part in parts:
            if isinstance(part.name, str) and part.name.startswith(f"{table.name}_"):
                part.name = quoted_name(f"{name}_{part.name.removeprefix(f'{table.name}_')}", None)
    return copied
