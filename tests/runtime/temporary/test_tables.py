"""Temporary tables: copies of generated and other tables, and their differences from the originals."""

from __future__ import annotations

import gc
import weakref
from collections.abc import Iterator
from decimal import Decimal

import pytest
from sqlalchemy import (
    CheckConstraint,
    Column,
    ForeignKey,
    Index,
    Integer,
    MetaData,
    Table,
    UniqueConstraint,
    create_engine,
    exists,
    inspect,
    select,
    text,
)
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InvalidRequestError
from sqlalchemy.orm import Session as EntitySession

import bookstore
import observatory
from bookstore.tables.book import BookRow, BookTable
from bookstore.tables.order_line import OrderLineTable
from observatory.tables.detector import DetectorTable
from tablewright.runtime.dynamic.dynamic_table import DynamicTable
from tablewright.schema.range import Range
from tests.runtime.books import author_id, book


@pytest.fixture
def shop(url: str) -> Iterator[bookstore.Database]:
    """Create the bookstore with three books."""
    with bookstore.Database(url) as database:
        database.create()
        with database.session() as session:
            author = author_id(session)
            session.book.insert_many(book(author, number, details={"n": str(number)}) for number in (1, 2, 3))
        yield database


def test_every_verb_of_a_generated_table_works(shop: bookstore.Database) -> None:
    """Rows have the generated class; conditions use the copy's columns; the real table is unchanged."""
    with shop.session() as session, session.temporary_table(BookTable) as books:
        assert isinstance(books, BookTable)
        assert books.c.price is not session.book.c.price
        rows = session.book.select(order_by=session.book.c.id)
        assert books.insert_many(rows) == 3
        assert books.select(books.c.price < 10, order_by=books.c.id) == rows
        assert type(books.first()) is BookRow
        row = books.insert(**book(7, 4))
        assert row.id == 4
        assert books.get_by_isbn("isbn 4") == row
        assert books.update(row.id, title="new", stock=books.c.stock + 1) == books.get(row.id)
        assert books.upsert("isbn", **book(8, 4)).author_id == 8
        assert books.upsert_many([book(9, number) for number in range(400)], "isbn") == 400
        assert [len(page.rows) for page in [books.page(limit=5), books.page(order_by=books.c.price, limit=7)]] == [5, 7]
        assert books.ensure([book(1, 4)]) == 0
        assert books.sync(book(1, 999), keys=["isbn"]).inserted
        assert books.delete(row.id)
        assert books.delete_where(books.c.isbn.like("isbn%")) == 400
        assert session.book.select(order_by=session.book.c.id) == rows


def test_verbs_of_a_session_can_be_copied(shop: bookstore.Database) -> None:
    """`session.book`, its class and the verbs of a temporary table can each be copied."""
    with shop.session() as session, session.temporary_table(session.book, "some") as some:
        some.insert_many(session.book.select())
        with session.temporary_table(some, "copy") as copy:
            assert isinstance(copy, BookTable)
            assert copy.insert_from(select(some.table)) == 3
            assert (copy.table.name, some.table.name) == ("copy", "some")


def test_checks_and_unique_keys_are_copied_without_foreign_keys(shop: bookstore.Database) -> None:
    """Values that the real table refuses are refused, except for foreign keys, which are not enforced."""
    with shop.session() as session, session.temporary_table(BookTable) as books:
        books.insert(**book(404, 1))
        refused: list[tuple[bookstore.BookInsert, type[DBAPIError]]] = [
            (book(1, 1), IntegrityError),
            (book(1, 2, "-1"), IntegrityError),
            (book(1, 2, title="t" * 301), DataError),
        ]
        for values, error in refused:
            with pytest.raises(error), session.nested():
                books.insert(**values)
        assert [part.name for part in books.table.indexes] == []
        assert not books.table.foreign_keys
        # A select from both tables has an explicit join condition.
        authors = session.author.table
        joined = select(authors.c.name).join(books.table, books.table.c.author_id != authors.c.id)
        assert session.scalars(joined).all() == ["Ursula K. Le Guin"]


