"""What a column's type means: named types and enums followed to the end."""

from __future__ import annotations

import msgspec

from tablewright.schema import definition as d
from tablewright.schema.type_registry import TYPES
from tablewright.spec.models import ColumnSpec, SchemaSpec, TypeSpec

KINDS: frozenset[str] = frozenset(TYPES) - {"enum"}
"""The types that a spec may name besides its enums and its own types."""


class ResolveError(ValueError):
    """A spec that cannot be resolved: the rules, which say why and where, were not asked or found errors."""


def resolve_type(said: ColumnSpec | TypeSpec, spec: SchemaSpec) -> d.Type:
    """The type that a column or another type says, in the schema *spec*."""
    return _resolve(said, spec, ())


def _resolve(said: ColumnSpec | TypeSpec, spec: SchemaSpec, through: tuple[str, ...]) -> d.Type:
    own = {
        key: value
        for key in ("length", "precision", "scale", "nbytes", "python", "storage")
        if (value := getattr(said, key)) is not None
    }
    if isinstance(said, TypeSpec):
        own |= {"codec": said.codec} if said.codec is not None else {}
        # In one order, so that both forms of a schema are one.
        own |= {"sql": {key: said.sql[key] for key in sorted(said.sql)}} if said.sql else {}
    if said.of is not None:
        element = TypeSpec(type=said.of) if isinstance(said.of, str) else said.of
        own["of"] = _resolve(element, spec, through)
    if said.type in spec.types:
        if said.type in through:
            raise ResolveError(f"the type `{said.type}` is made of itself")
        named = _resolve(spec.types[said.type], spec, (*through, said.type))
        return _with(named, own)
    if said.type in spec.enums:
        native = spec.enums[said.type].storage
        return _with(d.Type(kind="enum", enum=said.type, storage=native), own)
    if said.type not in KINDS:
        raise ResolveError(f"there is no type `{said.type}`")
    made = _with(d.Type(kind=said.type), own)  # type: ignore[arg-type]  # one of KINDS
    if "of" in TYPES[made.kind].parameters and made.of is None:
        raise ResolveError(f"the type `{made.kind}` needs `of`")
    return made


def _with(type_: d.Type, own: dict[str, object]) -> d.Type:
    return msgspec.structs.replace(type_, **own)
