"""`session.attributes`: names and values, in the transaction of the session."""

from __future__ import annotations

from collections.abc import Callable, Iterator

import pytest
from sqlalchemy import text
from sqlalchemy.exc import DataError, DBAPIError

from tablewright.runtime.errors import (
    AttributeExistsError,
    IncompatibleVersionError,
    SchemaAlreadyExistsError,
    SessionBusyError,
    TransactionLostError,
    VersionsMissingError,
)
from tests.runtime.family import Database, Parent, Session, names

OWN = [("digest:sample", "1:0"), ("version:sample", "1.0.0")]


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """Create the sample's tables in an empty database, on SQLite and Postgres."""
    with Database(url) as database:
        database.create()
        yield database


def test_attributes_are_part_of_the_transaction(database: Database) -> None:
    """An attribute is committed and rolled back with the other writes of the session."""
    with pytest.raises(ZeroDivisionError), database.session() as session:
        session.attributes.set("a", "1")
        session.parent.insert("x")
        raise ZeroDivisionError
    with database.session() as session:
        assert session.attributes.get("a") is None
        session.attributes.set("a", "2")
    with database.session(read_only=True) as session:
        assert session.attributes.get("a") == "2"
        assert session.attributes.items() == [("a", "2"), *OWN]
        assert session.attributes.read(["a", "version:sample", "absent"]) == {"a": "2", "version:sample": "1.0.0"}
    assert names(database) == []


def test_an_existing_name_breaks_nothing(database: Database) -> None:
    """An existing name is an error after which the transaction continues."""
    with database.session() as session:
        session.attributes.set("a", "1")
        with pytest.raises(AttributeExistsError, match=r"'a' already has a value: .*force=True"):
            session.attributes.set("a", "2")
        session.attributes.set("b", "2")
        session.attributes.set("a", "3", force=True)
    with database.session() as session:
        assert session.attributes.items() == [("a", "3"), ("b", "2"), *OWN]


@pytest.mark.parametrize("name", ["%", "?", ":a", "a'b", 'a"b', "%s", "é", "A", "a" * 1024])
def test_odd_names(database: Database, name: str) -> None:
    """Any text is a valid name and value, and is compared exactly."""
    with database.session() as session:
        session.attributes.set(name, name)
        assert session.attributes.get(name) == name
        assert session.attributes.get(name.swapcase() + "_") is None
        assert session.attributes.delete(name)
        assert not session.attributes.delete(name)


def test_too_long_a_name(database: Database) -> None:
    """A name has up to 1024 characters on both databases."""
    with database.session() as session, pytest.raises(DataError):
        session.attributes.set("a" * 1025, "1")


def test_read_only(database: Database) -> None:
    """A read-only session cannot set attributes."""
    with pytest.raises(DBAPIError, match=r"read-?only"), database.session(read_only=True) as session:
        session.attributes.set("a", "1")


def test_goes_through_the_gate(database: Database) -> None:
    """Attributes flush pending entities first, and are refused in a broken transaction or a busy session."""
    with database.session() as session:
        session.add(Parent(name="pending"))
        session.attributes.get("a")
        assert not session.new
    with pytest.raises(TransactionLostError), database.session() as session:
        with pytest.raises(DBAPIError):
            session.execute(text("SELECT no_such_column FROM parent"))
        session.attributes.get("a")
    with database.session() as session, session.gate.exclusive("busy"), pytest.raises(SessionBusyError, match="busy"):
        session.attributes.get("a")


def test_no_store(url: str) -> None:
    """Without a store, the errors of reads and writes name the method that creates one."""
    with Database(url, check_versions=False) as database:
        uses: list[Callable[[Session], object]] = [
            lambda session: session.attributes.get("a"),
            lambda session: session.attributes.items(),
            lambda session: session.attributes.set("a", "1"),
        ]
        for use in uses:
            with pytest.raises(VersionsMissingError, match=r"create\(\).*stamp\(\)") as caught, database.session() as s:
                use(s)
            assert isinstance(caught.value, IncompatibleVersionError)
            assert isinstance(caught.value.__cause__, DBAPIError)


def test_a_translated_schema(postgres_url: str) -> None:
    """With SQLAlchemy's `schema_translate_map`, the store is in the schema of the tables."""
    from sqlalchemy import create_engine

    engine = create_engine(postgres_url)
    with engine.begin() as connection:
        connection.execute(text('CREATE SCHEMA "t:%"'))
    database = Database(engine.execution_options(schema_translate_map={None: "t:%"}))
    database.create()
    with pytest.raises(SchemaAlreadyExistsError):
        database.create()
    database.create(exist_ok=True)
    database.stamp()
    with database.session() as session:
        session.attributes.set("a", "1")
        assert session.attributes.items() == [("a", "1"), *OWN]
    assert database.stored_versions() == {"sample": (1, 0, 0)}
    with engine.connect() as connection:
        assert connection.execute(text('SELECT count(*) FROM "t:%".tablewright_attributes')).scalar_one() == 3
    engine.dispose()
