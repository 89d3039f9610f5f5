"""A schema's spec as the rules look at it: mixins taken in, shorthands and lists alike, every part with its path."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from tablewright.rules.expanded_type import ExpandedType, expand_type
from tablewright.schema import names
from tablewright.schema.definition import Action
from tablewright.spec.models import (
    CheckSpec,
    ColumnSpec,
    ExclusionSpec,
    IndexSpec,
    MixinSpec,
    RelationshipSpec,
    SchemaSpec,
    SqlSpec,
    TableSpec,
)
from tablewright.spec.yaml_reader import Path


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
    name: str | None = None
    where: str | None = None
    nulls_not_distinct: bool = False
    shorthand: bool = False


@dataclass(frozen=True)
class ExpandedIndex:
    """An index; an expression is an `SqlSpec` among its elements."""

    path: Path
    elements: tuple[str | SqlSpec, ...]
    spec: IndexSpec
    shorthand: bool = False

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns among its elements."""
        return tuple(item for item in self.elements if isinstance(item, str))


@dataclass(frozen=True)
class ExpandedKey:
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
    name: str | None = None
    deferrable: bool = False
    shorthand: bool = False


@dataclass(frozen=True)
class ExpandedTable:
    """A table with its mixins taken in."""

    section: str
    """`tables` or `opaque_tables`."""
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
        """Where the primary key is said."""
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

    def _uniques(self) -> Iterator[ExpandedUnique]:
        for name, column in self.columns.items():
            if column.spec.unique:
                path = (*column.path, "unique")
                yield ExpandedUnique(path, (name,), path, shorthand=True)
        for path, part in self.parts:
            for number, said in enumerate(part.unique):
                here = (*path, "unique", number)
                columns = tuple(said.columns)
                yield ExpandedUnique(here, columns, (*here, "columns"), said.name, said.where, said.nulls_not_distinct)

    @cached_property
    def indexes(self) -> tuple[ExpandedIndex, ...]:
        """All indexes, the shorthands of columns first."""
        return tuple(self._indexes())

    def _indexes(self) -> Iterator[ExpandedIndex]:
        for name, column in self.columns.items():
            if column.spec.index:
                path = (*column.path, "index")
                yield ExpandedIndex(path, (name,), IndexSpec(columns=[name]), shorthand=True)
        for path, part in self.parts:
            for number, said in enumerate(part.indexes):
                yield ExpandedIndex((*path, "indexes", number), tuple(said.columns), said)

    @cached_property
    def foreign_keys(self) -> tuple[ExpandedKey, ...]:
        """All foreign keys, the shorthands of columns first; those of malformed shorthands are left out."""
        return tuple(self._foreign_keys())

    def _foreign_keys(self) -> Iterator[ExpandedKey]:
        for name, column in self.columns.items():
            said = column.spec
            table, dot, target = (said.references or "").rpartition(".")
            if table and dot and target:
                path = (*column.path, "references")
                yield ExpandedKey(
                    column.path,
                    (name,),
                    table,
                    (target,),
                    path,
                    path,
                    path,
                    said.on_delete,
                    said.on_update,
                    said.relationship,
                    said.inverse,
                    shorthand=True,
                )
        for path, part in self.parts:
            for number, key in enumerate(part.foreign_keys):
                here = (*path, "foreign_keys", number)
                yield ExpandedKey(
                    here,
                    tuple(key.columns),
                    key.references.table,
                    tuple(key.references.columns),
                    (*here, "columns"),
                    (*here, "references", "table"),
                    (*here, "references", "columns"),
                    key.on_delete,
                    key.on_update,
                    key.relationship,
                    key.inverse,
                    key.name,
                    key.deferrable,
                )

    @cached_property
    def checks(self) -> tuple[tuple[Path, str, CheckSpec], ...]:
        """All checks of the spec, each with its path and name."""
        return tuple(
            ((*path, "checks", name), name, said) for path, part in self.parts for name, said in part.checks.items()
        )

    @cached_property
    def exclusions(self) -> tuple[tuple[Path, ExclusionSpec], ...]:
        """All exclusion constraints, each with its path."""
        return tuple(
            ((*path, "exclusions", number), said)
            for path, part in self.parts
            for number, said in enumerate(part.exclusions)
        )

    @cached_property
    def relationships(self) -> dict[str, tuple[Path, RelationshipSpec]]:
        """What the table says of its relationships; its own word before a mixin's."""
        return {
            name: ((*path, "relationships", name), said)
            for path, part in reversed(self.parts)
            for name, said in part.relationships.items()
        }


