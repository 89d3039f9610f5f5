"""Converts pydantic's validation errors to diagnostics with locations."""

from __future__ import annotations

import types
from collections.abc import Callable, Iterator, Mapping, Sequence
from typing import Annotated, Any, Union, cast, get_args, get_origin

from pydantic import ValidationError
from pydantic_core import ErrorDetails

from tablewright.spec import models as m
from tablewright.spec.diagnostic import Diagnostic, Location, did_you_mean
from tablewright.spec.models_node import SpecNode
from tablewright.spec.yaml_reader import Locations, Path

_NOUNS: dict[type[SpecNode], str] = {
    m.SchemaSpec: "a schema",
    m.TableSpec: "a table",
    m.ColumnSpec: "a column",
    m.ForeignKeySpec: "a foreign key",
    m.ReferenceSpec: "a reference",
    m.IndexSpec: "an index",
    m.SqlSpec: "an expression",
    m.UniqueSpec: "a unique key",
    m.CheckSpec: "a check",
    m.ExclusionSpec: "an exclusion",
    m.RelationshipSpec: "a relationship",
    m.EnumSpec: "an enum",
    m.TypeSpec: "a type",
    m.MixinSpec: "a mixin",
}
_EXPECTED = {
    "string_type": "text",
    "int_type": "a whole number",
    "int_from_float": "a whole number",
    "bool_type": "true or false",
    "mapping_type": "a mapping",
    "dict_type": "a mapping",
    "model_type": "a mapping",
    "model_attributes_type": "a mapping",
    "is_instance_of": "a list",
    "sequence_str": "a list",
    "list_type": "a list",
    "tuple_type": "a list of two",
    "too_long": "a list of two",
    "missing": "a list of two",
}
_SHORTHANDS: dict[type[SpecNode] | None, str] = {
    m.EnumSpec: "a list of values or a mapping",
    m.UniqueSpec: "a list of columns or a mapping",
    m.IndexSpec: "a list of columns or a mapping",
    m.CheckSpec: "SQL text",
    m.ReferenceSpec: "`table.column` or a mapping",
}
# Keys whose field has another name.
_ALIASES = {"schema": "name", "class": "class_"}


def yaml_diagnostics(error: ValidationError, data: object, locations: Locations) -> Iterator[tuple[Path, Diagnostic]]:
    """Yield the diagnostics of *error*, raised for the YAML value *data*, each with its path."""
    for detail in error.errors(include_url=False):
        path, whole = _path(detail["loc"], data)
        on_key = detail["type"] in ("extra_forbidden", "missing") or not whole
        location = locations.key(path) if on_key else locations.value(path)
        yield path, _diagnostic(detail, m.SchemaSpec, location)


def python_diagnostics(error: ValidationError, location: Location) -> Iterator[Diagnostic]:
    """Yield the diagnostics of *error*, raised for the arguments of a spec class called at *location*."""
    model = next((cls for cls in _NOUNS if cls.__name__ == error.title), m.SchemaSpec)
    for detail in error.errors(include_url=False):
        yield _diagnostic(detail, model, location)


def keys(model: type[SpecNode]) -> list[str]:
    """Return the keys of *model* as YAML writes them."""
    names = (field.validation_alias or name for name, field in model.model_fields.items())
    return [str(name) for name in names if name != m.TABLE_NAME]


def _path(loc: tuple[str | int, ...], data: Any) -> tuple[Path, bool]:
    # Pydantic's path has steps for the long form of a shorthand, which the file does not have.
    path: list[str | int] = []
    for step in loc:
        if _has(data, step):
            data = data[step]
            path.append(step)
    return tuple(path), loc[-1:] != ("[key]",)


def _has(data: Any, step: str | int) -> bool:
    if isinstance(data, Mapping):
        return step in data
    return isinstance(data, list) and isinstance(step, int) and step < len(cast("list[object]", data))


