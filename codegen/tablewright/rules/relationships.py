"""Rules about relationships."""

from __future__ import annotations

from collections.abc import Iterator

from tablewright.rules.rule import Violation
from tablewright.spec.diagnostic import did_you_mean
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.expanded import ExpandedForeignKey, ExpandedTable
from tablewright.spec.yaml_reader import Path


def _inverses(schema: ExpandedSchema, table: ExpandedTable) -> Iterator[tuple[str, ExpandedTable, ExpandedForeignKey]]:
    # The inverses that foreign keys to *table* declare.
    for other, key in schema.foreign_keys_to.get(table.name, ()):
        if key.inverse is not None:
            yield key.inverse, other, key


def inverse_clash(schema: ExpandedSchema) -> Iterator[Violation]:
    """The name of an inverse does not clash with another attribute of its table."""
    mirrored = _mirrored(schema)
    for table in schema.tables:
        taken: dict[str, str] = {column.attribute: f"a column of `{table.name}`" for column in table.columns.values()}
        for key in table.foreign_keys:
            if key.relationship is not None:
                taken.setdefault(key.relationship, f"a relationship of `{table.name}`")
        for name, (_, spec) in table.relationships.items():
            if spec.through is not None:
                taken.setdefault(name, f"a relationship of `{table.name}`")
        for name, other, key in _inverses(schema, table):
            if name in taken:
                message = f"the inverse `{name}` is already {taken[name]}."
                yield Violation((*key.path, "inverse"), message, "Choose another name for it.")
            taken.setdefault(name, f"the inverse of a foreign key of `{other.name}`")
        for path, name, other in mirrored.get(table.name, ()):
            if name in taken:
                message = f"the inverse `{name}` is already {taken[name]}."
                yield Violation((*path, "inverse"), message, "Choose another name for it.")
            taken.setdefault(name, f"the inverse of a relationship of `{other.name}`")


def _mirrored(schema: ExpandedSchema) -> dict[str, list[tuple[Path, str, ExpandedTable]]]:
    # The inverses of relationships through a link table that their own table does not declare, by that table.
    result: dict[str, list[tuple[Path, str, ExpandedTable]]] = {}
    for table in schema.tables:
        for name, (path, spec) in table.relationships.items():
            link = schema.by_name.get(spec.through or "")
            target = None if link is None else _target(schema, table, link)
            if target is None or spec.inverse is None:
                continue
            _, other_side = target.relationships.get(spec.inverse, (None, None))
            paired = (
                other_side is not None and other_side.through == spec.through and other_side.inverse in (None, name)
            )
            if not paired or (target is table and spec.inverse == name):
                result.setdefault(target.name, []).append((path, spec.inverse, table))
    return result


def inverse_alone(schema: ExpandedSchema) -> Iterator[Violation]:
    """An inverse belongs to a relationship."""
    for table in schema.tables:
        for key in table.foreign_keys:
            if key.inverse is not None and key.relationship is None:
                message = f"`inverse: {key.inverse}` needs a relationship."
                suggestion = f"Add `relationship: {key.table}`."
                yield Violation((*key.path, "inverse"), message, suggestion, on_key=True)


def relationship_without_entity(schema: ExpandedSchema) -> Iterator[Violation]:
    """A relationship is between tables with entities: tables with a primary key that are not opaque."""
    for table in schema.tables:
        for key in table.foreign_keys:
            if key.relationship is None and key.inverse is None:
                continue
            which = "relationship" if key.relationship is not None else "inverse"
            message = _no_entity(schema, table, schema.by_name.get(key.table))
            if message is not None:
                yield Violation((*key.path, which), message, f"Remove `{which}`.", on_key=True)
        for path, spec in table.relationships.values():
            link = schema.by_name.get(spec.through or "")
            if link is None:
                continue
            message = _no_entity(schema, table, _target(schema, table, link))
            if message is not None:
                yield Violation(path, message, "Remove the relationship.", on_key=True)
            elif link.opaque:
                message = f"the link table `{link.name}` is opaque, and may not exist in a database."
                yield Violation((*path, "through"), message, "Move it to `tables`.")


def _no_entity(schema: ExpandedSchema, *ends: ExpandedTable | None) -> str | None:
    for end in ends:
        if end is not None and (end.opaque or not end.primary_key) and end.path not in schema.incomplete:
            why = "is opaque" if end.opaque else "has no primary key"
            return f"the table `{end.name}` {why}, so it has no entity for a relationship."
    return None


