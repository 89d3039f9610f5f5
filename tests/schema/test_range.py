"""Operations of ranges, without a database."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any, get_args

import pytest
from hypothesis import given, strategies as st

from tablewright.schema.range import Bounds, Range

NUMBERS = range(-2, 9)
"""Beyond the bounds of the ranges below, so that unbounded ranges go further."""


@st.composite
def ranges(draw: st.DrawFn, whole: bool = True) -> Range[Any]:
    """Return a range of a few small numbers: integers, or decimals, which are continuous."""
    if draw(st.integers(0, 9)) == 0:
        return Range(empty=True)
    ends = sorted(draw(st.lists(st.integers(0, 6), min_size=2, max_size=2)))
    lower, upper = (None if draw(st.booleans()) and draw(st.booleans()) else (n if whole else Decimal(n)) for n in ends)
    return Range(lower, upper, draw(st.sampled_from(get_args(Bounds))))


def values(of: Range[Any], whole: bool = True) -> set[Any]:
    """Return the numbers in a range: integers, or also the halves between them for all others."""
    if whole:
        return {n for n in NUMBERS if n in of}
    return {n for half in range(-4, 18) if (n := Decimal(half) / 2) in of}


@pytest.mark.parametrize("whole", [True, False], ids=["integers", "decimals"])
@given(data=st.data())
def test_as_sets(whole: bool, data: st.DataObject) -> None:
    """Operations of ranges agree with those of the sets of their values."""
    a, b = data.draw(ranges(whole)), data.draw(ranges(whole))
    mine, its = values(a, whole), values(b, whole)
    assert a.overlaps(b) == bool(mine & its)
    assert a.contains(b) == (its <= mine)
    assert a.before(b) == bool(mine and its and max(mine) < min(its))
    assert a.after(b) == b.before(a)
    assert values(a.intersection(b), whole) == mine & its
    assert a.intersection(b) == b.intersection(a)
    parts = a.difference(b)
    assert [values(part, whole) for part in parts if not values(part, whole)] == []
    assert set[Any]().union(*(values(part, whole) for part in parts)) == mine - its
    assert (a.canonical() == b.canonical()) == (mine == its)


@pytest.mark.parametrize("whole", [True, False], ids=["integers", "decimals"])
@given(data=st.data(), number=st.integers(0, 6))
def test_with_values(whole: bool, data: st.DataObject, number: int) -> None:
    """A value is in, before or after a range if it is so for the values of the range."""
    of = data.draw(ranges(whole))
    value: Any = number if whole else Decimal(number)
    mine = values(of, whole)
    assert of.contains(value) == (value in of) == (value in mine)
    assert of.before(value) == bool(mine and max(mine) < value)
    assert of.after(value) == bool(mine and min(mine) > value)


@pytest.mark.parametrize(
    ("given", "canonical"),
    [
        (Range(1, 4, "[]"), Range(1, 5)),
        (Range(0, 5, "(]"), Range(1, 6)),
        (Range(1, 2, "()"), Range(empty=True)),
        (Range(None, None, "()"), Range()),
        (Range(dt.date(2026, 1, 1), None, "(]"), Range(dt.date(2026, 1, 2))),
        (Range(dt.date(2026, 1, 1), dt.date.max, "[]"), Range(dt.date(2026, 1, 1), dt.date.max, "[]")),
        (Range(Decimal(1), Decimal(1)), Range(empty=True)),
        (Range(Decimal(1), Decimal(2), "(]"), Range(Decimal(1), Decimal(2), "(]")),
        (Range(dt.datetime(2026, 1, 1), None, "(]"), Range(dt.datetime(2026, 1, 1), None, "()")),
    ],
    ids=str,
)
def test_the_canonical_form(given: Range[Any], canonical: Range[Any]) -> None:
    """Integers and dates are discrete, timestamps and decimals are not; a range without values is the empty range."""
    assert given.canonical() == canonical


def test_a_moment_is_no_date() -> None:
    """Timestamps are continuous, although a datetime is a date in Python."""
    first, second = dt.datetime(2026, 1, 1), dt.datetime(2026, 1, 2)
    assert not Range(first, second, "()").canonical().empty
    assert Range(first.date(), second.date(), "()").canonical().empty


def test_the_last_of_all_dates() -> None:
    """A range may end with the last value of its type."""
    last = Range(dt.date(2026, 1, 1), dt.date.max, "[]")
    assert last.contains(dt.date.max)
    assert last.overlaps(Range(dt.date.max, None))
    assert not last.before(dt.date.max)
    assert Range(dt.date(2026, 1, 1), dt.date.max).before(dt.date.max)
