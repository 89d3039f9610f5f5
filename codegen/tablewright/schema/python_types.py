"""The Python types that a spec may name: `dict[str, int | None]`, `decimal:Decimal`, `app.models:Address`."""

from __future__ import annotations

import ast
import builtins
import functools
import importlib
import re
from collections.abc import Iterator
from typing import Any

from tablewright.schema.definition import Type
from tablewright.schema.type_registry import TYPES

BUILTINS = frozenset({"bool", "bytes", "dict", "float", "int", "list", "object", "set", "str", "tuple", "None"})
MAX_BRACKETS = 50
_REFERENCE = re.compile(r"[A-Za-z_][\w.]*:[A-Za-z_]\w*")


class PythonTypeError(ValueError):
    """A text that is not a type that a spec may name."""


def parse(text: str) -> tuple[ast.expr, dict[str, str]]:
    """Parse *text*. Return an expression over plain names, and the module of each imported name."""
    if text.count("[") > MAX_BRACKETS:
        raise PythonTypeError(f"`{text[:60]}…` has more than {MAX_BRACKETS} brackets")
    modules: dict[str, str] = {}

    def plain(match: re.Match[str]) -> str:
        module, _, name = match.group().partition(":")
        if modules.setdefault(name, module) != module:
            raise PythonTypeError(f"`{name}` comes from two modules")
        return name

    rewritten = _REFERENCE.sub(plain, text)
    try:
        expression = ast.parse(rewritten, mode="eval").body
    except (SyntaxError, ValueError, RecursionError, MemoryError):
        raise PythonTypeError(f"`{text}` is not a Python type") from None
    for name in _names(expression, text):
        if name not in modules and name not in BUILTINS:
            raise PythonTypeError(f"`{name}` is not a builtin type; add its module: `module:{name}`")
    return expression, modules


def _names(node: ast.expr, text: str) -> Iterator[str]:
    match node:
        case ast.Name(id=name):
            yield name
        case ast.Constant(value=None):
            yield "None"
        case ast.BinOp(left=left, op=ast.BitOr(), right=right):
            yield from _names(left, text)
            yield from _names(right, text)
        case ast.Subscript(value=value, slice=ast.Tuple(elts=items)):
            for item in (value, *items):
                yield from _names(item, text)
        case ast.Subscript(value=value, slice=item):
            yield from _names(value, text)
            yield from _names(item, text)
        case _:
            raise PythonTypeError(f"`{text}` is not a Python type")


@functools.cache
def evaluate(text: str) -> Any:
    """Return the type that *text* names. Raise `PythonTypeError` or `ImportError` if there is none."""
    expression, modules = parse(text)
    namespace: dict[str, Any] = {}
    for name, module in modules.items():
        try:
            namespace[name] = getattr(importlib.import_module(module), name)
        except AttributeError:
            raise PythonTypeError(f"module `{module}` has no `{name}`") from None
    return _evaluate(expression, namespace)


def _evaluate(node: ast.expr, namespace: dict[str, Any]) -> Any:
    match node:
        case ast.Name(id=name):
            return namespace[name] if name in namespace else getattr(builtins, name)
        case ast.BinOp(left=left, right=right):
            return _evaluate(left, namespace) | _evaluate(right, namespace)
        case ast.Subscript(value=value, slice=ast.Tuple(elts=items)):
            return _evaluate(value, namespace)[tuple(_evaluate(item, namespace) for item in items)]
        case ast.Subscript(value=value, slice=item):
            return _evaluate(value, namespace)[_evaluate(item, namespace)]
        case _:
            return None


def python_type(spec: Type) -> str:
    """Return the Python type of *spec*'s values, as `evaluate` reads it; not for enums, arrays and ranges."""
    python = spec.python or TYPES[spec.kind].python
    assert python is not None
    return python
