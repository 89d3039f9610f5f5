"""The rule that checks the SQL of a spec with SQLite itself."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Iterator
from contextlib import closing

from tablewright.rules.rule import Violation
from tablewright.rules.sql_text import sql_error
from tablewright.schema.definition import PORTABLE
from tablewright.spec.diagnostic import did_you_mean, shown
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.expanded import ExpandedTable
from tablewright.spec.models import SqlSpec
from tablewright.spec.yaml_reader import Path

_NO_COLUMN = re.compile(r"no such column: (.+)")
# A program may register its own functions, and other versions of SQLite have others.
_FUNCTION = re.compile(r"no such function|unknown function|wrong number of arguments")


def sql_sqlite(schema: ExpandedSchema) -> Iterator[Violation]:
    """SQL in a spec is valid in SQLite, and names columns that the table has."""
    with closing(sqlite3.connect(":memory:", isolation_level=None)) as connection:
        for name, spec in schema.spec.types.items():
            text = spec.sql.get("sqlite")
            if text is not None and sql_error(text) is None:
                error = _sqlite_error(connection, f"CREATE TABLE main.checked (value {text})")
                if error is not None:
                    message = f"SQLite does not accept this type: {error}."
                    yield Violation(("types", name, "sql", "sqlite"), message, "Write a type as in CREATE TABLE.")
        for table in schema.tables:
            if _is_checkable(schema, table):
                yield from _check(connection, table)


def _is_checkable(schema: ExpandedSchema, table: ExpandedTable) -> bool:
    # A missing or duplicate column has been reported already.
    names = [column.stored.casefold() for column in table.columns.values()]
    mixed = all(name in schema.spec.mixins for name in table.spec.include)
    parts = {path for path, _ in table.parts}
    whole = not any(path[:2] in parts for path in schema.incomplete)
    return bool(names) and len(set(names)) == len(names) and mixed and whole and "\0" not in "".join(names)


def _check(connection: sqlite3.Connection, table: ExpandedTable) -> Iterator[Violation]:
    columns = [_quoted(column.stored) for column in table.columns.values()]
    plain = f"CREATE TABLE main.checked ({', '.join(columns)})"
    for path, text, statement in _statements(table, columns):
        if sql_error(text) is not None:
            continue
        setup = [] if statement.startswith("CREATE TABLE") else [plain]
        error = _sqlite_error(connection, *setup, statement)
        if error is not None:
            yield Violation(path, *_explain(error, table))


def _sqlite_error(connection: sqlite3.Connection, *statements: str) -> str | None:
    try:
        connection.execute("DROP TABLE IF EXISTS main.checked")
        for statement in statements:
            connection.execute(statement)
    except (sqlite3.Error, sqlite3.Warning) as error:
        return None if _FUNCTION.search(str(error)) else str(error)
    return None


def _statements(table: ExpandedTable, columns: list[str]) -> Iterator[tuple[Path, str, str]]:
    listed = ", ".join(columns)
    for check in table.checks:
        yield check.path, check.sql, f"CREATE TABLE main.checked ({listed}, CHECK ({check.sql}))"
    for number, column in enumerate(table.columns.values()):
        spec = column.spec
        others = [*columns[:number], *columns[number + 1 :]]
        if spec.default_sql is not None and spec.default_sql not in PORTABLE:
            definition = ", ".join([f"{columns[number]} DEFAULT ({spec.default_sql})", *others])
            yield (*column.path, "default_sql"), spec.default_sql, f"CREATE TABLE main.checked ({definition})"
        if spec.touch is not None and spec.touch not in PORTABLE:
            yield (
                (*column.path, "touch"),
                spec.touch,
                f"EXPLAIN UPDATE main.checked SET {columns[number]} = {spec.touch}",
            )
        if spec.computed is not None:
            # With another column: SQLite requires one that is not computed.
            definition = ", ".join([*others, "_", f"{columns[number]} GENERATED ALWAYS AS ({spec.computed}) STORED"])
            yield (*column.path, "computed"), spec.computed, f"CREATE TABLE main.checked ({definition})"
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
    return f"CREATE INDEX main.by_expression ON checked ({element})" + ("" if where is None else f" WHERE {where}")


def _quoted(name: str) -> str:
    return '"' + name.replace('"', '""') + '"'


def _explain(error: str, table: ExpandedTable) -> tuple[str, str | None]:
    match = _NO_COLUMN.match(error)
    if match is None:
        return f"SQLite does not accept this SQL: {error}.", "If this is intended, remove `sqlite` from the dialects."
    stored = [column.stored for column in table.columns.values()]
    near = did_you_mean(match[1], stored) or f"It has {', '.join(stored[:12])}."
    return f"the table `{table.name}` has no column `{shown(match[1])}` in the database.", near
