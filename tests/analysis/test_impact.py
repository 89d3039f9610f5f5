"""Impact analysis: which tables a change affects, and which are needed to check them."""

from __future__ import annotations

from typing import Any

from tablewright.analysis.impact import SCHEMA_WIDE, affected, context_tables, interface_digest, interfaces
from tablewright.rules.registry import RULES
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.models import SchemaSpec
from tests.random_edit import initial_schema


def expanded(spec: dict[str, Any]) -> ExpandedSchema:
    """Return the expanded schema of *spec*."""
    return ExpandedSchema(SchemaSpec.model_validate(spec, by_alias=True, by_name=False))


def test_every_warning_is_of_a_kind() -> None:
    """The registry declares a warning as schema-wide or as one about one table; an error is never schema-wide."""
    of_one_table = {"no-primary-key", "redundant-index", "nulls-not-distinct-sqlite"}
    warnings = {rule.id for rule in RULES if rule.severity == "warning"}
    assert warnings >= SCHEMA_WIDE | of_one_table
    assert {"foreign-key-cycle", "unused-definition"} <= SCHEMA_WIDE
    assert not SCHEMA_WIDE & of_one_table


def test_affected_tables() -> None:
    """A change affects the tables that reference a table, order by its columns or share a link table with it."""
    tables = interfaces(expanded(initial_schema()))
    assert affected({"eel"}, tables) == {"eel", "dog"}
    assert affected({"bee"}, tables) == {"ant", "bee", "cat"}, "ant orders its bees, cat references them"
    assert affected({"ant"}, tables) == {"ant", "bee", "cat", "fox"}
    assert affected({"cat"}, tables) == {"ant", "cat", "dog", "eel"}, "dog goes through eel to it"


def test_a_hub_is_not_the_world() -> None:
    """A change of one of many tables that reference the same table affects only itself."""
    spec = initial_schema()
    spec["tables"] |= {
        f"t{number}": {
            "columns": {"id": {"type": "bigint", "primary_key": True}, "x": {"type": "bigint", "references": "dog.id"}}
        }
        for number in range(50)
    }
    tables = interfaces(expanded(spec))
    assert affected({"t7"}, tables) == {"t7"}
    assert context_tables({"t7"}, tables) == {"t7", "dog"}


def test_context_of_a_table() -> None:
    """The context of a table is the tables on both ends of its foreign keys and of its link tables."""
    tables = interfaces(expanded(initial_schema()))
    assert context_tables({"fox"}, tables) == {"fox", "ant", "owl"}
    assert context_tables({"cat"}, tables) == {"cat", "bee", "ant", "eel", "dog"}


def test_the_interface_of_a_table() -> None:
    """Names, keys and indexes are part of the interface of a table; the types of plain columns are not."""
    spec = initial_schema()
    before = digest_of_bee(spec)
    columns = spec["tables"]["bee"]["columns"]
    columns["one"] = {"type": "integer", "nullable": True, "default": 3, "doc": "How many."}
    columns["new"] = {"type": "colour"}
    assert digest_of_bee(spec) == before
    digests = {before}
    changes: list[dict[str, Any]] = [
        {"table": "b"}, {"class": "B"}, {"accessor": "b"}, {"renamed_from": "wasp"}, {"unique": [["one"]]},
        {"indexes": [["one"]]}, {"relationships": {"x": {"order_by": "one"}}}, {"include": []},
    ]  # fmt: skip
    for change in changes:
        spec["tables"]["bee"] |= change
        digests.add(digest_of_bee(spec))
    for key, value in (("nullable", True), ("on_delete", "cascade"), ("column", "X"), ("inverse", "y")):
        columns["ant"][key] = value
        digests.add(digest_of_bee(spec))
    columns["new"] = {"type": "money"}
    assert len(digests | {digest_of_bee(spec)}) == 14


def digest_of_bee(spec: dict[str, Any]) -> str:
    """Return the interface digest of the table `bee`."""
    schema = expanded(spec)
    return interface_digest(schema.by_name["bee"], schema)
