"""How far a change of a table is felt."""

from __future__ import annotations

from typing import Any

from tablewright.analysis.impact import SCHEMA_WIDE, affected, context_tables, interface_digest, interfaces
from tablewright.rules.registry import RULES
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.models import SchemaSpec
from tests.random_edit import first


def expanded(spec: dict[str, Any]) -> ExpandedSchema:
    """A schema as the rules look at it."""
    return ExpandedSchema(SchemaSpec.model_validate(spec, by_alias=True, by_name=False))


def test_every_warning_is_of_a_kind() -> None:
    """A rule that warns is known to be about the whole schema, or about one table: a new one must be put here."""
    of_one_table = {"no-primary-key", "redundant-index", "nulls-not-distinct-sqlite"}
    warnings = {rule.id for rule in RULES if rule.severity == "warning"}
    assert warnings == SCHEMA_WIDE | of_one_table
    assert not SCHEMA_WIDE & of_one_table


def test_who_looks_closer() -> None:
    """Tables that point at a table, order by its columns or share a link table look closer at it; others do not."""
    known = interfaces(expanded(first()))
    assert affected({"eel"}, known) == {"eel", "dog"}
    assert affected({"bee"}, known) == {"ant", "bee", "cat"}, "ant orders its bees, cat points at them"
    assert affected({"ant"}, known) == {"ant", "bee", "cat", "fox"}
    assert affected({"cat"}, known) == {"ant", "cat", "dog", "eel"}, "dog goes through eel to it"


def test_a_hub_is_not_the_world() -> None:
    """Of a thousand tables that point at one, a change of one is felt by that one."""
    spec = first()
    spec["tables"] |= {
        f"t{number}": {
            "columns": {"id": {"type": "bigint", "primary_key": True}, "x": {"type": "bigint", "references": "dog.id"}}
        }
        for number in range(50)
    }
    known = interfaces(expanded(spec))
    assert affected({"t7"}, known) == {"t7"}
    assert context_tables({"t7"}, known) == {"t7", "dog"}


def test_what_surrounds_a_table() -> None:
    """All that points at it, that it points at, and both sides of its link tables."""
    known = interfaces(expanded(first()))
    assert context_tables({"fox"}, known) == {"fox", "ant", "owl"}
    assert context_tables({"cat"}, known) == {"cat", "bee", "ant", "eel", "dog"}


def test_a_face() -> None:
    """Names, keys and indexes are a table's face; what its plain columns are is not."""
    spec = first()
    before = of_bee(spec)
    columns = spec["tables"]["bee"]["columns"]
    columns["one"] = {"type": "integer", "nullable": True, "default": 3, "doc": "How many."}
    columns["new"] = {"type": "colour"}
    assert of_bee(spec) == before
    faces = {before}
    changes: list[dict[str, Any]] = [
        {"table": "b"}, {"class": "B"}, {"accessor": "b"}, {"renamed_from": "wasp"}, {"unique": [["one"]]},
        {"indexes": [["one"]]}, {"relationships": {"x": {"order_by": "one"}}}, {"include": []},
    ]  # fmt: skip
    for change in changes:
        spec["tables"]["bee"] |= change
        faces.add(of_bee(spec))
    for key, value in (("nullable", True), ("on_delete", "cascade"), ("column", "X"), ("inverse", "y")):
        columns["ant"][key] = value
        faces.add(of_bee(spec))
    columns["new"] = {"type": "money"}
    assert len(faces | {of_bee(spec)}) == 14


def of_bee(spec: dict[str, Any]) -> str:
    """The face of the table `bee`."""
    schema = expanded(spec)
    return interface_digest(schema.by_name["bee"], schema)
