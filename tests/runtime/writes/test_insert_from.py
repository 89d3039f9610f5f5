"""INSERT … SELECT: matching of columns, errors before anything is sent, and entities afterwards."""

from __future__ import annotations

import datetime as dt
from decimal import Decimal

import pytest
from sqlalchemy import JSON, SelectBase, func, literal, null, select, text, union_all, values
from sqlalchemy.exc import ArgumentError, DataError, IntegrityError, InvalidRequestError

import bookstore
from bookstore import Author, Book, Genre
from tablewright.runtime.errors import UnknownColumnError
from tablewright.schema.range import Range
from tests.runtime import sample
from tests.runtime.books import author_id, book

TITLE = select(Book.author_id, (Book.isbn + "x").label("isbn"), Book.title, Book.price)


def fill(session: bookstore.Session) -> int:
    """Insert three books of a new author. Return the id of the author."""
    author = author_id(session)
    session.book.insert_many(book(author, number, details={"n": str(number)}) for number in (1, 2, 3))
    return author


def test_by_label(shop: bookstore.Database) -> None:
    """Columns are matched by label, in any order; missing ones get their default; the count is exact."""
    with shop.session() as session:
        fill(session)
        columns = [(Book.isbn + "x").label("isbn"), Book.details, Book.price, Book.author_id, Book.title]
        assert session.book.insert_from(select(*columns).where(Book.id > 1)) == 2
        row = session.book.get_by_isbn("isbn 2x")
        assert row is not None
        assert (row.title, row.details, row.genre, row.stock) == ("Title 2", {"n": "2"}, Genre.FICTION, 0)
        assert session.book.insert_from(TITLE.where(Book.id > 100)) == 0
        assert session.book.count() == 5


def test_by_names(shop: bookstore.Database) -> None:
    """With *names* the columns are those, in their order, labels or none."""
    with shop.session() as session:
        author = fill(session)
        rows = select(func.upper(Author.name), Author.born)
        assert session.author.insert_from(rows, names=["name", "born"]) == 1
        assert [row.name for row in session.author.select(Author.id != author)] == ["URSULA K. LE GUIN"]


def test_plain_values_are_those_of_the_column(shop: bookstore.Database) -> None:
    """Literals are encoded and refused as in an insert: decimal, enum, JSON, timestamp."""
    moment = dt.datetime(2026, 1, 2, 3, 4, 5, tzinfo=dt.timezone(dt.timedelta(hours=1)))
    with shop.session() as session:
        author = fill(session)
        rows = select(
            Book.author_id,
            literal("new").label("isbn"),
            literal("t").label("title"),
            literal(Decimal("1.25")).label("price"),
            literal(Genre.POETRY).label("genre"),
            literal({"k": "v"}, JSON).label("details"),
            literal(moment).label("created_at"),
        ).limit(1)
        assert session.book.insert_from(rows) == 1
        row = session.book.get_by_isbn("new")
        assert row is not None
        assert (row.author_id, row.price, row.genre, row.details) == (
            author,
            Decimal("1.25"),
            Genre.POETRY,
            {"k": "v"},
        )
        assert row.created_at == moment
        assert session.book.find(created_at=moment) == [row]
        born = select(literal("n").label("name"), null().label("born"))
        assert session.author.insert_from(born) == 1
        with pytest.raises(DataError), session.nested():
            session.book.insert_from(
                TITLE.with_only_columns(*list(TITLE.selected_columns)[:3], literal(Decimal(10**11)).label("price"))
            )


@pytest.mark.parametrize("kind", ["union", "common table expression", "values", "text"])
def test_any_select_will_do(shop: bookstore.Database, kind: str) -> None:
    """A union, a common table expression, constant rows, text: the same count on both databases."""
    with shop.session() as session:
        fill(session)
        two = TITLE.where(Book.id == 2)
        author = Author.__table__.c
        given = values(author.name, name="given").data([("x",), ("y",)]).cte()
        common = TITLE.where(Book.id > 1).cte()
        selects: dict[str, SelectBase] = {
            "union": union_all(TITLE.where(Book.id == 1), two),
            "common table expression": select(common),
            "text": text("SELECT author_id, isbn || 'x' AS isbn, title, price FROM book WHERE id > 1").columns(
                Book.author_id, Book.isbn, Book.title, Book.price
            ),
            "values": select(given),
        }
        table = session.author if kind == "values" else session.book
        before = table.count()
        assert table.insert_from(selects[kind]) == 2
        assert table.count() == before + 2


