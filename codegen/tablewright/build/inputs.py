"""What the plans of a table's own files are made from: while that is the same, so are the files."""

from __future__ import annotations

import hashlib
from collections.abc import Iterator, Mapping

import msgspec

from tablewright.plan.table_graph import Links
from tablewright.schema import definition as d


def table_inputs(schema: d.Schema, links: Links) -> dict[str, str]:
    """What stands for all that `plan_table`, `plan_entity` and `plan_opaque_table` look at, by table.

    A table with code of the user's in its types is left out: what that makes of a default is not to be seen.
    """
    enums = _encode(schema.enums)
    sections = (("tables", schema.tables), ("opaque_tables", schema.opaque_tables))
    seen = {table.name: _encode((section, as_others_see(table))) for section, tables in sections for table in tables}
    return {
        table.name: hashlib.sha256(b"\n".join(_parts(table, links, enums, seen))).hexdigest()[:32]
        for _, tables in sections
        for table in tables
        if all(column.type.closed for column in table.columns)
    }


def _parts(table: d.Table, links: Links, enums: bytes, seen: Mapping[str, bytes]) -> Iterator[bytes]:
    yield enums
    yield _encode(table)
    yield from (seen[name] for name in _named(table))
    yield _encode([item.foreign_key in links.closing for item in table.relationships])
    yield _encode([links.overlaps(item, table) for item in table.relationships])


def as_others_see(table: d.Table) -> d.Table:
    """The *table* with no more of it than the plans of other tables may look at."""
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
