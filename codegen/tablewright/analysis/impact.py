"""Impact analysis: which tables a change affects, and which tables are needed to check them."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from tablewright.rules.registry import RULES
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.expanded import ExpandedTable

SCHEMA_WIDE = frozenset(rule.id for rule in RULES if rule.schema_wide)
"""The rules whose warnings depend on all tables together; other warnings are about one table each."""


@dataclass(frozen=True)
class TableInterface:
    """The part of a table that the rest of a schema depends on."""

    digest: str
    """The digest of everything that any other table may depend on.

    While it stays the same, a change affects only the tables that have this one in `depends_on`.
    """
    references: tuple[str, ...] = ()
    """The tables that its foreign keys reference."""
    link_tables: tuple[str, ...] = ()
    """The link tables that its relationships name."""
    depends_on: tuple[str, ...] = ()
    """The tables of which it depends on more than the interface: on their columns."""


def interfaces(schema: ExpandedSchema) -> dict[str, TableInterface]:
    """Return the interface of every table of *schema*, by name."""
    return {
        table.name: TableInterface(
            interface_digest(table, schema),
            _distinct(key.table for key in table.foreign_keys),
            _distinct(spec.through for _, spec in table.relationships.values() if spec.through is not None),
            _distinct(_dependencies(table, schema)),
        )
        for table in schema.tables
    }


def interface_digest(table: ExpandedTable, schema: ExpandedSchema) -> str:
    """Return the digest of what other tables and schema-wide rules may depend on in *table*."""
    keys = [
        (key.columns, key.table, key.targets, key.on_delete, key.on_update, key.relationship, key.inverse,
         key.given_name, key.deferrable)
        for key in table.foreign_keys
    ]  # fmt: skip
    named = {name for key in table.foreign_keys for name in key.columns} | set(table.primary_key)
    named |= {name for unique in table.uniques for name in unique.columns}
    named |= {name for index in table.indexes for name in index.columns}
    named |= {name for exclusion in table.exclusions for name, _ in exclusion.elements}
    parts = (
        (table.section, table.name, table.stored, table.class_name, table.spec.accessor, table.spec.renamed_from),
        (table.spec.include, table.primary_key, keys),
        [(item.columns, item.given_name, item.where) for item in table.uniques],
        [
            (item.elements, item.given_name, item.unique, item.where, item.include, item.using)
            for item in table.indexes
        ],
        [(item.elements, item.using, item.where, item.given_name) for item in table.exclusions],
        [(name, spec) for name, (_, spec) in table.relationships.items()],
        [
            (name, column.stored, column.spec.nullable)
            for name, column in table.columns.items()
            if name in named
        ],
        sorted(set(_types(table)) & set(schema.spec.types)),
    )  # fmt: skip
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def affected(changed: Set[str], interfaces: Mapping[str, TableInterface]) -> set[str]:
    """Return the tables to check and resolve again after a change of the tables *changed*.

    The interfaces of the changed tables must have stayed the same.
    """
    return {
        name
        for name, interface in interfaces.items()
        if name in changed or not changed.isdisjoint(interface.depends_on)
    }


def context_tables(names: Set[str], interfaces: Mapping[str, TableInterface]) -> set[str]:
    """Return the tables *names* and all others needed to check and resolve them as in the whole schema."""
    neighbours: dict[str, set[str]] = {name: set() for name in interfaces}
    links: set[str] = set()
    for name, interface in interfaces.items():
        links.update(interface.link_tables)
        for other in (*interface.references, *interface.link_tables):
            neighbours[name].add(other)
            neighbours[other].add(name)
    result = set(names).union(*(neighbours[name] for name in names))
    # The two sides of a link table mirror each other.
    return result.union(*(neighbours[name] for name in result & links))


def _dependencies(table: ExpandedTable, schema: ExpandedSchema) -> Iterator[str]:
    for key in table.foreign_keys:
        yield key.table
    for _, spec in table.relationships.values():
        link = schema.by_name.get(spec.through or "")
        if link is not None:
            yield link.name
            yield from (key.table for key in link.foreign_keys)
    for other, key in schema.foreign_keys_to.get(table.name, ()):
        # The options of an inverse may order it by a column.
        if key.inverse in table.relationships:
            yield other.name


def _types(table: ExpandedTable) -> Iterator[str]:
    for _, part in table.parts:
        for column in part.columns.values():
            element = column.of
            yield column.type
            while element is not None:
                yield element if isinstance(element, str) else element.type
                element = None if isinstance(element, str) else element.of


def _distinct(names: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(names))
