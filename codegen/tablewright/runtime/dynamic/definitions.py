"""What may say a table that no package was generated for, and the SQLAlchemy table it means."""

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
    """Says a table: a `TableSpec`."""

    def definition(
        self,
        name: str | None = None,
        *,
        among: d.Schema | None = None,
        beside: Mapping[str, object] = ...,
        complete: bool = ...,
        dialects: Iterable[str] = ...,
    ) -> d.Table:
        """What it means as a table called *name*, which may point at the tables of *among* and the specs *beside* it.

        Unless *complete*, at others too.
        """
        ...


Definition: TypeAlias = Describes | d.Table | sqlalchemy.Table
"""A `TableSpec`, a table of a canonical schema, or a SQLAlchemy `Table`."""


def make_table(
    definition: Definition, name: str, metadata: MetaData, dialect: Dialect, *, among: d.Schema | None = None
) -> sqlalchemy.Table:
    """The table that *definition* means, called *name*, added to *metadata*; *among* has those it may point at."""
    if isinstance(definition, sqlalchemy.Table):
        return _copied(definition, name, metadata, dialect)
    return make_resolved(resolved(definition, name, dialect, among=among), metadata, among)


def make_resolved(table: d.Table, metadata: MetaData, among: d.Schema | None) -> sqlalchemy.Table:
    """The SQLAlchemy table of one definition, added to *metadata*; tables that *among* lacks go by their names."""
    base = among or d.Schema(name="", version="")
    known = {item.name for item in base.tables}
    targets = dict.fromkeys(key.table for key in table.foreign_keys if key.table not in known)
    others = [d.Table(name=name, table=name, class_name="", accessor="", columns=()) for name in targets]
    kept = [item for item in base.tables if item.name != table.name]
    return build_table(table, metadata, replace(base, tables=(*kept, *others, table)))


def resolved(
    definition: Describes | d.Table,
    name: str,
    dialect: Dialect,
    *,
    among: d.Schema | None = None,
    beside: Mapping[str, object] = MappingProxyType({}),
    complete: bool = True,
) -> d.Table:
    """What *definition* means, called *name*."""
    if isinstance(definition, d.Table):
        return _renamed(definition, name)
    return definition.definition(name, among=among, beside=beside, complete=complete, dialects=(dialect.name,))


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
        # Of these the database has one of a name for all tables, or a constraint's message would name another table.
        parts: list[Constraint | Index] = [*copied.constraints, *copied.indexes]
        for part in parts:
            if isinstance(part.name, str) and part.name.startswith(f"{table.name}_"):
                part.name = quoted_name(names.shortened(f"{name}_{part.name.removeprefix(f'{table.name}_')}"), None)
    return copied


def forget_those_of_other_engines(table: sqlalchemy.Table, original: sqlalchemy.Table, dialect: Dialect) -> None:
    """Takes from *table*, a copy of *original*, the constraints that are for other engines than *dialect*'s."""
    # What says of which engine a constraint is SQLAlchemy does not copy.
    others = {
        _looks(constraint)
        for constraint in original.constraints
        if constraint._ddl_if is not None and constraint._ddl_if.dialect not in (None, dialect.name)
    }
    for constraint in [constraint for constraint in table.constraints if _looks(constraint) in others]:
        table.constraints.discard(constraint)


def _looks(constraint: Constraint) -> tuple[type, str, str]:
    return type(constraint), str(constraint.name), str(getattr(constraint, "sqltext", ""))
