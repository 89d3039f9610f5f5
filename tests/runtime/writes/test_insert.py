"""`insert`: one row, returned as stored."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.exc import DataError, IntegrityError

import bookstore
from tablewright.runtime.errors import UnknownColumnError
from tablewright.schema.range import Range
from tests.runtime import sample
from tests.runtime.books import author_id, book


def test_insert_returns_the_row_as_stored(shop: bookstore.Database) -> None:
    """Defaults, ids and timestamps are returned by the database."""
    with shop.session() as session:
        row = session.book.insert(**book(author_id(session), 1))
        assert row == session.book.get_one(row.id)
        assert (row.id, row.stock, row.details, row.genre) == (1, 0, {}, bookstore.Genre.FICTION)
        assert row.created_at.tzinfo is UTC


def test_every_kind_of_column_makes_the_round_trip(store: sample.Database) -> None:
    """Each value is read as it was written, NULL as None."""
    values = {
        "name": "all",
        "rank": 7,
        "small": -3,
        "weight": 0.5,
        "price": Decimal("12.30"),
        "tags": ["a", "b,c", '"'],
        "doc": {"x": 1},
        "span": Range(1, 5),
        "blob": b"\0\xff",
        "colour": sample.Colour.BLUE,
        "seen": datetime(2024, 5, 6, 7, 8, 9, 123456, tzinfo=UTC),
        "wait": timedelta(days=-1, microseconds=5),
    }
    with store.session() as session:
        full = session.thing.insert(**values)
        assert {name: getattr(full, name) for name in values} == values
        assert full.doubled == 14
        assert session.thing.get(full.id) == full
        empty = session.thing.insert(name="empty")
        assert (empty.rank, empty.doc, empty.span, empty.doubled, empty.tags) == (None, None, None, None, [])
        assert session.thing.select(order_by=session.thing.c.name) == [full, empty]


def test_an_empty_insert_stores_the_defaults(store: sample.Database) -> None:
    """A row without values has the defaults of all columns."""
    with store.session() as session:
        assert session.note.insert() == sample.NoteRow("nothing", None)


def test_an_explicit_id_moves_the_automatic_ones_on(shop: bookstore.Database) -> None:
    """The next automatic id is greater than an explicit one, and never decreases."""
    with shop.session() as session:
        session.author.insert(id=10, name="ten")
        assert session.author.insert(name="next").id == 11
        session.author.insert(id=5, name="five")
        session.author.insert(id=-5, name="minus")
        assert session.author.insert(name="after").id == 12
        session.author.insert_many([{"id": 20, "name": "many"}, {"id": 19, "name": "more"}])
        assert session.author.insert(name="after many").id == 21


def test_an_unknown_column_is_named_with_the_nearest(shop: bookstore.Database) -> None:
    """A misspelt column is refused in every verb that accepts columns."""
    with shop.session() as session:
        with pytest.raises(UnknownColumnError, match=r"'nam'\. Did you mean 'name'"):
            session.author.insert(nam="x")  # type: ignore[call-arg]  # the point of the test
        with pytest.raises(UnknownColumnError, match="no column 'nam'"):
            session.author.find(nam="x")  # type: ignore[call-arg]  # the point of the test
        with pytest.raises(UnknownColumnError, match="no column 'nam'"):
            session.author.update(1, nam="x")  # type: ignore[call-arg]  # the point of the test
        with pytest.raises(UnknownColumnError, match="part of the primary key"):
            session.author.update(1, id=3)  # type: ignore[call-arg]  # the point of the test


def test_computed_columns_cannot_be_given(store: sample.Database) -> None:
    """A computed column cannot be inserted."""
    with store.session() as session, pytest.raises(UnknownColumnError, match="computed by the database"):
        session.thing.insert(name="x", doubled=4)


def test_a_value_that_does_not_fit_is_refused(shop: bookstore.Database) -> None:
    """A value that a column cannot store is a DataError on both databases, before anything is sent."""
    with shop.session() as session:
        with pytest.raises(DataError):
            session.author.insert(name="x" * 201)
        assert session.author.count() == 0
    with pytest.raises(IntegrityError), shop.session() as session:
        session.author.insert(name=None)  # type: ignore[arg-type]  # the point of the test


def test_a_missing_key_is_refused(store: sample.Database) -> None:
    """A primary key without default is required, also on SQLite, which would generate one."""
    for values in ({}, {"id": None}):
        with pytest.raises(IntegrityError), store.session() as session:
            session.node.insert(**values)
    for values in ({}, {"id": None}):
        with store.session() as session:
            with pytest.raises(IntegrityError):
                session.node.insert_many([{"id": 1}, values])
            assert session.node.count() == 0