def test_composite_keys_ranges_and_arrays(url: str) -> None:
    """A table of the observatory can be copied: renamed columns, ranges, arrays and a composite key."""
    with observatory.Database(url) as db:
        db.create()
        with db.session() as session:
            session.instrument.insert(name="latiss", lambda_=550.0)
            row = session.detector.insert(instrument="latiss", number=1, rows=Range(2, 9), bad_pixels=[4, 5])
            with session.temporary_table(DetectorTable) as detectors:
                assert detectors.insert_from(select(observatory.Detector)) == 1
                assert detectors.get("latiss", 1) == row
                assert detectors.find(rows=Range(2, 9)) == [row]
                assert detectors.insert_many([{"instrument": "x", "number": 1, "rows": Range(1, None)}]) == 1


def test_a_sqlalchemy_table_is_copied(shop: bookstore.Database) -> None:
    """A SQLAlchemy Table with any schema, keys and element names is copied; the original is unchanged."""
    metadata = MetaData()
    Table("there", metadata, Column("id", Integer, primary_key=True))
    given = Table(
        "given",
        metadata,
        Column("id", Integer, primary_key=True),
        Column("there_id", ForeignKey("there.id")),
        Column("x", Integer, index=True),
        Column("y", Integer),
        UniqueConstraint("x", name="the_name"),
        Index("the_index", "y", unique=True),
        schema="elsewhere",
    )
    with shop.session() as session:
        one, other = session.make_temporary_table(given), session.make_temporary_table(given, "other")
        for dynamic in (one, other):
            assert isinstance(dynamic, DynamicTable)
            assert dynamic.insert(x=1, y=2).id == 1
            for values in ({"x": 1, "y": 3}, {"x": 2, "y": 2}):
                with pytest.raises(IntegrityError), session.nested():
                    dynamic.insert(**values)
    assert set(metadata.tables) == {"there", "elsewhere.given"}
    assert {index.name for index in given.indexes} == {"ix_elsewhere_given_x", "the_index"}
    assert len(given.foreign_keys) == 1


def test_a_definition_of_a_package_is_copied(shop: bookstore.Database) -> None:
    """A table of the canonical schema that has foreign keys and enums can be copied."""
    definition = bookstore.Session.package.definition.table("book")
    with shop.session() as session, session.temporary_table(definition, "b") as books:
        assert books.insert(**book(404, 1)).genre == "fiction"


def test_automatic_ids_come_after_explicit_ones(shop: bookstore.Database) -> None:
    """Automatic ids continue after explicit ones, as in real tables, however those were inserted."""
    with shop.session() as session, session.temporary_table(BookTable) as books:
        books.insert(**book(1, 1, id=70))
        assert books.insert(**book(1, 2)).id == 71
        books.insert_many([book(1, 3, id=80)])
        assert books.insert(**book(1, 4)).id == 81
        moved = select(
            bookstore.Book.author_id,
            (bookstore.Book.isbn + "x").label("isbn"),
            bookstore.Book.title,
            bookstore.Book.price,
        )
        assert books.insert_from(moved.add_columns((bookstore.Book.id + 89).label("id")).limit(1)) == 1
        assert books.insert(**book(1, 5)).id > 90


def test_only_its_session_drops_it(shop: bookstore.Database) -> None:
    """A table of another session, a real or dropped table, or another object cannot be dropped."""
    with shop.session() as session:
        first = session.make_temporary_table(BookTable)
        by_table = session.make_temporary_table(BookTable)
        session.drop_temporary_table(first)
        session.drop_temporary_table(by_table.table)
        for refused in (first, by_table.table, session.book, session.book.table):
            with pytest.raises(InvalidRequestError, match="is not a temporary table of this session"):
                session.drop_temporary_table(refused)
        with pytest.raises(TypeError, match="returned by make_temporary_table"):
            session.drop_temporary_table("book")  # type: ignore[arg-type]  # what is tested
        remaining = session.make_temporary_table(BookTable)
    with shop.session() as session, pytest.raises(InvalidRequestError, match="already gone"):
        session.drop_temporary_table(remaining)


