"""COPY: the fastest way to insert rows into Postgres."""

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
    """The type of a column in the database."""

    oid: int
    sql: str
    """Its DDL."""
    name: str
    """`pg_type.typname` of a built-in type, `enum` for an ENUM. Empty for others, and if unequal text can be equal."""


class CopyTarget(NamedTuple):
    """A table of the database that COPY can write."""

    columns: dict[str, StoredColumn]
    stageable: bool
    """Whether one statement for all rows, by way of a temporary table, is the same as a statement for each.

    Triggers and rows that reference each other would notice the difference.
    """


def find_target(connection: Connection, mapper: RowMapper[Any]) -> CopyTarget | None:
    """Return the table if the driver has COPY and the table no row security and no rules; a view has rules."""
    if not driver_of(connection.dialect).supports_copy:
        return None
    if any(column.default is not None for column in mapper.columns):
        # Defaults that SQLAlchemy computes in Python, which none of ours are.
        return None
    rows = connection.execute(CATALOG_QUERY, {"name": table_name(connection, mapper.table)}).all()
    if not rows or not rows[0][4]:
        return None
    return CopyTarget({name: StoredColumn(*of_type) for name, *of_type, _, _ in rows}, rows[0][5])


def copy_in(connection: Connection, mapper: RowMapper[Any], target: CopyTarget, input_rows: InputRows) -> None:
    """Write all rows. Consecutive rows with the same columns share one COPY."""
    name = table_name(connection, mapper.table)
    while (names := input_rows.names()) is not None:
        if not names:
            # Rows with defaults only; COPY needs a column.
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
    """Return the names in the database of the columns *names*."""
    return [mapper.by_name[name].name for name in names]


def binary_types(mapper: RowMapper[Any], target: CopyTarget, names: tuple[str, ...]) -> list[int] | None:
    """Return the types as which the driver sends the columns in binary; None if one of them must be sent as text.

    Only our encoders check that a value fits, and only for columns that have the expected type in the database. A
    binary integer that is too large would be truncated silently.
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
    """Write encoded *rows* by one COPY, in binary as *types* or as text. Return the number written."""
    form = "" if types is None else " (FORMAT binary)"
    sql = f"COPY {table} ({', '.join(map(quoted, columns))}) FROM STDIN{form}"
    with driver.cursor_with_events(connection, sql) as cursor:
        return driver_of(connection.dialect).copy_in(cursor, sql, types, rows)
