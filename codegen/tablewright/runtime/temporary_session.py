"""`TemporarySession`: what a session offers for temporary tables."""

from __future__ import annotations

from collections.abc import Generator
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Any, TypeVar, cast, overload

import sqlalchemy

from tablewright.runtime.errors import TemporaryTablesDisabledError
from tablewright.runtime.gate import GatedSession

if TYPE_CHECKING:
    from tablewright.runtime.dynamic.definitions import Definition
    from tablewright.runtime.dynamic.dynamic_table import DynamicTable
    from tablewright.runtime.table import Table
    from tablewright.runtime.temporary.definition import Source
    from tablewright.runtime.temporary.tables import TemporaryTables

    TableT = TypeVar("TableT", bound=Table[Any, Any])


class TemporarySession(GatedSession):
    """A session that makes tables of its own, in read-only databases too; they are gone when its transaction ends."""

    allow_temporary_tables: bool = True
    """Whether the database that the session is over has temporary tables."""

    @overload
    def make_temporary_table(self, definition: type[TableT], name: str | None = None) -> TableT: ...
    @overload
    def make_temporary_table(self, definition: TableT, name: str | None = None) -> TableT: ...
    @overload
    def make_temporary_table(self, definition: Definition, name: str | None = None) -> DynamicTable: ...
    def make_temporary_table(self, definition: Source, name: str | None = None) -> Any:
        """Makes a temporary table, which nobody else sees: its verbs, and as their `table` the SQLAlchemy table.

        *definition* is a generated table (`BookTable` or `session.book`), whose columns, checks and unique keys it
        has, but no foreign keys; or a `TableSpec`, a table of a canonical schema, a SQLAlchemy `Table`. Without a
        *name* it gets one of its own; a name that a table has already is refused. It is gone when the transaction
        ends, whether it is committed or not.
        """
        return self._tables().make(definition, name)

    def drop_temporary_table(self, table: Table[Any, Any] | sqlalchemy.Table) -> None:
        """Drops a temporary table of this session, said by its verbs or their `table`, before its transaction ends."""
        found: object = table if isinstance(table, sqlalchemy.Table) else getattr(table, "table", None)
        if not isinstance(found, sqlalchemy.Table):
            raise TypeError(f"A temporary table is what make_temporary_table gave, not {table!r}.")
        self._tables().drop(cast("sqlalchemy.Table", found))

    @overload
    def temporary_table(self, definition: type[TableT], name: str | None = None) -> AbstractContextManager[TableT]: ...
    @overload
    def temporary_table(self, definition: TableT, name: str | None = None) -> AbstractContextManager[TableT]: ...
    @overload
    def temporary_table(
        self, definition: Definition, name: str | None = None
    ) -> AbstractContextManager[DynamicTable]: ...
    @contextmanager
    def temporary_table(self, definition: Source, name: str | None = None) -> Generator[Any, None, None]:
        """As `make_temporary_table`, for a `with` block, at whose end the table is dropped."""
        tables = self._tables()
        made = tables.make(definition, name)
        try:
            yield made
        except BaseException as error:
            tables.leave(made.table, error)
            raise
        tables.leave(made.table, None)

    def _tables(self) -> TemporaryTables:
        if not self.allow_temporary_tables:
            raise TemporaryTablesDisabledError(
                "This database was opened without temporary tables: Database(…, allow_temporary_tables=False)."
            )
        # The row tier is loaded when it is first used.
        from tablewright.runtime.temporary import tables as temporary_tables

        return temporary_tables.of(self)
