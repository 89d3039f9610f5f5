"""What the plans of a table's own files are made from: while that is the same, so are the files."""

from __future__ import annotations

import hashlib

import msgspec

from tablewright.plan.links import Links
from tablewright.schema import definition as d


def table_inputs(schema: d.Schema, links: Links) -> dict[str, str]:
    """What stands for all that `plan_table` and `plan_entity` look at, by table.

    A table with code of the user's in its types is left out: what that makes of a default is not to be seen.
    """
    enums = _encode(schema.enums)
    seen = {table.name: _encode(as_others_see(table)) for table in schema.tables}
    return {
        table.name: _digest(
            enums,
            _encode(table),
            *(seen[name] for name in _named(table)),
            _encode([item.foreign_key in links.closing for item in table.relationships]),
            _encode([links.overlaps(item, table) for item in table.relationships]),
        )
        for table in schema.tables
        if not any(_is_foreign(column.type) for column in table.columns)
    }


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


def _is_foreign(type_: d.Type) -> bool:
    return type_.codec is not None or ":" in (type_.python or "") or (type_.of is not None and _is_foreign(type_.of))


def _encode(value: object) -> bytes:
    return msgspec.json.encode(value)


def _digest(*parts: bytes) -> str:
    made = hashlib.sha256()
    for part in parts:
        made.update(b"%d:" % len(part))
        made.update(part)
    return made.hexdigest()[:32]
