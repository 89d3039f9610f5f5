"""Literal defaults in canonical JSON form, proved to fit the type of their column."""

from __future__ import annotations

import base64
import binascii
import datetime as dt
import decimal
import enum
import functools
import hashlib
import math
from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING, TypeGuard, cast

import msgspec

from tablewright.schema import definition as d
from tablewright.schema.python_types import evaluate
from tablewright.schema.range import Range
from tablewright.schema.type_registry import TYPES, RegisteredType

if TYPE_CHECKING:
    from sqlalchemy import Dialect

MAX_DEPTH = 50
"""The maximum depth of a JSON literal: Python cannot compile source with 200 open brackets."""


class LiteralError(ValueError):
    """A literal is not a value of its type. The message contains the expected form."""


def canonical_literal(value: object, type_: d.Type, enums: Sequence[d.Enum] = ()) -> d.Json:
    """Return *value*, given in YAML or Python, in the canonical JSON form of the type.

    Raise `LiteralError` if it is not a value of the type in both dialects.
    """
    raw = _canonical(value, type_, enums)
    key = _key(raw, type_, enums)
    if key is not None and key in PROVED:
        return cast("d.Json", msgspec.json.decode(PROVED[key]))
    proved = _proved(raw, type_, enums)
    if key is not None and len(PROVED) < _MOST_PROVED:
        PROVED[key] = msgspec.json.encode(proved).decode()
    return proved


PROVED: dict[str, str] = {}
"""The proved literals in JSON, by the digest of the literal and its type."""
_MOST_PROVED = 10_000


def _key(raw: d.Json, type_: d.Type, enums: Sequence[d.Enum]) -> str | None:
    if not type_.closed:
        return None
    kinds = [type_]
    while (element := kinds[-1].of) is not None:
        kinds.append(element)
    used = [item for item in enums if any(kind.enum == item.name for kind in kinds)]
    return hashlib.sha256(msgspec.json.encode([raw, type_, used])).hexdigest()[:32]


def _proved(raw: d.Json, type_: d.Type, enums: Sequence[d.Enum]) -> d.Json:
    # Imported only for a new literal: SQLAlchemy takes longer to load than a run with little to do.
    from tablewright.schema.build import build_type, default_value
    from tablewright.schema.types import RangeOf

    try:
        column_type = build_type(type_, enums)
        python = default_value(type_, raw, column_type)
        if isinstance(column_type, RangeOf):
            raw = _range(column_type.canonical(python), type_, enums)
        for dialect in _dialects():
            encode = column_type.encoder(dialect)
            if encode is not None:
                encode(python)
    except LiteralError:
        raise
    except Exception as error:
        # A type raises exceptions of the driver; a codec or a `python` type may raise anything.
        raise LiteralError(str(error) or type(error).__name__) from error
    return raw


@functools.cache
def _dialects() -> tuple[Dialect, ...]:
    from sqlalchemy.dialects.postgresql.base import PGDialect
    from sqlalchemy.dialects.sqlite.base import SQLiteDialect

    # SQLAlchemy leaves it untyped.
    return SQLiteDialect(), PGDialect()  # type: ignore[no-untyped-call]  # SQLAlchemy's own


def _canonical(value: object, type_: d.Type, enums: Sequence[d.Enum]) -> d.Json:
    if type_.codec is not None:
        return _json(value)
    match TYPES[type_.kind].literal:
        case "integer":
            if isinstance(value, int) and not isinstance(value, bool):
                return int(value)
        case "number":
            if isinstance(value, int | float) and not isinstance(value, bool):
                return _float(value)
        case "decimal":
            return _decimal(value, type_.scale or 0)
        case "boolean":
            if isinstance(value, bool):
                return value
        case "text":
            if isinstance(value, str) and not isinstance(value, enum.Enum):
                return value
        case "base64":
            return _bytes(value)
        case "json":
            return _typed_json(value, type_)
        case "member":
            return _enum(value, next(item for item in enums if item.name == type_.enum))
        case "list":
            if _is_list(value) and type_.of is not None:
                return [_canonical(item, type_.of, enums) for item in value]
        case "range":
            return _range(value, type_, enums)
        case "iso" | "iso zoned":
            return _moment(value, TYPES[type_.kind])
    raise LiteralError(f"{_shown(value)} is not {TYPES[type_.kind].expected}")


def _is_list(value: object) -> TypeGuard[Sequence[object]]:
    return isinstance(value, list | tuple)


def _shown(value: object) -> str:
    text = repr(value)
    return text if len(text) <= 60 else f"{text[:57]}..."


def _float(value: float) -> float:
    try:
        number = float(value)
    except OverflowError:
        number = math.inf
    if not math.isfinite(number):
        raise LiteralError(f"{_shown(value)} cannot be a default; only finite numbers can")
    return number


