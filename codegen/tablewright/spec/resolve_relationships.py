"""The relationships of a schema: of foreign keys, of link tables, and the options that tables give for them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tablewright.schema import definition as d
from tablewright.spec.diagnostic import ResolveError
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.expanded import ExpandedTable
from tablewright.spec.models import RelationshipSpec


@dataclass(frozen=True)
class RelationshipRequest:
    """The attributes that the spec of one foreign key requires."""

    table: ExpandedTable
    key: d.ForeignKey
    nullable: bool
    relationship: str | None
    inverse: str | None


@dataclass(frozen=True)
class _Link:
    """A many-to-many relationship as one side declares it."""

    owner: str
    name: str
    through: str
    target: str
    here: bool
    spec: RelationshipSpec
    inverse: str | None = None


def resolve_relationships(
    schema: ExpandedSchema,
    options: Callable[[ExpandedTable], Mapping[str, RelationshipSpec]],
    requests: Sequence[RelationshipRequest],
    attribute: Callable[[ExpandedTable, str], str],
) -> dict[str, tuple[d.Relationship, ...]]:
    """Return the relationships of each table of *schema*, by the table's name.

    *options* returns the entries under a table's `relationships`; *attribute* returns the attribute of a column.
    """
    tables = schema.by_name
    given = {name: options(table) for name, table in tables.items()}
    result: dict[str, list[d.Relationship]] = {name: [] for name in tables}
    for request in requests:
        if request.relationship is not None:
            result[request.table.name].append(
                d.Relationship(
                    name=request.relationship,
                    target=request.key.table,
                    many=False,
                    nullable=request.nullable,
                    foreign_key=request.key.name,
                    inverse=request.inverse,
                )
            )
    for request in requests:
        if request.inverse is not None:
            spec = given[request.key.table].get(request.inverse)
            result[request.key.table].append(_inverse(request, spec, attribute))
    for link in _links(schema, given):
        order_by = link.spec.order_by
        result[link.owner].append(
            d.Relationship(
                name=link.name,
                target=link.target,
                many=True,
                through=link.through,
                inverse=link.inverse,
                order_by=None if order_by is None else attribute(tables[link.target], order_by),
                here=link.here,
            )
        )
    for name, relationships in result.items():
        unknown = set(given[name]) - {relationship.name for relationship in relationships}
        if unknown:
            raise ResolveError(f"no foreign key is behind the relationship `{name}.{min(unknown)}`")
    return {name: tuple(relationships) for name, relationships in result.items()}


def _inverse(
    request: RelationshipRequest, spec: RelationshipSpec | None, attribute: Callable[[ExpandedTable, str], str]
) -> d.Relationship:
    assert request.inverse is not None
    one = spec is not None and spec.one
    order_by = None if spec is None or spec.order_by is None else attribute(request.table, spec.order_by)
    return d.Relationship(
        name=request.inverse,
        target=request.table.name,
        many=not one,
        nullable=one,
        foreign_key=request.key.name,
        inverse=request.relationship,
        order_by=order_by,
        here=False,
    )


def _links(schema: ExpandedSchema, given: Mapping[str, Mapping[str, RelationshipSpec]]) -> list[_Link]:
    links: list[_Link] = []
    for table in schema.tables:
        for name, spec in given[table.name].items():
            if spec.through is not None:
                links.append(_link(schema, table, name, spec, links))
    through: dict[str, list[int]] = {}
    for index, link in enumerate(links):
        through.setdefault(link.through, []).append(index)
    for index, link in enumerate(links):
        if link.inverse is not None:
            continue
        other = _other_side(link, {number: links[number] for number in through[link.through]})
        if other is not None:
            links[index] = replace(link, inverse=links[other].name)
            links[other] = replace(links[other], inverse=link.name)
        elif link.spec.inverse is not None:
            here = link.owner != link.target
            mirrored = _Link(
                link.target, link.spec.inverse, link.through, link.owner, here, RelationshipSpec(), link.name
            )
            links[index] = replace(link, inverse=mirrored.name)
            through[link.through].append(len(links))
            links.append(mirrored)
    return links


def _link(
    schema: ExpandedSchema, owner: ExpandedTable, name: str, spec: RelationshipSpec, earlier: Iterable[_Link]
) -> _Link:
    table = schema.by_name.get(spec.through or "")
    if table is None:
        raise ResolveError(f"there is no link table `{spec.through}`")
    target = schema.link_target(owner, table)
    if target is None:
        raise ResolveError(
            f"`{table.name}` cannot link `{owner.name}`: it needs one foreign key to it and one to another table"
        )
    # If both ends are one table, the first relationship follows the first foreign key.
    taken = target == owner.name and any(link.owner == target and link.through == table.name for link in earlier)
    return _Link(owner.name, name, table.name, target, not taken, spec)


def _other_side(link: _Link, candidates: Mapping[int, _Link]) -> int | None:
    matches = [
        index
        for index, other in candidates.items()
        if other is not link
        and other.owner == link.target
        and other.target == link.owner
        and other.inverse is None
        and link.spec.inverse in (None, other.name)
        and other.spec.inverse in (None, link.name)
    ]
    return matches[0] if len(matches) == 1 else None
