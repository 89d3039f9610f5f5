"""The plans of opaque tables: one module each, and their manager."""

from __future__ import annotations

from collections.abc import Sequence

from tablewright.plan.core_table import core_imports, described, holds_lists, plan_core_table, value_types, with_null
from tablewright.plan.imports import Imports
from tablewright.plan.plans import Field, ManagerPlan, OpaqueNames, OpaquePlan
from tablewright.plan.spelling import docstring, quoted
from tablewright.schema import definition as d, names
from tablewright.schema.type_registry import TYPES

STORAGE = "tablewright.runtime.opaque.storage"
GENERATED = "tablewright.runtime.opaque.generated"
SUFFIXES = ("Columns", "Filter", "Insert", "Part", "Row", "Storage")


def plan_opaque_table(table: d.Table, schema: d.Schema) -> OpaquePlan:
    """Plan the opaque *table*'s module."""
    attributes = {column.attribute for column in table.columns}
    imports = core_imports(taken=attributes | {names.module_name(table.name), *opaque_names(table).classes})
    imports.require("typing", "Literal")
    imports.require("collections.abc", "Iterator", "Sequence")
    imports.require("tablewright.runtime.session", "Session")
    types = with_null(table, value_types(table, schema, imports))
    core = plan_core_table(table, schema, types, imports, apart=True)
    local = {name: imports.builtin(name) for name in ("int", "list", "type")}
    local["OpaqueTableStorage"] = imports.use(STORAGE, "OpaqueTableStorage")
    return OpaquePlan(
        module=core.variable,
        source=table.source,
        module_doc=docstring(described(table)),
        doc=docstring(f"The rows of the opaque table `{table.name}`.", 4),
        core=core,
        local=local,
        filter=tuple(_filter_field(column, types[column.attribute], imports) for column in table.columns),
        part=tuple(Field(column.attribute, types[column.attribute]) for column in table.columns),
        columns=f"Literal[{', '.join(quoted(column.attribute) for column in table.columns)}]",
        imports=imports.groups(),
    )


def plan_manager(tables: Sequence[d.Table]) -> ManagerPlan | None:
    """Plan the manager of the opaque *tables*; return None if there are none."""
    if not tables:
        return None
    planned = tuple(map(opaque_names, tables))
    imports = Imports(taken=[f"{item.stem}Storage" for item in planned])
    imports.require("typing", "TYPE_CHECKING", "ClassVar", "Literal", "overload")
    imports.require(GENERATED, "Definition", "GeneratedOpaqueManager")
    imports.require("tablewright.runtime.package", "Package")
    imports.require("tablewright.runtime.session", "Session")
    imports.require("..schema", "PACKAGE")
    local = {"AnyStorage": imports.use(GENERATED, "AnyStorage")}
    local["DynamicOpaqueTableStorage"] = imports.use(STORAGE, "DynamicOpaqueTableStorage")
    return ManagerPlan(tables=planned, local=local, imports=imports.groups())


def opaque_names(table: d.Table) -> OpaqueNames:
    """Return the names of the opaque *table* and of its public classes."""
    return OpaqueNames(
        name=quoted(table.name),
        module=names.module_name(table.name),
        stem=table.class_name,
        classes=tuple(table.class_name + suffix for suffix in SUFFIXES),
    )


def _filter_field(column: d.Column, annotated: str, imports: Imports) -> Field:
    if holds_lists(column):
        return Field(column.attribute, annotated)
    matches = f"{imports.use(GENERATED, 'Matches')}[{annotated}]"
    if TYPES[column.type.kind].literal == "text":
        matches += f" | {imports.use(GENERATED, 'Prefix')}"
    return Field(column.attribute, matches)
