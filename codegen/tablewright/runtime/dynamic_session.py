"""`DynamicSession`: what a session offers for tables that are known at run time only."""

from __future__ import annotations

from typing import TYPE_CHECKING, ClassVar

import sqlalchemy

from tablewright.runtime.gate import GatedSession
from tablewright.runtime.package import Package

if TYPE_CHECKING:
    from tablewright.runtime.dynamic.definitions import Definition
    from tablewright.runtime.dynamic.dynamic_table import DynamicTable

# Rows, and what makes tables, are loaded when they are first used.


class DynamicSession(GatedSession):
    """A session that reads, writes and makes tables for which no code was generated."""

    package: ClassVar[Package]
    _namespace: str | None

    def table(self, table: sqlalchemy.Table, /) -> DynamicTable:
        """The rows of a table that no code was generated for, read and written as those of any other."""
        from tablewright.runtime.dynamic.dynamic_table import dynamic_table

        return dynamic_table(self, table)

    def ensure_table(self, name: str, definition: Definition, /) -> sqlalchemy.Table:
        """The table *name*, made in this transaction where it is not there; others know it once that is committed.

        `TableConflictError` where the database has another table of that name.
        """
        from tablewright.runtime.dynamic.registry import ensure_in_session

        return ensure_in_session(self, self._namespace, self.package, name, definition)
