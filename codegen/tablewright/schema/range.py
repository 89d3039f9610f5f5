"""`Range`: the value of a range column, the same class on both engines."""

from __future__ import annotations

from typing import Any, Generic, Literal, Protocol, TypeAlias, TypeVar

from msgspec import Struct


class Ordered(Protocol):
    """What can bound a range: anything with an order."""

    def __lt__(self, other: Any, /) -> bool: ...


T = TypeVar("T", bound=Ordered)
Bounds: TypeAlias = Literal["[)", "[]", "(]", "()"]


class Range(Struct, Generic[T], frozen=True):
    """All values from *lower* to *upper*; `None` is an end without a bound.

    Half-open (`[)`) unless *bounds* says otherwise. `Range.nothing()` is the empty range.
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

    def __contains__(self, value: T) -> bool:
        if self.empty:
            return False
        if self.lower is not None and (value < self.lower or (self.bounds[0] == "(" and value == self.lower)):
            return False
        return self.upper is None or value < self.upper or (self.bounds[1] == "]" and value == self.upper)

    def __str__(self) -> str:
        if self.empty:
            return "empty"
        lower = "" if self.lower is None else str(self.lower)
        upper = "" if self.upper is None else str(self.upper)
        return f"{self.bounds[0]}{lower},{upper}{self.bounds[1]}"
