"""The reading of one table that Python code says on its own, outside any folder of specs."""

from __future__ import annotations

from collections.abc import Iterable
from typing import Any

from msgspec.structs import replace

from tablewright.rules.judge import as_problem, expand, findings, in_order
from tablewright.schema import definition as d
from tablewright.spec.load import Catalog, CatalogPlaces
from tablewright.spec.models import ColumnSpec, EnumSpec, SchemaSpec, TableSpec, TypeSpec, UniqueSpec
from tablewright.spec.problem import Place, SpecError
from tablewright.spec.python_files import PythonPlaces
from tablewright.spec.resolve import resolve_some

# A table that no package is generated for has what an opaque one has: no entity, no accessor.
SECTION = "opaque_tables"
# Not every such table is opaque, and has a `fetch`.
_OF_OPAQUE = "opaque-argument"


def define(spec: TableSpec, name: str, among: d.Schema | None, dialects: Iterable[str]) -> d.Table:
    """What *spec* means under the *name* of a table; it may point at the tables of *among*, and use its enums.

    `SpecError` with every mistake in it.
    """
    said = spec.model_copy(update={"name": name, "table": None})
    schema = SchemaSpec().model_copy(
        update={
            "name": "alone",
            "version": "0.0.0",
            "tables": dict(_stubs(said, among)),
            SECTION: {name: said},
            "enums": {item.name: _enum(item) for item in (among.enums if among else ())},
        }
    )
    default = spec.written_at or Place("<table>", 1, 1)
    places = CatalogPlaces(default)
    # Of a schema's tables that it points at, none is in question here.
    places.origins[(SECTION,)] = PythonPlaces(schema, default, str)
    catalog = Catalog(schema, places)
    expanded = expand(catalog, dialects)
    assert expanded is not None
    problems = [
        as_problem(rule, found, places)
        for rule, found in findings(expanded)
        if rule.severity == "error" and rule.id != _OF_OPAQUE and found.path[:2] == (SECTION, name)
    ]
    if problems:
        raise SpecError(in_order(problems))
    # Where it stands is no part of what it means, and is not the same on two machines.
    return replace(resolve_some(catalog, {name})[name], source="")


def _stubs(spec: TableSpec, among: d.Schema | None) -> Iterable[tuple[str, TableSpec]]:
    wanted = {key.references.table for key in spec.foreign_keys}
    wanted |= {item.references.rpartition(".")[0] for item in spec.columns.values() if item.references is not None}
    for table in among.tables if among else ():
        if table.name in wanted and table.name != spec.name:
            yield table.name, _stub(table)


def _stub(table: d.Table) -> TableSpec:
    """As much of *table* as a foreign key to it needs."""
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


def _type(said: d.Type) -> dict[str, Any]:
    element = None if said.of is None else TypeSpec(**_type(said.of))
    return {
        "type": said.enum or said.kind,
        "length": said.length,
        "precision": said.precision,
        "scale": said.scale,
        "nbytes": said.nbytes,
        "of": element,
        "python": said.python if said.kind == "json" else None,
        "storage": said.storage if said.storage == "scaled" else None,
    }


def _enum(said: d.Enum) -> EnumSpec:
    return EnumSpec(values=said.values, storage="native" if said.native else None, class_=said.class_name)
