"""COPY: the fastest way into Postgres, through psycopg."""

from __future__ import annotations

from typing import Any

from sqlalchemy import Connection, text
from sqlalchemy.exc import DBAPIError

from tablewright.runtime import driver
from tablewright.runtime.incoming import Incoming, line_of, place
from tablewright.runtime.postgres import table_name
from tablewright.runtime.shape import Shape


def available(connection: Connection, shape: Shape[Any]) -> bool:
    """Whether COPY can write the table: by psycopg, and where no row security applies, which refuses it."""
    if connection.dialect.name != "postgresql" or connection.dialect.driver != "psycopg":
        return False
    if any(column.default is not None for column in shape.columns):
        # Defaults that SQLAlchemy makes in Python; none of ours are.
        return False
    name = table_name(connection, shape.table)
    return not connection.execute(text("SELECT row_security_active(CAST(:name AS text))"), {"name": name}).scalar_one()


def copy_in(connection: Connection, shape: Shape[Any], incoming: Incoming) -> None:
    """Writes all rows; consecutive ones that name the same columns share one COPY."""
    while (values := incoming.pull()) is not None:
        names = tuple(name for name in shape.names if name in values)
        first = incoming.number
        preparer = connection.dialect.identifier_preparer
        columns = ", ".join(preparer.quote(shape.by_name[name].name) for name in names)
        sql = f"COPY {table_name(connection, shape.table)} ({columns}) FROM STDIN"
        if not names:
            # A row of nothing but defaults; COPY needs a column.
            connection.execute(shape.table.insert().values({}))
            continue
        try:
            # As text: the binary format wraps integers that are too large, without a word.
            with driver.announced(connection, sql) as cursor, cursor.copy(sql) as copy:
                write = copy.write_row
                for row in incoming.encoded(values, names):
                    write(row)
        except DBAPIError as error:
            line = line_of(error)
            place(error, shape, None if line is None else first + line - 1)
            raise
