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
    """The sample's tables in an empty database, on either engine."""
    with Database(url) as made:
        made.create()
        yield made


def test_kept_with_the_transaction(database: Database) -> None:
    """An attribute is stored with what else the session writes, and undone with it."""
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


def test_one_that_is_there_breaks_nothing(database: Database) -> None:
    """A name that is taken is an error after which the transaction goes on."""
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
    """Every text is a name and a value, and is compared as it is."""
    with database.session() as session:
        session.attributes.set(name, name)
        assert session.attributes.get(name) == name
        assert session.attributes.get(name.swapcase() + "_") is None
        assert session.attributes.delete(name)
        assert not session.attributes.delete(name)


def test_too_long_a_name(database: Database) -> None:
    """A name has up to 1024 characters on both engines."""
    with database.session() as session, pytest.raises(DataError):
        session.attributes.set("a" * 1025, "1")


def test_read_only(database: Database) -> None:
    """Who may only read cannot set."""
    with pytest.raises(DBAPIError, match=r"read-?only"), database.session(read_only=True) as session:
        session.attributes.set("a", "1")


def test_goes_through_the_gate(database: Database) -> None:
    """Pending entities are flushed first, a broken transaction is refused, and so is a busy session."""
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
    """Where there is no store, reading and writing say how to get one."""
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


def test_a_schema_that_is_translated(postgres_url: str) -> None:
    """Where SQLAlchemy translates schemas, the store is where the tables are."""
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
