"""The one expansion of a spec: what the rules check and `resolve` translates."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from functools import cached_property
from itertools import chain

from tablewright.schema import definition as d, names
from tablewright.spec.expanded import ExpandedColumn, ExpandedForeignKey, ExpandedTable, Section
from tablewright.spec.expanded_type import ExpandedType, expand_type
from tablewright.spec.models import EnumSpec, MixinSpec, SchemaSpec, TableSpec
from tablewright.spec.yaml_reader import Path


@dataclass(frozen=True)
class ExpandedSchema:
    """A schema with every table and type expanded, as far as a spec with mistakes allows it."""

    spec: SchemaSpec
    incomplete: frozenset[Path] = field(default_factory=frozenset)
    """Parts of which the reader left something out: a rule cannot tell what they are missing."""

    @cached_property
    def enums(self) -> tuple[d.Enum, ...]:
        """All enums; an enum needs no other part of the spec."""
        return tuple(_enum(name, given) for name, given in self.spec.enums.items())

    @cached_property
    def tables(self) -> tuple[ExpandedTable, ...]:
        """All tables, opaque ones last."""
        return tuple(
            chain(
                (self._table("tables", name, given) for name, given in self.spec.tables.items()),
                (self._table("opaque_tables", name, given) for name, given in self.spec.opaque_tables.items()),
            )
        )

    @cached_property
    def by_name(self) -> dict[str, ExpandedTable]:
        """The tables that a foreign key may reference, by name."""
        return {table.name: table for table in reversed(self.tables)}

    @cached_property
    def foreign_keys_to(self) -> dict[str, list[tuple[ExpandedTable, ExpandedForeignKey]]]:
        """The foreign keys that reference a table, by its name, each with the table that it belongs to."""
        result: dict[str, list[tuple[ExpandedTable, ExpandedForeignKey]]] = {}
        for table in self.tables:
            for key in table.foreign_keys:
                result.setdefault(key.table, []).append((table, key))
        return result

    @cached_property
    def types(self) -> Sequence[ExpandedType]:
        """Every type where it is written, element types of arrays and ranges included."""
        named = (expand_type(given, ("types", name), self.spec) for name, given in self.spec.types.items())
        columns = (column.type for column in self.written_columns)
        return tuple(item for type_ in chain(named, columns) for item in type_.walk())

    @cached_property
    def written_columns(self) -> Sequence[ExpandedColumn]:
        """Every column where it is written: those of a mixin once."""
        columns = [column for table in self.tables for column in table.columns.values()]
        columns += [column for mixin in self.spec.mixins for column in self._mixin_columns[mixin].values()]
        return tuple({column.path: column for column in columns}.values())

    def is_incomplete(self, path: Path) -> bool:
        """Return True if a violation at *path* may be due to a part that the reader left out."""
        # The path of a table stands for its own line only: its other parts were read.
        return path in self.incomplete or path[:4] in self.incomplete

    def may_have_table(self, name: str) -> bool:
        """Return True if a table *name* exists, or may have existed before the reader refused it."""
        sections = ("tables", "opaque_tables")
        return name in self.by_name or any((section, name) in self.incomplete for section in sections)

    def may_have_column(self, table: ExpandedTable, name: str) -> bool:
        """Return True if *table* has a column *name*, or may have had one before the reader refused something."""
        if name in table.columns or any(item not in self.spec.mixins for item in table.spec.include):
            return True
        return any(path in self.incomplete or (*path, "columns", name) in self.incomplete for path, _ in table.parts)

    def link_target(self, table: ExpandedTable, link: ExpandedTable) -> str | None:
        """Return the table that *link* relates *table* to; None if it is not a link table of *table*."""
        to_table = [key for key in link.foreign_keys if key.table == table.name]
        others = [key for key in link.foreign_keys if key.table != table.name]
        if len(to_table) == 2 and not others:
            return table.name
        return others[0].table if len(to_table) == 1 and len(others) == 1 else None

    @cached_property
    def _mixin_columns(self) -> dict[str, dict[str, ExpandedColumn]]:
        return {name: self._columns(("mixins", name), given) for name, given in self.spec.mixins.items()}

    def _columns(self, path: Path, given: TableSpec | MixinSpec) -> dict[str, ExpandedColumn]:
        return dict(self._expanded_columns((*path, "columns"), given))

    def _expanded_columns(self, path: Path, given: TableSpec | MixinSpec) -> Iterator[tuple[str, ExpandedColumn]]:
        for name, column in given.columns.items():
            here = (*path, name)
            yield name, ExpandedColumn(name, column, here, expand_type(column, here, self.spec))

    def _table(self, section: Section, name: str, given: TableSpec) -> ExpandedTable:
        path: Path = (section, name)
        parts: list[tuple[Path, TableSpec | MixinSpec]] = [(path, given)]
        columns = self._columns(path, given)
        for mixin in dict.fromkeys(given.include):
            # A mixin that does not exist, or brings a column again, is reported by a rule.
            if mixin in self.spec.mixins:
                parts.append((("mixins", mixin), self.spec.mixins[mixin]))
                for column in self._mixin_columns[mixin].values():
                    columns.setdefault(column.name, column)
        return ExpandedTable(section, name, given, path, tuple(parts), columns)


def _enum(name: str, given: EnumSpec) -> d.Enum:
    return d.Enum(
        name=name,
        class_name=given.class_ or names.class_name(name),
        values=tuple(given.values),
        native=given.storage == "native",
        doc=given.doc,
    )
