"""`update_many` of hundreds of rows, one statement on Postgres: the same result as one by one."""

from __future__ import annotations

from collections.abc import Iterator
from random import Random
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError

import bookstore
from bookstore import Book
from tablewright.runtime.bulk import postgres_copy
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