def _diagnostic(detail: ErrorDetails, root: type[SpecNode], location: Location) -> Diagnostic:
    kind, loc, given = detail["type"], detail["loc"], detail["input"]
    owner, target = _models(loc, root)
    named = next((step for step in reversed(loc) if isinstance(step, str) and not _is_tag(step)), "")
    named = "name" if named == m.TABLE_NAME else named
    subject = f"`{_shown(named)}`"
    at = loc[-2:-1] if kind == "missing" else loc[-1:]
    if at and isinstance(at[0], int):
        subject = f"item {at[0] + 1} of {subject}"
    noun = _NOUNS.get(owner, "the schema") if owner else "the schema"
    if kind == "extra_forbidden" and owner is not None:
        valid = keys(owner)
        if owner is m.ColumnSpec and named in keys(m.TypeSpec):
            hint = "Give it to a type under `types`, and give the column that type."
            return Diagnostic("unknown-key", location, f"`{named}` is not a key of {noun}.", hint)
        suggestion = did_you_mean(named, valid) or f"The keys of {noun} are {_listed(valid)}."
        return Diagnostic("unknown-key", location, f"`{_shown(named)}` is not a key of {noun}.", suggestion)
    if kind in ("missing", "missing_argument") and isinstance(loc[-1], str):
        return Diagnostic("missing-key", location, f"{noun} must have `{named}`.")
    context = detail.get("ctx", {})
    if kind == "literal_error" and "expected" in context:
        allowed = [item.strip("'") for item in context["expected"].replace(" or ", ", ").split(", ")]
        allowed_text = _listed(allowed, "or")
        if not isinstance(given, str):
            return Diagnostic("wrong-type", location, f"{subject} is {_shown_value(given)}; expected {allowed_text}.")
        if loc[-1] == "[key]":
            parent = [step for step in loc if isinstance(step, str)][-3]
            message = f"`{_shown(given)}` is not a key of `{parent}`; expected {allowed_text}."
            return Diagnostic("unknown-key", location, message, did_you_mean(given, allowed))
        message = f"`{_shown(given)}` is not a value of `{named}`; expected {allowed_text}."
        return Diagnostic("wrong-value", location, message, did_you_mean(given, allowed))
    if kind == "too_short" and not given:
        return Diagnostic("wrong-value", location, f"`{named}` is empty; it must have at least one item.")
    if kind == "duplicate_name":
        return Diagnostic("duplicate-name", location, f"{detail['msg']}.")
    if kind == "not_json":
        return Diagnostic("wrong-value", location, f"{subject}: {detail['msg']}.")
    expected = _EXPECTED.get(kind)
    if expected is None:
        return Diagnostic("wrong-type", location, f"{subject} is {_shown_value(given)}: {detail['msg']}.")
    if expected == "text" and loc[-1] == "<text>":
        expected = "the name of a type or a mapping"
    if expected == "a mapping":
        expected = _SHORTHANDS.get(target, expected)
    quote = "Put it in quotes." if expected == "text" and isinstance(given, bool | int | float) else None
    return Diagnostic("wrong-type", location, f"{subject} is {_shown_value(given)}; expected {expected}.", quote)


def _is_tag(step: str) -> bool:
    return step in ("<text>", "<mapping>", "[key]")


def _models(loc: tuple[str | int, ...], root: type[SpecNode]) -> tuple[type[SpecNode] | None, type[SpecNode] | None]:
    """Return the model that the last key of *loc* belongs to, and the model expected at *loc*."""
    owner: type[SpecNode] | None = None
    at: Any = root
    for step in loc:
        at = _unwrapped(at)
        if isinstance(at, type) and issubclass(at, SpecNode):
            owner = at
            name = _ALIASES.get(str(step), str(step)) if str(step) not in at.model_fields else str(step)
            field = at.model_fields.get(name)
            at = field.annotation if field else None
        elif get_origin(at) in (Union, types.UnionType):
            arms = [_unwrapped(arm) for arm in get_args(at)]
            at = next((arm for arm in arms if isinstance(arm, type) and issubclass(arm, SpecNode)), None)
            if step != "<mapping>":
                at = None
        elif get_args(at):
            at = get_args(at)[-1] if get_origin(at) is not tuple else get_args(at)[0]
        else:
            at = None
    at = _unwrapped(at)
    return owner, at if isinstance(at, type) and issubclass(at, SpecNode) else None


def _unwrapped(annotation: Any) -> Any:
    while True:
        if get_origin(annotation) is Annotated:
            annotation = get_args(annotation)[0]
            continue
        if get_origin(annotation) in (Union, types.UnionType):
            arms = [arm for arm in get_args(annotation) if arm is not types.NoneType]
            if len(arms) == 1:
                annotation = arms[0]
                continue
        return annotation


def _shown_value(value: object) -> str:
    match value:
        case None:
            return "empty"
        case bool():
            return f"`{str(value).lower()}`"
        case int() | float():
            return f"the number {_shown(_number(value))}"
        case str():
            return f"the text `{_shown(value)}`"
        case Mapping():
            return "a mapping"
        case list() | tuple():
            return "a list"
        case _:
            return f"of the class `{type(value).__name__}`"


def _number(value: float) -> str:
    try:
        return repr(value)
    except ValueError:
        # Python refuses to write an integer of thousands of digits.
        return "of very many digits"


def _shown(text: str) -> str:
    return text if len(text) <= 60 else f"{text[:57]}..."


def _listed(names: Sequence[str], word: str = "and") -> str:
    quoted = [f"`{name}`" for name in names]
    return quoted[0] if len(quoted) == 1 else f"{', '.join(quoted[:-1])} {word} {quoted[-1]}"


def without(data: object, paths: Sequence[Path]) -> object:
    """Return a copy of *data* without the mapping entries at or around *paths*; lists are removed as a whole."""
    excluded = {_entry(path) for path in paths}
    return _copy_without(data, (), excluded.__contains__)


def _entry(path: Path) -> Path:
    end = next((i for i, step in enumerate(path) if isinstance(step, int)), len(path))
    return path[:end]


def _copy_without(data: object, path: Path, excluded: Callable[[Path], bool]) -> object:
    if not isinstance(data, Mapping):
        return data
    entries = cast("Mapping[str, object]", data).items()
    return {key: _copy_without(item, (*path, key), excluded) for key, item in entries if not excluded((*path, key))}
