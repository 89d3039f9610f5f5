"""`update_many` of hundreds of rows, one statement on Postgres: the same result as one by one."""

from __future__ import annotations

from collections.abc import Iterator
from decimal import Decimal
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, IntegrityError, InvalidRequestError

import bookstore
from bookstore import Book
from tablewright.runtime.bulk import postgres_copy
from tablewright.runtime.errors import UnknownColumnError
from tablewright.schema import types
from tablewright.schema.tables import check, column, primary_key, unique
from tests.runtime import sample
from tests.runtime.books import author_id, book
from tests.runtime.untyped_table import accessor, untyped_table

HELD = 600


@pytest.fixture
def database(url: str) -> Iterator[sample.Database]:
    """An empty database."""
    with sample.Database(url, check_versions=False) as made:
        yield made


@pytest.fixture
def loose(database: sample.Database) -> Iterator[Any]:
    """A table with a unique column `a`, a text and a check, and `HELD` rows."""
    table = untyped_table(
        {
            "code": column(types.String(6)),
            "n": column(types.SmallInteger()),
            "a": column(types.Integer(), nullable=True),
            "b": column(types.Text(), name="stored_b", nullable=True),
            "c": column(types.Json(dict[str, int]), nullable=True),
        },
        primary_key("code", "n"),
        unique("a"),
        check("a < 100000", name="a_small"),
    )
    with database.session() as session:
        table.metadata.create_all(session.connection())
        made = accessor(session, table)
        made.insert_many({"code": f"c{n}", "n": n, "a": n} for n in range(HELD))
        yield made


def key(n: int) -> tuple[str, int]:
    """The key of the row *n*."""
    return f"c{n}", n


@pytest.mark.parametrize("of", [100, 5000])
def test_the_last_change_of_a_key_stays(loose: Any, of: int) -> None:
    """Rows are updated in order, also several times by one key; missing keys are not counted."""
    draw = Random(of)
    changes = [
        (key(draw.randrange(of)), {"b": f"value {number}", "c": {"number": number}}) for number in range(int(of * 1.2))
    ]
    assert loose._update_many(iter(changes)) == sum(n < HELD for (_, n), _ in changes)
    last = dict(changes)
    for row in loose.select():
        values = last.get((row.code, row.n), {})
        assert (row.b, row.c) == (values.get("b"), values.get("c"))
        assert row.a == row.n


def test_all_at_once(loose: Any, url: str, monkeypatch: pytest.MonkeyPatch) -> None:
    """Postgres reads them by one COPY; a key that the column could not store matches no row."""
    copied: list[int] = []
    write = postgres_copy.write

    def counted(*given: Any) -> int:
        copied.append(write(*given))
        return copied[-1]

    monkeypatch.setattr(postgres_copy, "write", counted)
    changes: list[Any] = [(key(n), {"a": n + 1000, "b": None}) for n in range(HELD)]
    assert loose._update_many(changes) == HELD
    assert copied == ([HELD] if "postgresql" in url else [])
    assert sorted(row.a for row in loose.select()) == list(range(1000, 1000 + HELD))
    changes.append((("far too long", 1), {"a": 5, "b": "x"}))
    assert loose._update_many(changes) == HELD


def test_values_that_only_an_order_of_theirs_allows(loose: Any) -> None:
    """Each row gets the unique value of the next one, which must have changed before."""
    assert loose._update_many((key(n), {"a": n + 1}) for n in reversed(range(HELD))) == HELD
    assert all(row.a == row.n + 1 for row in loose.select())


@pytest.mark.parametrize("wrong", [{"a": 7}, {"a": 100_000}])
def test_the_change_that_is_refused_is_named(loose: Any, wrong: dict[str, object]) -> None:
    """A duplicate value, or one that a check refuses, undoes all changes; the error names the row."""
    changes = [(key(n), {"a": n + 5000} if n != 450 else wrong) for n in range(100, HELD)]
    with pytest.raises(IntegrityError, match="row 351"):
        loose._update_many(changes)
    assert all(row.a == row.n for row in loose.select())


