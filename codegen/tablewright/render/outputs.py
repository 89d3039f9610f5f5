"""The files of a package, as a table."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import NamedTuple

from tablewright.plan.plans import PackagePlan
from tablewright.schema.definition import Schema, Table
from tablewright.schema.names import module_name


class Output(NamedTuple):
    """One kind of file: its template, its path, and the plans that it is rendered from."""

    template: str
    path: str
    """Contains `{module}` if there is one file for each plan."""
    plans: Callable[[PackagePlan], Iterable[object]]


def _whole(package: PackagePlan) -> Iterable[object]:
    return (package,)


def _with_enums(package: PackagePlan) -> Iterable[object]:
    return (package,) if package.enums else ()


def _tables(package: PackagePlan) -> Iterable[object]:
    return package.tables


def _entities(package: PackagePlan) -> Iterable[object]:
    return package.entities


def _with_opaque_tables(package: PackagePlan) -> Iterable[object]:
    return (package,) if package.manager is not None else ()


def _manager(package: PackagePlan) -> Iterable[object]:
    return (package.manager,) if package.manager is not None else ()


def _opaque_tables(package: PackagePlan) -> Iterable[object]:
    return package.opaque_tables


OUTPUTS: tuple[Output, ...] = (
    Output("package.py.jinja", "__init__.py", _whole),
    Output("schema.py.jinja", "schema.py", _whole),
    Output("enums.py.jinja", "enums.py", _with_enums),
    Output("tables.py.jinja", "tables/__init__.py", _whole),
    Output("table.py.jinja", "tables/{module}.py", _tables),
    Output("entities.py.jinja", "entities/__init__.py", _whole),
    Output("entity_base.py.jinja", "entities/_base.py", _whole),
    Output("entity.py.jinja", "entities/{module}.py", _entities),
    Output("opaque.py.jinja", "opaque/__init__.py", _with_opaque_tables),
    Output("opaque_manager.py.jinja", "opaque/_manager.py", _manager),
    Output("opaque_table.py.jinja", "opaque/{module}.py", _opaque_tables),
    Output("session.py.jinja", "session.py", _whole),
    Output("testing.py.jinja", "testing.py", _whole),
    Output("schema.json.jinja", "schema.json", _whole),
    Output("py.typed.jinja", "py.typed", _whole),
)


def table_files(schema: Schema) -> dict[str, list[str]]:
    """Return the paths of the files about each single table of *schema*, by its name."""
    files = {table.name: _paths(table, _tables) for table in schema.tables}
    for table in schema.tables:
        if table.primary_key:
            files[table.name] += _paths(table, _entities)
    return files | {table.name: _paths(table, _opaque_tables) for table in schema.opaque_tables}


def _paths(table: Table, plans: Callable[[PackagePlan], Iterable[object]]) -> list[str]:
    module = module_name(table.name)
    return [output.path.format(module=module) for output in OUTPUTS if output.plans is plans]
