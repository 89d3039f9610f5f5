"""The plans of a table read nothing of other tables that is not part of their input."""

from __future__ import annotations

from typing import Any

import msgspec
from hypothesis import HealthCheck, given, settings, strategies as st

from tablewright.build.inputs import interface_of, table_inputs
from tablewright.plan.entity import plan_entity
from tablewright.plan.opaque import plan_opaque_table
from tablewright.plan.package import plan_package
from tablewright.plan.table import plan_table
from tablewright.plan.table_graph import TableGraph
from tablewright.render.outputs import table_files
from tablewright.render.package import render_package
from tablewright.rules.lint import violations
from tablewright.schema import definition as d
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.models import SchemaSpec
from tablewright.spec.resolve import resolve
from tests.random_edit import EDITS, initial_schema, introduce_mistake


def resolved(spec: dict[str, Any]) -> d.Schema:
    """Return the schema of a spec in YAML's form."""
    return resolve(ExpandedSchema(SchemaSpec.model_validate(spec, by_alias=True, by_name=False)))


@settings(max_examples=100, deadline=None, suppress_health_check=list(HealthCheck))
@given(data=st.data())
def test_no_more_is_looked_at(data: st.DataObject) -> None:
    """The plans of a table do not change if other tables are reduced to their interface."""
    spec = initial_schema()
    for _ in range(data.draw(st.integers(0, 4))):
        data.draw(st.sampled_from([edit for edit in EDITS if edit is not introduce_mistake]))(data, spec)
    try:
        said = SchemaSpec.model_validate(spec, by_alias=True, by_name=False)
    except ValueError:
        return
    expanded = ExpandedSchema(said)
    if any(rule.severity == "error" for rule, _ in violations(expanded)):
        return
    schema = resolve(expanded)
    graph = TableGraph(schema)
    for table in (*schema.tables, *schema.opaque_tables):
        tables, opaque_tables = (
            tuple(other if other is table else interface_of(other) for other in section)
            for section in (schema.tables, schema.opaque_tables)
        )
        seen = msgspec.structs.replace(
            schema, tables=tables, opaque_tables=opaque_tables, name="", version="", doc=None
        )
        if table in schema.opaque_tables:
            assert plan_opaque_table(table, seen) == plan_opaque_table(table, schema)
            continue
        assert plan_table(table, seen) == plan_table(table, schema)
        if table.primary_key:
            assert plan_entity(table, seen, graph) == plan_entity(table, schema, graph)


def test_what_changes_the_input() -> None:
    """A table's columns, enums, and names and keys of other tables are inputs; other tables' columns are not."""
    spec = initial_schema()
    before = inputs(spec)
    spec["tables"]["ant"]["columns"]["two"] = {"type": "text"}
    after = inputs(spec)
    assert {name for name in before if before[name] != after[name]} == {"ant"}
    spec["tables"]["ant"]["class"] = "Emmet"
    assert {name for name in before if after[name] != inputs(spec)[name]} == {"ant", "bee", "cat", "fox"}
    spec["enums"]["colour"] = ["red", "green"]
    assert not set(inputs(spec).values()) & set(after.values())


def test_a_section_is_part_of_the_input() -> None:
    """An opaque table imports the tables that it references from another folder if those are opaque too."""
    spec = initial_schema()
    spec["opaque_tables"]["gnu"] = {
        "columns": {"id": {"type": "bigint", "primary_key": True, "references": "ring_0.id"}}
    }
    spec["tables"]["ring_5"]["columns"].pop("to")
    before = inputs(spec)
    spec["opaque_tables"]["ring_0"] = spec["tables"].pop("ring_0")
    assert {name for name in before if before[name] != inputs(spec)[name]} == {"gnu"}


def inputs(spec: dict[str, Any]) -> dict[str, str]:
    """Return the digest of the inputs of each table."""
    schema = resolved(spec)
    return table_inputs(schema, TableGraph(schema))


def test_code_of_the_users_has_no_input() -> None:
    """A table with a codec, or a type of the user's, is planned in each run."""
    spec = initial_schema()
    spec["tables"]["bee"]["columns"]["kind"] = {"type": "json", "python": "app:Kind"}
    spec["types"]["coded"] = {"type": "text", "python": "str", "codec": "app:Codec"}
    spec["tables"]["cat"]["columns"]["code"] = {"type": "coded"}
    assert spec["tables"].keys() - inputs(spec).keys() == {"bee", "cat"}


def test_the_files_of_tables_left_out() -> None:
    """The files about the whole package are the same whichever tables are planned."""
    schema = resolved(initial_schema())
    whole = render_package(plan_package(schema, source="specs/zoo"))
    own = {path: table for table, paths in table_files(schema).items() for path in paths}
    assert own.keys() < whole.keys()
    for wanted in (set[str](), {"bee"}, {"ant", "eel"}, {"fox"}):
        some = render_package(plan_package(schema, source="specs/zoo", only=wanted))
        assert some == {path: text for path, text in whole.items() if own.get(path) in {None, *wanted}}
    other = msgspec.structs.replace(schema, version="9.9.9", doc="Other.")
    elsewhere = render_package(plan_package(other, source="specs/other", base="app:Base"))
    assert {path: elsewhere[path] for path in own} == {path: whole[path] for path in own}
