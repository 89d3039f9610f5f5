"""JSON columns: equal values have one text."""

from __future__ import annotations

import datetime as dt
import enum
from decimal import Decimal
from typing import Any

import msgspec
import pytest
from sqlalchemy import Dialect
from sqlalchemy.dialects import sqlite

from tablewright.schema import types


class Level(enum.IntEnum):
    """A member equals its number."""

    LOW = 1


class Colour(enum.StrEnum):
    """A member equals its text."""

    RED = "red"


class Priced(msgspec.Struct):
    """A decimal inside."""

    price: Decimal


SAME_TEXT: list[tuple[Any, Any, Any]] = [
    (dict[str, float], {"a": 1}, {"a": 1.0}),
    (list[Decimal], [1], [Decimal(1)]),
    (list[Decimal], [1.5], [Decimal("1.5")]),
    (Priced, {"price": 2}, Priced(Decimal(2))),
    (list[Level], [1], [Level.LOW]),
    (list[Colour], ["red"], [Colour.RED]),
    (list[int], (1, 2), [1, 2]),
    (dict[str, int], {"b": 1, "a": 2}, {"a": 2, "b": 1}),
    (set[str], frozenset({"b", "a"}), {"a", "b"}),
]
"""A type, and two equal values of it."""


def encoder(python: Any) -> Any:
    """Return the text of a value in a JSON column of the type *python* on SQLite."""
    dialect: Dialect = sqlite.dialect(dbapi=sqlite.dialect.import_dbapi())
    return types.Json(python).encoder(dialect)


@pytest.mark.parametrize(("python", "given", "equal"), SAME_TEXT)
def test_one_text(python: Any, given: Any, equal: Any) -> None:
    """Values that are read as equal are stored as equal, because SQLite compares the text."""
    assert encoder(python)(given) == encoder(python)(equal)


@pytest.mark.parametrize(
    ("python", "value"),
    [
        (dict[str, str], {"a": dt.date(2024, 1, 1)}),
        (dict[str, str], {1: "a"}),
        (dict[str, str], {"a": b"b"}),
        (list[int], [True]),
        (list[int], [1.0]),
        (list[bool], [1]),
    ],
)
def test_likeness_is_not_enough(python: Any, value: Any) -> None:
    """A value that could not be read back, or not as the same, is refused."""
    with pytest.raises(Exception, match="is not a"):
        encoder(python)(value)
