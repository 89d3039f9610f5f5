"""The JSON Schema of the spec language, for editors."""

from __future__ import annotations

from typing import Any, TypeAlias, cast

from tablewright.spec import models as m
from tablewright.spec.expanded_type import KINDS

Node: TypeAlias = dict[str, Any]

_NAMES: Node = {"type": "array", "items": {"type": "string"}}
# The shorthands that replace a mapping of the class.
_SHORTHANDS: dict[str, Node] = {
    m.EnumSpec.__name__: _NAMES | {"minItems": 1},
    m.UniqueSpec.__name__: _NAMES,
    m.IndexSpec.__name__: {"type": "array", "items": {"anyOf": [{"type": "string"}, {"$ref": "#/$defs/SqlSpec"}]}},
    m.CheckSpec.__name__: {"type": "string"},
    m.ReferenceSpec.__name__: {"type": "string", "pattern": r"\."},
}


def json_schema() -> Node:
    """Return the JSON Schema of a spec file in YAML."""
    schema = m.SchemaSpec.model_json_schema(by_alias=True, mode="validation")
    definitions: dict[str, Node] = schema["$defs"]
    table = definitions[m.TableSpec.__name__]
    del table["properties"][m.TABLE_NAME]
    table["required"].remove(m.TABLE_NAME)
    if not table["required"]:
        del table["required"]
    for name in (m.ColumnSpec.__name__, m.TypeSpec.__name__):
        definitions[name]["properties"]["type"]["examples"] = sorted(KINDS)
    for name, shorthand in _SHORTHANDS.items():
        whole = definitions[name]
        definitions[name] = {"description": whole["description"], "anyOf": [shorthand, whole]}
    plain: Node = _tidied(schema)
    return {"$schema": "https://json-schema.org/draft/2020-12/schema", "title": "Tablewright schema", **plain}


def _tidied(node: Any, *, names: bool = False) -> Any:
    # Titles only repeat the keys, and a default of null adds nothing.
    if isinstance(node, list):
        return [_tidied(item) for item in cast("list[Any]", node)]
    if not isinstance(node, dict):
        return node
    return {
        key: _tidied(value, names=key in ("properties", "$defs") and not names)
        for key, value in cast("Node", node).items()
        if names or not (key == "title" or (key == "default" and value is None))
    }
