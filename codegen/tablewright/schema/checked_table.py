"""`CheckedTable`: a table whose constraints include what the types of its columns ask for."""

from __future__ import annotations

import threading
from collections.abc import Iterator
from typing import TYPE_CHECKING, Any

from sqlalchemy import CheckConstraint, Column, Table, literal_column
from sqlalchemy.schema import Constraint

from tablewright.schema import names
from tablewright.schema.types.column_type import ColumnType

_saying = threading.RLock()


class CheckedTable(Table):
    """A `sqlalchemy.Table` that makes the checks of its columns' types when its constraints are first looked at.

    Most columns have one, and all of them together cost as much as the rest of the table, but only DDL reads them.
    """

    _unsaid = False
    _being_said = False

    def say_checks_when_asked(self) -> None:
        """Has the checks made with the first look at the constraints."""
        self._unsaid = True

    if not TYPE_CHECKING:

        @property
        def constraints(self) -> set[Constraint]:
            if self._unsaid:
                self._say_checks()
            return self._constraints

        @constraints.setter
        def constraints(self, constraints: set[Constraint]) -> None:
            self._constraints = constraints

    def _say_checks(self) -> None:
        with _saying:
            # What is appended looks at the constraints itself.
            if self._unsaid and not self._being_said:
                self._being_said = True
                for column in self.columns:
                    for check in _type_checks(self.name, column):
                        self.append_constraint(check)
                self._unsaid = self._being_said = False


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
