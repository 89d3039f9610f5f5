"""Backends and drivers: how they are looked up, and that only they depend on the name of a dialect."""

from __future__ import annotations

import re
from pathlib import Path

import pytest
import sqlalchemy
from sqlalchemy import Column, Integer, create_engine
from sqlalchemy.dialects import mysql
from sqlalchemy.exc import InvalidRequestError

import bookstore
from bookstore import Book
from tablewright.runtime.engine.driver import Driver
from tablewright.runtime.engine.registry import BACKENDS, DRIVER, DRIVERS, backend_of, driver_of, driver_that_raised
from tests.runtime.books import book

RUNTIME = Path(__file__).parents[3] / "codegen" / "tablewright" / "runtime"


@pytest.mark.parametrize(("name", "url"), [("sqlite", "sqlite://"), ("postgresql", "postgresql+psycopg://nowhere")])
def test_each_dialect_has_one_backend_and_one_driver(name: str, url: str) -> None:
    """They are found by the names of the dialect and its driver, and are the same each time."""
    dialect = create_engine(url).dialect
    assert backend_of(dialect) is BACKENDS[name]
    assert driver_of(dialect) is DRIVERS[name, dialect.driver]
    assert backend_of(dialect) is backend_of(dialect)


def test_an_unknown_dialect_names_itself_in_errors() -> None:
    """What no backend implements is an `InvalidRequestError`; its driver is that of PEP 249."""
    dialect = mysql.dialect()
    table = sqlalchemy.Table("t", sqlalchemy.MetaData(), Column("id", Integer, primary_key=True))
    with pytest.raises(InvalidRequestError, match="ON CONFLICT on SQLite and Postgres, not on mysql"):
        backend_of(dialect).insert(table)
    assert type(driver_of(dialect)) is Driver


def test_an_error_of_no_driver_is_not_interpreted() -> None:
    """Errors of other libraries have no location, and no second try helps."""
    driver = driver_that_raised(ValueError("no"))
    assert not driver.may_succeed_again(ValueError("no"))
    assert driver.locate(ValueError("no")).columns == ()


def test_a_driver_of_pep_249_needs_no_methods(tmp_path: Path) -> None:
    """The verbs work on the defaults of `Driver`: an object without methods of its own adds a driver."""
    with bookstore.Database(f"sqlite:///{tmp_path / 'books.db'}") as database:
        vars(database.engine.dialect)[DRIVER] = Driver()
        database.create()
        with database.session() as session:
            author = session.author.insert(name="Ursula K. Le Guin")
            session.book.insert_many(book(author.id, number) for number in range(1, 6))
            session.book.upsert_many([book(author.id, 1, title="first")], conflict="isbn")
            session.book.update(2, title="second")
            assert session.book.delete(5)
            assert [row.title for row in session.book.select(order_by=Book.id)][:2] == ["first", "second"]
            assert sorted(row.id for row in session.book.find(author_id=author.id)) == [1, 2, 3, 4]
            assert [row.id for row in session.book.stream(order_by=Book.id)] == [1, 2, 3, 4]


def test_no_verb_compares_the_name_of_a_dialect_or_driver() -> None:
    """Differences are methods of backends and drivers: adding one takes one file and a row in the registry."""
    comparison = re.compile(r"(dialect\.name|\.driver|dialect_name) *(==|!=| in | not in )")
    found = [
        f"{path.relative_to(RUNTIME)}: {line.strip()}"
        for path in RUNTIME.rglob("*.py")
        for line in path.read_text(encoding="utf-8").splitlines()
        if comparison.search(line)
    ]
    assert found == []
