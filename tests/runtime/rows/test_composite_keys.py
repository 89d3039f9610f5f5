"""The verbs by key, on the driver's own cursor."""

from __future__ import annotations

from datetime import UTC, datetime, timedelta
from decimal import Decimal

import pytest
from sqlalchemy.exc import DataError, IntegrityError

import bookstore
from bookstore import Book
from bookstore.tables.order_line import OrderLineKey
from tablewright.runtime.errors import NotFoundError, UnknownColumnError
from tablewright.schema.range import Range
from tests.runtime import sample
from tests.runtime.books import author_id, book


def test_insert_gives_the_row_as_stored(shop: bookstore.Database) -> None:
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


def test_update_changes_just_what_it_names(shop: bookstore.Database) -> None:
    """Values and expressions are set, `touch` columns are updated, other columns stay; a missing row is None."""
    with shop.session() as session:
        before = session.book.insert(**book(author_id(session), 1))
        session.book.update_where(Book.id == before.id, updated_at=datetime(2000, 1, 1, tzinfo=UTC))
        after = session.book.update(before.id, title="New")
        assert after is not None
        assert (after.title, after.price, after.isbn) == ("New", before.price, before.isbn)
        assert after.updated_at.year > 2000
        raised = session.book.update(before.id, stock=Book.stock + 3, price=session.book.c.price * 2)
        assert raised is not None
        assert (raised.stock, raised.price) == (3, Decimal("19.98"))
        assert session.book.update(before.id) == raised
        assert session.book.update(999, title="x") is None


def test_delete_says_whether_the_row_was_there(shop: bookstore.Database) -> None:
    """True for a deleted row, False for a missing one."""
    with shop.session() as session:
        author = author_id(session)
        assert session.author.delete(author) is True
        assert session.author.delete(author) is False


def test_get_by_a_unique_key(shop: bookstore.Database) -> None:
    """A read by a unique key returns its row, and None for values that the column could not store."""
    with shop.session() as session:
        row = session.book.insert(**book(author_id(session), 1))
        assert session.book.get_by_isbn("isbn 1") == row
        assert session.book.get_by_isbn("isbn 1 and far more than thirteen characters") is None
        assert session.book.get_by_isbn("isbn 1", lock="update") == row


def test_get_one_of_no_row(shop: bookstore.Database) -> None:
    """`NotFoundError` names the table and the key."""
    with shop.session() as session, pytest.raises(NotFoundError, match=r"author has no row with id=7"):
        session.author.get_one(7)


def test_composite_keys(shop: bookstore.Database) -> None:
    """Rows by a key of two columns, one by one and many at once, in the order of the keys."""
    with shop.session() as session:
        title = session.book.insert(**book(author_id(session), 1)).id
        customer = session.customer.insert(email="a@b.c", name="A").id
        order = session.order.insert(customer_id=customer).id
        lines = [
            session.order_line.insert(order_id=order, number=n, book_id=title, price=Decimal(n)) for n in range(1, 61)
        ]
        assert session.order_line.get(order, 2) == lines[1]
        keys = [lines[59].key, OrderLineKey(order, 1), OrderLineKey(order, 99), lines[59].key]
        assert session.order_line.get_many(keys) == [lines[59], lines[0], lines[59]]
        assert len(session.order_line.get_many(line.key for line in lines)) == 60
        changed = session.order_line.update(order, 2, quantity=5)
        assert changed is not None
        assert changed.quantity == 5
        assert session.order_line.delete(order, 2)
        assert session.order_line.get(order, 2) is None


def test_get_many_keeps_the_order_and_takes_any_number(shop: bookstore.Database) -> None:
    """Rows are in the order of the keys, repeated for repeated keys; keys without a row are left out."""
    with shop.session() as session:
        ids = [author_id(session, name) for name in "abc"]
        rows = session.author.get_many([ids[2], 999, ids[0], ids[2]])
        assert [row.name for row in rows] == ["c", "a", "c"]
        assert len(session.author.get_many(range(300_000))) == 3
        assert session.author.get_many([]) == []


def test_a_value_that_does_not_fit_is_refused(shop: bookstore.Database) -> None:
    """A value that a column cannot store is a DataError on both databases, before anything is sent."""
    with shop.session() as session:
        with pytest.raises(DataError):
            session.author.insert(name="x" * 201)
        assert session.author.count() == 0
    with pytest.raises(IntegrityError), shop.session() as session:
        session.author.insert(name=None)  # type: ignore[arg-type]  # the point of the test


def test_errors_of_the_database_are_sqlalchemys(shop: bookstore.Database) -> None:
    """Class, driver's error and cause are those of SQLAlchemy itself."""
    with pytest.raises(IntegrityError) as caught, shop.session() as session:
        session.customer.insert(email="a", name="A")
        session.customer.insert(email="a", name="B")
    assert caught.value.orig is caught.value.__cause__
    assert "INSERT INTO customer" in (caught.value.statement or "")


def test_a_key_that_nobody_gives_is_refused(store: sample.Database) -> None:
    """A primary key without default is required, also on SQLite, which would generate one."""
    for values in ({}, {"id": None}):
        with pytest.raises(IntegrityError), store.session() as session:
            session.node.insert(**values)
    for values in ({}, {"id": None}):
        with store.session() as session:
            with pytest.raises(IntegrityError):
                session.node.insert_many([{"id": 1}, values])
            assert session.node.count() == 0
