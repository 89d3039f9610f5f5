"""A type as the rules look at it: named types followed to the end, every parameter with its path."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Any

from tablewright.schema.definition import Type
from tablewright.spec.models import ColumnSpec, SchemaSpec, TypeSpec
from tablewright.spec.resolve_type import KINDS, ResolveError, resolve_type
from tablewright.spec.yaml_reader import Path

PARAMETERS = ("length", "precision", "scale", "nbytes", "of", "storage", "python", "codec")


@dataclass(frozen=True)
class ExpandedType:
    """The type of a column, of an entry of `types`, or of the elements of one."""

    said: ColumnSpec | TypeSpec
    path: Path
    kind: str | None
    """`None` where a type is unknown or made of itself."""
    enum: str | None
    values: dict[str, Any]
    """The parameters in force, from named types too."""
    own: frozenset[str]
    """The parameters said here rather than by a named type."""
    of: ExpandedType | None
    written_out: bool
    """Whether the type of the elements is said here rather than by a named type."""
    bare: bool = False
    """Whether it is written as a name alone, without a mapping of its own."""

    @property
    def named(self) -> bool:
        """Whether it only names an entry of `types`, and adds nothing."""
        return not self.own and self.said.type not in KINDS and self.enum is None

    def walk(self) -> Iterator[ExpandedType]:
        """The type, and the elements' types written in it."""
        yield self
        if self.of is not None and self.written_out:
            yield from self.of.walk()

    def resolved(self, spec: SchemaSpec) -> Type | None:
        """The type with everything decided; `None` if that fails for a reason that a rule reports."""
        try:
            return resolve_type(self.said, spec)
        except (ResolveError, TypeError):
            return None


def expand_type(
    said: ColumnSpec | TypeSpec, path: Path, spec: SchemaSpec, through: tuple[str, ...] = ()
) -> ExpandedType:
    """*said*, written at *path*, with the named types of *spec* followed."""
    given = vars(said)
    own = {key: given[key] for key in PARAMETERS if given.get(key) is not None}
    of = None
    written_out = said.of is not None
    if said.of is not None:
        element = TypeSpec(type=said.of) if isinstance(said.of, str) else said.of
        of = expand_type(element, (*path, "of"), spec, through)
        of = replace(of, bare=isinstance(said.of, str))
    name = said.type
    if name in spec.types and name not in through:
        base = expand_type(spec.types[name], ("types", name), spec, (*through, name))
        values = base.values | own
        return ExpandedType(said, path, base.kind, base.enum, values, frozenset(own), of or base.of, written_out)
    if name in spec.enums:
        return ExpandedType(said, path, "enum", name, own, frozenset(own), of, written_out)
    kind = name if name in KINDS and name not in through else None
    return ExpandedType(said, path, kind, None, own, frozenset(own), of, written_out)
