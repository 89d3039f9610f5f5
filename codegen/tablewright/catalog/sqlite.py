"""The tables of a SQLite database, read from its pragmas."""

from __future__ import annotations

import re
import sqlite3
from collections.abc import Callable, Iterable
from contextlib import closing
from typing import Any, TypeAlias

from sqlalchemy import Connection, Table
from sqlalchemy.schema import CreateIndex, CreateTable

from tablewright.catalog.checks import checked_values, limits
from tablewright.catalog.reflected_table import CatalogColumn, CatalogForeignKey, CatalogTable, CatalogUnique
from tablewright.schema import names

Fetch: TypeAlias = Callable[[str, tuple[Any, ...]], Iterable[Any]]

_GENERATED = (2, 3)
_STRING = re.compile(r"'(?:[^']|'')*'|\"(?:[^\"]|\"\")*\"")


def read(connection: Connection, table: Table) -> CatalogTable | str | None:
    """Read the table of *table*'s name. Return a message if it is no table, None if it does not exist."""
    schema = connection.schema_for_object(table) or "main"

    def fetch(sql: str, parameters: tuple[Any, ...]) -> Iterable[Any]:
        return connection.exec_driver_sql(sql, parameters).fetchall()

    return _read(fetch, table, schema)


def expected_table(connection: Connection, table: Table) -> CatalogTable | str:
    """Return *table* as the database would store it: it is created in memory and read in the same way."""
    dialect = connection.dialect
    with closing(sqlite3.connect(":memory:")) as scratch:
        schema = table.schema
        if schema is not None:
            scratch.execute(f"ATTACH ':memory:' AS {dialect.identifier_preparer.quote(schema)}")
        scratch.execute(str(CreateTable(table).compile(dialect=dialect)))
        for index in table.indexes:
            if index.unique:
                scratch.execute(str(CreateIndex(index).compile(dialect=dialect)))

        def fetch(sql: str, parameters: tuple[Any, ...]) -> Iterable[Any]:
            return scratch.execute(sql, parameters).fetchall()

        expected = _read(fetch, table, schema or "main")
        assert isinstance(expected, CatalogTable)
        return expected


def _read(fetch: Fetch, table: Table, schema: str) -> CatalogTable | str | None:
    name = table.name
    quoted = '"' + schema.replace('"', '""') + '"'
    kinds = list(fetch(f"SELECT type, sql FROM {quoted}.sqlite_master WHERE name = ? AND type <> 'index'", (name,)))
    if not kinds:
        return None
    kind, sql = kinds[0]
    if kind != "table":
        return f"{name} is a {kind}, not a table."
    automatic = re.search(r"\bAUTOINCREMENT\b", _STRING.sub("", sql), re.IGNORECASE) is not None
    columns: dict[str, CatalogColumn] = {}
    primary_key: set[str] = set()
    for column, declared_type, not_null, in_key, hidden in fetch(
        'SELECT name, type, "notnull", pk, hidden FROM pragma_table_xinfo(?, ?)', (name, schema)
    ):
        if in_key:
            primary_key.add(column)
        check = _check(table, column, sql)
        columns[column] = CatalogColumn(
            type=" ".join(declared_type.upper().split()),
            nullable=not not_null,
            automatic=bool(in_key and automatic),
            computed=hidden in _GENERATED,
            values=None if check is None else checked_values(table, column, check),
            limits=None if check is None else limits(check),
        )
    return CatalogTable(
        columns, frozenset(primary_key), _uniques(fetch, name, schema), _foreign_keys(fetch, name, schema)
    )


def _check(table: Table, column: str, sql: str) -> str | None:
    check = names.type_check_name(table.name, column).replace('"', '""')
    match = re.search(rf"CONSTRAINT \"?{re.escape(check)}\"? CHECK \((.*)", sql)
    return None if match is None else match[1]


def _uniques(fetch: Fetch, name: str, schema: str) -> frozenset[CatalogUnique]:
    parts: dict[tuple[str, bool], set[str]] = {}
    for index, partial, column in fetch(
        "SELECT l.name, l.partial, i.name FROM pragma_index_list(?, ?) AS l, pragma_index_info(l.name, ?) AS i "
        "WHERE l.\"unique\" AND l.origin <> 'pk'",
        (name, schema, schema),
    ):
        columns = parts.setdefault((index, bool(partial)), set())
        if column is not None:
            columns.add(column)
    return frozenset(CatalogUnique(frozenset(columns), partial) for (_, partial), columns in parts.items())


def _foreign_keys(fetch: Fetch, name: str, schema: str) -> frozenset[CatalogForeignKey]:
    parts: dict[tuple[int, str, str, str], set[tuple[str, str]]] = {}
    for number, target, own, referenced, on_delete, on_update in fetch(
        'SELECT id, "table", "from", "to", on_delete, on_update FROM pragma_foreign_key_list(?, ?)', (name, schema)
    ):
        # A foreign key without columns references the primary key.
        parts.setdefault((number, target, on_delete, on_update), set()).add((own, referenced or ""))
    return frozenset(
        CatalogForeignKey(frozenset(pairs), target, on_delete, on_update)
        for (_, target, on_delete, on_update), pairs in parts.items()
    )
