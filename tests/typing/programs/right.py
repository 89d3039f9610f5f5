"""Right programs: both checkers accept every line, and infer the types that are asserted."""

from collections.abc import Sequence
from dataclasses import dataclass
from datetime import date
from decimal import Decimal
from typing import NamedTuple, assert_type

from bookstore import (
    Author,
    AuthorRow,
    Book,
    BookInsert,
    BookRow,
    BookTable,
    Database,
    Genre,
    OrderLineKey,
    OrderLineRow,
    Session,
    metadata,
)
from sqlalchemy import Column, MetaData, Table, create_engine, func, or_, select
from sqlalchemy.orm import scoped_session, sessionmaker
from tablewright.runtime.stream import RowStream
from tablewright.runtime.table import ALL_ROWS
from tablewright.spec.models import TableSpec


def opening(db: Database) -> None:
    """A database opens sessions of its own class, and a session has the accessors."""
    with db.session() as session:
        assert_type(session, Session)
        assert_type(session.book, BookTable)
    with db.session(read_only=True, isolation="SERIALIZABLE") as session, session.nested() as inner:
        assert_type(inner, Session)
    factory = sessionmaker(create_engine("sqlite://"), class_=Session)
    assert_type(factory(), Session)
    assert_type(Session.over(factory()), Session)
    assert_type(scoped_session(factory)().book, BookTable)
    assert_type(metadata, MetaData)


def reading(session: Session) -> None:
    """Reads give rows, with None where there may be none."""
    assert_type(session.book.get(1), BookRow | None)
    assert_type(session.book.get_one(1), BookRow)
    assert_type(session.book.get_many([1, 2]), list[BookRow])
    assert_type(session.book.get_by_isbn("9780061054884", lock="update"), BookRow | None)
    assert_type(session.order_line.get(1, 2), OrderLineRow | None)
    assert_type(session.order_line.get_one(1, 2).key, OrderLineKey)
    assert_type(session.book.find(genre=Genre.POETRY, author_id=[1, 2]), list[BookRow])
    assert_type(session.author.find(born=None), list[AuthorRow])
    assert_type(session.book.select(Book.price < 10, order_by=Book.title.desc()), list[BookRow])
    assert_type(session.book.select(session.book.c.price < 10, limit=3), list[BookRow])
    assert_type(session.book.select(or_(Book.stock > 0, Book.title.like("A%"))), list[BookRow])
    assert_type(session.book.first(order_by=[Book.price, Book.id.desc()]), BookRow | None)
    assert_type(session.book.one(Book.isbn == "1"), BookRow)
    assert_type(session.book.stream(), RowStream[BookRow])
    assert_type(session.book.page(limit=10).rows, list[BookRow])
    assert_type(session.book.count(), int)
    assert_type(session.book.exists(Book.genre == Genre.ESSAY), bool)


def fields(row: BookRow, author: AuthorRow) -> None:
    """A row's fields have the column's types."""
    assert_type(row.id, int)
    assert_type(row.price, Decimal)
    assert_type(row.genre, Genre)
    assert_type(row.details, dict[str, str])
    assert_type(author.born, date | None)


def columns(session: Session) -> None:
    """Core columns are typed without a mapper."""
    assert_type(session.book.c.price, Column[Decimal])
    assert_type(session.author.c.born, Column[date | None])


def writing(session: Session) -> None:
    """Writes take the columns they may, as values or expressions."""
    row = session.book.insert(author_id=1, isbn="1", title="t", price=Decimal("1.00"))
    assert_type(row, BookRow)
    given: BookInsert = {"author_id": 1, "isbn": "2", "title": "t", "price": Decimal(2), "genre": Genre.ESSAY}
    assert_type(session.book.insert_many([given, row]), int)
    assert_type(session.book.insert_many_returning([given]), list[BookRow])
    assert_type(session.book.upsert("isbn", **given), BookRow)
    assert_type(session.book.upsert_many([given], "isbn"), int)
    assert_type(session.book.ensure([given]), int)
    assert_type(session.book.replace([row]), int)
    assert_type(session.book.update(1, stock=Book.stock - 1, title="new"), BookRow | None)
    assert_type(session.book.update_where(Book.stock == 0, price=session.book.c.price * 2), int)
    assert_type(session.book.update_where(ALL_ROWS, stock=0), int)
    assert_type(session.order_line.update(1, 2, quantity=3), OrderLineRow | None)
    assert_type(session.book.delete(1), bool)
    assert_type(session.order_line.delete(1, 2), bool)
    assert_type(session.book.delete_where(Book.stock == 0), int)
    assert_type(session.book.ensure([given], conflict="primary_key"), int)
    assert_type(session.book.sync(given, keys=["isbn"], compare=["title"]).row, BookRow)


def lists(session: Session) -> None:
    """Lists of keys, and of keys with what they are to have, are typed by the table."""
    assert_type(session.book.update_many([(1, {"title": "t"}), (2, {"stock": Book.stock + 1})]), int)
    assert_type(session.book.update_many((row.id, {"price": row.price * 2}) for row in session.book.select()), int)
    assert_type(session.order_line.update_many([(OrderLineKey(1, 2), {"quantity": 3})]), int)
    assert_type(session.book.delete_many(range(5)), int)
    assert_type(session.order_line.delete_many(row.key for row in session.order_line.select()), int)
    assert_type(session.author.delete_matching(["name", "born"], [{"name": "x", "born": None}]), int)


def tables(db: Database, definition: TableSpec) -> None:
    """Tables beside the package's, and what a database begins with."""
    db.create(initialize=lambda session: session.author.insert(name="x"))
    assert_type(db.ensure_table("tags", definition).name, str)
    assert_type(db.get_table("tags", definition), Table | None)
    with db.declare_static_tables(create=True) as context:
        assert_type(context.add_table("tags", definition).name, str)
        context.add_initializer(lambda session: session.author.insert(name="x"))
    with db.session() as session:
        assert_type(session.table(session.ensure_table("tags", definition)).count(), int)


def entities(session: Session) -> None:
    """Entities are constructed and read with their types."""
    author = Author(name="Ursula K. Le Guin")
    book = Book(author=author, isbn="1", title="t", price=Decimal(1))
    session.add(book)
    assert_type(book.author, Author)
    assert_type(author.books, list[Book])
    assert_type(session.get(Book, 1), Book | None)
    assert_type(session.scalars(select(Book)).all(), Sequence[Book])


def scalars(session: Session) -> None:
    """A single value keeps its type."""
    assert_type(session.scalar_or_none(select(Book.title)), str | None)
    assert_type(session.scalar_or_none(select(func.count(Book.id))), int | None)


class Sale(NamedTuple):
    """A row of one's own."""

    title: str
    copies: int | None


@dataclass
class Total:
    """Another."""

    genre: Genre
    books: int


def own_rows(session: Session) -> None:
    """Any select becomes rows of one's own class."""
    assert_type(session.rows(select(Book.title, func.sum(Book.stock)), Sale), list[Sale])
    assert_type(session.rows(select(Book.genre, func.count(Book.id)).group_by(Book.genre), Total), list[Total])
