"""COPY: the fastest way into Postgres, through psycopg."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, NamedTuple

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from tablewright.runtime.bulk.input_rows import InputRows
from tablewright.runtime.engine.postgres import quoted, table_name
from tablewright.runtime.engine.registry import driver_of
from tablewright.runtime.rows import driver
from tablewright.runtime.rows.mapper import RowMapper
from tablewright.runtime.rows.row_errors import add_row_location, line_of
from tablewright.schema.types import ColumnType

CATALOG_QUERY = text("""
SELECT a.attname, t.oid, format_type(a.atttypid, a.atttypmod),
    CASE WHEN NOT o.collisdeterministic THEN '' WHEN t.typtype = 'e' THEN 'enum'
        WHEN t.typnamespace = 'pg_catalog'::regnamespace THEN t.typname ELSE '' END,
    NOT c.relhasrules AND NOT row_security_active(c.oid),
    has_database_privilege(current_database(), 'TEMPORARY') AND current_setting('transaction_read_only') = 'off'
        AND NOT EXISTS (SELECT FROM pg_trigger WHERE tgrelid = c.oid AND NOT tgisinternal)
        AND NOT EXISTS (SELECT FROM pg_constraint WHERE conrelid = c.oid AND confrelid = c.oid)
FROM pg_class AS c
JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0 AND NOT a.attisdropped
JOIN pg_type AS t ON t.oid = a.atttypid
LEFT JOIN pg_collation AS o ON o.oid = a.attcollation
WHERE c.oid = CAST(CAST(:name AS text) AS regclass)
""")
TEXT_OID = 25


class StoredColumn(NamedTuple):
    """The type of a column as the database has it."""

    oid: int
    sql: str
    """As DDL spells it."""
    name: str
    """`pg_type.typname` of a built-in type, `enum` of an ENUM; empty for others, and where unlike text may be equal."""


class CopyTarget(NamedTuple):
    """A table that COPY can write, as the database has it."""

    columns: dict[str, StoredColumn]
    stageable: bool
    """Whether rows may go into it all in one statement, by way of a temporary table, as if one after the other.

    Triggers and rows that refer to one another would see the difference.
    """


def find_target(connection: Connection, mapper: RowMapper[Any]) -> CopyTarget | None:
    """The table, where COPY can write it: by psycopg, and not under row security or rules, as views are."""
    if not driver_of(connection.dialect).supports_copy:
        return None
    if any(column.default is not None for column in mapper.columns):
        # Defaults that SQLAlchemy makes in Python; none of ours are.
        return None
    found = connection.execute(CATALOG_QUERY, {"name": table_name(connection, mapper.table)}).all()
    if not found or not found[0][4]:
        return None
    return CopyTarget({name: StoredColumn(*of_type) for name, *of_type, _, _ in found}, found[0][5])


def copy_in(connection: Connection, mapper: RowMapper[Any], target: CopyTarget, input_rows: InputRows) -> None:
    """Writes all rows; consecutive ones that name the same columns share one COPY."""
    name = table_name(connection, mapper.table)
    while (names := input_rows.names()) is not None:
        if not names:
            # Rows of nothing but defaults; COPY needs a column.
            for _ in input_rows.run():
                connection.execute(mapper.table.insert().values({}))
            continue
        first = input_rows.number
        try:
            write(
                connection, name, stored_columns(mapper, names), binary_types(mapper, target, names), input_rows.run()
            )
        except DBAPIError as error:
            line = line_of(error)
            add_row_location(error, mapper.table, None if line is None else first + line - 1)
            raise


def stored_columns(mapper: RowMapper[Any], names: tuple[str, ...]) -> list[str]:
    """The database's names of the columns *names*."""
    return [mapper.by_name[name].name for name in names]


def binary_types(mapper: RowMapper[Any], target: CopyTarget, names: tuple[str, ...]) -> list[int] | None:
    """The types as which psycopg is to send values of the columns; None where one of them has to go as text.

    Nobody but our encoders proves that a value fits, and only for types that are in the database what the
    encoders take them for: a binary integer that is too large would be cut, without a word.
    """
    types: list[int] = []
    for name in names:
        column = mapper.by_name[name]
        stored = target.columns.get(column.name)
        if stored is None or not isinstance(column.type, ColumnType) or not column.type.binary(stored.name):
            return None
        # The binary form of an ENUM is the text of its label.
        types.append(TEXT_OID if stored.name == "enum" else stored.oid)
    return types


def write(
    connection: Connection,
    table: str,
    columns: Sequence[str],
    types: Sequence[int] | None,
    rows: Iterable[tuple[Any, ...]],
) -> int:
    """Writes encoded *rows* by one COPY, in binary with *types*, else as text; how many."""
    form = "" if types is None else " (FORMAT binary)"
    sql = f"COPY {table} ({', '.join(map(quoted, columns))}) FROM STDIN{form}"
    with driver.cursor_with_events(connection, sql) as cursor:
        return driver_of(connection.dialect).copy_in(cursor, sql, types, rows)