def _decimal(value: object, scale: int) -> str:
    match value:
        case bool():
            raise LiteralError(f"{value} is not a number")
        case int() | decimal.Decimal():
            number = decimal.Decimal(value)
        case float() if len(repr(value).replace(".", "").lstrip("-0")) <= 15 or value.is_integer():
            number = decimal.Decimal(repr(value))
        case float():
            raise LiteralError(f"{value!r} has more digits than a float represents exactly; put it in quotes")
        case str():
            try:
                number = decimal.Decimal(value)
            except decimal.InvalidOperation:
                raise LiteralError(f"{_shown(value)} is not a number") from None
        case _:
            raise LiteralError(f"{_shown(value)} is not a number")
    if not number.is_finite():
        raise LiteralError(f"{_shown(value)} is not a finite number")
    exact = decimal.Context(prec=2000)
    rounded = number.quantize(decimal.Decimal(1).scaleb(-scale), context=exact)
    if rounded != number:
        raise LiteralError(f"{_shown(value)} has more than {scale} digits after the point")
    return format(rounded or abs(rounded), "f")  # not -0


def _bytes(value: object) -> str:
    if isinstance(value, bytes | bytearray):
        return base64.b64encode(value).decode()
    wrong = LiteralError(f"{_shown(value)} is not text in base64")
    if not isinstance(value, str):
        raise wrong
    try:
        return base64.b64encode(base64.b64decode(value, validate=True)).decode()
    except (binascii.Error, ValueError):
        raise wrong from None


def _json(value: object) -> d.Json:
    try:
        plain: d.Json = msgspec.json.decode(msgspec.json.encode(value))
    except (TypeError, ValueError, msgspec.MsgspecError, RecursionError) as error:
        raise LiteralError(f"{_shown(value)} cannot be written as JSON: {error}") from None
    if _nests(plain, MAX_DEPTH):
        raise LiteralError(f"{_shown(value)} is nested more than {MAX_DEPTH} deep")
    return plain


def _nests(node: d.Json, levels: int) -> bool:
    if not isinstance(node, dict | list):
        return False
    items = node.values() if isinstance(node, dict) else node
    return levels == 0 or any(_nests(item, levels - 1) for item in items)


def _typed_json(value: object, type_: d.Type) -> d.Json:
    plain = _json(value)
    if type_.python is None:
        return plain
    try:
        msgspec.convert(plain, evaluate(type_.python))
    except (ValueError, ImportError) as error:
        raise LiteralError(f"{_shown(value)} is not a `{type_.python}`: {error}") from None
    return plain


def _enum(value: object, definition: d.Enum) -> str:
    member = value.value if isinstance(value, enum.Enum) else value
    if not isinstance(member, str) or member not in definition.values:
        raise LiteralError(f"{_shown(member)} is not a value of the enum `{definition.name}`")
    return str(member)


def _moment(value: object, row: RegisteredType) -> str:
    python = evaluate(row.python or "")
    wrong = LiteralError(f"{_shown(value)} is not {row.expected}")
    if python is dt.date and isinstance(value, dt.datetime):
        raise wrong
    if isinstance(value, str):
        try:
            value = msgspec.convert(value, python)
        except msgspec.ValidationError:
            raise wrong from None
    if not isinstance(value, python):
        raise wrong
    if isinstance(value, dt.datetime | dt.time) and (value.tzinfo is not None) != (row.literal == "iso zoned"):
        raise wrong
    if isinstance(value, dt.datetime) and value.tzinfo is not None:
        value = value.astimezone(dt.UTC)
    return str(msgspec.to_builtins(value))


def _range(value: object, type_: d.Type, enums: Sequence[d.Enum]) -> d.Json:
    assert type_.of is not None
    parts, expected = _range_parts(value), TYPES[type_.kind].expected
    if parts is None or not set(parts) <= {"lower", "upper", "bounds", "empty"}:
        raise LiteralError(f"{_shown(value)} is not {expected}")
    empty, bounds = parts.get("empty", False), parts.get("bounds", "[)")
    if not isinstance(empty, bool) or bounds not in ("[)", "[]", "(]", "()"):
        raise LiteralError(f"{_shown(value)} is not {expected}, with `bounds` of `[)`, `[]`, `(]` or `()`")
    if empty:
        return {"empty": True}
    result: dict[str, d.Json] = {
        end: _canonical(parts[end], type_.of, enums) for end in ("lower", "upper") if parts.get(end) is not None
    }
    return result if bounds == "[)" else result | {"bounds": str(bounds)}


def _range_parts(value: object) -> Mapping[object, object] | None:
    match value:
        case Range():
            return {"lower": value.lower, "upper": value.upper, "bounds": value.bounds, "empty": value.empty}
        case Mapping():
            return cast("Mapping[object, object]", value)
        case _:
            return None
