from __future__ import annotations

import json
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tablewright.spec import models
from tablewright.spec.json_schema import json_schema
from tablewright.spec.pydantic_errors import keys
from tablewright.spec.yaml_reader import read_yaml

SPECS = Path(__file__).parents[2] / "specs"
SCHEMA = json_schema()


def pydantic_errors(value: Any, schema: Any, path: str = "") -> Iterator[str]:
    """Yield the paths at which *value* does not match *schema*, by the keywords that ours uses."""
    if "$ref" in schema:
        yield from pydantic_errors(value, SCHEMA["$defs"][schema["$ref"].rpartition("/")[2]], path)
        return
    for word in ("anyOf", "oneOf"):
        if word in schema and all(list(pydantic_errors(value, arm, path)) for arm in schema[word]):
            yield f"{path}: none of {word}"
    if "enum" in schema and value not in schema["enum"]:
        yield f"{path}: {value!r}"
    if "const" in schema and value != schema["const"]:
        yield f"{path}: {value!r}"
    classes = {"object": dict, "array": list, "string": str, "boolean": bool, "integer": int, "null": type(None)}
    if "type" in schema and type(value) is not classes[schema["type"]]:
        yield f"{path}: not {schema['type']}"
        return
    if isinstance(value, dict):
        properties, others = schema.get("properties", {}), schema.get("additionalProperties", True)
        yield from (f"{path}: no {name}" for name in schema.get("required", []) if name not in value)
        for name, item in value.items():
            if name in properties:
                yield from pydantic_errors(item, properties[name], f"{path}/{name}")
            elif others is False:
                yield f"{path}/{name}: unknown"
            elif others is not True:
                yield from pydantic_errors(item, others, f"{path}/{name}")
    if isinstance(value, list):
        for number, item in enumerate(value):
            yield from pydantic_errors(item, schema.get("items", {}), f"{path}/{number}")


def test_the_bookstore_fits() -> None:
    """The JSON Schema accepts what the loader accepts, including shorthands."""
    text = (SPECS / "bookstore" / "schema.yaml").read_text(encoding="utf-8")
    assert list(pydantic_errors(read_yaml(text, "schema.yaml").value, SCHEMA)) == []


@pytest.mark.parametrize(
    "text",
    [
        "tabels: {}",
        "tables: {t: {name: t}}",
        "tables: {t: {columns: {a: {}}}}",
        "tables: {t: {columns: {a: {type: 3}}}}",
        "tables: {t: {columns: {a: {type: text, on_delete: cascde}}}}",
        "tables: {t: {unique: [a]}}",
        "enums: {e: a}",
    ],
)
def test_what_the_loader_refuses_does_not_fit(text: str) -> None:
    """The JSON Schema is as strict as the loader."""
    assert list(pydantic_errors(read_yaml(text, "schema.yaml").value, SCHEMA)) != []


@pytest.mark.parametrize(
    "text",
    [
        "enums: {a: [x], b: {values: [x], storage: native, class: B}}",
        "tables: {t: {unique: [[a], {columns: [a]}], indexes: [[a, {sql: b}]], checks: {a: b, c: {sql: d}}}}",
        "tables: {t: {foreign_keys: [{columns: [a], references: {table: t, columns: [a]}}]}}",
        "tables: {t: {columns: {a: {type: array, of: {type: string, length: 3}}, b: {type: range, of: date}}}}",
        "tables: {t: {exclusions: [{elements: [[a, '&&']]}]}}",
    ],
)
def test_shorthands_fit(text: str) -> None:
    """Each shorthand and its long form match."""
    assert list(pydantic_errors(read_yaml(text, "schema.yaml").value, SCHEMA)) == []


def test_every_key_is_there_and_described() -> None:
    """Each key of each model is a property with a description."""
    whole = {**SCHEMA["$defs"], "SchemaSpec": SCHEMA}
    properties = {}
    for name, definition in whole.items():
        described = definition if "properties" in definition else definition["anyOf"][-1]
        properties[name] = set(described["properties"])
        assert described["description"]
        for key, schema in described["properties"].items():
            assert schema.get("description"), f"{name}.{key}"
    classes = [getattr(models, name) for name in dir(models) if name.endswith("Spec") and name[0] != "_"]
    assert properties == {cls.__name__: set(keys(cls)) for cls in classes}


def test_the_copy_beside_the_specs_is_fresh() -> None:
    """The checked-in JSON Schema is up to date."""
    assert json.loads((SPECS / "tablewright.schema.json").read_text(encoding="utf-8")) == SCHEMA


def test_it_is_json() -> None:
    """The JSON Schema can be printed, without internal names."""
    assert "\\u0000" not in json.dumps(SCHEMA)
