"""`Range`: the value of a range column, the same class on both engines."""

from __future__ import annotations

import datetime as dt
from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar, cast

from msgspec import Struct


class Ordered(Protocol):
    """What can bound a range: anything with an order."""

    def __lt__(self, other: Any, /) -> bool: ...


T = TypeVar("T", bound=Ordered)
Bounds: TypeAlias = Literal["[)", "[]", "(]", "()"]


class Range(Struct, Generic[T], frozen=True):
    """All values from *lower* to *upper*; `None` is an end without a bound.

    Half-open (`[)`) unless *bounds* says otherwise. `Range()` has everything, `Range.nothing()` is the empty range.
    `ValueError` when *lower* is greater than *upper*.
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
        """The empty range."""
        return cls(empty=True)

    def canonical(self) -> Range[T]:
        """The one form that ranges of the same values share, which is Postgres' own: of integers and dates `[)`."""
        return canonical(self, step_of(self.lower if self.upper is None else self.upper))

    def __contains__(self, value: T) -> bool:
        if self.empty:
            return False
        if self.lower is not None and (value < self.lower or (self.bounds[0] == "(" and value == self.lower)):
            return False
        return self.upper is None or value < self.upper or (self.bounds[1] == "]" and value == self.upper)

    def contains(self, other: Range[T] | T) -> bool:
        """Whether every value of *other*, or *other* itself, is one of this range; the empty range is in all."""
        if not isinstance(other, Range):
            return other in self
        outer, inner = self.canonical(), other.canonical()
        if outer.empty or inner.empty:
            return inner.empty
        return not _begins_before(inner, outer) and not _ends_after(inner, outer)

    def overlaps(self, other: Range[T]) -> bool:
        """Whether the two have a value in common; the empty range overlaps none."""
        mine, its = self.canonical(), other.canonical()
        return not (mine.empty or its.empty or _left_of(mine, its) or _left_of(its, mine))

    def before(self, other: Range[T] | T) -> bool:
        """Whether every value is less than those of *other*; never where one of the two is empty."""
        mine, its = self.canonical(), _as_range(other)
        return not (mine.empty or its.empty) and _left_of(mine, its)

    def after(self, other: Range[T] | T) -> bool:
        """Whether every value is greater than those of *other*; never where one of the two is empty."""
        mine, its = self.canonical(), _as_range(other)
        return not (mine.empty or its.empty) and _left_of(its, mine)

    def intersection(self, other: Range[T]) -> Range[T]:
        """The values that the two have in common."""
        mine, its = self.canonical(), other.canonical()
        if not mine.overlaps(its):
            return Range(empty=True)
        first = its if _begins_before(mine, its) else mine
        last = mine if _ends_after(its, mine) else its
        return Range(first.lower, last.upper, cast("Bounds", first.bounds[0] + last.bounds[1]))

    def difference(self, other: Range[T]) -> list[Range[T]]:
        """The values that *other* has not: none, one or two ranges."""
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
    """What takes *bound* to the next value of its kind: 1 for an integer, a day for a date, None for the others."""
    if isinstance(bound, int):
        return 1
    return dt.timedelta(days=1) if isinstance(bound, dt.date) and not isinstance(bound, dt.datetime) else None


def canonical(value: Range[T], step: Any) -> Range[T]:
    """*value* in the one form that equal ranges share; *step* takes a bound to the next, None where there is none."""
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
        # After the last of all dates: the bracket says the same.
        return bound, bracket


def _as_range(other: Any) -> Range[Any]:
    # An element keeps both brackets, since the next one may not exist.
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
