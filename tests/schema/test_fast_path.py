"""The fast path of bulk writes must agree with the encoder, for every type and value."""

from __future__ import annotations

import datetime as dt
import enum
import uuid
from collections.abc import Callable
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import Dialect, create_engine

from tablewright.schema import types
from tablewright.schema.types.inline import Inline
from tests.schema.test_types import AWARE, CASES, CET, NAIVE, Case, Kept

OTHERWISE = object()


class Whole(int):
    """A subclass of int."""


class Exact(Decimal):
    """A subclass of Decimal."""


class Word(str):
    """A subclass of str."""

    __slots__ = ()


class Level(enum.IntEnum):
    """Integers with names."""

    LOW = 1


VALUES: list[Any] = [
    None,
    True,
    0,
    *(sign * 2**bits + step for bits in (15, 31, 63) for sign in (1, -1) for step in (-1, 0, 1)),
    Whole(5),
    Level.LOW,
    1.5,
    float("nan"),
    float("inf"),
    Decimal("1.50"),
    Decimal("-0.00"),
    Decimal("1.5"),
    Decimal("1.505"),
    Decimal(5),
    Decimal("1E+1"),
    Exact("1.50"),
    *(
        Decimal(f"{sign}{digits}")
        for sign in ("", "-")
        for digits in ("9999999999.99", "10000000000.00", "999", "1000")
    ),
    Decimal("NaN"),
    Decimal("sNaN"),
    Decimal("-Infinity"),
    "",
    "abcde",
    "abcdef",
    "éa",
    "a\0",
    "\ud800",
    Word("ab"),
    b"abcd",
    b"abcde",
    bytearray(b"abcd"),
    dt.date(2024, 2, 29),
    NAIVE,
    NAIVE.replace(microsecond=0),
    AWARE,
    NAIVE.replace(tzinfo=CET),
    dt.time(1, 2, 3),
    uuid.UUID(int=5),
    [],
]


@pytest.fixture(params=["sqlite://", "postgresql+psycopg://nowhere"])
def dialect(request: pytest.FixtureRequest) -> Dialect:
    """Return a dialect without a database."""
    return create_engine(str(request.param)).dialect


def shortened(fast_path: Inline) -> Callable[[Any], Any]:
    """Return *fast_path* as a function, which returns OTHERWISE for values that need the encoder."""
    namespace: dict[str, Any] = {"OTHERWISE": OTHERWISE}
    source = f"lambda v: {fast_path.source('v', namespace)} else OTHERWISE"
    made: Callable[[Any], Any] = eval(source, namespace)
    return made


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_the_fast_path_agrees_with_the_encoder(case: Case, dialect: Dialect) -> None:
    """A value that the fast path accepts has the same result from the encoder."""
    fast_path, encode = case.type.fast_path(dialect), case.type.encoder(dialect)
    if fast_path is None:
        return
    assert encode is not None
    short = shortened(fast_path)
    kept = [value.written if isinstance(value, Kept) else value for value in case.kept]
    for value in (*VALUES, *kept, *case.refused):
        stored = short(value)
        if stored is not OTHERWISE:
            assert (stored, type(stored)) == (encode(value), type(encode(value)))


@pytest.mark.parametrize(
    "kind",
    [
        types.BigInteger(),
        types.String(5),
        types.Float(),
        types.Decimal(12, 2),
        types.Decimal(3),
        types.Boolean(),
        types.DateTime(),
        types.TimestampTz(),
    ],
)
def test_plain_values_take_the_fast_path(kind: types.ColumnType[Any], dialect: Dialect) -> None:
    """Each common type has a fast path, which some value takes and None does not."""
    fast_path = kind.fast_path(dialect)
    assert fast_path is not None
    short = shortened(fast_path)
    took = [value for value in VALUES if short(value) is not OTHERWISE]
    assert took
    assert None not in took
