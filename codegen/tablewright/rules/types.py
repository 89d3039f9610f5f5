"""Rules about types and their parameters."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from typing import Any

from tablewright.rules.rule import Violation
from tablewright.schema.python_types import PythonTypeError, parse
from tablewright.schema.type_registry import TYPES
from tablewright.spec.diagnostic import did_you_mean
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.expanded_type import KINDS, PARAMETERS, ExpandedType


def unknown_type(schema: ExpandedSchema) -> Iterator[Violation]:
    """A type is one of the language, or a name from `types` or `enums`."""
    spec = schema.spec
    for item in schema.types:
        name = item.spec.type
        exists = name in KINDS or name in spec.types or name in spec.enums
        if exists or ("types", name) in schema.incomplete or ("enums", name) in schema.incomplete:
            continue
        path = item.path if item.bare else (*item.path, "type")
        yield Violation(path, f"there is no type `{name}`.", _type_suggestion(name, [*spec.types, *spec.enums]))


def _type_suggestion(name: str, names: list[str]) -> str:
    for kind, row in TYPES.items():
        if name.lower() in row.aliases:
            return f"Did you mean `{kind}`?"
    return did_you_mean(name, [*names, *sorted(KINDS)]) or f"The types are {', '.join(sorted(KINDS))}."


def type_cycle(schema: ExpandedSchema) -> Iterator[Violation]:
    """A named type does not refer to itself."""
    reported: set[str] = set()
    for name in schema.spec.types:
        seen = [name]
        while (following := _next_type(schema, seen[-1])) is not None and following not in seen:
            seen.append(following)
        if following == name and name not in reported:
            reported.update(seen)
            cycle = " → ".join([*seen, name])
            yield Violation(("types", name, "type"), f"the type `{name}` refers to itself: {cycle}.")


def _next_type(schema: ExpandedSchema, name: str) -> str | None:
    spec = schema.spec.types[name]
    element = None if spec.of is None else spec.of if isinstance(spec.of, str) else spec.of.type
    for following in (spec.type, element):
        if following in schema.spec.types:
            return following
    return None


def type_parameter(schema: ExpandedSchema) -> Iterator[Violation]:
    """A type has the parameters that it requires, within their ranges, and no others."""
    for item in schema.types:
        if item.kind is not None and not item.named:
            yield from _wrong_parameters(item, item.kind)


def _wrong_parameters(item: ExpandedType, kind: str) -> Iterator[Violation]:
    takes = _takes(kind, item.values)
    for name in PARAMETERS:
        if name in item.given and name not in takes:
            users = [other for other in ("enum", *sorted(KINDS)) if name in _takes(other, {})]
            suggestion = f"It belongs to {', '.join(f'`{user}`' for user in users)}." if users else None
            yield Violation((*item.path, name), f"`{kind}` has no parameter `{name}`.", suggestion, on_key=True)
    for number in TYPES[kind].numbers:
        name, most = number.name, number.most
        value = item.values.get(name)
        if value is None and number.required:
            yield _missing(item, kind, name)
        elif value is not None and not number.least <= value <= most:
            message = f"`{name}` of `{kind}` must be from {number.least} to {most}, not {value}."
            yield Violation(_parameter_path(item, name), message)
        elif name == "scale" and value is not None and value > (item.values.get("precision") or most):
            message = f"the scale {value} is greater than the precision {item.values['precision']}."
            yield Violation(
                _parameter_path(item, name),
                message,
                "The scale counts the fractional digits only.",
            )
    if "of" in TYPES[kind].parameters and item.of is None:
        yield _missing(item, kind, "of")


def _takes(kind: str, values: Mapping[str, Any]) -> set[str]:
    takes = {number.name for number in TYPES[kind].numbers} | set(TYPES[kind].parameters) | {"codec"}
    return takes | {"python"} if "codec" in values else takes


def _missing(item: ExpandedType, kind: str, name: str) -> Violation:
    examples = {
        "length": "length: 200",
        "precision": "precision: 12",
        "scale": "scale: 2",
        "nbytes": "nbytes: 32",
        "of": "of: integer",
    }
    suggestion = (
        f"Give the maximum number of characters, such as `{examples[name]}`, or use `text`."
        if name == "length"
        else None
    )
    path = item.path if item.bare else (*item.path, "type")
    return Violation(path, f"`{kind}` needs `{name}`.", suggestion or f"Write for example `{examples[name]}`.")


def _parameter_path(item: ExpandedType, name: str) -> tuple[str | int, ...]:
    return (*item.path, name if name in item.given else "type")


def element_type(schema: ExpandedSchema) -> Iterator[Violation]:
    """The elements of an array and the bounds of a range have types that both dialects support there."""
    for item in schema.types:
        if item.kind not in ("array", "range") or item.of is None or item.of.kind is None or "of" not in item.given:
            continue
        array = item.kind == "array"
        allowed = [name for name, row in TYPES.items() if (row.array_element if array else row.range_bound)]
        path = (*item.path, "of")
        if item.of.kind not in allowed:
            what = "elements of an array" if array else "bounds of a range"
            listed = ", ".join(sorted(allowed))
            yield Violation(path, f"the {what} cannot be `{item.of.kind}`.", f"They can be {listed}.")
        elif "codec" in item.of.values:
            yield Violation(
                path,
                f"the elements of `{item.kind}` cannot have a codec.",
                "Give it to the whole type.",
            )


def bad_python_type(schema: ExpandedSchema) -> Iterator[Violation]:
    """`python` names a type: a builtin one, or `module:Class`."""
    for item in schema.types:
        if "python" in item.given:
            try:
                parse(item.values["python"])
            except PythonTypeError as error:
                example = "Write for example `dict[str, int]` or `app.models:Address`."
                yield Violation((*item.path, "python"), f"{error}.", example)


def bad_codec(schema: ExpandedSchema) -> Iterator[Violation]:
    """`codec` names a class as `module:Class`."""
    for item in schema.types:
        if "codec" in item.given:
            module, colon, name = str(item.values["codec"]).partition(":")
            if not (colon and name.isidentifier() and all(part.isidentifier() for part in module.split("."))):
                message = f"`{item.values['codec']}` does not name a class."
                yield Violation((*item.path, "codec"), message, "Write `module:Class`, such as `app.codecs:Tai`.")


def codec_without_python(schema: ExpandedSchema) -> Iterator[Violation]:
    """A type with a codec has `python`: the type that the codec decodes to."""
    for item in schema.types:
        if "codec" in item.given and "python" not in item.values:
            message = "a codec needs `python`: the type of the values that it decodes to."
            yield Violation((*item.path, "codec"), message, "Write for example `python: int`.", on_key=True)


def decimal_sqlite_precision(schema: ExpandedSchema) -> Iterator[Violation]:
    """A decimal has no more digits than SQLite stores exactly: 15, or 18 with `storage: scaled`."""
    for item in schema.types:
        precision = item.values.get("precision")
        if item.kind != "decimal" or item.named or not isinstance(precision, int):
            continue
        scaled = item.values.get("storage") == "scaled"
        if precision > (18 if scaled else 15):
            most = "18, scaled to an integer" if scaled else "15"
            message = f"SQLite cannot store a decimal of {precision} digits exactly; the maximum is {most}."
            suggestion = "Add `storage: scaled`." if not scaled and precision <= 18 else None
            suggestion = suggestion or "Use fewer digits, or remove `sqlite` from the dialects."
            yield Violation(_parameter_path(item, "precision"), message, suggestion)
