"""The verbs for many rows: all or none, and errors with the row."""

from __future__ import annotations

import random
from collections.abc import Callable, Iterator
from decimal import Decimal
from typing import Any
from uuid import uuid4

import pytest
from sqlalchemy import event, text
from sqlalchemy.exc import DataError, DBAPIError, IntegrityError, InvalidRequestError, NotSupportedError

import bookstore
from bookstore import Book
from tablewright.runtime.errors import SessionBusyError, SyncConflictError, UnknownColumnError
from tablewright.runtime.table import ALL_ROWS
from tests.runtime import sample
from tests.runtime.books import author_id, book


def test_insert_many_takes_any_iterable(shop: bookstore.Database) -> None:
    """Generators, mappings with different columns and rows of another database are all inserted."""
    with shop.session() as session:
        author = author_id(session)

        def rows() -> Iterator[bookstore.BookInsert]:
            for n in range(2500):
                values = book(author, n)
                if n % 3:
                    values["stock"] = n
                if n % 1000 == 999:
                    values["created_at"] = session_start
                yield values

        session_start = session.book.insert(**book(author, -1)).created_at
        assert session.book.insert_many(rows()) == 2500
        assert session.book.insert_many([]) == 0
        stored = session.book.select(order_by=Book.id)
        assert [row.stock for row in stored[1:]] == [n if n % 3 else 0 for n in range(2500)]
        session.book.delete_where(Book.id > 0)
        assert session.book.insert_many(stored) == 2501
        assert session.book.select(order_by=Book.id) == stored


def test_rows_go_back_without_their_computed_columns(store: sample.Database) -> None:
    """A row that was read can be inserted again; its computed columns are left out."""
    with store.session() as session:
        rows = [session.thing.insert(name=f"n{n}", rank=n, tags=[str(n), 'a"b,']) for n in range(3)]
        session.thing.delete_where(ALL_ROWS)
        session.thing.insert_many(rows)
        assert sorted(session.thing.select(), key=lambda row: row.name) == rows


OVERSIZED: list[tuple[str, Any]] = [
    ("small", 2**15),
    ("small", -(2**15) - 1),
    ("rank", 2**40 + 7),
    ("rank", True),
    ("weight", 1e300),
    ("weight", float("nan")),
    ("price", Decimal("1.234")),
    ("price", Decimal("NaN")),
    ("name", "longer than ten"),
    ("name", "nul\0"),
    ("name", 5),
    ("blob", "text"),
    ("tags", ["a", None]),
    ("doc", {"a": "b"}),
    ("colour", "green"),
    ("seen", "2024-01-01"),
]


@pytest.mark.parametrize(("column", "value"), OVERSIZED)
def test_insert_many_refuses_what_does_not_fit(store: sample.Database, column: str, value: object) -> None:
    """A value that its column cannot store is a DataError with the row and column, and no row is stored."""
    with store.session() as session:
        rows: list[dict[str, object]] = [{"name": "a"}, {"name": "b"}, {"name": "c", column: value}]
        with pytest.raises(DataError, match=f"row 3, column {column}"):
            session.thing.insert_many(rows)
        assert session.thing.count() == 0


def test_insert_many_says_which_row_the_database_refused(shop: bookstore.Database) -> None:
    """A row that violates a constraint is an IntegrityError with the row and column; no row is stored."""
    with shop.session() as session:
        author = author_id(session)
        rows = [book(author, n) for n in (1, 2, 3, 2)]
        with pytest.raises(IntegrityError, match="row 4, column isbn"):
            session.book.insert_many(rows)
        with pytest.raises(IntegrityError, match="row 2"):
            session.book.insert_many([book(author, 1), book(author, 2, "-1")])
        with pytest.raises(IntegrityError, match="row 1, column isbn"):
            session.book.insert_many([{"author_id": author, "title": "", "price": Decimal(1)}])  # type: ignore[list-item]  # the point of the test
        assert session.book.count() == 0
        assert session.book.insert_many(rows[:3]) == 3


def test_a_wrong_row_is_refused_by_number(shop: bookstore.Database) -> None:
    """An unknown column or an invalid row is an error with the row; nothing is stored."""
    with shop.session() as session:
        with pytest.raises(UnknownColumnError, match="'nam'") as caught:
            session.author.insert_many([{"name": "a"}, {"nam": "b"}])  # type: ignore[list-item]  # the point of the test
        assert caught.value.__notes__ == ["In row 2."]
        with pytest.raises(TypeError, match="tuple is not a mapping"):
            session.author.insert_many([{"name": "a"}, ("b",)])  # type: ignore[list-item]  # the point of the test
        assert session.author.count() == 0


def test_an_error_of_the_iterable_is_the_callers(shop: bookstore.Database) -> None:
    """An error of the iterable is raised unchanged; nothing is stored and the session stays usable."""

    def rows() -> Iterator[bookstore.AuthorInsert]:
        yield {"name": "a"}
        raise LookupError("out of rows")

    with shop.session() as session:
        with pytest.raises(LookupError, match="out of rows"):
            session.author.insert_many(rows())
        assert session.author.count() == 0


