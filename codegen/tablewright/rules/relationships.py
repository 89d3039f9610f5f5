"""Rules about relationships."""

from __future__ import annotations

from collections.abc import Iterator

from tablewright.rules.rule import Violation
from tablewright.spec.diagnostic import did_you_mean
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.expanded import ExpandedForeignKey, ExpandedTable
from tablewright.spec.yaml_reader import Path


def _inverses(schema: ExpandedSchema, table: ExpandedTable) -> Iterator[tuple[str, ExpandedTable, ExpandedForeignKey]]:
    # What foreign keys call the entities that point at *table*.
    for other, key in schema.foreign_keys_to.get(table.name, ()):
        if key.inverse is not None:
            yield key.inverse, other, key


def inverse_clash(schema: ExpandedSchema) -> Iterator[Violation]:
    """The name of an inverse is free on the table that gets it."""
    mirrored = _mirrored(schema)
    for table in schema.tables:
        taken: dict[str, str] = {column.attribute: f"a column of `{table.name}`" for column in table.columns.values()}
        for key in table.foreign_keys:
            if key.relationship is not None:
                taken.setdefault(key.relationship, f"a relationship of `{table.name}`")
        for name, (_, said) in table.relationships.items():
            if said.through is not None:
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
    # What relationships through a link table call their other side, by the table that gets it,
    # where that does not say so itself.
    found: dict[str, list[tuple[Path, str, ExpandedTable]]] = {}
    for table in schema.tables:
        for own, (path, said) in table.relationships.items():
            link = schema.by_name.get(said.through or "")
            target = None if link is None else _target(schema, table, link)
            if target is None or said.inverse is None:
                continue
            _, there = target.relationships.get(said.inverse, (None, None))
            paired = there is not None and there.through == said.through and there.inverse in (None, own)
            if not paired or (target is table and said.inverse == own):
                found.setdefault(target.name, []).append((path, said.inverse, table))
    return found


def inverse_alone(schema: ExpandedSchema) -> Iterator[Violation]:
    """An inverse has a relationship that it is the inverse of."""
    for table in schema.tables:
        for key in table.foreign_keys:
            if key.inverse is not None and key.relationship is None:
                message = f"`inverse: {key.inverse}` has no relationship that it mirrors."
                cure = f"Add `relationship: {key.table}`."
                yield Violation((*key.path, "inverse"), message, cure, on_key=True)


def relationship_without_entity(schema: ExpandedSchema) -> Iterator[Violation]:
    """A relationship is between tables that have entities: both with a primary key, neither these nor a link opaque."""
    for table in schema.tables:
        for key in table.foreign_keys:
            if key.relationship is None and key.inverse is None:
                continue
            which = "relationship" if key.relationship is not None else "inverse"
            message = _no_entity(schema, table, schema.by_name.get(key.table))
            if message is not None:
                yield Violation((*key.path, which), message, f"Remove `{which}`.", on_key=True)
        for path, said in table.relationships.values():
            link = schema.by_name.get(said.through or "")
            if link is None:
                continue
            message = _no_entity(schema, table, _target(schema, table, link))
            if message is not None:
                yield Violation(path, message, "Remove the relationship.", on_key=True)
            elif link.opaque:
                message = f"the link table `{link.name}` is opaque: a database may not have it."
                yield Violation((*path, "through"), message, "Move it to `tables`.")


def _no_entity(schema: ExpandedSchema, *ends: ExpandedTable | None) -> str | None:
    for end in ends:
        if end is not None and (end.opaque or not end.primary_key) and end.path not in schema.incomplete:
            why = "is opaque" if end.opaque else "has no primary key"
            return f"the table `{end.name}` {why}, so it has no entity to relate."
    return None


def unknown_relationship(schema: ExpandedSchema) -> Iterator[Violation]:
    """An entry of `relationships` goes through a link table, or is the inverse of a foreign key."""
    for table in schema.tables:
        inverses = {name for name, _, _ in _inverses(schema, table)}
        for name, (path, said) in table.relationships.items():
            if said.through is None and name not in inverses and not _may_be_lost(schema):
                message = f"no foreign key has the inverse `{name}` on `{table.name}`."
                cure = did_you_mean(name, inverses)
                yield Violation(path, message, cure or "Name the link table with `through`.", on_key=True)


