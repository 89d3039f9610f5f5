"""Butler's cases of aggregates, patterns and times, which need only SQLAlchemy's own constructs here."""

from __future__ import annotations

import re
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, NamedTuple

import pytest
import sqlalchemy
from sqlalchemy import func, literal_column, select, union_all

from tablewright.runtime.expressions.patterns import glob
from tablewright.spec.models import ColumnSpec, TableSpec

MOMENTS = {
    "epoch": datetime(1970, 1, 1, tzinfo=UTC),
    "before": datetime(1950, 1, 1, 12, 30, 15, 123456, tzinfo=UTC),
    "far": datetime(2101, 12, 31, 23, 59, 59, 999999, tzinfo=UTC),
    "none": None,
}


class Named(NamedTuple):
    """A value and a name."""

    value: int
    name: str


@pytest.fixture
def db(case: Any, place: str) -> Iterator[Any]:
    """Create rows of `b`: two of each of three values."""
    with case.Database(place) as database:
        database.create()
        with database.session() as session:
            session.b.insert_many([{"name": f"b{n}", "value": n // 2} for n in range(6)])
        yield database


def test_aggregate(db: Any, case: Any) -> None:
    """test_aggregate: one statement returns a chosen row of each group on both databases."""
    expected = [Named(0, "b0"), Named(1, "b2"), Named(2, "b4")]
    grouped = select(case.B.value, func.min(case.B.name).label("name")).group_by(case.B.value)
    number = func.row_number().over(partition_by=case.B.value, order_by=case.B.name).label("number")
    ranked = select(case.B.value, case.B.name, number).subquery()
    distinct = select(ranked.c.value, ranked.c.name).where(ranked.c.number == 1)
    with db.session(read_only=True) as session:
        for statement in (grouped, distinct):
            assert session.rows(statement.order_by(literal_column("1")), Named) == expected


def test_aggregate_of_a_union(db: Any, case: Any) -> None:
    """test_aggregate: the same holds over a union, whose two halves have the same groups."""
    halves = union_all(
        select(case.B.value, case.B.name).where(case.B.name < "b3"),
        select(case.B.value, case.B.name).where(case.B.name >= "b3"),
    ).subquery()
    statement = select(halves.c.value, func.max(halves.c.name).label("name")).group_by(halves.c.value)
    with db.session(read_only=True) as session:
        found = session.rows(statement.order_by(halves.c.value), Named)
    assert found == [Named(0, "b1"), Named(1, "b3"), Named(2, "b5")]


PATTERNS = [
    ("b*", {"b", "b%", "b_x", "bxx", r"b\x"}),
    ("b?x", {"b_x", "bxx", r"b\x"}),
    ("*%", {"b%"}),
    ("b_*", {"b_x"}),
    (r"b\\*", {r"b\x"}),
    (r"\*", {"*"}),
    ("[*]", {"[x]"}),
    ("B*", {"B"}),
    ("", {""}),
]


@pytest.mark.parametrize(("pattern", "expected"), PATTERNS)
def test_glob(case: Any, place: str, pattern: str, expected: set[str]) -> None:
    """Butler's glob_expression: only `*` and `?` are wildcards, a backslash escapes them, and case counts."""
    words = ["b", "B", "b%", "b_x", "bxx", r"b\x", "*", "[x]", ""]
    with case.Database(place) as db:
        db.create()
        with db.session() as session:
            session.a.insert_many([{"name": word} for word in words])
            assert {row.name for row in session.a.select(glob(case.A.name, pattern))} == expected
            assert session.scalar(select(glob(session.b.c.name, pattern))) is None


def test_explain(db: Any, case: Any) -> None:
    """Butler's debugging of queries: `explain` returns a statement's plan with its parameters, without running it."""
    with db.session() as session:
        plan = session.explain(select(case.B).where(case.B.name == "b1"))
        assert re.search("SEARCH b USING INDEX|Scan.* on b", plan)
        session.explain(sqlalchemy.delete(case.B))
        assert session.b.count() == 6


def test_times(db: Any) -> None:
    """test_ddl's time type: None stays None, and timestamps are exact to the microsecond; none is cut to 1970."""
    spec = TableSpec(
        name="moment",
        columns={
            "name": ColumnSpec(type="string", length=16, primary_key=True),
            "at": ColumnSpec(type="timestamptz", nullable=True),
        },
    )
    table = db.ensure_table("moment", spec)
    with db.session() as session:
        session.table(table).insert_many([{"name": name, "at": at} for name, at in MOMENTS.items()])
        assert {row.name: row.at for row in session.table(table).select()} == MOMENTS
        ordered = session.table(table).select(table.c.at.is_not(None), order_by=table.c.at)
        assert [row.name for row in ordered] == ["before", "epoch", "far"]
