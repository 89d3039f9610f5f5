"""The plan of a whole package: one plan for each file that will be written."""

from __future__ import annotations

from collections.abc import Collection, Sequence

from tablewright.plan.entity import plan_entity
from tablewright.plan.opaque import plan_manager, plan_opaque_table
from tablewright.plan.plans import AccessorPlan, EnumPlan, Import, ManagerPlan, PackagePlan
from tablewright.plan.spelling import docstring, member_names, quoted
from tablewright.plan.table import class_names, plan_table
from tablewright.plan.table_graph import TableGraph
from tablewright.schema import definition as d
from tablewright.schema.canonical import digest, to_json
from tablewright.schema.names import module_name

INTERFACE = 2
"""The version of the runtime's interface that generated code uses."""


def plan_package(
    schema: d.Schema,
    *,
    source: str,
    base: str | None = None,
    graph: TableGraph | None = None,
    only: Collection[str] | None = None,
) -> PackagePlan:
    """Plan the package of *schema*, whose spec is at *source*; *base* is `module:Class`.

    With *only*, plan the modules of these tables alone, besides the files about the whole package.
    """
    module, _, name = (base or "").partition(":")
    graph = graph or TableGraph(schema)
    tables = sorted(schema.tables, key=lambda table: table.name)
    opaque = sorted(schema.opaque_tables, key=lambda table: table.name)
    planned = [table for table in tables if only is None or table.name in only]
    accessors = tuple(_accessor(table) for table in tables)
    manager = plan_manager(opaque)
    enums = tuple(
        EnumPlan(item.class_name, item.doc and docstring(item.doc, 4), member_names(item))
        for item in sorted(schema.enums, key=lambda item: item.class_name)
    )
    return PackagePlan(
        name=schema.name,
        source=source,
        doc=docstring(schema.doc or f"The schema `{schema.name}`."),
        version=quoted(schema.version),
        digest=quoted(digest(schema)),
        interface=INTERFACE,
        base=Import(module, (name if name == "Base" else f"{name} as Base",)) if base else None,
        base_name=name,
        tables=tuple(plan_table(table, schema) for table in planned),
        entities=tuple(plan_entity(table, schema, graph) for table in planned if table.primary_key),
        opaque_tables=tuple(plan_opaque_table(table, schema) for table in opaque if only is None or table.name in only),
        manager=manager,
        enums=enums,
        accessors=accessors,
        renamed_accessors=tuple(item for item in accessors if item.name != item.module),
        names=_public_names(accessors, enums, manager),
        property="_property" if any(item.name == "property" for item in accessors) else "property",
        schema_json=to_json(schema),
    )


def _accessor(table: d.Table) -> AccessorPlan:
    return AccessorPlan(
        name=table.accessor,
        table=table.name,
        module=module_name(table.name),
        stem=table.class_name,
        names=class_names(table),
        entity=bool(table.primary_key),
    )


def _public_names(
    accessors: Sequence[AccessorPlan], enums: Sequence[EnumPlan], manager: ManagerPlan | None
) -> tuple[str, ...]:
    names = ["Base", "Database", "SCHEMA", "Session", "metadata", *(item.class_name for item in enums)]
    for accessor in accessors:
        names += [*accessor.names, *([accessor.stem] if accessor.entity else ())]
    if manager is not None:
        names += ["OpaqueTableStorageManager", *(name for item in manager.tables for name in item.classes)]
    return tuple(sorted(names))
