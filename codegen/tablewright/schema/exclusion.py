"""Exclusion constraints: Postgres' own, and on SQLite an index and triggers that refuse the same rows."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any
from weakref import WeakSet

from sqlalchemy import Table, event
from sqlalchemy.exc import CompileError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import Constraint, ExecutableDDLElement

from tablewright.schema import names
from tablewright.schema.range_sql import EMPTY, high, low, overlap, range_type

Elements = Sequence[tuple[str, str]]


def on_each_engine(constraint: Constraint, elements: Elements, where: str | None) -> None:
    """Has Postgres make *constraint*, of pairs of attribute and operator, and SQLite what comes to the same."""

    known: WeakSet[Table] = WeakSet()

    def attached(made: Constraint, table: Table) -> None:
        made.ddl_if(dialect="postgresql")
        # It comes with its columns, and once more by itself.
        if table in known:
            return
        known.add(table)
        for part in (_Index, _AfterInsert, _AfterUpdate):
            event.listen(table, "after_create", part(made, table, elements, where).execute_if(dialect="sqlite"))

    # Also where the table is copied to other metadata.
    event.listen(constraint, "after_parent_attach", attached, propagate=True)


class _Part(ExecutableDDLElement):
    """A statement of those that hold a constraint on SQLite."""

    def __init__(self, constraint: Constraint, table: Table, elements: Elements, where: str | None) -> None:
        self.name = str(constraint.name)
        self.table = table
        self.elements = elements
        self.where = where


class _Index(_Part):
    """The index by which conflicting rows are found, as Postgres has one behind the constraint."""


class _AfterInsert(_Part):
    """Refuses new rows. Not before they are inserted: one that meets its own key may become an update."""


class _AfterUpdate(_Part):
    """Refuses rows that have changed."""


@compiles(_Index, "sqlite")
def _index(part: _Index, compiler: Any, **_: object) -> str:
    say = compiler.preparer
    parts = [say.quote(name) for name in _columns(part, "=")]
    some = [] if part.where is None else [f"({part.where})"]
    for name in _columns(part, "&&")[:1]:
        parts += [high(say.quote(name)), low(say.quote(name))]
        some.append(_has_values(say.quote(name)))
    where = f" WHERE {' AND '.join(some)}" if some else ""
    return f"CREATE INDEX {say.quote(part.name)} ON {say.quote(part.table.name)} ({', '.join(parts)}){where}"


@compiles(_AfterInsert, "sqlite")
def _after_insert(part: _AfterInsert, compiler: Any, **_: object) -> str:
    return _trigger(part, compiler.preparer, "insert", "INSERT")


@compiles(_AfterUpdate, "sqlite")
def _after_update(part: _AfterUpdate, compiler: Any, **_: object) -> str:
    columns = [part.table.c[attribute] for attribute, _ in part.elements]
    # A condition may be of any column, and a computed one is changed by others.
    of = ", ".join(compiler.preparer.quote(column.name) for column in columns)
    some = part.where is None and not any(column.computed for column in columns)
    return _trigger(part, compiler.preparer, "update", f"UPDATE OF {of}" if some else "UPDATE")


def _trigger(part: _Part, say: Any, suffix: str, action: str) -> str:
    table = say.quote(part.table.name)
    taken = {column.name.lower() for column in part.table.columns}
    rowid = next(name for name in ("rowid", "_rowid_", "oid") if name not in taken)
    own = "" if part.where is None else f" AND ({part.where})"
    others = f"FROM {table} WHERE {rowid} <> NEW.{rowid}{own}"
    others += "".join(f" AND {say.quote(name)} = NEW.{say.quote(name)}" for name in _columns(part, "="))
    found = f"EXISTS (SELECT 1 {_overlapping(others, [say.quote(name) for name in _columns(part, '&&')])})"
    if own:
        found += f" AND EXISTS (SELECT 1 FROM {table} WHERE {rowid} = NEW.{rowid}{own})"
    name = say.quote(names.shortened(f"{part.name}_{suffix}"))
    message = f'conflicting key value violates exclusion constraint "{part.name}"'.replace("'", "''")
    return f"CREATE TRIGGER {name} AFTER {action} ON {table} WHEN {found} BEGIN SELECT RAISE(ABORT, '{message}'); END"


def _overlapping(others: str, columns: list[str]) -> str:
    """Those of *others* whose ranges all overlap the new row's."""
    every = [overlap(name, f"NEW.{name}") for name in columns]
    if len(columns) != 1:
        return " AND ".join([others, *every])
    # None of the others overlap each other, so of those that do not end before the new one the first would overlap it;
    # two more may come before, which end where it begins: `[1,5)`, `[5,5]`, and now `(5,9)`.
    (name,) = columns
    near = f"{others} AND {_has_values(name)} AND {high(name)} >= {low(f'NEW.{name}')}"
    return f"FROM (SELECT {name} {near} ORDER BY {high(name)}, {low(name)} LIMIT 3) WHERE {every[0]}"


def _has_values(column: str) -> str:
    return f"{column} <> {EMPTY}"


def _columns(part: _Part, operator: str) -> list[str]:
    """The database's names of the columns that are compared by *operator*."""
    found: list[str] = []
    for attribute, said in part.elements:
        column = part.table.c[attribute]
        if said != "=" and (said != "&&" or range_type(column) is None):
            raise CompileError(
                f"SQLite cannot hold the exclusion constraint {part.name}: for {column.name} {said} it has nothing, "
                "only for `=`, and `&&` of ranges."
            )
        if said == operator:
            found.append(column.name)
    return found
