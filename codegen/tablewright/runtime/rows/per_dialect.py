"""`PerDialect`: a value that is computed once for each dialect."""

from __future__ import annotations

from collections.abc import Callable
from typing import Generic, TypeVar, cast
from weakref import WeakKeyDictionary

from sqlalchemy import Dialect

T = TypeVar("T")

VALUES = "tablewright_values"
"""The attribute of a dialect with the values computed for it. They refer to the dialect, and so live in it."""


class PerDialect(Generic[T]):
    """A value that is computed once for each dialect.

    Hot paths compare *latest* with their dialect themselves, before they call `get`.
    """

    __slots__ = ("__weakref__", "latest")

    def __init__(self, nothing: T) -> None:
        # One tuple, since threads with different databases read it at the same time.
        self.latest: tuple[Dialect | None, T] = (None, nothing)
        """The dialect of the last call, and its value; before the first call *nothing*, for no dialect."""

    def get(self, dialect: Dialect, compute: Callable[[Dialect], T]) -> T:
        """Return the value for *dialect*, which *compute* returns the first time."""
        latest, value = self.latest
        if latest is dialect:
            return value
        values: WeakKeyDictionary[object, object] = vars(dialect).setdefault(VALUES, WeakKeyDictionary())
        if self not in values:
            values[self] = compute(dialect)
        value = cast("T", values[self])
        self.latest = (dialect, value)
        return value
