"""A table with its mixins merged, shorthands turned to list forms and default names filled in."""

from __future__ import annotations

import keyword
from collections.abc import Callable, Iterable, Iterator
from dataclasses import dataclass
from functools import cached_property
from typing import Literal, TypeAlias

from tablewright.schema import names
from tablewright.schema.definition import Action
from tablewright.schema.reserved import RESERVED_ACCESSORS
from tablewright.spec.expanded_type import ExpandedType
from tablewright.spec.models import ColumnSpec, IndexSpec, MixinSpec, RelationshipSpec, SqlSpec, TableSpec, UniqueSpec
from tablewright.spec.yaml_reader import Path

Section: TypeAlias = Literal["tables", "opaque_tables"]


@dataclass(frozen=True)
class ExpandedColumn:
    """A column of a table or of one of its mixins."""

    name: str
    spec: ColumnSpec
    path: Path
    type: ExpandedType

    @property
    def attribute(self) -> str:
        """The Python attribute."""
        return names.attribute_name(self.name)

    @property
    def stored(self) -> str:
        """The name in the database."""
        return self.spec.column or self.name


@dataclass(frozen=True)
class ExpandedUnique:
    """A unique key."""

    path: Path
    columns: tuple[str, ...]
    columns_path: Path
    name: str
    """The name in the database."""
    given_name: str | None = None
    where: str | None = None
    nulls_not_distinct: bool = False
    shorthand: bool = False


