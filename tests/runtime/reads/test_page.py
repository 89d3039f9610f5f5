"""Pages by keyset."""

from __future__ import annotations

import random
import re
from collections.abc import Sequence
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from sqlalchemy import func
from sqlalchemy.exc import ArgumentError, InvalidRequestError

from tablewright.runtime.errors import CursorError
from tests.runtime import sample

c = sample.ThingColumns
START = datetime(2024, 1, 1, tzinfo=UTC)


def fill(session: sample.Session) -> None:
    """Forty things, many with equal values, a third of the nullable ones NULL."""
    chance = random.Random(7)
    session.thing.insert_many(
        {
            "name": f"n{n}",
            "rank": chance.choice([None, 1, 2]),
            "weight": chance.choice([None, 0.1, 2.5]),
            "seen": chance.choice([None, START, START + timedelta(microseconds=1)]),
            "small": chance.randrange(3),
            "colour": chance.choice(list(sample.Colour)),
        }
        for n in range(40)
    )


ORDERS: list[Sequence[Any]] = [
    [],
    [c.name],
    [c.name.desc()],
    [c.rank],
    [c.rank.desc(), c.name],
    [c.weight, c.seen.desc()],
    [c.small, c.colour.desc(), c.rank],
    [c.small.desc(), c.id.desc()],
    [func.lower(c.name).desc()],
    [func.coalesce(c.rank, 9), c.small.desc()],
]


@pytest.mark.parametrize("order", range(len(ORDERS)))
def test_pages_forwards_and_backwards(store: sample.Database, order: int) -> None:
    """Paging forwards returns every row once, NULLs last; paging backwards returns the same pages."""
    terms = ORDERS[order]
    with store.session() as session:
        fill(session)
        pages = [session.thing.page(order_by=terms, limit=7)]
        while pages[-1].next is not None:
            pages.append(session.thing.page(order_by=terms, limit=7, after=pages[-1].next))
        rows = [row for page in pages for row in page.rows]
        assert [len(page.rows) for page in pages] == [7, 7, 7, 7, 7, 5]
        nulls_last = [term.nulls_last() for term in terms]
        assert rows == session.thing.select(order_by=[*nulls_last, c.id] if order != 7 else nulls_last)
        back = [pages[-1]]
        while back[-1].previous is not None:
            back.append(session.thing.page(order_by=terms, limit=7, before=back[-1].previous))
        assert [page.rows for page in reversed(back)] == [page.rows for page in pages]
        assert pages[0].previous is None
        assert all(re.fullmatch(r"[\w-]+", page.next or "x") for page in pages)


def test_pages_of_a_condition(store: sample.Database) -> None:
    """Only rows that meet it; a last page that is exactly full has no next."""
    with store.session() as session:
        session.thing.insert_many({"name": f"n{n}", "rank": n} for n in range(10))
        page = session.thing.page(c.rank >= 4, order_by=c.rank, limit=3)
        page = session.thing.page(c.rank >= 4, order_by=c.rank, limit=3, after=page.next)
        assert [row.rank for row in page.rows] == [7, 8, 9]
        assert page.next is None
        assert session.thing.page(c.rank > 100).rows == []


def test_rows_that_come_and_go_between_pages(store: sample.Database) -> None:
    """No row is repeated or left out because others were inserted or deleted before it."""
    with store.session() as session:
        session.thing.insert_many({"name": f"n{n}", "rank": n * 10} for n in range(6))
        page = session.thing.page(order_by=c.rank, limit=3)
        session.thing.delete_where(c.rank == 20)
        session.thing.insert(name="before", rank=5)
        after = session.thing.page(order_by=c.rank, limit=3, after=page.next)
        assert [row.rank for row in after.rows] == [30, 40, 50]


def test_a_foreign_cursor_is_refused(store: sample.Database) -> None:
    """A cursor of another order or table, a modified one, or any other text is a CursorError."""
    with store.session() as session:
        fill(session)
        session.node.insert_many({"id": n} for n in range(3))
        good = session.thing.page(order_by=c.name, limit=2).next
        assert good is not None
        node = session.node.page(limit=1).next
        assert node is not None
        for cursor in ("", "x", "äöü", "e30", "bnVsbA", good[:-3], good + "AAAA", node):
            with pytest.raises(CursorError):
                session.thing.page(order_by=c.name, after=cursor)
        with pytest.raises(CursorError):
            session.thing.page(order_by=c.name.desc(), after=good)
        with pytest.raises(CursorError):
            session.node.page(before=good)


def test_wrong_pages(store: sample.Database) -> None:
    """Two cursors at once, no rows at all, NULLs first and tables without a key are refused."""
    with store.session() as session:
        fill(session)
        cursor = session.thing.page(limit=2).next
        with pytest.raises(ArgumentError, match="not both"):
            session.thing.page(after=cursor, before=cursor)
        with pytest.raises(ArgumentError, match="at least 1"):
            session.thing.page(limit=0)
        with pytest.raises(ArgumentError, match="NULLs last"):
            session.thing.page(order_by=c.rank.nulls_first())
        with pytest.raises(InvalidRequestError, match="no primary key"):
            session.note.page()
        with pytest.raises(InvalidRequestError, match="cannot be paged"):
            session.thing.insert_many([{"name": "t1", "tags": ["x"]}])
            session.thing.page(order_by=c.tags, limit=1)
