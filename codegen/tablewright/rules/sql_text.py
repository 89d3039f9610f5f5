"""The rule about the text of SQL expressions in a spec."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tablewright.rules.rule import Violation
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.models import SqlSpec
from tablewright.spec.yaml_reader import Path

# Whole strings and quoted names, then tokens that an expression must not contain, then brackets.
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
    """SQL in a spec is one complete expression: quotes and brackets are closed, with no comment and no `;`."""
    for path, text in dict.fromkeys(_texts(schema)):
        error = sql_error(text)
        if error is not None:
            message, suggestion = error
            yield Violation(path, message, suggestion)


def _texts(schema: ExpandedSchema) -> Iterator[tuple[Path, str]]:
    for column in schema.written_columns:
        for key in ("default_sql", "touch", "computed"):
            text = getattr(column.spec, key)
            if text is not None:
                yield (*column.path, key), text
    for name, spec in schema.spec.types.items():
        for dialect, text in spec.sql.items():
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


def sql_error(text: str) -> tuple[str, str | None] | None:
    """Return why *text* is not one complete expression, and a suggestion; `None` if it is one."""
    if not text.strip():
        return "the SQL is empty.", "Write an expression, or remove the key."
    if "\0" in text:
        return "the SQL contains a NUL character.", "Remove it."
    open_brackets: list[str] = []
    for token in _TOKEN.finditer(text):
        match token.lastgroup:
            case "open_quote" | "open_escaped":
                return f"the SQL has a {token.group()} that is not closed.", "Double a quote within a string."
            case "comment":
                return f"the SQL contains a comment: `{token.group()}`.", "Move it to `doc`."
            case "end":
                return "the SQL contains a `;`, but it must be one expression.", "Remove it."
            case "open":
                open_brackets.append(")" if token.group() == "(" else "]")
            case "close":
                if not open_brackets or open_brackets.pop() != token.group():
                    return f"the SQL has a `{token.group()}` that is not opened.", None
            case _:
                pass
    if open_brackets:
        return f"the SQL is missing a `{open_brackets[-1]}`.", None
    return None