@dataclass(frozen=True)
class ExpandedSchema:
    """A whole schema as the rules look at it."""

    spec: SchemaSpec
    dialects: frozenset[str] = frozenset({"sqlite", "postgresql"})
    doubtful: frozenset[Path] = field(default_factory=frozenset)
    """Parts of which the reader left something out: a rule cannot tell what they lack."""

    @cached_property
    def tables(self) -> tuple[ExpandedTable, ...]:
        """All tables, opaque ones last."""
        return tuple(
            chain(
                (self._table("tables", name, said) for name, said in self.spec.tables.items()),
                (self._table("opaque_tables", name, said) for name, said in self.spec.opaque_tables.items()),
            )
        )

    @cached_property
    def by_name(self) -> dict[str, ExpandedTable]:
        """The tables that a foreign key may name."""
        return {table.name: table for table in reversed(self.tables)}

    @cached_property
    def pointing_at(self) -> dict[str, list[tuple[ExpandedTable, ExpandedKey]]]:
        """The foreign keys that point at a table, by its name, each with the table that has it."""
        found: dict[str, list[tuple[ExpandedTable, ExpandedKey]]] = {}
        for table in self.tables:
            for key in table.foreign_keys:
                found.setdefault(key.table, []).append((table, key))
        return found

    def is_doubtful(self, path: Path) -> bool:
        """Whether what a rule finds at *path* may come of what the reader left out."""
        # Of a table only its own line is in doubt: its other parts were read.
        return path in self.doubtful or path[:4] in self.doubtful

    def may_have_table(self, name: str) -> bool:
        """Whether there is a table *name*, or was before the reader refused it."""
        sections = ("tables", "opaque_tables")
        return name in self.by_name or any((section, name) in self.doubtful for section in sections)

    def may_have_column(self, table: ExpandedTable, name: str) -> bool:
        """Whether *table* has a column *name*, or may have had one before the reader refused something."""
        if name in table.columns or any(item not in self.spec.mixins for item in table.spec.include):
            return True
        return any(path in self.doubtful or (*path, "columns", name) in self.doubtful for path, _ in table.parts)

    def types(self) -> Sequence[ExpandedType]:
        """Every type that is written out somewhere, elements of arrays and ranges included, each once."""
        return self._types

    def written_columns(self) -> Sequence[ExpandedColumn]:
        """Every column where it is written: those of a mixin once."""
        return self._written_columns

    # Made once: a dozen rules ask for each.
    @cached_property
    def _types(self) -> tuple[ExpandedType, ...]:
        return tuple(self._walk_types())

    @cached_property
    def _written_columns(self) -> tuple[ExpandedColumn, ...]:
        return tuple(self._walk_columns())

    def _walk_types(self) -> Iterator[ExpandedType]:
        for name, said in self.spec.types.items():
            yield from expand_type(said, ("types", name), self.spec).walk()
        for column in self.written_columns():
            yield from column.type.walk()

    def _walk_columns(self) -> Iterator[ExpandedColumn]:
        seen: set[Path] = set()
        for table in self.tables:
            for column in table.columns.values():
                if column.path not in seen:
                    seen.add(column.path)
                    yield column
        for mixin, said in self.spec.mixins.items():
            for column in self._columns(("mixins", mixin), said).values():
                if column.path not in seen:
                    yield column

    def _columns(self, path: Path, said: TableSpec | MixinSpec) -> dict[str, ExpandedColumn]:
        return {
            name: ExpandedColumn(
                name, column, (*path, "columns", name), expand_type(column, (*path, "columns", name), self.spec)
            )
            for name, column in said.columns.items()
        }

    def _table(self, section: str, name: str, said: TableSpec) -> ExpandedTable:
        path: Path = (section, name)
        included = [item for item in dict.fromkeys(said.include) if item in self.spec.mixins]
        parts: list[tuple[Path, TableSpec | MixinSpec]] = [(path, said)]
        parts += [(("mixins", item), self.spec.mixins[item]) for item in included]
        columns: dict[str, ExpandedColumn] = {}
        for where, part in parts:
            for column in self._columns(where, part).values():
                columns.setdefault(column.name, column)
        return ExpandedTable(section, name, said, path, tuple(parts), columns)
