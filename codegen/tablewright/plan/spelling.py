"""Types, values and prose of a schema as Python source."""

from __future__ import annotations

import ast
import copy
import datetime as dt
import decimal
import enum
import functools
import inspect
import json
import re
import uuid
from typing import Any, cast

import msgspec

from tablewright.plan.imports import Imports
from tablewright.schema import definition as d, names, python_types
from tablewright.schema.range import Range
from tablewright.schema.type_registry import TYPES


def annotation(spec: d.Type, schema: d.Schema, imports: Imports) -> str:
    """Return the Python type of a column's values, without None."""
    if spec.codec is None or spec.python is None:
        match spec.kind:
            case "enum":
                return imports.use("..enums", schema.enum(spec.enum or "").class_name)
            case "array":
                assert spec.of is not None
                return f"{imports.builtin('list')}[{annotation(spec.of, schema, imports)}]"
            case "range":
                assert spec.of is not None
                return f"{imports.use('tablewright.schema.range', 'Range')}[{annotation(spec.of, schema, imports)}]"
            case _:
                pass
    return python_type(python_types.python_type(spec), imports)


def python_type(text: str, imports: Imports) -> str:
    """Return a Python type that a spec names, in the module's local names."""
    expression, modules = _parsed(text)

    def local(name: str) -> str:
        return imports.use(modules[name], name) if name in modules else imports.builtin(name)

    if isinstance(expression, ast.Name):
        return local(expression.id)
    expression = copy.deepcopy(expression)
    for node in ast.walk(expression):
        if isinstance(node, ast.Name):
            node.id = local(node.id)
    return ast.unparse(expression)


# Cached, because schemas have many columns of few types.
_parsed = functools.cache(python_types.parse)


def column_type(spec: d.Type, schema: d.Schema, imports: Imports) -> str:
    """Return the expression that creates a column's type."""
    types = imports.use("tablewright.schema", "types")
    call = f"{types}.{_type_call(spec, schema, imports)}"
    if spec.codec is not None:
        module, _, name = spec.codec.partition(":")
        call = f"{types}.CodecType({imports.use(module, name)}(), {call})"
    if spec.sql:
        sql = ", ".join(f"{dialect}={json.dumps(text)}" for dialect, text in sorted(spec.sql.items()))
        call = f"{call}.with_ddl({sql})"
    return call


def _type_call(spec: d.Type, schema: d.Schema, imports: Imports) -> str:
    row = TYPES[spec.kind]
    arguments = list(map(str, spec.numbers))
    if spec.kind == "enum":
        enum_definition = schema.enum(spec.enum or "")
        arguments.append(imports.use("..enums", enum_definition.class_name))
        if enum_definition.native:
            arguments.append(f"native={quoted(enum_definition.name)}")
    if "of" in row.parameters:
        assert spec.of is not None
        arguments.append(column_type(spec.of, schema, imports))
    if "python" in row.parameters:
        arguments.append(python_type(python_types.python_type(spec), imports))
    if spec.storage == "scaled":
        arguments.append("scaled=True")
    return f"{row.class_name}({', '.join(arguments)})"


def default(column: d.Column, schema: d.Schema, imports: Imports) -> str:
    """Return a column's literal default as Python source."""
    row = TYPES[column.type.kind]
    if row.literal == "json":
        return _json_default(column, imports)
    if row.literal_is_python and column.type.codec is None:
        return literal(column.default, imports)
    # Loaded only for values that need conversion: SQLAlchemy takes longer than a small incremental run.
    from tablewright.schema import build

    value = build.python_default(column, build.build_type(column.type, schema.enums))
    return literal(value, imports)


def _json_default(column: d.Column, imports: Imports) -> str:
    plain = literal(column.default, imports)
    text = python_types.python_type(column.type)
    if not python_types.parse(text)[1]:
        return plain
    convert = imports.use("msgspec", "convert")
    return f"{convert}({plain}, {python_type(text, imports)})"


