"""`CheckedTable`: a table whose constraints include the checks of its columns' types."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Column, Table, literal_column
from sqlalchemy.schema import Constraint

from tablewright.schema import names
from tablewright.schema.types.column_type import ColumnType

_LOCK = threading.RLock()


class CheckedTable(Table):
    """A `sqlalchemy.Table` that creates the checks of its columns' types when its constraints are first read.

    Most columns have one. Together they cost as much as the rest of the table, but only DDL reads them.
    """

    _checks_pending = False
    _creating_checks = False

    def defer_checks(self) -> None:
        """Create the checks when the constraints are first read."""
        self._checks_pending = True

    if not TYPE_CHECKING:

        @property
        def constraints(self) -> set[Constraint]:
            if self._checks_pending:
                self._create_checks()
            return self._constraints

        @constraints.setter
        def constraints(self, constraints: set[Constraint]) -> None:
            self._constraints = constraints

    def _create_checks(self) -> None:
        with _LOCK:
            # Appending a constraint reads the constraints.
            if self._checks_pending and not self._creating_checks:
                self._creating_checks = True
                for column in self.columns:
                    for check in _type_checks(self.name, column):
                        self.append_constraint(check)
                self._checks_pending = self._creating_checks = False


def _type_checks(table_name: str, item: Column[Any]) -> Iterator[CheckConstraint]:
    column_type = item.type
    if not isinstance(column_type, ColumnType):
        return
    name = names.type_check_name(table_name, item.name)
    quoted = '"' + item.name.replace('"', '""') + '"'
    by_dialect = {d: column_type.check(quoted, d) for d in ("sqlite", "postgresql")}
    if by_dialect["sqlite"] == by_dialect["postgresql"]:
        text = by_dialect["sqlite"]
        if text is not None:
            yield CheckConstraint(literal_column(text), name=name)
        return
    for dialect, text in by_dialect.items():
        if text is not None:
            yield CheckConstraint(literal_column(text), name=name).ddl_if(dialect=dialect)
