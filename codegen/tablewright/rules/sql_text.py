"""The rule about SQL that a spec holds."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tablewright.rules.rule import Violation
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.models import SqlSpec
from tablewright.spec.yaml_reader import Path

# Strings and quoted names whole, then what an expression must not have, then brackets.
_TOKEN = re.compile(
    r"""(?P<escaped>(?<![A-Za-z0-9_])[eE]'(?:[^'\\]|''|\\.)*')
    |(?P<open_escaped>(?<![A-Za-z0-9_])[eE]')
    |(?P<string>'(?:[^']|'')*')
    |(?P<name>"(?:[^"]|"")*")
    |(?P<open_quote>['"])
    |(?P<comment>--|/\*|\*/)
    |(?P<end>;)
    |(?P<open>[(\[])
    |(?P<close>[)\]])""",
    re.VERBOSE | re.DOTALL,
)


def bad_sql_text(schema: ExpandedSchema) -> Iterator[Violation]:
    """SQL in a spec is one whole expression: quotes and brackets closed, no comment, no `;`."""
    for path, text in dict.fromkeys(_texts(schema)):
        fault = wrong(text)
        if fault is not None:
            message, suggestion = fault
            yield Violation(path, message, suggestion)


def _texts(schema: ExpandedSchema) -> Iterator[tuple[Path, str]]:
    for column in schema.written_columns:
        for key in ("default_sql", "touch", "computed"):
            text = getattr(column.spec, key)
            if text is not None:
                yield (*column.path, key), text
    for name, said in schema.spec.types.items():
        for dialect, text in said.sql.items():
            yield ("types", name, "sql", str(dialect)), text
    for table in schema.tables:
        yield from ((check.path, check.sql) for check in table.checks)
        for unique in table.uniques:
            if unique.where is not None:
                yield (*unique.path, "where"), unique.where
        for index in table.indexes:
            for number, item in enumerate(index.elements):
                if isinstance(item, SqlSpec):
                    yield (*index.path, "columns", number, "sql"), item.sql
            if index.where is not None:
                yield (*index.path, "where"), index.where
        for exclusion in table.exclusions:
            if exclusion.where is not None:
                yield (*exclusion.path, "where"), exclusion.where


def wrong(text: str) -> tuple[str, str | None] | None:
    """What keeps *text* from being one whole expression, and what to do about it; `None` if nothing does."""
    if not text.strip():
        return "the SQL is empty.", "Write an expression, or remove the key."
    if "\0" in text:
        return "the SQL has a NUL character.", "Remove it."
    open_brackets: list[str] = []
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "open_quote" | "open_escaped":
                return f"the SQL has a {token.group()} that is never closed.", "Double a quote within a string."
            case "comment":
                return f"the SQL has a comment: `{token.group()}`.", "Say it in `doc`."
            case "end":
                return "the SQL has a `;`, but it must be one expression.", "Remove it."
            case "open":
                open_brackets.append(")" if token.group() == "(" else "]")
            case "close":
                if not open_brackets or open_brackets.pop() != token.group():
                    return f"the SQL has a `{token.group()}` that nothing opens.", None
            case _:
                pass
    if open_brackets:
        return f"the SQL lacks a `{open_brackets[-1]}`.", None
    return None
