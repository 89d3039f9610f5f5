"""The reading of one table that Python code says on its own, outside any folder of specs."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

from msgspec.structs import replace

from tablewright.rules.lint import as_problem, findings, in_order
from tablewright.schema import definition as d
from tablewright.schema.type_registry import TYPES
from tablewright.spec.load import Catalog, CatalogPlaces
from tablewright.spec.models import ColumnSpec, EnumSpec, ForeignKeySpec, SchemaSpec, TableSpec, TypeSpec, UniqueSpec
from tablewright.spec.problem import Place, SpecError
from tablewright.spec.python_files import PythonPlaces
from tablewright.spec.resolve import resolve_tables

# A table that no package is generated for has what an opaque one has: no entity, no accessor.
SECTION = "opaque_tables"
# Not every such table is opaque, and has a `fetch`.
_OF_OPAQUE = "opaque-argument"


def define(
    spec: TableSpec,
    name: str,
    among: d.Schema | None,
    beside: Mapping[str, object],
    complete: bool,
    dialects: Iterable[str],
) -> d.Table:
    """What *spec* means under the *name* of a table; it may point at the tables of *among*, and use its enums.

    It may point at the specs *beside* it too, by their names there; and unless *complete* at tables that nobody knows
    yet, which are taken to be as it needs them. `SpecError` with every mistake in it.
    """
    said = spec.model_copy(update={"name": name, "table": None})
    schema = SchemaSpec().model_copy(
        update={
            "name": "alone",
            "version": "0.0.0",
            "tables": _targets(said, among, beside, complete),
            SECTION: {name: said},
            "enums": {item.name: _enum(item) for item in (among.enums if among else ())},
        }
    )
    default = spec.written_at or Place("<table>", 1, 1)
    places = CatalogPlaces(default)
    # Of a schema's tables that it points at, none is in question here.
    places.origins[(SECTION,)] = PythonPlaces(schema, default, str)
    catalog = Catalog(schema, places)
    assert catalog.expanded is not None
    problems = [
        as_problem(rule, found, places)
        for rule, found in findings(catalog.expanded, dialects)
        if rule.severity == "error" and rule.id != _OF_OPAQUE and found.path[:2] == (SECTION, name)
    ]
    if problems:
        raise SpecError(in_order(problems))
    # Where it stands is no part of what it means, and is not the same on two machines.
    return replace(resolve_tables(catalog, {name})[name], source="")


def _targets(
    spec: TableSpec, among: d.Schema | None, beside: Mapping[str, object], complete: bool
) -> dict[str, TableSpec]:
    """The tables that *spec* points at, as far as they are known."""
    known = {table.name: table for table in (among.tables if among else ())}
    found: dict[str, TableSpec] = {}
    for target, columns in _references(spec).items():
        other = beside.get(target)
        if target == spec.name:
            continue
        if isinstance(other, TableSpec):
            found[target] = other.model_copy(update={"name": target, "table": None})
        elif target in known:
            found[target] = _stub(known[target])
        elif not complete:
            found[target] = TableSpec(name=target, columns=columns, primary_key=list(columns))
    return found


def _references(spec: TableSpec) -> dict[str, dict[str, ColumnSpec]]:
    """The tables that *spec* points at, with the columns that it takes them to have."""
    pairs = [(key.references.table, local, there) for key in spec.foreign_keys for local, there in _paired(key)]
    for name, column in spec.columns.items():
        if column.references is not None:
            table, _, there = column.references.rpartition(".")
            pairs.append((table, name, there))
    found: dict[str, dict[str, ColumnSpec]] = {}
    for table, local, there in pairs:
        given = spec.columns.get(local)
        found.setdefault(table, {})[there] = ColumnSpec(type="bigint") if given is None else _alike(given)
    return found


def _alike(said: ColumnSpec) -> ColumnSpec:
    """A column of the same type."""
    return ColumnSpec(
        type=said.type,
        length=said.length,
        precision=said.precision,
        scale=said.scale,
        of=said.of,
        nbytes=said.nbytes,
        python=said.python,
        storage=said.storage,
    )


def _paired(key: ForeignKeySpec) -> Iterable[tuple[str, str]]:
    return zip(key.columns, key.references.columns, strict=False)


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
        "python": said.python if "python" in TYPES[said.kind].parameters else None,
        "storage": said.storage if said.storage == "scaled" else None,
    }


def _enum(said: d.Enum) -> EnumSpec:
    return EnumSpec(values=said.values, storage="native" if said.native else None, class_=said.class_name)
