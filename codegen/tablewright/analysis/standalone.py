"""The analysis of one `TableSpec` given in Python, outside any folder of specs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from tablewright.rules.lint import as_diagnostic, in_order, violations
from tablewright.schema import definition as d
from tablewright.schema.type_registry import TYPES
from tablewright.spec.diagnostic import Location, SpecError
from tablewright.spec.load import FolderLocations, SpecFolder
from tablewright.spec.models import ColumnSpec, EnumSpec, ForeignKeySpec, SchemaSpec, TableSpec, TypeSpec, UniqueSpec
from tablewright.spec.python_files import PythonLocations
from tablewright.spec.resolve import resolve_tables

# Like an opaque table, a table outside a package has no entity and no accessor.
SECTION = "opaque_tables"
# This rule is about the `fetch` of opaque tables, and not every such table is opaque.
_OF_OPAQUE = "opaque-argument"


def define(
    spec: TableSpec,
    name: str,
    schema: d.Schema | None,
    others: Mapping[str, object],
    complete: bool,
    dialects: Iterable[str],
) -> d.Table:
    """Return the definition of *spec* as a table called *name*. Raise `SpecError` with every error in it.

    The spec may reference the tables of *schema* and use its enums, and reference the specs *others* by their keys.
    Unless *complete*, it may reference unknown tables too, which are taken to have the columns that it references.
    """
    given = spec.model_copy(update={"name": name, "table": None})
    whole = SchemaSpec().model_copy(
        update={
            "name": "alone",
            "version": "0.0.0",
            "tables": _targets(given, schema, others, complete),
            SECTION: {name: given},
            "enums": {item.name: _enum(item) for item in (schema.enums if schema else ())},
        }
    )
    default = spec.written_at or Location("<table>", 1, 1)
    locations = FolderLocations(default)
    # Only this table is reported; the tables that it references were checked with their own schema.
    locations.origins[(SECTION,)] = PythonLocations(whole, default, str)
    specs = SpecFolder(whole, locations)
    assert specs.expanded is not None
    diagnostics = [
        as_diagnostic(rule, violation, locations)
        for rule, violation in violations(specs.expanded, dialects)
        if rule.severity == "error" and rule.id != _OF_OPAQUE and violation.path[:2] == (SECTION, name)
    ]
    if diagnostics:
        raise SpecError(in_order(diagnostics))
    # The path of the spec differs from machine to machine.
    return replace(resolve_tables(specs, {name})[name], source="")


def _targets(
    spec: TableSpec, schema: d.Schema | None, others: Mapping[str, object], complete: bool
) -> dict[str, TableSpec]:
    """Return the tables that *spec* references, by name; those that are unknown are missing if *complete*."""
    tables = {table.name: table for table in (schema.tables if schema else ())}
    result: dict[str, TableSpec] = {}
    for target, columns in _references(spec).items():
        other = others.get(target)
        if target == spec.name:
            continue
        if isinstance(other, TableSpec):
            result[target] = other.model_copy(update={"name": target, "table": None})
        elif target in tables:
            result[target] = _stub(tables[target])
        elif not complete:
            result[target] = TableSpec(name=target, columns=columns, primary_key=list(columns))
    return result


def _references(spec: TableSpec) -> dict[str, dict[str, ColumnSpec]]:
    """Return the tables that *spec* references, with the columns that it requires of them."""
    pairs = [(key.references.table, local, remote) for key in spec.foreign_keys for local, remote in _paired(key)]
    for name, column in spec.columns.items():
        if column.references is not None:
            table, _, remote = column.references.rpartition(".")
            pairs.append((table, name, remote))
    result: dict[str, dict[str, ColumnSpec]] = {}
    for table, local, remote in pairs:
        given = spec.columns.get(local)
        result.setdefault(table, {})[remote] = ColumnSpec(type="bigint") if given is None else _same_type(given)
    return result


def _same_type(given: ColumnSpec) -> ColumnSpec:
    return ColumnSpec(
        type=given.type,
        length=given.length,
        precision=given.precision,
        scale=given.scale,
        of=given.of,
        nbytes=given.nbytes,
        python=given.python,
        storage=given.storage,
    )


def _paired(key: ForeignKeySpec) -> Iterable[tuple[str, str]]:
    return zip(key.columns, key.references.columns, strict=False)


def _stub(table: d.Table) -> TableSpec:
    """Return a spec with as much of *table* as a foreign key to it needs."""
    return TableSpec(
        name=table.name,
        table=table.table,
        columns={
            column.name: ColumnSpec(**_type(column.type), nullable=column.nullable, column=column.column)
            for column in table.columns
        },
        primary_key=[table.column(attribute).name for attribute in table.primary_key],
        unique=[
            UniqueSpec(columns=[table.column(attribute).name for attribute in unique.columns])
            for unique in table.uniques
            if unique.where is None
        ],
    )


def _type(given: d.Type) -> dict[str, Any]:
    element = None if given.of is None else TypeSpec(**_type(given.of))
    return {
        "type": given.enum or given.kind,
        "length": given.length,
        "precision": given.precision,
        "scale": given.scale,
        "nbytes": given.nbytes,
        "of": element,
        "python": given.python if "python" in TYPES[given.kind].parameters else None,
        "storage": given.storage if given.storage == "scaled" else None,
    }


def _enum(given: d.Enum) -> EnumSpec:
    return EnumSpec(values=given.values, storage="native" if given.native else None, class_=given.class_name)
