"""How far a change of a table is felt: what others see of it, who looks closer, and what judging a few tables takes."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable, Iterator, Mapping, Set
from dataclasses import dataclass

from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.expanded import ExpandedTable

WHOLE = frozenset({"foreign-key-cycle", "unused-definition"})
"""The rules that warn of what all tables are together; the other warnings are about one table each."""


@dataclass(frozen=True)
class Outline:
    """A table as the rest of its schema sees it."""

    face: str
    """What stands for all that any table may see of it: while that is the same, only who looks closer is affected."""
    points_at: tuple[str, ...] = ()
    """The tables that its foreign keys point at."""
    goes_through: tuple[str, ...] = ()
    """The link tables that its relationships name."""
    looks_at: tuple[str, ...] = ()
    """The tables of which it sees more than the face: their columns."""


def outlines(schema: ExpandedSchema) -> dict[str, Outline]:
    """The outline of every table of *schema*, by name."""
    return {
        table.name: Outline(
            face(table, schema),
            _names(key.table for key in table.foreign_keys),
            _names(said.through for _, said in table.relationships.values() if said.through is not None),
            _names(_looked_at(table, schema)),
        )
        for table in schema.tables
    }


def face(table: ExpandedTable, schema: ExpandedSchema) -> str:
    """What stands for all of *table* that tables which do not look closer may see, and rules about the whole."""
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
        [(name, said) for name, (_, said) in table.relationships.items()],
        [
            (name, column.stored, column.spec.nullable)
            for name, column in table.columns.items()
            if name in named
        ],
        sorted(set(_types(table)) & set(schema.spec.types)),
    )  # fmt: skip
    return hashlib.sha256(repr(parts).encode("utf-8", "surrogatepass")).hexdigest()[:32]


def affected(changed: Set[str], known: Mapping[str, Outline]) -> set[str]:
    """The tables of which a change of *changed*, whose faces stay, may change what is found or what they mean."""
    return {name for name, outline in known.items() if name in changed or not changed.isdisjoint(outline.looks_at)}


def surroundings(names: Set[str], known: Mapping[str, Outline]) -> set[str]:
    """The tables *names* and all that it takes to judge and resolve them as in the whole schema."""
    near: dict[str, set[str]] = {name: set() for name in known}
    links: set[str] = set()
    for name, outline in known.items():
        links.update(outline.goes_through)
        for other in (*outline.points_at, *outline.goes_through):
            near[name].add(other)
            near[other].add(name)
    found = set(names).union(*(near[name] for name in names))
    # The two sides of a link table mirror each other.
    return found.union(*(near[name] for name in found & links))


def _looked_at(table: ExpandedTable, schema: ExpandedSchema) -> Iterator[str]:
    for key in table.foreign_keys:
        yield key.table
    for _, said in table.relationships.values():
        link = schema.by_name.get(said.through or "")
        if link is not None:
            yield link.name
            yield from (key.table for key in link.foreign_keys)
    for other, key in schema.foreign_keys_to.get(table.name, ()):
        # What is said of an inverse may order it by a column.
        if key.inverse in table.relationships:
            yield other.name


def _types(table: ExpandedTable) -> Iterator[str]:
    for _, part in table.parts:
        for column in part.columns.values():
            said = column.of
            yield column.type
            while said is not None:
                yield said if isinstance(said, str) else said.type
                said = None if isinstance(said, str) else said.of


def _names(found: Iterable[str]) -> tuple[str, ...]:
    return tuple(dict.fromkeys(found))