def literal(value: Any, imports: Imports) -> str:
    """Return *value* as Python source in the module's local names; raise `TypeError` for other classes."""
    match value:
        case enum.Enum():
            return f"{imports.use('..enums', type(value).__name__)}.{value.name}"
        case str():
            return quoted(value)
        case float() if value in (float("inf"), float("-inf")):
            return f"{imports.builtin('float')}({quoted(str(value))})"
        case None | bool() | int() | float() | bytes():
            return repr(value)
        case decimal.Decimal():
            return f"{imports.use('decimal', 'Decimal')}({quoted(str(value))})"
        case uuid.UUID():
            return f"{imports.use('uuid', 'UUID')}({quoted(str(value))})"
        case dt.timedelta():
            return f"{imports.use('datetime', 'timedelta')}({value.days}, {value.seconds}, {value.microseconds})"
        case dt.datetime() | dt.date() | dt.time():
            name = imports.use("datetime", type(value).__name__)
            return f"{name}.fromisoformat({quoted(value.isoformat())})"
        case Range():
            return _range(cast("Range[Any]", value), imports)
        case list():
            items = cast("list[Any]", value)
            return f"[{', '.join(literal(item, imports) for item in items)}]"
        case dict():
            entries = cast("dict[Any, Any]", value)
            pairs = (f"{literal(key, imports)}: {literal(item, imports)}" for key, item in entries.items())
            return f"{{{', '.join(pairs)}}}"
        case _:
            return literal(msgspec.to_builtins(value), imports)


def _range(value: Range[Any], imports: Imports) -> str:
    name = imports.use("tablewright.schema.range", "Range")
    if value.empty:
        return f"{name}.nothing()"
    bounds = "" if value.bounds == "[)" else f", {quoted(value.bounds)}"
    return f"{name}({literal(value.lower, imports)}, {literal(value.upper, imports)}{bounds})"


def quoted(text: str) -> str:
    """Return *text* as a string literal: printable characters as they are, all others escaped."""
    return '"' + _escaped(text).replace('"', '\\"') + '"'


def docstring(text: str, indent: int = 0) -> str:
    """Return *text* as a docstring literal whose cleaned value is exactly the text.

    Prose that `inspect.cleandoc` does not change keeps its lines, indented by *indent*; other text is
    one line of escapes.
    """
    lines = [_prose(line) for line in text.split("\n")]
    if len(lines) > 1 and _keeps_lines(text):
        margin = "\n" + " " * indent
        body = "".join(margin + line if line else "\n" for line in lines[1:])
        return f'"""{lines[0]}{body}{margin}"""'
    body = "\\n".join(lines)
    # Formatters strip spaces at a docstring's edges, and a quote at the end would end it.
    if body[:1] == " ":
        body = "\\x20" + body[1:]
    if body[-1:] == " ":
        body = body[:-1] + "\\x20"
    elif re.search(r'(?<!\\)(\\\\)*"$', body):
        body = body[:-1] + '\\"'
    return f'"""{body}"""'


def column_doc(column: d.Column, indent: int) -> str | None:
    """Return the docstring of a column's attribute, or None."""
    notice = f"Deprecated: {column.deprecated}" if column.deprecated else None
    parts = [text for text in (column.doc, notice) if text]
    return docstring("\n\n".join(parts), indent) if parts else None


def _keeps_lines(text: str) -> bool:
    return inspect.cleandoc(text) == text and all(line == line.rstrip() for line in text.split("\n"))


def _prose(line: str) -> str:
    return _escaped(line).replace('"""', '\\"\\"\\"')


def _escaped(text: str) -> str:
    text = text.replace("\\", "\\\\")
    return text if text.isprintable() else "".join(map(_printable, text))


def _printable(character: str) -> str:
    if character.isprintable():
        return character
    code = ord(character)
    if code < 0x100:
        return f"\\x{code:02x}"
    return f"\\u{code:04x}" if code < 0x10000 else f"\\U{code:08x}"


def member_names(enum_definition: d.Enum) -> tuple[tuple[str, str], ...]:
    """Return pairs of a member's name and its value's literal."""
    return tuple((names.member_name(value), quoted(value)) for value in enum_definition.values)
