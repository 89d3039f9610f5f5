"""The graph of a schema's tables: which foreign keys close cycles, which relationships share columns."""

from __future__ import annotations

from collections.abc import Iterable

from tablewright.schema import definition as d


class TableGraph:
    """The foreign keys and relationships of a whole schema, for the plans of single relationships."""

    def __init__(self, schema: d.Schema) -> None:
        self.cycle_closing = _closing(schema)
        """The nullable foreign keys without which no two tables would depend on each other."""
        self._through: dict[str, set[str]] = {}
        self._towards: dict[str, set[str]] = {}
        self._of = {table.name: {item.name for item in table.relationships} for table in schema.tables}
        for table in schema.tables:
            for item in table.relationships:
                self._towards.setdefault(item.target, set()).add(item.name)
                if item.through is not None:
                    self._through.setdefault(item.through, set()).add(item.name)

    def overlaps(self, relationship: d.Relationship, table: d.Table) -> list[str]:
        """Return the relationships that write the same columns of a link table: SQLAlchemy's `overlaps`."""
        if relationship.through is None:
            return sorted(self._through.get(table.name, set()) | self._through.get(relationship.target, set()))
        link = relationship.through
        others = self._of[link] | self._towards.get(link, set()) | self._through[link]
        return sorted(others - {relationship.name, relationship.inverse})


def _closing(schema: d.Schema) -> frozenset[str]:
    def optional(table: d.Table, key: d.ForeignKey) -> tuple[bool, bool]:
        return all(table.column(attribute).nullable for attribute in key.columns), key.deferrable

    keys = [(table, key) for table in schema.tables for key in table.foreign_keys if key.table != table.name]
    keys.sort(key=lambda item: optional(*item))
    needs: dict[str, set[str]] = {table.name: set() for table in schema.tables}
    on_cycles = _on_cycles(keys)
    closing: set[str] = set()
    for table, key in keys:
        if table.name not in on_cycles or key.table not in on_cycles:
            continue
        if optional(table, key)[0] and _reaches(key.table, table.name, needs):
            closing.add(key.name)
        else:
            needs[table.name].add(key.table)
    return frozenset(closing)


def _on_cycles(keys: Iterable[tuple[d.Table, d.ForeignKey]]) -> set[str]:
    """Return the tables on cycles and between two cycles; only keys between these can close a cycle."""
    ends = {(table.name, key.table) for table, key in keys}
    return _leading(ends) & _leading({(target, source) for source, target in ends})


def _leading(ends: set[tuple[str, str]]) -> set[str]:
    # Remove tables from which no path reaches a cycle, starting at the ends.
    sources: dict[str, list[str]] = {}
    counts: dict[str, int] = {}
    for source, target in ends:
        sources.setdefault(target, []).append(source)
        counts[source] = counts.get(source, 0) + 1
        counts.setdefault(target, 0)
    ended = [name for name, number in counts.items() if not number]
    for name in ended:
        for source in sources.get(name, ()):
            counts[source] -= 1
            if not counts[source]:
                ended.append(source)
    return counts.keys() - set(ended)


def _reaches(start: str, end: str, needs: dict[str, set[str]]) -> bool:
    seen: set[str] = set()
    pending = [start]
    while pending:
        name = pending.pop()
        if name == end:
            return True
        if name not in seen:
            seen.add(name)
            pending += needs[name]
    return False
