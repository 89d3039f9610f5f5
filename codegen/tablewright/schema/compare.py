"""What two definitions of one opaque table differ in, in words."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

from msgspec import to_builtins

from tablewright.schema import definition as d

PARTS = {
    "foreign_keys": "foreign keys",
    "uniques": "unique keys",
    "indexes": "indexes",
    "checks": "checks",
    "exclusions": "exclusions",
}
PROSE = frozenset({"doc", "deprecated", "renamed_from", "meta"})
"""Fields of columns that make no difference."""


def differences(there: d.Schema, asked: d.Schema) -> list[str]:
    """What is *there* in place of what was *asked* for, a sentence each without its full stop."""
    return list(_found(there, asked))


def _found(there: d.Schema, asked: d.Schema) -> Iterator[str]:
    (old,), (new,) = there.opaque_tables, asked.opaque_tables
    before = {column.attribute: column for column in old.columns}
    after = {column.attribute: column for column in new.columns}
    for name in before.keys() - after.keys():
        yield f"it has a column {name!r}"
    for name, column in after.items():
        if name not in before:
            yield f"it has no column {name!r}"
        else:
            yield from _of_column(name, before[name], column)
    if old.primary_key != new.primary_key:
        yield f"its primary key is ({', '.join(old.primary_key)}), not ({', '.join(new.primary_key)})"
    for field, word in PARTS.items():
        mine, theirs = (tuple(sorted(getattr(table, field), key=lambda item: item.name)) for table in (old, new))
        if mine != theirs:
            yield f"its {word} are {_said(mine)}, not {_said(theirs)}"
    values = {enum.name: enum.values for enum in there.enums}
    for enum in asked.enums:
        if enum.name in values and enum.values != values[enum.name]:
            yield f"its enum {enum.name!r} is {list(values[enum.name])}, not {list(enum.values)}"


def _of_column(name: str, old: d.Column, new: d.Column) -> Iterator[str]:
    before, after = to_builtins(old), to_builtins(new)
    for field in sorted(before.keys() | after.keys()):
        if field not in PROSE and before.get(field) != after.get(field):
            mine, theirs = (_value(field, given.get(field)) for given in (before, after))
            yield f"{name!r} has the {field.replace('_', ' ')} {mine}, not {theirs}"


def _value(field: str, value: Any) -> str:
    if field == "type":
        parts = ", ".join(f"{key}={said!r}" for key, said in value.items() if key != "kind")
        return f"{value['kind']}({parts})" if parts else str(value["kind"])
    # What is not said has its default; none of these is True.
    return repr(False if value is None and field in ("nullable", "autoincrement", "has_default") else value)


def _said(parts: tuple[Any, ...]) -> str:
    return ", ".join(_part(part) for part in parts) or "none"


def _part(part: Any) -> str:
    said = ", ".join(f"{key}={value!r}" for key, value in to_builtins(part).items() if key != "name")
    return f"{part.name} ({said})"
