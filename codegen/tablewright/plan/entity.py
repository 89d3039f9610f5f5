"""The plan of one entity module: the mapped class and its relationships."""

from __future__ import annotations

from tablewright.plan.imports import Imports
from tablewright.plan.plans import EntityPlan, Field
from tablewright.plan.spelling import annotation, docstring, quoted
from tablewright.plan.table import table_variable
from tablewright.schema import definition as d


def plan_entity(table: d.Table, schema: d.Schema) -> EntityPlan:
    """The plan of *table*'s mapped class."""
    taken = {column.attribute for column in table.columns} | {item.name for item in table.relationships}
    taken.add(table.class_name)
    imports = Imports(taken)
    typing = Imports(taken)
    mapped = imports.use("sqlalchemy.orm", "Mapped")
    types = {
        column.attribute: annotation(column.type, schema, imports) + (" | None" if column.nullable else "")
        for column in table.columns
    }
    targets = {
        relationship.name: _target(relationship, table, schema, typing, imports) for relationship in table.relationships
    }
    variable = table_variable(table)
    local = {
        "Base": imports.use("._base", "Base"),
        "table": imports.use(f"..tables.{table.name}", variable),
        "TYPE_CHECKING": imports.use("typing", "TYPE_CHECKING"),
    }
    doc = table.doc or f"A row of the table `{table.name}`."
    relationships = tuple(
        Field(item.name, f"{mapped}[{targets[item.name]}]", value=_relationship(item, table, schema, imports))
        for item in table.relationships
    )
    return EntityPlan(
        module=table.name,
        source=table.source,
        module_doc=docstring(doc),
        doc=docstring(doc, 4),
        imports=imports.groups(),
        typing_imports=typing.groups().own,
        local=local,
        class_name=table.class_name,
        table=local["table"],
        receiver="_self" if "self" in taken else "self",
        columns=tuple(
            Field(
                column.attribute,
                f"{mapped}[{types[column.attribute]}]",
                doc=column.doc and docstring(column.doc, 4),
            )
            for column in table.columns
        ),
        relationships=relationships,
        arguments=_arguments(table, types, targets),
    )


def _target(
    relationship: d.Relationship, table: d.Table, schema: d.Schema, typing: Imports, imports: Imports
) -> str:
    target = schema.table(relationship.target)
    name = table.class_name if target.name == table.name else typing.use(f".{target.name}", target.class_name)
    if relationship.many:
        return f"{imports.builtin('list')}[{name}]"
    return f"{name} | None" if relationship.nullable or not relationship.here else name


def _arguments(table: d.Table, types: dict[str, str], targets: dict[str, str]) -> tuple[Field, ...]:
    # A foreign key may be given as the entity it points at instead.
    by_entity = {
        attribute
        for relationship in table.relationships
        if relationship.here and relationship.foreign_key is not None
        for attribute in _key(relationship, table).columns
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


def _key(relationship: d.Relationship, owner: d.Table) -> d.ForeignKey:
    return next(key for key in owner.foreign_keys if key.name == relationship.foreign_key)


def _relationship(relationship: d.Relationship, table: d.Table, schema: d.Schema, imports: Imports) -> str:
    function = imports.use("sqlalchemy.orm", "relationship")
    target = schema.table(relationship.target)
    arguments: list[str] = []
    if relationship.through is not None:
        link = schema.table(relationship.through)
        arguments.append(f"secondary={imports.use(f'..tables.{link.name}', table_variable(link))}")
    if relationship.inverse is not None:
        arguments.append(f"back_populates={quoted(relationship.inverse)}")
    if relationship.foreign_key is not None:
        owner = table if relationship.here else target
        other = target if relationship.here else table
        key = _key(relationship, owner)
        if table.name == target.name or _linked_twice(owner, other):
            arguments.append(f"foreign_keys={_columns(owner, key.columns)}")
        if relationship.here and table.name == target.name:
            arguments.append(f"remote_side={_columns(target, key.targets)}")
        if not relationship.here:
            arguments += _on_delete(key, owner)
            if not relationship.many:
                arguments.append("uselist=False")
    if relationship.order_by is not None:
        arguments.append(f"order_by={quoted(f'{target.class_name}.{relationship.order_by}')}")
    overlaps = _overlaps(relationship, table, schema)
    if overlaps:
        arguments.append(f"overlaps={quoted(','.join(overlaps))}")
    return f"{function}({', '.join(arguments)})"


def _columns(owner: d.Table, attributes: tuple[str, ...]) -> str:
    # As text, since the classes may not be there yet.
    return quoted("[" + ", ".join(f"{owner.class_name}.{attribute}" for attribute in attributes) + "]")


def _linked_twice(owner: d.Table, other: d.Table) -> bool:
    links = [key for key in owner.foreign_keys if key.table == other.name]
    links += [key for key in other.foreign_keys if key.table == owner.name]
    return len(links) > 1


def _on_delete(key: d.ForeignKey, owner: d.Table) -> list[str]:
    # What becomes of the loaded children of a deleted parent: what the database does to the others.
    if key.on_delete == "cascade":
        return ['cascade="save-update, merge, delete"', "passive_deletes=True"]
    if key.on_delete == "set null" and all(owner.column(attribute).nullable for attribute in key.columns):
        return ["passive_deletes=True"]
    return ['passive_deletes="all"']


def _overlaps(relationship: d.Relationship, table: d.Table, schema: d.Schema) -> list[str]:
    """The relationships that write the same columns of a link table, as SQLAlchemy wants them named."""
    if relationship.through is None:
        throughs = [
            other
            for owner in schema.tables
            for other in owner.relationships
            if other.through is not None and other.through in (table.name, relationship.target)
        ]
        return sorted({other.name for other in throughs})
    link = schema.table(relationship.through)
    beside = {item.name for item in link.relationships}
    beside |= {
        item.name
        for owner in schema.tables
        for item in owner.relationships
        if item.target == link.name or (item.through == link.name and item is not relationship)
    }
    return sorted(beside - {relationship.inverse})
