"""The source of one relationship: the `relationship(…)` call of an entity."""

from __future__ import annotations

from tablewright.plan.imports import Imports
from tablewright.plan.spelling import quoted
from tablewright.plan.table_graph import TableGraph
from tablewright.schema import definition as d
from tablewright.schema.names import module_name


def relationship_call(
    relationship: d.Relationship, table: d.Table, schema: d.Schema, graph: TableGraph, imports: Imports
) -> str:
    """Return the call that maps *relationship*, an attribute of *table*'s entity."""
    target = schema.table(relationship.target)
    arguments: list[str] = []
    if relationship.through is not None:
        arguments += _through(relationship, table, schema, imports)
    if relationship.inverse is not None:
        arguments.append(f"back_populates={quoted(relationship.inverse)}")
    if relationship.foreign_key is not None:
        arguments += _direct(relationship, table, schema, graph)
    if relationship.order_by is not None:
        arguments.append(f"order_by={quoted(f'{target.class_name}.{relationship.order_by}')}")
    overlaps = graph.overlaps(relationship, table)
    if overlaps:
        arguments.append(f"overlaps={quoted(','.join(overlaps))}")
    return f"{imports.use('sqlalchemy.orm', 'relationship')}({', '.join(arguments)})"


def foreign_key(relationship: d.Relationship, table: d.Table, schema: d.Schema) -> tuple[d.Table, d.ForeignKey]:
    """Return the table and the foreign key of a direct relationship of *table*."""
    owner = table if relationship.here else schema.table(relationship.target)
    return owner, next(key for key in owner.foreign_keys if key.name == relationship.foreign_key)


def _direct(relationship: d.Relationship, table: d.Table, schema: d.Schema, graph: TableGraph) -> list[str]:
    owner, key = foreign_key(relationship, table, schema)
    to_itself = key.table == owner.name
    arguments: list[str] = []
    if to_itself or _key_count(owner, schema.table(key.table)) > 1:
        arguments.append(f"foreign_keys={_columns(owner, key.columns)}")
    if to_itself and relationship.here:
        arguments.append(f"remote_side={_columns(owner, key.targets)}")
    if not relationship.here:
        arguments += _on_delete(key, owner)
        if not relationship.many:
            arguments.append("uselist=False")
    if key.name in graph.cycle_closing:
        # Two rows that reference each other: insert both, then set this one's key.
        arguments.append("post_update=True")
    return arguments


def _through(relationship: d.Relationship, table: d.Table, schema: d.Schema, imports: Imports) -> list[str]:
    link = schema.table(relationship.through or "")
    module = module_name(link.name)
    arguments = [f"secondary={imports.use(f'..tables.{module}', module)}"]
    if relationship.target == table.name:
        first, second = (key for key in link.foreign_keys if key.table == table.name)
        if not relationship.here:
            first, second = second, first
        arguments.append(f"primaryjoin={_join(first, table, link)}")
        arguments.append(f"secondaryjoin={_join(second, table, link)}")
    return arguments


def _join(key: d.ForeignKey, table: d.Table, link: d.Table) -> str:
    equal = [
        f"{table.class_name}.{target} == {link.table}.c.{column}"
        for column, target in zip(key.columns, key.targets, strict=True)
    ]
    return quoted(equal[0] if len(equal) == 1 else f"and_({', '.join(equal)})")


def _columns(owner: d.Table, attributes: tuple[str, ...]) -> str:
    # As text, because the classes may not be imported yet.
    return quoted("[" + ", ".join(f"{owner.class_name}.{attribute}" for attribute in attributes) + "]")


def _key_count(owner: d.Table, other: d.Table) -> int:
    """Return the number of foreign keys between two tables, in both directions."""
    return sum(key.table == other.name for key in owner.foreign_keys) + sum(
        key.table == owner.name for key in other.foreign_keys
    )


def _on_delete(key: d.ForeignKey, owner: d.Table) -> list[str]:
    # Treat the loaded children of a deleted parent as the database treats the others.
    if key.on_delete == "cascade":
        return ['cascade="save-update, merge, delete"', "passive_deletes=True"]
    if key.on_delete == "set null":
        return ["passive_deletes=True"]
    return ['passive_deletes="all"']
