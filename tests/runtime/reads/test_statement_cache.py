"""Reads with a cached statement return the same as with a new one."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal
from typing import Any

import pytest
from sqlalchemy import bindparam, event, func, or_, select
from sqlalchemy.exc import DBAPIError, OperationalError, ProgrammingError, StatementError

import bookstore
from bookstore import Book
from tablewright.schema import types
from tablewright.schema.tables import column, primary_key
from tests.runtime import sample
from tests.runtime.untyped_table import UntypedTable, accessor, untyped_table
from tests.schema.test_types import AWARE, CASES, NAIVE, Case, Kept

STRANGERS: list[Any] = [
    None,
    True,
    1,
    2**70,
    1.5,
    float("inf"),
    Decimal("1.50"),
    Decimal("1.505"),
    "x",
    "far too long for every column there is " * 9,
    b"x",
    dt.date(2024, 2, 29),
    NAIVE,
    NAIVE.replace(microsecond=120000),
    AWARE,
    dt.time(12, 30, 15, 123456),
    dt.timedelta(days=1),
]
"""Values of every kind; columns of most types have no place for them."""


def outcome(session: sample.Session, read: Any) -> Any:
    """The result of *read*, or the class of its error; the session stays usable."""
    try:
        with session.nested():
            return read()
    except (StatementError, TypeError, ValueError) as error:
        return type(error)


@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
def test_find_by_values_of_every_kind(case: Case, url: str) -> None:
    """`find` has the result or the error of the same condition, whatever it was called with before."""
    table = untyped_table(
        {"id": column(types.BigInteger()), "v": column(case.type, nullable=True)},
        primary_key("id"),
    )
    kept = [value.written if isinstance(value, Kept) else value for value in case.kept]
    asked = [*kept, *case.refused, *STRANGERS]
    with sample.Database(url, check_versions=False) as database, database.session() as session:
        table.metadata.create_all(session.connection())
        loose = accessor(session, table)
        loose.insert_many({"id": n, "v": value} for n, value in enumerate([*kept, None]))
        for value in (*asked, *reversed(asked)):
            if isinstance(value, list | tuple | set | dict):
                # Several values for most columns, of which a condition has another form.
                continue
            condition = table.c.v == value
            wanted = outcome(session, lambda condition=condition: loose.select(condition))
            assert outcome(session, lambda value=value: find(loose, value)) == wanted, value


def find(loose: UntypedTable, value: object) -> Any:
    """The rows with *value*."""
    return loose._find({"v": value})  # pyright: ignore[reportPrivateUsage]  # what generated tables call


def test_values_change_and_the_statement_does_not(session: bookstore.Session) -> None:
    """Each read has its own values, limits and number of listed values."""
    c = session.book.c
    for _ in range(2):
        for price in range(1, 6):
            assert [row.price for row in session.book.select(c.price == price)] == [price]
            assert len(session.book.select(c.price <= price, order_by=c.id)) == price
            assert len(session.book.select(order_by=c.id, limit=price)) == price
            assert len(session.book.select(order_by=c.id, limit=5, offset=price)) == 5 - price
            assert len(session.book.select(c.price.in_(range(1, price + 1)))) == price
            assert len(session.book.select(or_(c.price == price, c.title == "none"))) == 1
        author = session.author.c
        for born in (None, dt.date(1929, 10, 21), None):
            assert session.author.find(born=born) == session.author.select(author.born == born)


def test_a_subquery_is_not_another(session: bookstore.Session) -> None:
    """One subquery used twice and two equal subqueries are different statements."""
    c = session.book.c
    one, other = (select(func.max(Book.price).label("most")).subquery() for _ in range(2))
    for _ in range(2):
        assert len(session.book.select(c.price == one.c.most, c.price >= one.c.most)) == 1
        assert len(session.book.select(c.price == one.c.most, c.price >= other.c.most)) == 1


def test_a_parameter_without_a_value(session: bookstore.Session) -> None:
    """It is refused, the first time and after the same statement with a value."""
    c = session.book.c
    for _ in range(2):
        assert len(session.book.select(c.price == bindparam("wanted", 3))) == 1
        with pytest.raises(StatementError, match="value is required"), session.nested():
            session.book.select(c.price == bindparam("wanted"))


def test_an_error_shows_the_statement(session: bookstore.Session) -> None:
    """A value that does not fit and a missing function raise SQLAlchemy's errors with the statement."""
    for _ in range(2):
        with pytest.raises(DBAPIError, match=r"(?s)is not a string without NUL.*FROM book"), session.nested():
            session.book.select(session.book.c.title == "\0")
        with pytest.raises((OperationalError, ProgrammingError), match=r"(?s)nowhere.*FROM book"), session.nested():
            session.book.select(func.nowhere(session.book.c.price) == 1)


def test_listeners_see_the_statement_as_it_was_said(session: bookstore.Session) -> None:
    """Listeners see parameters with the names of their columns."""
    c = session.book.c
    session.book.select(c.price == 1)
    seen: list[str] = []
    event.listen(session.connection(), "before_cursor_execute", lambda *given: seen.append(given[2]))
    assert len(session.book.select(c.price == 2)) == 1
    assert len(seen) == 1
    assert "_value_" not in seen[0]
