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
        known = name in KINDS or name in spec.types or name in spec.enums
        if known or ("types", name) in schema.incomplete or ("enums", name) in schema.incomplete:
            continue
        path = item.path if item.bare else (*item.path, "type")
        yield Violation(path, f"there is no type `{name}`.", _instead(name, [*spec.types, *spec.enums]))


def _instead(name: str, own: list[str]) -> str:
    for known, row in TYPES.items():
        if name.lower() in row.aliases:
            return f"Did you mean `{known}`?"
    return did_you_mean(name, [*own, *sorted(KINDS)]) or f"The types are {', '.join(sorted(KINDS))}."


def type_cycle(schema: ExpandedSchema) -> Iterator[Violation]:
    """A named type is not made of itself."""
    reported: set[str] = set()
    for name in schema.spec.types:
        seen = [name]
        while (following := _next_type(schema, seen[-1])) is not None and following not in seen:
            seen.append(following)
        if following == name and name not in reported:
            reported.update(seen)
            way = " → ".join([*seen, name])
            yield Violation(("types", name, "type"), f"the type `{name}` is made of itself: {way}.")


def _next_type(schema: ExpandedSchema, name: str) -> str | None:
    said = schema.spec.types[name]
    element = None if said.of is None else said.of if isinstance(said.of, str) else said.of.type
    for following in (said.type, element):
        if following in schema.spec.types:
            return following
    return None


def type_parameter(schema: ExpandedSchema) -> Iterator[Violation]:
    """A type has the parameters that it needs, within their ranges, and no others."""
    for item in schema.types:
        if item.kind is not None and not item.named:
            yield from _wrong_parameters(item, item.kind)


def _wrong_parameters(item: ExpandedType, kind: str) -> Iterator[Violation]:
    takes = _takes(kind, item.values)
    for name in PARAMETERS:
        if name in item.given and name not in takes:
            users = [other for other in ("enum", *sorted(KINDS)) if name in _takes(other, {})]
            suggestion = f"It belongs to {', '.join(f'`{user}`' for user in users)}." if users else None
            yield Violation((*item.path, name), f"`{kind}` takes no `{name}`.", suggestion, on_key=True)
    for number in TYPES[kind].numbers:
        name, most = number.name, number.most
        value = item.values.get(name)
        if value is None and number.required:
            yield _missing(item, kind, name)
        elif value is not None and not number.least <= value <= most:
            message = f"`{name}` of `{kind}` is from {number.least} to {most}, not {value}."
            yield Violation(_said(item, name), message)
        elif name == "scale" and value is not None and value > (item.values.get("precision") or most):
            message = f"the scale {value} is more than the precision {item.values['precision']}."
            yield Violation(_said(item, name), message, "The scale counts those of the digits that are fractional.")
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
    suggestion = f"Say how many characters with `{examples[name]}`, or use `text`." if name == "length" else None
    path = item.path if item.bare else (*item.path, "type")
    return Violation(path, f"`{kind}` needs `{name}`.", suggestion or f"Write for example `{examples[name]}`.")


def _said(item: ExpandedType, name: str) -> tuple[str | int, ...]:
    return (*item.path, name if name in item.given else "type")


def element_type(schema: ExpandedSchema) -> Iterator[Violation]:
    """The elements of an array and the bounds of a range are of types that both engines can hold there."""
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
            yield Violation(path, f"the elements of `{item.kind}` cannot have a codec.", "Give the codec to the whole.")


def bad_python_type(schema: ExpandedSchema) -> Iterator[Violation]:
    """`python` names a type: of builtins, or `module:Class`."""
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
    """A type with a codec says with `python` what the codec decodes to."""
    for item in schema.types:
        if "codec" in item.given and "python" not in item.values:
            message = "a codec needs `python`: the type of the values that it decodes to."
            yield Violation((*item.path, "codec"), message, "Write for example `python: int`.", on_key=True)


def decimal_sqlite_precision(schema: ExpandedSchema) -> Iterator[Violation]:
    """A decimal has no more digits than SQLite keeps exactly: 15, or 18 with `storage: scaled`."""
    for item in schema.types:
        precision = item.values.get("precision")
        if item.kind != "decimal" or item.named or not isinstance(precision, int):
            continue
        scaled = item.values.get("storage") == "scaled"
        if precision > (18 if scaled else 15):
            most = "18, scaled to an integer" if scaled else "15"
            message = f"SQLite cannot keep a decimal of {precision} digits exactly; at most {most}."
            cure = "Add `storage: scaled`." if not scaled and precision <= 18 else None
            cure = cure or "Take fewer digits, or leave `sqlite` out of the dialects."
            yield Violation(_said(item, "precision"), message, cure)