def test_a_failed_creation_breaks_nothing(shop: bookstore.Database) -> None:
    """After an error of the database, or a name that is too long, the session stays usable on both databases."""
    invalid = Table("odd", MetaData(), Column("x", Integer), CheckConstraint("x IN (SELECT 1)"))
    with shop.session() as session:
        with pytest.raises(DBAPIError):
            session.make_temporary_table(invalid)
        with pytest.raises(InvalidRequestError, match="63 bytes"):
            session.make_temporary_table(BookTable, "n" * 64)
        session.author.insert(name="after")
    with shop.session() as session:
        assert session.author.count() == 2


def test_autocommit_is_refused(url: str) -> None:
    """A temporary table in autocommit mode is an error, because no transaction would end it."""
    engine = create_engine(url)
    for autocommit in (
        create_engine(url, isolation_level="AUTOCOMMIT"),
        engine.execution_options(isolation_level="AUTOCOMMIT"),
    ):
        with bookstore.Session(autocommit) as session, pytest.raises(InvalidRequestError, match="AUTOCOMMIT"):
            session.make_temporary_table(BookTable)
        autocommit.dispose()


def test_it_is_freed(shop: bookstore.Database) -> None:
    """The package's metadata does not contain it, and its classes are freed after the last use, also with entities."""
    before = set(bookstore.metadata.tables)
    with shop.session() as session:
        entity = session.get_one(bookstore.Book, 1)
        with session.temporary_table(BookTable) as books:
            books.insert(**book(1, 1))
            books.update(1, title="t")
            books.update_where(books.c.id == 1, title="u")
            books.delete(1)
            verbs, table = weakref.ref(type(books)), weakref.ref(books.table)
            del books
        assert entity.title == "Title 1"
        assert set(bookstore.metadata.tables) == before
        shop.engine.clear_compiled_cache()
        del session
    # The classes first; the caches of each are freed with them.
    gc.collect()
    gc.collect()
    assert (verbs(), table()) == (None, None)


def test_entities_are_flushed_first(shop: bookstore.Database) -> None:
    """A select into a temporary table flushes pending entities first."""
    with shop.session() as session, session.temporary_table(BookTable) as books:
        session.get_one(bookstore.Book, 1).title = "flushed"
        assert books.insert_from(select(bookstore.Book)) == 3
        assert books.get_one(1).title == "flushed"


def test_its_streams_are_closed_first(shop: bookstore.Database) -> None:
    """A stream that reads the table, also in a condition, raises after the block; other streams continue."""
    with shop.session() as session:
        others = session.book.stream(batch_size=1)
        next(others)
        for _ in range(2):
            with session.temporary_table(BookTable, "scratch") as books:
                books.insert_many(session.book.select())
                own = books.stream(batch_size=1)
                condition = session.book.stream(exists().where(books.c.id == session.book.c.id), batch_size=1)
                assert next(own).id == next(condition).id
            for closed in (own, condition):
                with pytest.raises(Exception, match="closed by the end of scratch"):
                    next(closed)
        assert len(list(others)) == 2


def test_inspection_sees_no_trace(shop: bookstore.Database) -> None:
    """Another connection does not see the temporary table."""
    with shop.session() as session:
        session.make_temporary_table(BookTable, "scratch")
        with shop.session(read_only=True) as other:
            assert not inspect(other.connection()).has_table("scratch")


def test_composite_tables_keep_their_types(shop: bookstore.Database) -> None:
    """A table with a composite key has its verbs by key."""
    with shop.session() as session, session.temporary_table(OrderLineTable) as lines:
        row = lines.insert(order_id=1, number=2, book_id=3, quantity=4, price=Decimal(1))
        assert lines.get(1, 2) == row
        assert lines.get_many([row.key]) == [row]


def test_a_session_over_another_creates_them_too(shop: bookstore.Database) -> None:
    """A session over any SQLAlchemy session creates temporary tables, and drops them when it ends."""
    with EntitySession(shop.engine) as foreign:
        for _ in range(2):
            with bookstore.Session.over(foreign) as session:
                session.make_temporary_table(BookTable, "scratch").insert(**book(1, 1))
                session.commit()
        foreign.execute(text("CREATE TEMPORARY TABLE scratch (x INTEGER)"))
        foreign.execute(text("DROP TABLE scratch"))
