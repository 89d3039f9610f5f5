"""Right programs: both checkers accept every line, and infer the types that are asserted."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any, NamedTuple, assert_type
from uuid import UUID, uuid4

import observatory
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
from observatory import (
    Detector,
    FileDatastoreRecordInsert,
    FileDatastoreRecordRow,
    FileDatastoreRecordStorage,
    FileFormat,
    OpaqueTableStorageManager,
    Shift,
    TransferRow,
    TransferStorage,
)
from observatory import Session as ObservatorySession
from sqlalchemy import Column, ColumnElement, MetaData, Table, create_engine, func, or_, select
from sqlalchemy.orm import scoped_session, sessionmaker
from tablewright import (
    ALL_ROWS,
    ColumnSpec,
    OpaqueTableStorage,
    Prefix,
    Range,
    RowStream,
    TableSpec,
    after,
    before,
    contains,
    is_empty,
    lower,
    overlaps,
    upper,
)
from tablewright.runtime.dynamic.dynamic_table import DynamicTable
from tablewright.runtime.opaque.storage import DynamicOpaqueTableStorage


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


def ranges(observatory: ObservatorySession) -> None:
    """Ranges compare with ranges and values of the same bounds."""
    detector = observatory.detector.c
    now = datetime.now(UTC)
    assert_type(overlaps(Shift.turn, Range(now, None)), ColumnElement[bool])
    assert_type(overlaps(Range(1, 5), detector.rows), ColumnElement[bool])
    assert_type(overlaps(Detector.rows, detector.rows), ColumnElement[bool])
    assert_type(contains(Detector.rows, 7), ColumnElement[bool])
    assert_type(contains(Detector.rows, Range[int].nothing()), ColumnElement[bool])
    assert_type(contains(Detector.rows, Detector.number), ColumnElement[bool])
    assert_type(contains(Range(1, 5), detector.number), ColumnElement[bool])
    assert_type(before(Shift.turn, now), ColumnElement[bool])
    assert_type(after(Shift.turn, Shift.turn), ColumnElement[bool])
    assert_type(lower(Shift.turn), ColumnElement[datetime | None])
    assert_type(upper(detector.rows), ColumnElement[int | None])
    assert_type(is_empty(Detector.rows), ColumnElement[bool])
    assert_type(Range(1, 5).intersection(Range(3)), Range[int])
    assert_type(Range(1, 5).overlaps(Range()), bool)


def reading(session: Session) -> None:
    """Reads return rows, or None if the row may be missing."""
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
    """Writes accept columns as values or expressions."""
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
    """Lists of keys, and of keys with changes, are typed by the table."""
    assert_type(session.book.update_many([(1, {"title": "t"}), (2, {"stock": Book.stock + 1})]), int)
    assert_type(session.book.update_many((row.id, {"price": row.price * 2}) for row in session.book.select()), int)
    assert_type(session.order_line.update_many([(OrderLineKey(1, 2), {"quantity": 3})]), int)
    assert_type(session.book.delete_many(range(5)), int)
    assert_type(session.order_line.delete_many(row.key for row in session.order_line.select()), int)
    assert_type(session.author.delete_matching(["name", "born"], [{"name": "x", "born": None}]), int)


def tables(db: Database, definition: TableSpec) -> None:
    """Dynamic tables, and initial rows of a database."""
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
    """A row class of the program."""

    title: str
    copies: int | None


@dataclass
class Total:
    """Another row class of the program."""

    genre: Genre
    books: int


def own_rows(session: Session) -> None:
    """Any select returns rows of the program's own class."""
    assert_type(session.rows(select(Book.title, func.sum(Book.stock)), Sale), list[Sale])
    assert_type(session.rows(select(Book.genre, func.count(Book.id)).group_by(Book.genre), Total), list[Total])


