"""Emulation: statements that SQLite executes with a table in place of features it does not support."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias
from weakref import WeakSet

from sqlalchemy import Index, Table, event
from sqlalchemy.schema import Constraint, ExecutableDDLElement

Statement: TypeAlias = tuple[Literal["before_create", "after_create"], ExecutableDDLElement]


def emulate(item: Constraint | Index, make: Callable[[str, Table], Iterable[Statement]]) -> None:
    """Let SQLite execute the statements of *make*, a function of *item*'s name and table, with the table's DDL.

    A constraint that is emulated is created on Postgres only.
    """
    done: WeakSet[Table] = WeakSet()

    def attached(item: Constraint | Index, table: Table) -> None:
        if isinstance(item, Constraint):
            # Set here, because copies of the constraint lose it.
            item.ddl_if(dialect="postgresql")
        # The event fires with the columns, and again with the item.
        if table not in done:
            done.add(table)
            for occasion, statement in make(str(item.name), table):
                event.listen(table, occasion, statement.execute_if(dialect="sqlite"))

    # Also for copies of the table in other metadata.
    event.listen(item, "after_parent_attach", attached, propagate=True)