def _may_be_lost(schema: ExpandedSchema) -> bool:
    return any(path[0] in ("tables", "opaque_tables", "mixins") for path in schema.incomplete)


def relationship_option(schema: ExpandedSchema) -> Iterator[Violation]:
    """`one` is for the inverse of a foreign key, `inverse` for a relationship through a link table."""
    for table in schema.tables:
        for path, said in table.relationships.values():
            if said.through is not None and said.one:
                message = "a relationship through a link table holds many entities, never `one`."
                yield Violation((*path, "one"), message, "Remove `one`.", on_key=True)
            if said.through is None and said.inverse is not None:
                message = "this is an inverse itself: `inverse` is for relationships through a link table."
                yield Violation((*path, "inverse"), message, "Remove `inverse`.", on_key=True)
            if said.one and said.order_by is not None:
                yield Violation((*path, "order_by"), "a single entity has no order.", "Remove `order_by`.", on_key=True)


def one_not_unique(schema: ExpandedSchema) -> Iterator[Violation]:
    """The inverse that holds `one` entity is of a foreign key that is unique."""
    for table in schema.tables:
        for name, other, key in _inverses(schema, table):
            path, said = table.relationships.get(name, (None, None))
            if path is None or said is None or not said.one or other.path in schema.incomplete:
                continue
            keys = [other.primary_key, *(unique.columns for unique in other.uniques if unique.where is None)]
            if not any(columns and set(columns) <= set(key.columns) for columns in keys):
                named = ", ".join(f"`{column}`" for column in key.columns)
                message = f"many rows of `{other.name}` may point at one `{table.name}`: {named} is not unique."
                yield Violation((*path, "one"), message, "Make it unique, or remove `one`.", on_key=True)


def through_not_link(schema: ExpandedSchema) -> Iterator[Violation]:
    """A link table has two foreign keys: one to this table and one to the other."""
    for table in schema.tables:
        for path, said in table.relationships.values():
            link = schema.by_name.get(said.through or "")
            if link is not None and _target(schema, table, link) is None and link.path not in schema.incomplete:
                there = ", ".join(f"`{key.table}`" for key in link.foreign_keys) or "no table"
                message = f"`{link.name}` does not link `{table.name}` to one other table: it points at {there}."
                cure = f"A link table has one foreign key to `{table.name}` and one to the other table."
                yield Violation((*path, "through"), message, cure)


def _target(schema: ExpandedSchema, table: ExpandedTable, link: ExpandedTable) -> ExpandedTable | None:
    return schema.by_name.get(schema.link_target(table, link) or "")


def relationship_order(schema: ExpandedSchema) -> Iterator[Violation]:
    """`order_by` of a relationship is a column of the table whose entities it holds."""
    for table in schema.tables:
        inverses = {name: other for name, other, _ in _inverses(schema, table)}
        for name, (path, said) in table.relationships.items():
            link = schema.by_name.get(said.through or "")
            target = inverses.get(name) if link is None else _target(schema, table, link)
            if said.order_by is None or target is None or schema.may_have_column(target, said.order_by):
                continue
            yield _no_such_order((*path, "order_by"), target, said.order_by)


def _no_such_order(path: Path, target: ExpandedTable, name: str) -> Violation:
    near = did_you_mean(name, target.columns) or f"It has {', '.join(list(target.columns)[:12])}."
    return Violation(path, f"the table `{target.name}` has no column `{name}` to order by.", near)


def relationship_ambiguous(schema: ExpandedSchema) -> Iterator[Violation]:
    """Relationships through one link table pair up: where several could mirror each other, `inverse` says which."""
    for table in schema.tables:
        by_link: dict[str, list[tuple[str, Path]]] = {}
        for name, (path, said) in table.relationships.items():
            if said.through is not None:
                by_link.setdefault(said.through, []).append((name, path))
        for through, found in by_link.items():
            link = schema.by_name.get(through)
            itself = link is not None and _target(schema, table, link) is table
            most = 2 if itself else 1
            for name, path in found[most:]:
                first = ", ".join(f"`{other}`" for other, _ in found[:most])
                message = f"`{name}` goes through `{through}`, as {first} of `{table.name}` does."
                yield Violation(path, message, "Keep one of them.", on_key=True)