def temporary(session: Session, spec: TableSpec) -> None:
    """A temporary table has the types of the table that it copies."""
    books = session.make_temporary_table(BookTable)
    assert_type(books, BookTable)
    assert_type(books.select(books.c.price < 10), list[BookRow])
    assert_type(books.insert_many(session.book.stream()), int)
    assert_type(books.insert_from(select(Book)), int)
    assert_type(session.make_temporary_table(session.book, "books"), BookTable)
    assert_type(session.make_temporary_table(spec), DynamicTable)
    assert_type(session.make_temporary_table(books.table), DynamicTable)
    session.drop_temporary_table(books)
    session.drop_temporary_table(books.table)
    with session.temporary_table(BookTable) as some, session.temporary_table(spec, "others") as others:
        assert_type(some.get(1), BookRow | None)
        assert_type(others, DynamicTable)


def transactions(db: Database) -> None:
    """Sessions that begin with locks, or that do not join another session."""
    with db.session(lock=[Book, BookTable, metadata.tables["book"]]) as session:
        assert_type(session, Session)
    with db.ambient_session(interrupting=True) as session:
        assert_type(session.book.count(), int)
    assert_type(Database("sqlite://", allow_temporary_tables=False).allow_temporary_tables, bool)


def opaque_tables(db: observatory.Database, name: str) -> None:
    """The manager types the storages of the package's opaque tables by name, and other storages by their base class."""
    assert_type(db.opaque, OpaqueTableStorageManager)
    assert_type(db.opaque.register("transfer"), TransferStorage)
    assert_type(db.opaque.register("file_datastore_records"), FileDatastoreRecordStorage)
    assert_type(db.opaque["transfer"], TransferStorage)
    assert_type(db.opaque.get("file_datastore_records"), FileDatastoreRecordStorage | None)
    assert_type(db.opaque.get(name), OpaqueTableStorage[Any, Any] | None)
    spec = TableSpec(name="note", columns={"id": ColumnSpec(type="bigint", primary_key=True)})
    noted = db.opaque.register("note", spec)
    assert_type(noted, DynamicOpaqueTableStorage)
    noted.insert({"id": 1})
    noted.fetch(id=[1, 2])
    noted.delete(["id"], {"id": 1})


def opaque_rows(records: FileDatastoreRecordStorage, transfers: TransferStorage, session: observatory.Session) -> None:
    """Storages accept and return typed rows."""
    given: FileDatastoreRecordInsert = {
        "dataset_id": uuid4(), "path": "a/b.fits", "formatter": "f", "storage_class": "Image"
    }
    row = FileDatastoreRecordRow(
        dataset_id=uuid4(), path="p", formatter="f", storage_class="s", component="", checksum=None, file_size=3
    )
    assert_type(records.insert(given, row, session=session), int)
    assert_type(records.ensure(given, {**given, "checksum": None, "component": "wcs"}), int)
    assert_type(records.replace(row), int)
    assert_type(records.fetch(), Iterator[FileDatastoreRecordRow])
    assert_type(records.fetch_batches(file_size=None, batch_size=10), Iterator[list[FileDatastoreRecordRow]])
    records.fetch(dataset_id=[uuid4()], checksum=["x", None], file_size=range(10), path=Prefix("a/"))
    records.fetch(dataset_id=uuid4(), component={"": 1}.keys(), path=(name for name in ["a"]), session=session)
    records.fetch(checksum=Prefix("0"), formatter=frozenset({"a"}), storage_class="Image")
    transfers.fetch(format=[FileFormat.FITS], sites=["here", "there"])
    for transfer in transfers.fetch(format=FileFormat.HDF5):
        assert_type(transfer, TransferRow)
        assert_type(transfer.file_id, UUID)
        assert_type(transfer.sites, list[str])
    assert_type(records.delete(["dataset_id", "component"], {"dataset_id": uuid4(), "component": ""}), int)
    records.delete(("checksum",), {"checksum": None}, session=session)
    records.delete(["path"], row)