UNFIT: dict[str, tuple[SelectBase, type[Exception], str]] = {
    "unknown": (TITLE.add_columns(Book.id.label("nope")), UnknownColumnError, "book has no column 'nope'"),
    "missing": (TITLE.with_only_columns(Book.author_id, Book.isbn), InvalidRequestError, "no value for title, price"),
    "twice": (TITLE.add_columns(Author.id.label("title")), ArgumentError, "more than one column for book.title"),
    "no label": (TITLE.add_columns(func.lower(Book.genre)), ArgumentError, "Column 5 of the select needs a label"),
}


@pytest.mark.parametrize("case", UNFIT)
def test_what_does_not_fit_is_refused_before_it_is_sent(shop: bookstore.Database, case: str) -> None:
    """An unknown, missing, repeated or unlabelled column is refused; the session stays usable."""
    rows, error, message = UNFIT[case]
    with shop.session() as session:
        fill(session)
        with pytest.raises(error, match=message):
            session.book.insert_from(rows)
        with pytest.raises(ArgumentError, match="4 columns, but names= lists 1 of book"):
            session.book.insert_from(TITLE, names=["isbn"])
        assert session.book.count() == 3


def test_computed_columns_are_refused(store: sample.Database) -> None:
    """A computed column cannot be set."""
    with store.session() as session:
        thing = session.thing
        computed = next(column.key for column in thing.table.columns if column.computed is not None)
        with pytest.raises(UnknownColumnError, match="computed by the database"):
            thing.insert_from(select(thing.table.c[computed]))


def test_pending_entities_are_there_first(shop: bookstore.Database) -> None:
    """Pending entities are flushed before the database selects."""
    with shop.session() as session:
        session.add(Book(author=Author(name="n"), isbn="1", title="t", price=Decimal(1)))
        assert session.book.insert_from(TITLE) == 1


def test_loaded_entities_see_it(shop: bookstore.Database) -> None:
    """A loaded collection has the new rows, and not after a rollback of the savepoint."""
    with shop.session() as session:
        author = session.get_one(Author, fill(session))
        assert len(author.books) == 3
        assert session.book.insert_from(TITLE) == 3
        assert len(author.books) == 6
        with pytest.raises(ZeroDivisionError), session.nested():
            session.book.insert_from(
                TITLE.with_only_columns(Book.author_id, (Book.isbn + "y").label("isbn"), Book.title, Book.price)
            )
            assert len(author.books) == 12
            raise ZeroDivisionError
        assert len(author.books) == 6


def test_automatic_ids_come_after_those_it_brought(shop: bookstore.Database) -> None:
    """On Postgres as on SQLite."""
    with shop.session() as session:
        author = fill(session)
        session.book.insert_from(TITLE.add_columns((Book.id + 100).label("id")))
        assert session.book.insert(**book(author, 9)).id == 104


def test_all_or_nothing(shop: bookstore.Database) -> None:
    """One refused row undoes all."""
    with shop.session() as session:
        fill(session)
        with pytest.raises(IntegrityError), session.nested():
            session.book.insert_from(
                TITLE.with_only_columns(Book.author_id, literal("one").label("isbn"), Book.title, Book.price)
            )
        assert session.book.count() == 3


def test_every_type_is_copied(store: sample.Database) -> None:
    """Values of every type survive a round trip through a temporary table."""
    with store.session() as session:
        row = session.thing.insert(name="a", rank=3, tags=["x", "y"], doc={"n": 1}, span=Range(1, 4), blob=b"\x00")
        session.thing.insert(name="b")
        given = [column for column in session.thing.table.columns if column.computed is None]
        with session.temporary_table(session.thing) as things:
            assert things.insert_from(select(*given)) == 2
            assert things.get(row.id) == row
            assert things.c.id is things.table.c.id
            assert session.thing.c.id is sample.thing.c.id
            assert things.select(order_by=things.table.c.name) == session.thing.select(order_by=sample.thing.c.name)


def test_run_time_tables_have_it(shop: bookstore.Database) -> None:
    """`session.table(table)` too."""
    with shop.session() as session:
        fill(session)
        assert session.table(session.book.table).insert_from(TITLE) == 3


def test_conditions_with_common_table_expressions_are_counted(shop: bookstore.Database) -> None:
    """An update and a delete that begin with WITH return the number of rows they wrote, on both databases."""
    with shop.session() as session:
        fill(session)
        some = select(Book.id).where(Book.id > 1).cte()
        assert session.book.update_where(Book.id.in_(select(some.c.id)), stock=5) == 2
        assert session.book.delete_where(Book.id.in_(select(some.c.id))) == 2
