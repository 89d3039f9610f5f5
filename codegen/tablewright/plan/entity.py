"""The plan of one entity module: the mapped class and its relationships."""

from __future__ import annotations

from tablewright.plan.imports import Imports
from tablewright.plan.plans import EntityPlan, Field
from tablewright.plan.relationship import foreign_key, relationship_call
from tablewright.plan.spelling import annotation, column_doc, docstring
from tablewright.plan.table_graph import TableGraph
from tablewright.schema import definition as d
from tablewright.schema.names import module_name


def plan_entity(table: d.Table, schema: d.Schema, graph: TableGraph) -> EntityPlan:
    """Plan *table*'s mapped class."""
    taken = {column.attribute for column in table.columns} | {item.name for item in table.relationships}
    taken.add(table.class_name)
    taken |= {schema.table(item.target).class_name for item in table.relationships}
    imports = Imports(taken)
    imports.require("typing", "TYPE_CHECKING")
    imports.require("._base", "Base")
    typing = Imports(())
    mapped = imports.use("sqlalchemy.orm", "Mapped")
    types = {
        column.attribute: annotation(column.type, schema, imports) + (" | None" if column.nullable else "")
        for column in table.columns
    }
    targets = {
        relationship.name: _target(relationship, table, schema, typing, imports) for relationship in table.relationships
    }
    module = module_name(table.name)
    local = {
        "table": imports.use(f"..tables.{module}", module),
        "ClassVar": imports.use("typing", "ClassVar"),
        "FromClause": imports.use("sqlalchemy", "FromClause"),
    }
    doc = table.doc or f"A row of the table `{table.name}`."
    relationships = tuple(
        Field(
            item.name, f"{mapped}[{targets[item.name]}]", value=relationship_call(item, table, schema, graph, imports)
        )
        for item in table.relationships
    )
    return EntityPlan(
        module=module,
        source=table.source,
        module_doc=docstring(doc),
        doc=docstring(doc, 4),
        imports=imports.groups(),
        typing_imports=typing.groups().relative,
        local=local,
        class_name=table.class_name,
        table=local["table"],
        receiver="_self" if "self" in taken else "self",
        columns=tuple(
            Field(
                column.attribute,
                f"{mapped}[{types[column.attribute]}]",
                doc=column_doc(column, 8),
            )
            for column in table.columns
        ),
        relationships=relationships,
        arguments=_arguments(table, schema, types, targets),
    )


def _target(relationship: d.Relationship, table: d.Table, schema: d.Schema, typing: Imports, imports: Imports) -> str:
    target = schema.table(relationship.target)
    name = (
        table.class_name if target.name == table.name else typing.use(f".{module_name(target.name)}", target.class_name)
    )
    if relationship.many:
        return f"{imports.builtin('list')}[{name}]"
    return f"{name} | None" if relationship.nullable or not relationship.here else name


def _arguments(table: d.Table, schema: d.Schema, types: dict[str, str], targets: dict[str, str]) -> tuple[Field, ...]:
    # A foreign key may also be set by its entity.
    by_entity = {
        attribute
        for relationship in table.relationships
        if relationship.here and relationship.foreign_key is not None
        for attribute in foreign_key(relationship, table, schema)[1].columns
    }
    columns = [
        Field(
            column.attribute,
            types[column.attribute],
            value=None if column.required and column.attribute not in by_entity else "...",
        )
        for column in table.columns
        if column.computed is None
    ]
    return (*columns, *(Field(name, target, value="...") for name, target in targets.items()))
