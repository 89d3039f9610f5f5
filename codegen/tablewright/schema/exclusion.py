"""Exclusion constraints: Postgres' own, and on SQLite an index and triggers that refuse the same rows."""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from typing import Any, Literal, NamedTuple

from sqlalchemy import Column, Table
from sqlalchemy.exc import CompileError
from sqlalchemy.ext.compiler import compiles
from sqlalchemy.schema import Constraint, ExecutableDDLElement

from tablewright.schema import names
from tablewright.schema.bounds_index import BoundsIndex
from tablewright.schema.emulation import Statement, emulate
from tablewright.schema.range_sql import EMPTY, high, low, overlap, range_type


def emulate_exclusion(constraint: Constraint, elements: Sequence[tuple[str, str]], where: str | None) -> None:
    """Has SQLite hold *constraint*, of pairs of attribute and operator, which only Postgres can be told."""

    def make(name: str, table: Table) -> Iterable[Statement]:
        compared = [(table.c[attribute], operator) for attribute, operator in elements]
        equal = [column for column, operator in compared if operator == "="]
        ranged = [column for column, operator in compared if operator == "&&" and range_type(column) is not None]
        if len(equal) + len(ranged) < len(compared):
            yield "before_create", _Refusal(name)
            return
        said = _Exclusion(name, table, equal, ranged, where)
        if ranged:
            yield "after_create", BoundsIndex(name, table, equal, ranged[0], where)
        yield "after_create", _Trigger(said, "INSERT")
        yield "after_create", _Trigger(said, "UPDATE")

    emulate(constraint, make)


class _Exclusion(NamedTuple):
    """No two rows that meet *where* are the same in the columns *equal* and overlap in the columns *ranged*."""

    name: str
    table: Table
    equal: list[Column[Any]]
    ranged: list[Column[Any]]
    where: str | None


class _Refusal(ExecutableDDLElement):
    """Stands where SQLite would have to do what it cannot."""

    def __init__(self, name: str) -> None:
        self.name = name


@compiles(_Refusal, "sqlite")
def _refuse(refusal: _Refusal, compiler: Any, **_: object) -> str:
    raise CompileError(
        f"SQLite cannot hold the exclusion constraint {refusal.name}: "
        "triggers stand in for `=`, and for `&&` of ranges, alone."
    )


class _Trigger(ExecutableDDLElement):
    """Refuses rows after they were written. Not before: an insert that meets its own key may become an update."""

    def __init__(self, said: _Exclusion, action: Literal["INSERT", "UPDATE"]) -> None:
        self.said = said
        self.action = action


@compiles(_Trigger, "sqlite")
def _trigger(trigger: _Trigger, compiler: Any, **_: object) -> str:
    said, quote = trigger.said, compiler.preparer.quote
    name = quote(names.shortened(f"{said.name}_{trigger.action.lower()}"))
    columns = [*said.equal, *said.ranged]
    # A condition may be of any column, and a computed one is changed by others.
    whole = said.where is not None or any(column.computed for column in columns)
    of = "" if whole or trigger.action == "INSERT" else f" OF {', '.join(quote(column.name) for column in columns)}"
    message = f'conflicting key value violates exclusion constraint "{said.name}"'.replace("'", "''")
    return (
        f"CREATE TRIGGER {name} AFTER {trigger.action}{of} ON {quote(said.table.name)} WHEN {_conflict(said, quote)} "
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def _conflict(said: _Exclusion, quote: Any) -> str:
    table = quote(said.table.name)
    taken = {column.name.lower() for column in said.table.columns}
    rowid = next(name for name in ("rowid", "_rowid_", "oid") if name not in taken)
    where = "" if said.where is None else f" AND ({said.where})"
    others = f"FROM {table} WHERE {rowid} <> NEW.{rowid}{where}"
    others += "".join(f" AND {name} = NEW.{name}" for name in (quote(column.name) for column in said.equal))
    found = f"EXISTS (SELECT 1 {_overlapping(others, [quote(column.name) for column in said.ranged])})"
    return found if not where else f"{found} AND EXISTS (SELECT 1 FROM {table} WHERE {rowid} = NEW.{rowid}{where})"


def _overlapping(others: str, columns: list[str]) -> str:
    """Those of *others* whose ranges all overlap the new row's."""
    every = [overlap(name, f"NEW.{name}") for name in columns]
    if len(columns) != 1:
        return " AND ".join([others, *every])
    # None of the others overlap each other, so of those that do not end before the new one the first would overlap it;
    # two more may come before, which end where it begins: `[1,5)` and `[5,5]` before `(5,9)`.
    (name,) = columns
    near = f"{others} AND {name} <> {EMPTY} AND {high(name)} >= {low(f'NEW.{name}')}"
    return f"FROM (SELECT {name} {near} ORDER BY {high(name)}, {low(name)} LIMIT 3) WHERE {every[0]}"
