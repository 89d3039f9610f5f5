"""Plain scalars in the core schema of YAML 1.2."""

from __future__ import annotations

import decimal
import re

from tablewright.spec.diagnostic import shown

MAX_DIGITS = 400

_CONSTANTS: dict[str, bool | float | None] = {
    **dict.fromkeys(["", "~", "null", "Null", "NULL"], None),
    **dict.fromkeys(["true", "True", "TRUE"], True),
    **dict.fromkeys(["false", "False", "FALSE"], False),
    **dict.fromkeys([".nan", ".NaN", ".NAN"], float("nan")),
    **dict.fromkeys([s + n for s in ("", "+") for n in (".inf", ".Inf", ".INF")], float("inf")),
    **dict.fromkeys(["-.inf", "-.Inf", "-.INF"], float("-inf")),
}
_DECIMAL_INTEGER = re.compile(r"[-+]?[0-9]+")
_OTHER_INTEGER = re.compile(r"0o[0-7]+|0x[0-9a-fA-F]+")
_FLOAT = re.compile(r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?")


def resolve(text: str) -> bool | int | float | str | None:
    """Return the value of a plain scalar. Raise `ValueError` if it would lose digits."""
    if text in _CONSTANTS:
        return _CONSTANTS[text]
    if text[0] not in "0123456789+-.":
        return text
    if _DECIMAL_INTEGER.fullmatch(text) or _OTHER_INTEGER.fullmatch(text):
        if len(text) > MAX_DIGITS:
            raise ValueError(f"a number of more than {MAX_DIGITS} digits.")
        return int(text, 10 if text[1:2] not in ("o", "x") else 0)
    if not _FLOAT.fullmatch(text):
        return text
    value = float(text)
    if len(text) > MAX_DIGITS or not _same(text, value):
        raise ValueError(f"`{shown(text)}` cannot be represented exactly by a float.")
    return value


def _same(text: str, value: float) -> bool:
    try:
        return decimal.Decimal(text) == decimal.Decimal(repr(value))
    except decimal.InvalidOperation:
        return False