@pytest.mark.parametrize("altered", [False, True], ids=["said", "altered"])
def test_keys_that_the_database_alone_finds_equal(database: sample.Database, altered: bool) -> None:
    """Keys that differ in Python and are equal for CHAR update rows as one by one: the last change stays.

    CHAR is the type of the spec, or only that of the database.
    """
    key_type: types.ColumnType[Any] = types.String(6)
    table = untyped_table(
        {
            "code": column(key_type if altered else key_type.with_ddl(postgresql="CHAR(6)")),
            "b": column(types.Integer(), nullable=True),
        },
        primary_key("code"),
    )
    with database.session() as session:
        table.metadata.create_all(session.connection())
        if altered and database.engine.dialect.name == "postgresql":
            session.execute(text("ALTER TABLE loose ALTER COLUMN code TYPE CHAR(6)"))
        loose = accessor(session, table)
        loose.insert_many({"code": f"c{n}"} for n in range(HELD))
        changes: list[tuple[Any, dict[str, object]]] = [(f"c{n}", {"b": n}) for n in range(HELD)]
        changes += [(f"c{n} ", {"b": -n}) for n in range(HELD)]
        changes += changes[:3]
        draw = Random(1)
        draw.shuffle(changes)
        savepoint = session.begin_nested()
        alone = sum(loose._update((code,), values) is not None for code, values in changes)
        wanted = {row.code.strip(): row.b for row in loose.select()}
        savepoint.rollback()
        assert loose._update_many(changes) == alone
        assert {row.code.strip(): row.b for row in loose.select()} == wanted


def test_columns_that_every_update_touches(shop: bookstore.Database) -> None:
    """`touch: now` is set by each of many updates."""
    with shop.session() as session:
        author = author_id(session)
        session.book.insert_many(book(author, n) for n in range(1, 401))
    with shop.session() as session:
        assert session.book.update_many((n, {"stock": n}) for n in range(1, 301)) == 300
        assert session.book.count(Book.updated_at > Book.created_at, Book.stock == Book.id) == 300


def test_update_by_keys(shop: bookstore.Database) -> None:
    """Each row gets its own values, plain or SQL; other rows stay; missing keys are not counted."""
    with shop.session() as session:
        author = author_id(session)
        session.book.insert_many(book(author, n, stock=n) for n in range(1, 6))
        entity = session.get_one(Book, 1)
        assert session.book.update_many([(1, {"title": "One"}), (2, {"title": "Two"}), (99, {"title": "None"})]) == 2
        assert entity.title == "One"
        changes: list[tuple[int, bookstore.BookUpdate]] = [
            (1, {"title": "1", "stock": 10}),
            (2, {"stock": Book.stock + 5}),
            (2, {"stock": Book.stock * 2}),
            (3, {"price": Decimal("1.50")}),
        ]
        assert session.book.update_many(changes) == 4
        rows = session.book.select(order_by=Book.id)
        assert [(row.title, row.stock) for row in rows[:3]] == [("1", 10), ("Two", 14), ("Title 3", 3)]
        assert rows[2].price == Decimal("1.50")
        assert rows[0].updated_at >= rows[0].created_at
        assert session.book.update_many([]) == 0


def test_updates_are_all_or_none(shop: bookstore.Database) -> None:
    """A refused change undoes those before it, is named in the error, and leaves the session usable."""
    with shop.session() as session:
        author = author_id(session)
        session.book.insert_many(book(author, n) for n in range(1, 4))
        with pytest.raises(IntegrityError, match="row 2"):
            session.book.update_many([(1, {"isbn": "new"}), (2, {"isbn": "isbn 3"}), (3, {"isbn": "other"})])
        with pytest.raises(DataError, match="row 2"):
            session.book.update_many([(1, {"title": "new"}), (2, {"title": 5})])  # type: ignore[typeddict-item]  # so
        for wrong in ({"id": 7}, {"titel": "x"}):
            with pytest.raises(UnknownColumnError) as caught:
                session.book._update_many([(1, {"title": "new"}), (2, wrong)])
            assert caught.value.__notes__ == ["In row 2."]
        with pytest.raises(InvalidRequestError, match="at least one column"):
            session.book.update_many([(1, {})])
        assert [row.isbn for row in session.book.select(order_by=Book.id)] == ["isbn 1", "isbn 2", "isbn 3"]
        assert session.book.count(Book.title == "new") == 0


def test_update_by_keys_of_several_columns(shop: bookstore.Database) -> None:
    """A composite key is its NamedTuple, or any tuple of as many values."""
    with shop.session() as session:
        session.book.insert(**book(author_id(session), 1))
        customer = session.customer.insert(email="a@b.c", name="A")
        order = session.order.insert(customer_id=customer.id).id
        session.order_line.insert_many(
            {"order_id": order, "number": n, "book_id": 1, "price": Decimal(1)} for n in range(3)
        )
        lines = session.order_line.select()
        assert session.order_line.update_many((line.key, {"quantity": line.number + 5}) for line in lines) == 3
        assert sorted(line.quantity for line in session.order_line.select()) == [5, 6, 7]
        with pytest.raises(TypeError, match="has 2 columns; 1 values"):
            session.order_line._update_many([((1,), {"quantity": 2})])