@dataclass(frozen=True)
class ExpandedIndex:
    """An index; an expression is an `SqlSpec` in its elements."""

    path: Path
    elements: tuple[str | SqlSpec, ...]
    name: str
    """The name in the database."""
    given_name: str | None = None
    unique: bool = False
    where: str | None = None
    include: tuple[str, ...] = ()
    using: str | None = None
    shorthand: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The elements that are columns."""
        return tuple(item for item in self.elements if isinstance(item, str))


@dataclass(frozen=True)
class ExpandedForeignKey:
    """A foreign key."""

    path: Path
    columns: tuple[str, ...]
    table: str
    targets: tuple[str, ...]
    columns_path: Path
    table_path: Path
    targets_path: Path
    on_delete: Action | None
    on_update: Action | None
    relationship: str | None
    inverse: str | None
    name: str
    """The name in the database."""
    given_name: str | None = None
    deferrable: bool = False
    shorthand: bool = False


@dataclass(frozen=True)
class ExpandedCheck:
    """A check."""

    path: Path
    given_name: str
    sql: str
    name: str
    """The name in the database."""


@dataclass(frozen=True)
class ExpandedExclusion:
    """An exclusion constraint."""

    path: Path
    elements: tuple[tuple[str, str], ...]
    """Pairs of column and operator."""
    using: str
    where: str | None
    given_name: str | None
    name: str
    """The name in the database."""


@dataclass(frozen=True)
class ExpandedTable:
    """A table with its mixins merged into it."""

    section: Section
    name: str
    spec: TableSpec
    path: Path
    parts: tuple[tuple[Path, TableSpec | MixinSpec], ...]
    """The table itself, then its mixins, each with its path."""
    columns: dict[str, ExpandedColumn]

    @property
    def stored(self) -> str:
        """The name in the database."""
        return self.spec.table or self.name

    @property
    def class_name(self) -> str:
        """The name of the entity."""
        return self.spec.class_ or names.class_name(self.name)

    @property
    def accessor(self) -> str:
        """The attribute of the session."""
        reserved = self.name in RESERVED_ACCESSORS or keyword.iskeyword(self.name)
        return self.spec.accessor or (f"{self.name}_" if reserved else self.name)

    @property
    def opaque(self) -> bool:
        """Whether a client registers it."""
        return self.section == "opaque_tables"

    @cached_property
    def primary_key(self) -> tuple[str, ...]:
        """The columns of the primary key, in key order."""
        listed = next((tuple(part.primary_key) for _, part in self.parts if part.primary_key), ())
        return listed or tuple(name for name, column in self.columns.items() if column.spec.primary_key)

    @cached_property
    def primary_key_path(self) -> Path:
        """The path of the primary key's declaration."""
        for path, part in self.parts:
            if part.primary_key:
                return (*path, "primary_key")
        for column in self.columns.values():
            if column.spec.primary_key:
                return (*column.path, "primary_key")
        return self.path

    @cached_property
    def uniques(self) -> tuple[ExpandedUnique, ...]:
        """All unique keys, the shorthands of columns first."""
        return tuple(self._uniques())

    @cached_property
    def indexes(self) -> tuple[ExpandedIndex, ...]:
        """All indexes, the shorthands of columns first."""
        return tuple(self._indexes())

    @cached_property
    def foreign_keys(self) -> tuple[ExpandedForeignKey, ...]:
        """All foreign keys, the shorthands of columns first; malformed shorthands are left out."""
        return tuple(self._foreign_keys())

    @cached_property
    def checks(self) -> tuple[ExpandedCheck, ...]:
        """All checks of the spec."""
        return tuple(
            ExpandedCheck((*path, "checks", name), name, check.sql, names.own_name(self.stored, name))
            for path, part in self.parts
            for name, check in part.checks.items()
        )

    @cached_property
    def exclusions(self) -> tuple[ExpandedExclusion, ...]:
        """All exclusion constraints."""
        return tuple(
            ExpandedExclusion(
                (*path, "exclusions", number),
                tuple(given.elements),
                given.using,
                given.where,
                given.name,
                self._name(given.name, names.exclusion_name, (column for column, _ in given.elements)),
            )
            for path, part in self.parts
            for number, given in enumerate(part.exclusions)
        )

    @cached_property
    def relationships(self) -> dict[str, tuple[Path, RelationshipSpec]]:
        """The entries of `relationships` by name, with their paths; the table's entry goes before a mixin's."""
        return {
            name: ((*path, "relationships", name), given)
            for path, part in reversed(self.parts)
            for name, given in part.relationships.items()
        }

    def _uniques(self) -> Iterator[ExpandedUnique]:
        for column in self.columns.values():
            if column.spec.unique:
                path = (*column.path, "unique")
                name = self._name(None, names.unique_name, (column.name,))
                yield ExpandedUnique(path, (column.name,), path, name, shorthand=True)
        for path, part in self.parts:
            for number, given in enumerate(part.unique):
                yield self._unique((*path, "unique", number), given)

    def _unique(self, path: Path, given: UniqueSpec) -> ExpandedUnique:
        # A unique key with a condition is an index in both databases.
        default = names.unique_name if given.where is None else names.index_name
        return ExpandedUnique(
            path,
            tuple(given.columns),
            (*path, "columns"),
            self._name(given.name, default, given.columns),
            given.name,
            given.where,
            given.nulls_not_distinct,
        )

    def _indexes(self) -> Iterator[ExpandedIndex]:
        for column in self.columns.values():
            if column.spec.index:
                name = self._name(None, names.index_name, (column.name,))
                yield ExpandedIndex((*column.path, "index"), (column.name,), name, shorthand=True)
        for path, part in self.parts:
            for number, given in enumerate(part.indexes):
                yield self._index((*path, "indexes", number), given)

    def _index(self, path: Path, given: IndexSpec) -> ExpandedIndex:
        parts = ["expr" if isinstance(item, SqlSpec) else self._stored_column(item) for item in given.columns]
        default = names.index_name(self.stored, parts)
        return ExpandedIndex(
            path,
            tuple(given.columns),
            default if given.name is None else names.own_name(self.stored, given.name),
            given.name,
            given.unique,
            given.where,
            tuple(given.include),
            given.using,
        )

    def _foreign_keys(self) -> Iterator[ExpandedForeignKey]:
        for name, column in self.columns.items():
            table, target = split_reference(column.spec.references)
            if table and target:
                path = (*column.path, "references")
                yield ExpandedForeignKey(
                    column.path,
                    (name,),
                    table,
                    (target,),
                    path,
                    path,
                    path,
                    column.spec.on_delete,
                    column.spec.on_update,
                    column.spec.relationship,
                    column.spec.inverse,
                    self._name(None, names.foreign_key_name, (name,)),
                    shorthand=True,
                )
        for path, part in self.parts:
            for number, given in enumerate(part.foreign_keys):
                here = (*path, "foreign_keys", number)
                yield ExpandedForeignKey(
                    here,
                    tuple(given.columns),
                    given.references.table,
                    tuple(given.references.columns),
                    (*here, "columns"),
                    (*here, "references", "table"),
                    (*here, "references", "columns"),
                    given.on_delete,
                    given.on_update,
                    given.relationship,
                    given.inverse,
                    self._name(given.name, names.foreign_key_name, given.columns),
                    given.name,
                    given.deferrable,
                )

    def _name(self, given: str | None, default: Callable[[str, Iterable[str]], str], columns: Iterable[str]) -> str:
        if given is not None:
            return names.own_name(self.stored, given)
        return default(self.stored, map(self._stored_column, columns))

    def _stored_column(self, name: str) -> str:
        # A column that does not exist is reported by a rule.
        return self.columns[name].stored if name in self.columns else name


def split_reference(reference: str | None) -> tuple[str, str]:
    """Return the table and the column of `table.column`; one of them is empty if the reference is malformed."""
    table, _, column = (reference or "").rpartition(".")
    return table, column
