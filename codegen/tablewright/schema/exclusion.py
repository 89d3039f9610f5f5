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
    """Emulate *constraint*, of pairs (attribute, operator), on SQLite."""

    def make(name: str, table: Table) -> Iterable[Statement]:
        compared = [(table.c[attribute], operator) for attribute, operator in elements]
        equal = [column for column, operator in compared if operator == "="]
        ranged = [column for column, operator in compared if operator == "&&" and range_type(column) is not None]
        if len(equal) + len(ranged) < len(compared):
            yield "before_create", _Refusal(name)
            return
        exclusion = _Exclusion(name, table, equal, ranged, where)
        if ranged:
            yield "after_create", BoundsIndex(name, table, equal, ranged[0], where)
        yield "after_create", _Trigger(exclusion, "INSERT")
        yield "after_create", _Trigger(exclusion, "UPDATE")

    emulate(constraint, make)


class _Exclusion(NamedTuple):
    """No two rows that meet *where* are the same in the columns *equal* and overlap in the columns *ranged*."""

    name: str
    table: Table
    equal: list[Column[Any]]
    ranged: list[Column[Any]]
    where: str | None


class _Refusal(ExecutableDDLElement):
    """The error for an exclusion constraint that SQLite cannot emulate."""

    def __init__(self, name: str) -> None:
        self.name = name


@compiles(_Refusal, "sqlite")
def _refuse(refusal: _Refusal, compiler: Any, **_: object) -> str:
    raise CompileError(
        f"SQLite cannot enforce the exclusion constraint {refusal.name}: "
        "only `=`, and `&&` of ranges, can be emulated by triggers."
    )


class _Trigger(ExecutableDDLElement):
    """A trigger that refuses rows after they were written. Not before: an upsert may turn an insert into an update."""

    def __init__(self, exclusion: _Exclusion, action: Literal["INSERT", "UPDATE"]) -> None:
        self.exclusion = exclusion
        self.action = action


@compiles(_Trigger, "sqlite")
def _trigger(trigger: _Trigger, compiler: Any, **_: object) -> str:
    exclusion, quote = trigger.exclusion, compiler.preparer.quote
    name = quote(names.shortened(f"{exclusion.name}_{trigger.action.lower()}"))
    columns = [*exclusion.equal, *exclusion.ranged]
    # A condition may use any column, and computed columns change with others.
    whole = exclusion.where is not None or any(column.computed for column in columns)
    of = "" if whole or trigger.action == "INSERT" else f" OF {', '.join(quote(column.name) for column in columns)}"
    message = f'conflicting key value violates exclusion constraint "{exclusion.name}"'.replace("'", "''")
    conflict = _conflict(exclusion, quote)
    return (
        f"CREATE TRIGGER {name} AFTER {trigger.action}{of} ON {quote(exclusion.table.name)} WHEN {conflict} "
        f"BEGIN SELECT RAISE(ABORT, '{message}'); END"
    )


def _conflict(exclusion: _Exclusion, quote: Any) -> str:
    table = quote(exclusion.table.name)
    taken = {column.name.lower() for column in exclusion.table.columns}
    rowid = next(name for name in ("rowid", "_rowid_", "oid") if name not in taken)
    where = "" if exclusion.where is None else f" AND ({exclusion.where})"
    others = f"FROM {table} WHERE {rowid} <> NEW.{rowid}{where}"
    others += "".join(f" AND {name} = NEW.{name}" for name in (quote(column.name) for column in exclusion.equal))
    conflict = f"EXISTS (SELECT 1 {_overlapping(others, [quote(column.name) for column in exclusion.ranged])})"
    return (
        conflict if not where else f"{conflict} AND EXISTS (SELECT 1 FROM {table} WHERE {rowid} = NEW.{rowid}{where})"
    )


def _overlapping(others: str, columns: list[str]) -> str:
    """Restrict *others* to the rows whose ranges all overlap the new row's."""
    every = [overlap(name, f"NEW.{name}") for name in columns]
    if len(columns) != 1:
        return " AND ".join([others, *every])
    # The others do not overlap each other: the first that does not end before the new one would overlap it.
    # Two more may come before it, which end where it begins: `[1,5)` and `[5,5]` before `(5,9)`.
    (name,) = columns
    near = f"{others} AND {name} <> {EMPTY} AND {high(name)} >= {low(f'NEW.{name}')}"
    return f"FROM (SELECT {name} {near} ORDER BY {high(name)}, {low(name)} LIMIT 3) WHERE {every[0]}"
