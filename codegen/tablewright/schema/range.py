"""`Range`: the value of a range column, the same class on both databases."""

from __future__ import annotations

import datetime as dt
from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar, cast

from msgspec import Struct


class Ordered(Protocol):
    """A possible bound of a range: any value with an order."""

    def __lt__(self, other: Any, /) -> bool: ...


T = TypeVar("T", bound=Ordered)
Bounds: TypeAlias = Literal["[)", "[]", "(]", "()"]


class Range(Struct, Generic[T], frozen=True):
    """All values from *lower* to *upper*; None means unbounded.

    Half-open (`[)`) by default. `Range()` contains every value, `Range.nothing()` is the empty range.
    Raise `ValueError` if *lower* is greater than *upper*.
    """

    lower: T | None = None
    upper: T | None = None
    bounds: Bounds = "[)"
    empty: bool = False

    def __post_init__(self) -> None:
        if self.lower is not None and self.upper is not None and self.upper < self.lower:
            raise ValueError(f"the lower bound {self.lower!r} is greater than the upper {self.upper!r}")

    @classmethod
    def nothing(cls) -> Range[T]:
        """Return the empty range."""
        return cls(empty=True)

    def canonical(self) -> Range[T]:
        """Return the form that equal ranges share: Postgres' own, `[)` for integers and dates."""
        return canonical(self, step_of(self.lower if self.upper is None else self.upper))

    def __contains__(self, value: T) -> bool:
        if self.empty:
            return False
        if self.lower is not None and (value < self.lower or (self.bounds[0] == "(" and value == self.lower)):
            return False
        return self.upper is None or value < self.upper or (self.bounds[1] == "]" and value == self.upper)

    def contains(self, other: Range[T] | T) -> bool:
        """Return True if the range contains *other*, a value or a range. Every range contains the empty one."""
        if not isinstance(other, Range):
            return other in self
        outer, inner = self.canonical(), other.canonical()
        if outer.empty or inner.empty:
            return inner.empty
        return not _begins_before(inner, outer) and not _ends_after(inner, outer)

    def overlaps(self, other: Range[T]) -> bool:
        """Return True if the ranges have a value in common; the empty range overlaps none."""
        mine, its = self.canonical(), other.canonical()
        return not (mine.empty or its.empty or _left_of(mine, its) or _left_of(its, mine))

    def before(self, other: Range[T] | T) -> bool:
        """Return True if every value is less than those of *other*; False if one of the ranges is empty."""
        mine, its = self.canonical(), _as_range(other)
        return not (mine.empty or its.empty) and _left_of(mine, its)

    def after(self, other: Range[T] | T) -> bool:
        """Return True if every value is greater than those of *other*; False if one of the ranges is empty."""
        mine, its = self.canonical(), _as_range(other)
        return not (mine.empty or its.empty) and _left_of(its, mine)

    def intersection(self, other: Range[T]) -> Range[T]:
        """Return the values that both ranges contain."""
        mine, its = self.canonical(), other.canonical()
        if not mine.overlaps(its):
            return Range(empty=True)
        first = its if _begins_before(mine, its) else mine
        last = mine if _ends_after(its, mine) else its
        return Range(first.lower, last.upper, cast("Bounds", first.bounds[0] + last.bounds[1]))

    def difference(self, other: Range[T]) -> list[Range[T]]:
        """Return the values that *other* does not contain, as up to two ranges."""
        mine, its = self.canonical(), other.canonical()
        if not mine.overlaps(its):
            return [] if mine.empty else [mine]
        (opening, closing), (its_opening, its_closing) = mine.bounds, its.bounds
        parts: list[Range[T]] = []
        if _begins_before(mine, its):
            parts.append(Range(mine.lower, its.lower, cast("Bounds", opening + (")" if its_opening == "[" else "]"))))
        if _ends_after(mine, its):
            parts.append(Range(its.upper, mine.upper, cast("Bounds", ("[" if its_closing == ")" else "(") + closing)))
        return parts

    def __str__(self) -> str:
        if self.empty:
            return "empty"
        lower = "" if self.lower is None else str(self.lower)
        upper = "" if self.upper is None else str(self.upper)
        return f"{self.bounds[0]}{lower},{upper}{self.bounds[1]}"


def step_of(bound: object) -> Any:
    """Return the difference to the next value: 1 for an integer, a day for a date, None for other types."""
    if isinstance(bound, int):
        return 1
    return dt.timedelta(days=1) if isinstance(bound, dt.date) and not isinstance(bound, dt.datetime) else None


def canonical(value: Range[T], step: Any) -> Range[T]:
    """Return *value* in the form that equal ranges share; *step* is the difference between neighbours, or None."""
    if value.empty:
        return Range(empty=True)
    lower, upper, opening, closing = value.lower, value.upper, value.bounds[0], value.bounds[1]
    if step is not None:
        lower, opening = _stepped(lower, opening, "(", "[", step)
        upper, closing = _stepped(upper, closing, "]", ")", step)
    opening = "[" if lower is None else opening
    closing = ")" if upper is None else closing
    if lower is not None and upper is not None and not lower < upper and opening + closing != "[]":
        return Range(empty=True)
    return Range(lower, upper, cast("Bounds", opening + closing))


def _stepped(bound: Any, bracket: str, wrong: str, right: str, step: Any) -> tuple[Any, str]:
    if bound is None or bracket != wrong:
        return bound, bracket
    try:
        return bound + step, right
    except OverflowError:
        # There is no next date: keep the bracket.
        return bound, bracket


def _as_range(other: Any) -> Range[Any]:
    # A value keeps both brackets, because the next value may not exist.
    return cast("Range[Any]", other).canonical() if isinstance(other, Range) else Range(other, other, "[]")


def _left_of(one: Range[Any], other: Range[Any]) -> bool:
    if one.upper is None or other.lower is None:
        return False
    touching = one.bounds[1] == "]" and other.bounds[0] == "["
    return one.upper < other.lower or (one.upper == other.lower and not touching)


def _begins_before(one: Range[Any], other: Range[Any]) -> bool:
    if one.lower is None or other.lower is None:
        return other.lower is not None
    wider = one.bounds[0] == "[" and other.bounds[0] == "("
    return one.lower < other.lower or (one.lower == other.lower and wider)


def _ends_after(one: Range[Any], other: Range[Any]) -> bool:
    if one.upper is None or other.upper is None:
        return other.upper is not None
    wider = one.bounds[1] == "]" and other.bounds[1] == ")"
    return other.upper < one.upper or (one.upper == other.upper and wider)
