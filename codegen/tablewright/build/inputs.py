"""The inputs of a table's plans: while their digest is unchanged, so are the table's files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

import msgspec

from tablewright.plan.table_graph import TableGraph
from tablewright.schema import definition as d


def table_inputs(schema: d.Schema, graph: TableGraph) -> dict[str, str]:
    """Return the digest of all that `plan_table`, `plan_entity` and `plan_opaque_table` read, by table.

    Tables whose types use the user's code are left out, because its effect on a default cannot be seen.
    """
    enums = _encode(schema.enums)
    sections = (("tables", schema.tables), ("opaque_tables", schema.opaque_tables))
    interfaces = {
        table.name: _encode((section, interface_of(table))) for section, tables in sections for table in tables
    }
    return {
        table.name: hashlib.sha256(b"\n".join(_parts(table, graph, enums, interfaces))).hexdigest()[:32]
        for _, tables in sections
        for table in tables
        if all(column.type.closed for column in table.columns)
    }


def _parts(table: d.Table, graph: TableGraph, enums: bytes, interfaces: Mapping[str, bytes]) -> Iterator[bytes]:
    yield enums
    yield _encode(table)
    yield from (interfaces[name] for name in _named(table))
    yield _encode([item.foreign_key in graph.cycle_closing for item in table.relationships])
    yield _encode([graph.overlaps(item, table) for item in table.relationships])


def interface_of(table: d.Table) -> d.Table:
    """Return the part of *table* that the plans of other tables may read."""
    return d.Table(
        name=table.name,
        table=table.table,
        class_name=table.class_name,
        accessor="",
        columns=(),
        foreign_keys=table.foreign_keys,
    )


def _named(table: d.Table) -> list[str]:
    named = {key.table for key in table.foreign_keys}
    for item in table.relationships:
        named.add(item.target)
        if item.through is not None:
            named.add(item.through)
    return sorted(named - {table.name})


def _encode(value: object) -> bytes:
    return msgspec.json.encode(value)
