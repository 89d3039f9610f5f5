"""The rule that asks SQLite itself about the SQL of a spec."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

from tablewright.rules.rule import Violation
from tablewright.rules.sql_text import wrong
from tablewright.schema.definition import PORTABLE
from tablewright.spec.diagnostic import did_you_mean, shown
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.expanded import ExpandedTable
from tablewright.spec.models import SqlSpec
from tablewright.spec.yaml_reader import Path

_NO_COLUMN = re.compile(r"no such column: (.+)")
# A program may bring functions of its own, and other SQLites have others.
_FUNCTION = re.compile(r"no such function|unknown function|wrong number of arguments")


def sql_sqlite(schema: ExpandedSchema) -> Iterator[Violation]:
    """SQL in a spec is SQL to SQLite, and names columns that its table has."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for name, said in schema.spec.types.items():
            text = said.sql.get("sqlite")
            if text is not None and wrong(text) is None:
                fault = _fault(connection, f"CREATE TABLE main.asked (it {text})")
                if fault is not None:
                    message = f"SQLite does not take this type: {fault}."
                    yield Violation(("types", name, "sql", "sqlite"), message, "Write a type as in CREATE TABLE.")
        for table in schema.tables:
            if _askable(schema, table):
                yield from _ask(connection, table)


def _askable(schema: ExpandedSchema, table: ExpandedTable) -> bool:
    # A table that lacks a column, or has one twice, draws findings enough.
    names = [column.stored.casefold() for column in table.columns.values()]
    mixed = all(name in schema.spec.mixins for name in table.spec.include)
    parts = {path for path, _ in table.parts}
    whole = not any(path[:2] in parts for path in schema.incomplete)
    return bool(names) and len(set(names)) == len(names) and mixed and whole and "\0" not in "".join(names)


def _ask(connection: sqlite3.Connection, table: ExpandedTable) -> Iterator[Violation]:
    columns = [_quoted(column.stored) for column in table.columns.values()]
    plain = f"CREATE TABLE main.asked ({', '.join(columns)})"
    for path, text, statement in _statements(table, columns):
        if wrong(text) is not None:
            continue
        setup = [] if statement.startswith("CREATE TABLE") else [plain]
        fault = _fault(connection, *setup, statement)
        if fault is not None:
            yield Violation(path, *_said(fault, table))


def _fault(connection: sqlite3.Connection, *statements: str) -> str | None:
    try:
        connection.execute("DROP TABLE IF EXISTS main.asked")
        for statement in statements:
            connection.execute(statement)
    except (sqlite3.Error, sqlite3.Warning) as error:
        return None if _FUNCTION.search(str(error)) else str(error)
    return None


def _statements(table: ExpandedTable, columns: list[str]) -> Iterator[tuple[Path, str, str]]:
    listed = ", ".join(columns)
    for check in table.checks:
        yield check.path, check.sql, f"CREATE TABLE main.asked ({listed}, CHECK ({check.sql}))"
    for number, column in enumerate(table.columns.values()):
        said = column.spec
        others = [*columns[:number], *columns[number + 1 :]]
        if said.default_sql is not None and said.default_sql not in PORTABLE:
            made = ", ".join([f"{columns[number]} DEFAULT ({said.default_sql})", *others])
            yield (*column.path, "default_sql"), said.default_sql, f"CREATE TABLE main.asked ({made})"
        if said.touch is not None and said.touch not in PORTABLE:
            yield (*column.path, "touch"), said.touch, f"EXPLAIN UPDATE main.asked SET {columns[number]} = {said.touch}"
        if said.computed is not None:
            # With a column beside it: SQLite wants one that is not computed.
            made = ", ".join([*others, "_", f"{columns[number]} GENERATED ALWAYS AS ({said.computed}) STORED"])
            yield (*column.path, "computed"), said.computed, f"CREATE TABLE main.asked ({made})"
    for unique in table.uniques:
        if unique.where is not None:
            yield (*unique.path, "where"), unique.where, _index(columns[0], unique.where)
    for index in table.indexes:
        for number, item in enumerate(index.elements):
            if isinstance(item, SqlSpec):
                yield (*index.path, "columns", number, "sql"), item.sql, _index(item.sql)
        if index.where is not None:
            yield (*index.path, "where"), index.where, _index(columns[0], index.where)


def _index(element: str, where: str | None = None) -> str:
    return f"CREATE INDEX main.by_it ON asked ({element})" + ("" if where is None else f" WHERE {where}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _said(error: str, table: ExpandedTable) -> tuple[str, str | None]:
    found = _NO_COLUMN.match(error)
    if found is None:
        return f"SQLite does not take this SQL: {error}.", "Leave `sqlite` out of the dialects if that is meant."
    stored = [column.stored for column in table.columns.values()]
    near = did_you_mean(found[1], stored) or f"It has {', '.join(stored[:12])}."
    return f"the table `{table.name}` has no column `{shown(found[1])}` in the database.", near