def unknown_relationship(schema: ExpandedSchema) -> Iterator[Violation]:
    """An entry of `relationships` goes through a link table, or is the inverse of a foreign key."""
    for table in schema.tables:
        inverses = {name for name, _, _ in _inverses(schema, table)}
        for name, (path, spec) in table.relationships.items():
            if spec.through is None and name not in inverses and not _may_be_lost(schema):
                message = f"no foreign key has the inverse `{name}` on `{table.name}`."
                suggestion = did_you_mean(name, inverses)
                yield Violation(path, message, suggestion or "Name the link table with `through`.", on_key=True)


def _may_be_lost(schema: ExpandedSchema) -> bool:
    return any(path[0] in ("tables", "opaque_tables", "mixins") for path in schema.incomplete)


def relationship_option(schema: ExpandedSchema) -> Iterator[Violation]:
    """`one` is for the inverse of a foreign key; `inverse` is for a relationship through a link table."""
    for table in schema.tables:
        for path, spec in table.relationships.values():
            if spec.through is not None and spec.one:
                message = "a relationship through a link table cannot be `one`: it has many entities."
                yield Violation((*path, "one"), message, "Remove `one`.", on_key=True)
            if spec.through is None and spec.inverse is not None:
                message = "this is the inverse of a foreign key: `inverse` is for relationships through a link table."
                yield Violation((*path, "inverse"), message, "Remove `inverse`.", on_key=True)
            if spec.one and spec.order_by is not None:
                yield Violation((*path, "order_by"), "a single entity has no order.", "Remove `order_by`.", on_key=True)


def one_not_unique(schema: ExpandedSchema) -> Iterator[Violation]:
    """The foreign key of an inverse with `one` is unique."""
    for table in schema.tables:
        for name, other, key in _inverses(schema, table):
            path, spec = table.relationships.get(name, (None, None))
            if path is None or spec is None or not spec.one or other.path in schema.incomplete:
                continue
            keys = [other.primary_key, *(unique.columns for unique in other.uniques if unique.where is None)]
            if not any(columns and set(columns) <= set(key.columns) for columns in keys):
                named = ", ".join(f"`{column}`" for column in key.columns)
                message = f"many rows of `{other.name}` may reference one `{table.name}`: {named} is not unique."
                yield Violation((*path, "one"), message, "Make it unique, or remove `one`.", on_key=True)


def through_not_link(schema: ExpandedSchema) -> Iterator[Violation]:
    """A link table has two foreign keys: one to this table and one to the other."""
    for table in schema.tables:
        for path, spec in table.relationships.values():
            link = schema.by_name.get(spec.through or "")
            if link is not None and _target(schema, table, link) is None and link.path not in schema.incomplete:
                targets = ", ".join(f"`{key.table}`" for key in link.foreign_keys) or "no table"
                message = f"`{link.name}` does not link `{table.name}` to one other table: it references {targets}."
                suggestion = f"A link table has one foreign key to `{table.name}` and one to the other table."
                yield Violation((*path, "through"), message, suggestion)


def _target(schema: ExpandedSchema, table: ExpandedTable, link: ExpandedTable) -> ExpandedTable | None:
    return schema.by_name.get(schema.link_target(table, link) or "")


def relationship_order(schema: ExpandedSchema) -> Iterator[Violation]:
    """`order_by` of a relationship is a column of the related table."""
    for table in schema.tables:
        inverses = {name: other for name, other, _ in _inverses(schema, table)}
        for name, (path, spec) in table.relationships.items():
            link = schema.by_name.get(spec.through or "")
            target = inverses.get(name) if link is None else _target(schema, table, link)
            if spec.order_by is None or target is None or schema.may_have_column(target, spec.order_by):
                continue
            yield _no_such_order((*path, "order_by"), target, spec.order_by)


def _no_such_order(path: Path, target: ExpandedTable, name: str) -> Violation:
    near = did_you_mean(name, target.columns) or f"It has {', '.join(list(target.columns)[:12])}."
    return Violation(path, f"the table `{target.name}` has no column `{name}` to order by.", near)


def relationship_ambiguous(schema: ExpandedSchema) -> Iterator[Violation]:
    """A table has one relationship through a link table, or two if both ends are the same table."""
    for table in schema.tables:
        by_link: dict[str, list[tuple[str, Path]]] = {}
        for name, (path, spec) in table.relationships.items():
            if spec.through is not None:
                by_link.setdefault(spec.through, []).append((name, path))
        for through, result in by_link.items():
            link = schema.by_name.get(through)
            itself = link is not None and _target(schema, table, link) is table
            most = 2 if itself else 1
            for name, path in result[most:]:
                first = ", ".join(f"`{other}`" for other, _ in result[:most])
                message = f"`{name}` goes through `{through}`, like {first} of `{table.name}`."
                yield Violation(path, message, "Keep one of them.", on_key=True)
