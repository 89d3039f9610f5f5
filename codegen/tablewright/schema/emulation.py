"""How SQLite gets statements of its own for what it lacks: with the table that something is part of."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Literal, TypeAlias
from weakref import WeakSet

from sqlalchemy import Index, Table, event
from sqlalchemy.schema import Constraint, ExecutableDDLElement

Statement: TypeAlias = tuple[Literal["before_create", "after_create"], ExecutableDDLElement]


def emulate(item: Constraint | Index, make: Callable[[str, Table], Iterable[Statement]]) -> None:
    """Has SQLite execute what *make* makes of the name of *item* and its table when that is created.

    A constraint that needs it is one of Postgres alone.
    """
    known: WeakSet[Table] = WeakSet()

    def attached(made: Constraint | Index, table: Table) -> None:
        if isinstance(made, Constraint):
            # Here, since a copy of it does not take that along.
            made.ddl_if(dialect="postgresql")
        # It comes with its columns, and once more by itself.
        if table not in known:
            known.add(table)
            for moment, statement in make(str(made.name), table):
                event.listen(table, moment, statement.execute_if(dialect="sqlite"))

    # Also where the table is copied to other metadata.
    event.listen(item, "after_parent_attach", attached, propagate=True)