def test_an_iterable_that_uses_the_session_is_refused(shop: bookstore.Database) -> None:
    """While a verb reads rows nothing else can use its session: rows, streams or entities."""
    with shop.session() as session:
        author_id(session)
        uses: list[Callable[[], object]] = [
            session.author.count,
            lambda: session.author.insert(name="b"),
            lambda: session.get(bookstore.Author, 1),
            lambda: next(session.author.stream()),
        ]

        def rows(use: Callable[[], object]) -> Iterator[bookstore.AuthorInsert]:
            yield {"name": "first"}
            yield {"name": str(use())}

        for use in uses:
            with pytest.raises(SessionBusyError, match="iterable"):
                session.author.insert_many(rows(use))
        for verb in (session.author.ensure, session.author.replace, session.author.upsert_many):
            with pytest.raises(SessionBusyError):
                verb(rows(session.author.count))
        stream = session.author.stream()
        with pytest.raises(SessionBusyError):
            session.author.insert_many({"name": row.name} for row in stream)
        assert session.author.count() == 1


def test_insert_many_when_someone_listens(shop: bookstore.Database) -> None:
    """Listeners see the statements of many rows, with the same rows and the same errors as without them."""
    seen: list[str] = []
    event.listen(shop.engine, "before_cursor_execute", lambda c, cursor, sql, p, context, many: seen.append(sql))
    with shop.session() as session:
        author = author_id(session)
        assert session.book.insert_many(book(author, n) for n in range(1500)) == 1500
        with pytest.raises(IntegrityError, match="row 3, column isbn"):
            session.book.insert_many([book(author, 2000), book(author, 2001), book(author, 7)])
        assert session.book.count() == 1500
        assert session.book.upsert_many([book(author, 7), book(author, 5000)], "isbn") == 2
        assert session.book.count() == 1501
    assert any(sql.startswith(("INSERT INTO book", "COPY book")) for sql in seen)


def test_row_level_security_refuses_copy(postgres_url: str) -> None:
    """Under row security, which COPY does not support, rows are inserted by statements."""
    with bookstore.Database(postgres_url) as database:
        database.create()
        with database.session() as session:
            session.execute(text("ALTER TABLE author ENABLE ROW LEVEL SECURITY"))
            session.execute(text("CREATE POLICY short ON author USING (true) WITH CHECK (length(name) < 5)"))
            role = f"clerk_{uuid4().hex[:8]}"
            session.execute(text(f"CREATE ROLE {role}"))
            session.execute(text(f"GRANT USAGE ON SCHEMA public TO {role}"))
            session.execute(text(f"GRANT ALL ON author TO {role}"))
            session.execute(text(f"SET LOCAL ROLE {role}"))
            assert session.author.insert_many({"name": str(n)} for n in range(1200)) == 1200
            with pytest.raises(DBAPIError, match="row-level security"):
                session.author.insert_many([{"name": "a"}, {"name": "too long"}])
            assert session.author.count() == 1200
            session.execute(text("RESET ROLE"))
            session.execute(text(f"DROP OWNED BY {role}"))
            session.execute(text(f"DROP ROLE {role}"))


def test_insert_many_returning_keeps_the_order(store: sample.Database) -> None:
    """Rows are returned as stored, in the order given, also if the database generates their keys."""
    names = [f"n{n}" for n in range(300)]
    random.Random(1).shuffle(names)
    with store.session() as session:
        rows = session.thing.insert_many_returning({"name": name, "rank": 1} for name in names)
        assert [row.name for row in rows] == names
        assert rows[0].doubled == 2
        with pytest.raises(IntegrityError, match="row 2, column name"):
            session.thing.insert_many_returning([{"name": "new"}, {"name": "n7"}])
        assert session.thing.count() == 300


def test_upsert(shop: bookstore.Database) -> None:
    """A row is inserted, or the row with its unique key gets the given columns and keeps the others."""
    with shop.session() as session:
        author = author_id(session)
        first = session.book.upsert(_conflict="isbn", **book(author, 1, stock=4))
        second = session.book.upsert(_conflict="isbn", **book(author, 1, title="Second"))
        assert (second.id, second.title, second.stock) == (first.id, "Second", 4)
        assert session.author.upsert(id=author, name="Renamed").id == author
        assert session.author.get_one(author).name == "Renamed"
        with pytest.raises(InvalidRequestError, match="no unique key 'title'"):
            session.book.upsert(_conflict="title", **book(author, 1))  # type: ignore[arg-type]  # the point of the test
        with pytest.raises(InvalidRequestError, match="needs a value of 'isbn'"):
            session.book.upsert(_conflict="isbn", author_id=author, title="", price=Decimal(1))  # type: ignore[call-arg]  # the point of the test


def test_upsert_of_nothing_but_the_key(store: sample.Database) -> None:
    """Without columns to update, the existing row is returned."""
    with store.session() as session:
        session.node.insert(id=1, name="one")
        row = session.node._upsert("primary_key", {"id": 1})
        assert row == sample.NodeRow(1, None, "one")


