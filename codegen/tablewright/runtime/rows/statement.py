"""`RowStatement`: a statement with a fixed text that gives whole rows of one table."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Generic, TypeVar

from sqlalchemy import Connection, Dialect
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import Select

from tablewright.runtime.rows.builders import NO_BUILDERS, Builders
from tablewright.runtime.rows.driver import Tuples, read_cursor
from tablewright.runtime.rows.mapper import Shape
from tablewright.runtime.rows.prepared import DriverText, Prepared
from tablewright.runtime.transaction.gate import Gate

RowT = TypeVar("RowT")


class RowStatement(Generic[RowT]):
    """A statement that returns whole rows of *shape*'s table; run by values in the order of *names*."""

    __slots__ = ("_latest", "_prepared", "_shape")

    def __init__(self, shape: Shape[RowT], statement: Select[Any] | UpdateBase, names: tuple[str, ...]) -> None:
        self._shape = shape
        self._prepared = Prepared(statement, names)
        # One tuple, since threads with different databases run the same statement.
        self._latest: tuple[Dialect | None, DriverText | None, Builders[RowT]] = (None, None, NO_BUILDERS)

    def row(self, gate: Gate, driver_connection: Any, values: Sequence[object]) -> RowT | None:
        """The row for *values*, from *driver_connection* or, without one, by SQLAlchemy; inside a call of *gate*."""
        dialect, text, builders = self._latest
        connection = gate.connection
        if driver_connection is None:
            return _first(self._by_sqlalchemy(connection, values))
        if connection.dialect is not dialect:
            text, builders = self._made_for(connection.dialect)
        if text is None:
            return _first(self._by_sqlalchemy(connection, values))
        parameters: tuple[Any, ...] | None = None
        try:
            parameters = text.encode(*values)
            # A cursor of its own each time: a kept one would write outside a savepoint.
            found: Tuples = driver_connection.execute(text.sql, parameters).fetchall()
        except BaseException as error:
            text.fail(connection, error, values, parameters)
        return builders.one(*found[0]) if found else None

    def rows(self, gate: Gate, driver_connection: Any, values: Sequence[object]) -> list[RowT]:
        """All rows for *values*, as `row` gives one."""
        dialect, text, builders = self._latest
        connection = gate.connection
        if driver_connection is None:
            return self._by_sqlalchemy(connection, values)
        if connection.dialect is not dialect:
            text, builders = self._made_for(connection.dialect)
        if text is None:
            return self._by_sqlalchemy(connection, values)
        parameters: tuple[Any, ...] | None = None
        try:
            parameters = text.encode(*values)
            cursor = driver_connection.execute(text.sql, parameters)
        except BaseException as error:
            text.fail(connection, error, values, parameters)
        try:
            return read_cursor(connection.dialect, cursor, builders.many, builders.many_of_text)
        except connection.dialect.loaded_dbapi.Error as error:
            text.fail(connection, error, values, parameters)

    def _made_for(self, dialect: Dialect) -> tuple[DriverText | None, Builders[RowT]]:
        text = self._prepared.text(dialect) if self._shape.strict else None
        builders = self._shape.builders(dialect)
        self._latest = (dialect, text, builders)
        return text, builders

    def _by_sqlalchemy(self, connection: Connection, values: Sequence[object]) -> list[RowT]:
        result = connection.execute(self._prepared.statement, dict(zip(self._prepared.names, values, strict=True)))
        return self._shape.rows(connection, result)


def _first(rows: list[RowT]) -> RowT | None:
    return rows[0] if rows else None


class CountStatement:
    """A statement that returns nothing but how many rows it reached; run as a `RowStatement` is."""

    __slots__ = ("_prepared",)

    def __init__(self, statement: UpdateBase, names: tuple[str, ...]) -> None:
        self._prepared = Prepared(statement, names)

    def count(self, gate: Gate, driver_connection: Any, values: Sequence[object]) -> int:
        """How many rows it reached."""
        connection = gate.connection
        text = self._prepared.text(connection.dialect)
        if text is None or driver_connection is None:
            named = dict(zip(self._prepared.names, values, strict=True))
            return int(connection.execute(self._prepared.statement, named).rowcount)
        parameters: tuple[Any, ...] | None = None
        try:
            parameters = text.encode(*values)
            return int(driver_connection.execute(text.sql, parameters).rowcount)
        except BaseException as error:
            text.fail(connection, error, values, parameters)
