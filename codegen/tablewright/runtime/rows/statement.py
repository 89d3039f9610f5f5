"""`Statement`: the one way to run a statement with a fixed text, by the driver unless events have listeners."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable, Sequence
from operator import attrgetter
from typing import Any, Generic, TypeVar
from weakref import ref

from sqlalchemy import Connection, CursorResult, Dialect
from sqlalchemy.exc import StatementError
from sqlalchemy.sql.dml import UpdateBase
from sqlalchemy.sql.selectable import Select

from tablewright.runtime.engine.registry import driver_of
from tablewright.runtime.rows import driver
from tablewright.runtime.rows.mapper import RowMapper
from tablewright.runtime.rows.per_dialect import PerDialect
from tablewright.runtime.rows.prepared import DriverText, Prepared
from tablewright.runtime.rows.row_errors import add_value_location
from tablewright.runtime.transaction.gate import driver_connection, listened

T = TypeVar("T")
RowT = TypeVar("RowT")

Compiled = tuple[DriverText | None, Callable[..., Any], Callable[[Any], Any]]
"""A statement for one dialect: its text, what executes it, and what reads the cursor."""


class Statement(ABC, Generic[T]):
    """A statement on the table of *mapper* that returns a T, run by values in the order of *names*.

    *columns* are the columns that these are values of, for messages.
    """

    __slots__ = ("_columns", "_compiled", "_mapper", "prepared")

    def __init__(
        self,
        mapper: RowMapper[Any],
        statement: Select[Any] | UpdateBase,
        names: tuple[str, ...],
        columns: Sequence[str] | None = None,
    ) -> None:
        # The mapper owns its statements: without a cycle they are freed together, and the table with them.
        self._mapper = ref(mapper)
        self.prepared = Prepared(statement, names)
        self._columns = names if columns is None else tuple(columns)
        self._compiled: PerDialect[Compiled] = PerDialect((None, tuple, tuple))

    @property
    def mapper(self) -> RowMapper[Any]:
        """The mapper of the table."""
        mapper = self._mapper()
        assert mapper is not None, "A statement was used after its table."
        return mapper

    @abstractmethod
    def reader(self, dialect: Dialect) -> Callable[[Any], T]:
        """Return a function that reads the result from the driver's cursor."""

    @abstractmethod
    def read(self, connection: Connection, result: CursorResult[Any]) -> T:
        """Read the result from SQLAlchemy's."""

    def run(self, connection: Connection, driver_connection: Any, values: Sequence[object]) -> T:
        """Execute with *values* on *driver_connection*, or if that is None, by SQLAlchemy. Return the result."""
        # The verbs by key call this: it looks up no more than it needs.
        dialect, (text, execute, read) = self._compiled.latest
        try:
            if driver_connection is not None:
                if dialect is not connection.dialect:
                    text, execute, read = self._compiled.get(connection.dialect, self._compile)
                if text is not None:
                    # A cursor of its own each time: a kept one would write outside a savepoint.
                    return read(execute(connection, driver_connection, values))  # type: ignore[no-any-return]
            return self.read(connection, connection.execute(self.prepared.statement, self._named(values)))
        except Exception as error:
            self._fail(connection, error, values)
            raise

    def execute(self, connection: Connection, values: Sequence[object]) -> T:
        """Execute with *values* inside a row-tier call that has entered the gate. Return the result."""
        return self.run(connection, None if listened(connection) else driver_connection(connection), values)

    def _compile(self, dialect: Dialect) -> Compiled:
        text = self.prepared.text(dialect) if self.mapper.strict else None
        return text, tuple if text is None else text.executor(), self.reader(dialect)

    def _named(self, values: Sequence[object]) -> dict[str, object]:
        return dict(zip(self.prepared.names, values, strict=True))

    def _fail(self, connection: Connection, error: Exception, values: Sequence[object]) -> None:
        """Add to *error* which of *values* it is about. Raise it as SQLAlchemy's if it is the driver's."""
        if isinstance(error, StatementError):
            by_column = dict(zip(self._columns, values, strict=False))
            add_value_location(error, self.mapper.table, connection.dialect, by_column)
        elif isinstance(error, connection.dialect.loaded_dbapi.Error):
            # Raised while the cursor was read.
            text = self.prepared.text(connection.dialect)
            if text is not None:
                text.fail(connection, error, values, text.encode(*values))


class RowStatement(Statement[RowT | None], Generic[RowT]):
    """A statement that returns at most one whole row."""

    __slots__ = ()

    def reader(self, dialect: Dialect) -> Callable[[Any], RowT | None]:
        return self.mapper.builders(dialect).first

    def read(self, connection: Connection, result: CursorResult[Any]) -> RowT | None:
        rows: list[RowT] = self.mapper.rows(connection, result)
        return rows[0] if rows else None


class RowsStatement(Statement[list[RowT]], Generic[RowT]):
    """A statement that returns any number of whole rows."""

    __slots__ = ()

    def reader(self, dialect: Dialect) -> Callable[[Any], list[RowT]]:
        builders = self.mapper.builders(dialect)
        return driver_of(dialect).reader(builders.many, builders.many_from_text)

    def read(self, connection: Connection, result: CursorResult[Any]) -> list[RowT]:
        return self.mapper.rows(connection, result)


class CountStatement(Statement[int]):
    """A statement that returns the number of rows it wrote."""

    __slots__ = ()

    def reader(self, dialect: Dialect) -> Callable[[Any], int]:
        return attrgetter("rowcount")

    def read(self, connection: Connection, result: CursorResult[Any]) -> int:
        return int(result.rowcount)


class TuplesStatement(Statement[driver.Tuples]):
    """A statement that returns rows of its own columns, as the driver's tuples."""

    __slots__ = ()

    def reader(self, dialect: Dialect) -> Callable[[Any], driver.Tuples]:
        return driver_of(dialect).reader(list)

    def read(self, connection: Connection, result: CursorResult[Any]) -> driver.Tuples:
        return driver.fetch_all(connection, result)
