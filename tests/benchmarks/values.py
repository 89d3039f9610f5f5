"""The values that contenders read and write, the same in every run."""

from __future__ import annotations

import datetime as dt
import uuid
from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

PLAIN = ("id", "name", "title", "rank", "score", "active", "seen")
RICH = ("id", "price", "token", "details", "genre", "tags", "made")
COLUMNS = {"plain": PLAIN, "rich": RICH}

WORDS = ("harbour", "lantern", "meadow", "Straße", "orchard", "signal", "café", "winter", "compass", "river")
EPOCH = dt.datetime(2024, 1, 1)


def plain_rows(count: int, *, seed: int = 1) -> Iterator[dict[str, Any]]:
    """Yield rows of the table *plain*, without ids."""
    draw = Random(seed)
    for number in range(count):
        yield {
            "name": f"{draw.choice(WORDS)} {number}",
            "title": f"The {draw.choice(WORDS)} and the {draw.choice(WORDS)}, part {number % 100}",
            "rank": draw.randrange(1_000_000),
            "score": draw.random() * 100,
            "active": draw.random() < 0.5,
            "seen": EPOCH + dt.timedelta(seconds=number, microseconds=draw.randrange(1_000_000)),
        }


def rich_rows(count: int, genres: Any, *, seed: int = 2) -> Iterator[dict[str, Any]]:
    """Yield rows of the table *rich*, without ids; *genres* is its enum."""
    draw = Random(seed)
    members = list(genres)
    for number in range(count):
        yield {
            "price": Decimal(draw.randrange(1_000_000)) / 100,
            "token": uuid.UUID(int=draw.getrandbits(128), version=4),
            "details": {"publisher": draw.choice(WORDS), "place": draw.choice(WORDS), "shelf": str(number % 50)},
            "genre": draw.choice(members),
            "tags": [draw.choice(WORDS) for _ in range(number % 4)],
            "made": (EPOCH + dt.timedelta(seconds=number)).replace(tzinfo=dt.UTC),
        }


def author_rows(count: int) -> Iterator[dict[str, Any]]:
    """Yield rows of the table *author*, with ids."""
    for number in range(1, count + 1):
        yield {"id": number, "name": f"{WORDS[number % len(WORDS)]} {number}"}


def book_rows(count: int, authors: int) -> Iterator[dict[str, Any]]:
    """Yield rows of the table *book*, with ids, each by one of the first *authors*."""
    draw = Random(3)
    for number in range(1, count + 1):
        yield {
            "id": number,
            "author_id": draw.randrange(authors) + 1,
            "title": f"{draw.choice(WORDS)} {number}",
            "pages": draw.randrange(80, 900),
        }
