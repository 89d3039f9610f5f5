"""The differences between two definitions of one opaque table."""

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
"""Fields of columns that are not compared."""


def differences(stored: d.Schema, given: d.Schema) -> list[str]:
    """Return one message for each difference between the *stored* and the *given* definition, without a full stop."""
    return list(_differences(stored, given))


def _differences(stored: d.Schema, given: d.Schema) -> Iterator[str]:
    (old,), (new,) = stored.opaque_tables, given.opaque_tables
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
            yield f"its {word} are {_listed(mine)}, not {_listed(theirs)}"
    values = {enum.name: enum.values for enum in stored.enums}
    for enum in given.enums:
        if enum.name in values and enum.values != values[enum.name]:
            yield f"its enum {enum.name!r} is {list(values[enum.name])}, not {list(enum.values)}"


def _of_column(name: str, old: d.Column, new: d.Column) -> Iterator[str]:
    before, after = to_builtins(old), to_builtins(new)
    for field in sorted(before.keys() | after.keys()):
        if field not in PROSE and before.get(field) != after.get(field):
            mine, theirs = (_value(field, fields.get(field)) for fields in (before, after))
            yield f"{name!r} has the {field.replace('_', ' ')} {mine}, not {theirs}"


def _value(field: str, value: Any) -> str:
    if field == "type":
        parts = ", ".join(f"{key}={parameter!r}" for key, parameter in value.items() if key != "kind")
        return f"{value['kind']}({parts})" if parts else str(value["kind"])
    # A missing field has its default, which is never True.
    return repr(False if value is None and field in ("nullable", "autoincrement", "has_default") else value)


def _listed(parts: tuple[Any, ...]) -> str:
    return ", ".join(_part(part) for part in parts) or "none"


def _part(part: Any) -> str:
    fields = ", ".join(f"{key}={value!r}" for key, value in to_builtins(part).items() if key != "name")
    return f"{part.name} ({fields})"
