"""A type with its named types followed to the end, and the location of every parameter."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, replace
from functools import cached_property
from typing import Any

from tablewright.schema import definition as d
from tablewright.schema.type_registry import TYPES
from tablewright.spec.models import ColumnSpec, SchemaSpec, TypeSpec
from tablewright.spec.yaml_reader import Path

KINDS: frozenset[str] = frozenset(TYPES) - {"enum"}
"""The types that a spec may name besides its enums and its named types."""

_NO_SQL: Mapping[str, str] = {}
PARAMETERS = ("length", "precision", "scale", "nbytes", "of", "storage", "python", "codec")


@dataclass(frozen=True)
class ExpandedType:
    """The type of a column, of an entry of `types`, or of the elements of one."""

    spec: ColumnSpec | TypeSpec
    path: Path
    kind: str | None
    """`None` for a type that does not exist or refers to itself."""
    enum: str | None
    native: bool
    """Whether it is an enum with `storage: native`."""
    values: Mapping[str, Any]
    """The parameters in force, including those of named types."""
    given: frozenset[str]
    """The parameters given here rather than by a named type."""
    sql: Mapping[str, str]
    """The DDL types by dialect."""
    of: ExpandedType | None
    fault: str | None
    """Why the type has no definition; `None` if it has one."""
    element_is_inline: bool
    """Whether the element type is given here rather than by a named type."""
    bare: bool = False
    """Whether it is written as a name alone, without a mapping."""

    @property
    def named(self) -> bool:
        """Whether it only names an entry of `types`, and adds nothing."""
        return not self.given and self.spec.type not in KINDS and self.enum is None

    def walk(self) -> Iterator[ExpandedType]:
        """Yield the type, then the element types written in it."""
        yield self
        if self.of is not None and self.element_is_inline:
            yield from self.of.walk()

    @cached_property
    def definition(self) -> d.Type | None:
        """The type with everything decided; `None` if it has a `fault`."""
        if self.fault is not None:
            return None
        parameters: dict[str, Any] = {"storage": "native"} if self.native else {}
        parameters.update(self.values)
        if self.of is not None:
            parameters["of"] = self.of.definition
        if self.sql:
            # In one order, so that the YAML and the Python form give the same schema.
            parameters["sql"] = {dialect: self.sql[dialect] for dialect in sorted(self.sql)}
        return d.Type(kind=self.kind, enum=self.enum, **parameters)  # type: ignore[arg-type]  # one of KINDS, or "enum"


def expand_type(
    given: ColumnSpec | TypeSpec, path: Path, schema: SchemaSpec, through: tuple[str, ...] = ()
) -> ExpandedType:
    """Expand the type *given* at *path*, following the named types of *schema*.

    *through* has the named types that led here: one of them again is a cycle.
    """
    fields = vars(given)
    parameters = {name: value for name in PARAMETERS if (value := fields.get(name)) is not None}
    name, sql = given.type, fields.get("sql", _NO_SQL)
    of = None
    if given.of is not None:
        element = TypeSpec(type=given.of) if isinstance(given.of, str) else given.of
        of = expand_type(element, (*path, "of"), schema, through)
        of = replace(of, bare=True) if isinstance(given.of, str) else of
    fault = None if of is None else of.fault
    values, kind, enum, native = parameters, None, None, False
    if name in schema.types and name not in through:
        base = expand_type(schema.types[name], ("types", name), schema, (*through, name))
        kind, enum, native = base.kind, base.enum, base.native
        values, sql, of, fault = {**base.values, **parameters}, sql or base.sql, of or base.of, fault or base.fault
    elif name in schema.enums:
        kind, enum, native = "enum", name, schema.enums[name].storage == "native"
    elif name in through:
        fault = fault or f"the type `{name}` refers to itself"
    elif name in KINDS:
        kind = name
        if of is None and "of" in TYPES[kind].parameters:
            fault = f"the type `{kind}` needs `of`"
    else:
        fault = fault or f"there is no type `{name}`"
    return ExpandedType(
        given,
        path,
        kind,
        enum,
        native,
        values,
        frozenset(parameters),
        sql,
        of,
        fault,
        element_is_inline=given.of is not None,
    )
