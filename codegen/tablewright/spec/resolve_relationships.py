"""The relationships of a schema: from foreign keys, from link tables, and what tables say of them."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping, Sequence
from dataclasses import dataclass, replace

from tablewright.schema import definition as d
from tablewright.spec.models import RelationshipSpec
from tablewright.spec.resolve_type import ResolveError


@dataclass(frozen=True)
class Wish:
    """The attributes that one foreign key asks for."""

    table: str
    key: d.ForeignKey
    nullable: bool
    relationship: str | None
    inverse: str | None


@dataclass(frozen=True)
class _Link:
    """A many-to-many relationship as one side says it."""

    owner: str
    name: str
    through: str
    target: str
    here: bool
    said: RelationshipSpec
    inverse: str | None = None


def resolve_relationships(
    tables: Sequence[d.Table],
    said: Callable[[str], Mapping[str, RelationshipSpec]],
    wishes: Iterable[Wish],
    attribute: Callable[[str, str], str],
) -> dict[str, tuple[d.Relationship, ...]]:
    """The relationships of each table of *tables*, by its name.

    *said* gives what a table says of its relationships; *attribute*, of a table and a column of it, the attribute.
    """
    found: dict[str, list[d.Relationship]] = {table.name: [] for table in tables}
    wishes = list(wishes)
    for wish in wishes:
        if wish.relationship is not None:
            found[wish.table].append(
                d.Relationship(
                    name=wish.relationship,
                    target=wish.key.table,
                    many=False,
                    nullable=wish.nullable,
                    foreign_key=wish.key.name,
                    inverse=wish.inverse,
                )
            )
    for wish in wishes:
        if wish.inverse is not None:
            found[wish.key.table].append(_inverse(wish, said(wish.key.table).get(wish.inverse), attribute))
    for link in _links(tables, said):
        found[link.owner].append(
            d.Relationship(
                name=link.name,
                target=link.target,
                many=True,
                through=link.through,
                inverse=link.inverse,
                order_by=None if link.said.order_by is None else attribute(link.target, link.said.order_by),
                here=link.here,
            )
        )
    for table in tables:
        unknown = set(said(table.name)) - {relationship.name for relationship in found[table.name]}
        if unknown:
            raise ResolveError(f"no foreign key is behind the relationship `{table.name}.{min(unknown)}`")
    return {name: tuple(relationships) for name, relationships in found.items()}


def _inverse(wish: Wish, said: RelationshipSpec | None, attribute: Callable[[str, str], str]) -> d.Relationship:
    assert wish.inverse is not None
    one = said is not None and said.one
    order_by = None if said is None or said.order_by is None else attribute(wish.table, said.order_by)
    return d.Relationship(
        name=wish.inverse,
        target=wish.table,
        many=not one,
        nullable=one,
        foreign_key=wish.key.name,
        inverse=wish.relationship,
        order_by=order_by,
        here=False,
    )


def _links(tables: Sequence[d.Table], said: Callable[[str], Mapping[str, RelationshipSpec]]) -> list[_Link]:
    by_name = {table.name: table for table in tables}
    links: list[_Link] = []
    for table in tables:
        for name, relationship in said(table.name).items():
            if relationship.through is not None:
                if relationship.through not in by_name:
                    raise ResolveError(f"there is no link table `{relationship.through}`")
                links.append(_link(table.name, name, relationship, by_name[relationship.through], links))
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
        elif link.said.inverse is not None:
            here = link.owner != link.target
            mirrored = _Link(
                link.target, link.said.inverse, link.through, link.owner, here, RelationshipSpec(), link.name
            )
            links[index] = replace(link, inverse=mirrored.name)
            through[link.through].append(len(links))
            links.append(mirrored)
    return links


def _link(owner: str, name: str, said: RelationshipSpec, table: d.Table, earlier: Iterable[_Link]) -> _Link:
    keys = table.foreign_keys
    own = [key for key in keys if key.table == owner]
    others = [key for key in keys if key.table != owner]
    if len(own) == 2 and not others:
        # Both ends are one table: the first side to say so goes by the first key.
        here = not any(link.owner == owner and link.through == table.name for link in earlier)
        return _Link(owner, name, table.name, owner, here, said)
    if len(own) != 1 or len(others) != 1:
        raise ResolveError(
            f"`{table.name}` cannot link `{owner}`: it needs one foreign key to it and one to another table"
        )
    return _Link(owner, name, table.name, others[0].table, True, said)


def _other_side(link: _Link, beside: Mapping[int, _Link]) -> int | None:
    candidates = [
        index
        for index, other in beside.items()
        if other is not link
        and other.owner == link.target
        and other.target == link.owner
        and other.inverse is None
        and link.said.inverse in (None, other.name)
        and other.said.inverse in (None, link.name)
    ]
    return candidates[0] if len(candidates) == 1 else None