def test_upsert_many(shop: bookstore.Database) -> None:
    """Rows are inserted or updated in order; of several with one key the last one stays."""
    with shop.session() as session:
        author = author_id(session)
        session.book.insert(**book(author, 1, stock=9))
        rows = [book(author, n, title=f"{n} {i}") for i, n in enumerate([1, 2, 2])]
        assert session.book.upsert_many(rows, "isbn") == 3
        assert [(row.title, row.stock) for row in session.book.select(order_by=Book.id)] == [("1 0", 9), ("2 2", 0)]
        with pytest.raises(IntegrityError, match="row 2"):
            session.book.upsert_many([book(author, 3), book(author, 4, "-1")], "isbn")
        assert session.book.count() == 2


def test_ensure_counts_only_what_it_inserted(shop: bookstore.Database) -> None:
    """Rows that conflict with existing or earlier ones, by any unique key, are not counted and change nothing."""
    with shop.session() as session:
        author = author_id(session)
        session.book.insert(**book(author, 1, stock=9))
        rows = [book(author, n) for n in (1, 2, 2, 3)]
        assert session.book.ensure(rows) == 2
        assert session.book.ensure(rows) == 0
        assert session.book.find(isbn="isbn 1")[0].stock == 9
        with pytest.raises(IntegrityError):
            session.book.ensure([book(author, 4), book(author, 5, "-1")])
        assert session.book.count() == 3


def test_replace_overwrites_the_whole_row(shop: bookstore.Database) -> None:
    """Columns left out get their default or NULL; of several rows with one key the last stays."""
    with shop.session() as session:
        author = author_id(session)
        old = session.book.insert(**book(author, 1, stock=9, details={"a": "b"}))
        assert session.book.replace([book(author, 1, id=old.id), book(author, 2, id=7)]) == 2
        new = session.book.get_one(old.id)
        assert (new.stock, new.details, new.isbn) == (0, {}, "isbn 1")
        assert session.book.insert(**book(author, 3)).id == 8
        session.author.replace([{"id": 40, "name": "a"}, {"id": 40, "name": "b"}])
        assert session.author.get_one(40).name == "b"
        with pytest.raises(IntegrityError):
            session.book.replace([book(author, 9, id=9), book(author, 1, id=10)])
        assert session.book.get(9) is None


def test_sync(store: sample.Database) -> None:
    """A row is inserted, found, compared, and updated on request; the result has old values and new row."""
    with store.session() as session:
        first = session.thing.sync({"name": "a", "rank": 1, "weight": 0.1}, keys=["name"])
        assert (first.inserted, first.changed, first.row.rank) == (True, {}, 1)
        again = session.thing.sync({"name": "a", "rank": 1, "weight": 0.1}, keys=["name"])
        assert (again.inserted, again.changed, again.row) == (False, {}, first.row)
        with pytest.raises(SyncConflictError, match="rank is 1, not 2"):
            session.thing.sync({"name": "a", "rank": 2}, keys=["name"])
        fixed = session.thing.sync({"name": "a", "rank": 2, "price": Decimal("1")}, keys=["name"], update=True)
        assert (fixed.inserted, fixed.changed, fixed.row.rank) == (False, {"rank": 1}, 2)
        assert session.thing.get(first.row.id) == fixed.row


def test_sync_by_keys_that_name_no_single_row(store: sample.Database) -> None:
    """Several matches are an error, NULL keys match, and a conflict with another key is reported."""
    with store.session() as session:
        assert session.note.sync({"rank": None, "text": "x"}, keys=["rank"]).inserted
        assert not session.note.sync({"rank": None, "text": "x"}, keys=["rank"]).inserted
        session.note.insert(text="x", rank=1)
        with pytest.raises(InvalidRequestError, match="not a unique key"):
            session.note.sync({"text": "x"}, keys=["text"])
        session.thing.insert(name="taken", rank=1)
        with pytest.raises(IntegrityError):
            session.thing.sync({"name": "taken", "rank": 5}, keys=["rank"])
        with pytest.raises(InvalidRequestError, match="needs the columns"):
            session.thing.sync({"name": "taken"}, keys=[])
        with pytest.raises(InvalidRequestError, match="needs a value of the key column 'rank'"):
            session.thing.sync({"name": "taken"}, keys=["rank"])
        with pytest.raises(UnknownColumnError):
            session.thing.sync({"name": "taken"}, keys=["nam"])


def test_truncate(shop: bookstore.Database) -> None:
    """A referenced table is emptied only together with the referencing ones; ids go on."""
    with shop.session() as session:
        author = author_id(session)
        session.book.insert(**book(author, 1))
        with pytest.raises(NotSupportedError, match="truncate"):
            session.author.truncate()
        assert session.book.count() == 1
        session.author.truncate(cascade=True)
        assert (session.author.count(), session.book.count()) == (0, 0)
        assert author_id(session) == author + 1
        session.order_line.truncate()


def test_truncate_of_a_table_that_points_at_itself(store: sample.Database) -> None:
    """References within the table do not matter."""
    with store.session() as session:
        session.node.insert_many([{"id": 1}, {"id": 2, "up_id": 1}])
        session.node.truncate()
        assert session.node.count() == 0
