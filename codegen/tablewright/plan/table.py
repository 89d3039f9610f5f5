"""The plan of one table module: columns, row, typed dicts, accessor."""

from __future__ import annotations

from tablewright.plan.core_table import core_imports, described, holds_lists, plan_core_table, value_types, with_null
from tablewright.plan.imports import Imports
from tablewright.plan.plans import Field, Finder, TablePlan
from tablewright.plan.spelling import docstring, quoted
from tablewright.schema import definition as d, names

VERBS = "tablewright.runtime.table"
# The names of the generated methods' own parameters.
_PARAMETERS = frozenset({"self", "lock", "values", "where", "equal", "rows", "conflict", "changes"})


def plan_table(table: d.Table, schema: d.Schema) -> TablePlan:
    """Plan *table*'s module."""
    stem = table.class_name
    variable = names.module_name(table.name)
    attributes = {column.attribute for column in table.columns}
    single = len(table.primary_key) == 1
    composite = len(table.primary_key) > 1
    uniques = [unique for unique in table.uniques if has_finder(unique, table)]
    updated = [item for item in table.columns if item.computed is None and item.attribute not in table.primary_key]
    conflicts = conflict_names(table)

    imports = core_imports(taken=attributes | {variable} | set(class_names(table)))
    if updated:
        imports.require(VERBS, "AllRows", "Value", "Where")
    if composite:
        imports.require("typing", "NamedTuple")
    if composite or uniques:
        imports.require(VERBS, "Lock")
    if conflicts:
        imports.require("collections.abc", "Iterable")
        imports.require("typing", "Literal")
    builtins = ["int", "list", "type"]
    builtins += ["bool", "property"] if composite else []
    builtins += ["tuple"] if updated and table.primary_key else []
    local = {name: imports.builtin(name) for name in builtins}

    types = value_types(table, schema, imports)
    nullable = with_null(table, types)
    core = plan_core_table(table, schema, nullable, imports)
    literal = f"Literal[{', '.join(map(quoted, conflicts))}]" if conflicts else None
    parameters, key_type = f"{stem}Row, {stem}Insert", ""
    if single:
        key_type = types[table.primary_key[0]]
        base = f"{imports.use(VERBS, 'KeyedTable')}[{parameters}, {key_type}]"
    elif composite:
        key_type = f"{stem}Key"
        base = f"{imports.use(VERBS, 'CompositeTable')}[{parameters}, {key_type}]"
    else:
        base = f"{imports.use(VERBS, 'Table')}[{parameters}]"
    return TablePlan(
        module=core.variable,
        source=table.source,
        module_doc=docstring(described(table)),
        core=core,
        local=local,
        update=tuple(Field(column.attribute, f"Value[{nullable[column.attribute]}]") for column in updated),
        filter=tuple(_filter_field(column, nullable[column.attribute], imports) for column in table.columns),
        base=base,
        key=tuple(_key_field(attribute, types) for attribute in table.primary_key) if composite else (),
        key_type=key_type,
        key_property="key_" if "key" in attributes else "key",
        key_parameters=_parameters(table.primary_key, types),
        key_values=_values(table.primary_key),
        finders=tuple(_finder(unique, table, types) for unique in uniques),
        conflicts=literal,
        conflict_default=quoted(conflicts[0]) if conflicts else "",
        imports=imports.groups(),
    )


def class_names(table: d.Table) -> tuple[str, ...]:
    """Return the public classes of a table's module."""
    suffixes = ["Columns", "Filter", "Insert", "Row", "Table", "Update"]
    if len(table.primary_key) > 1:
        suffixes.insert(3, "Key")
    return tuple(table.class_name + suffix for suffix in suffixes)


def conflict_names(table: d.Table) -> tuple[str, ...]:
    """Return the names of the keys that an upsert can conflict on: keys without nullable columns."""
    primary = ("primary_key",) if table.primary_key else ()
    return primary + tuple("_".join(unique.columns) for unique in table.uniques if has_finder(unique, table))


def has_finder(unique: d.Unique, table: d.Table) -> bool:
    """Return True if a unique key finds at most one row: it has no nullable column and no condition."""
    return unique.where is None and not any(table.column(attribute).nullable for attribute in unique.columns)


def _finder(unique: d.Unique, table: d.Table, types: dict[str, str]) -> Finder:
    name = "_".join(unique.columns)
    return Finder(f"get_by_{name}", quoted(name), _parameters(unique.columns, types), _values(unique.columns))


def _key_field(attribute: str, types: dict[str, str]) -> Field:
    # These names are methods of tuples.
    name = attribute + "_" if attribute in ("count", "index") else attribute
    return Field(name, types[attribute], value=attribute)


def _parameters(attributes: tuple[str, ...], types: dict[str, str]) -> str:
    return ", ".join(f"{_parameter(attribute)}: {types[attribute]}" for attribute in attributes)


def _values(attributes: tuple[str, ...]) -> str:
    return f"({', '.join(map(_parameter, attributes))}{',' if len(attributes) == 1 else ''})"


def _parameter(attribute: str) -> str:
    return attribute + "_" if attribute in _PARAMETERS else attribute


def _filter_field(column: d.Column, annotated: str, imports: Imports) -> Field:
    if holds_lists(column):
        return Field(column.attribute, annotated)
    return Field(column.attribute, f"{imports.use(VERBS, 'Equal')}[{annotated}]")
