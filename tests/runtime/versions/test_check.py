"""The check of versions: the first session of a database makes it, with one SELECT, and those after it do not."""

from __future__ import annotations

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from threading import Barrier
from typing import Any, TypeAlias

import pytest
from sqlalchemy import create_engine, event, text
from sqlalchemy.exc import DBAPIError
from sqlalchemy.orm import Session as EntitySession, sessionmaker

from tablewright.runtime.errors import IncompatibleVersionError, TransactionLostError, VersionsMissingError
from tablewright.runtime.package import SchemaInfo
from tablewright.runtime.testing import rolled_back
from tests.runtime.family import Database, Parent, SamplePackage, Session, names
from tests.runtime.versions.extensions import Marks, One, Plain, database_with

Say: TypeAlias = Callable[[dict[str, str | None]], None]
VERSION, DIGEST = "version:sample", "digest:sample"
CONFIG, NOTES = "config:sample.notes", "version:tests.runtime.versions.extensions.One"


@pytest.fixture
def stored(url: str) -> Iterator[Say]:
    """The sample's tables in a database that says whatever a test has it say."""
    with Database(url, check_versions=False) as made:
        made.create()

        def say(attributes: dict[str, str | None]) -> None:
            with made.session() as session:
                for name, value in attributes.items():
                    if value is None:
                        assert session.attributes.delete(name)
                    else:
                        session.attributes.set(name, value, force=True)

        yield say


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """The sample's tables in an empty database, on either engine."""
    with Database(url) as made:
        made.create()
        yield made


def watched(database: Database) -> list[str]:
    """The statements that *database* will execute."""
    seen: list[str] = []

    def note(_connection: Any, _cursor: Any, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", note)
    return seen


def scope(database: Database) -> None:
    with database.session():
        pass


def by_hand(database: Database) -> None:
    with Session(database) as session, session.begin():
        session.connection()


def autobegun(database: Database) -> None:
    with Session(database) as session:
        session.parent.names()


def entities(database: Database) -> None:
    with Session(database) as session:
        session.get(Parent, 1)


def savepoint_first(database: Database) -> None:
    with Session(database) as session, session.nested():
        session.parent.names()


def ambient(database: Database) -> None:
    with database.ambient_session():
        pass


def transact(database: Database) -> None:
    database.transact(lambda session: session.parent.names())


WAYS = {way.__name__: way for way in (scope, by_hand, autobegun, entities, savepoint_first, ambient, transact)}


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_one_select_once(url: str, way: Callable[[Database], None]) -> None:
    """Whatever the first session is, it asks once, inside its own transaction; the second asks nothing."""
    with database_with(Plain, Marks)(url) as database:
        database.create()
        seen = watched(database)
        way(database)
        (question,) = [statement for statement in seen if "tablewright_attributes" in statement]
        assert question.startswith("SELECT")
        assert seen[0] == question
        del seen[:]
        way(database)
        by_hand(database)
        assert not [statement for statement in seen if "tablewright_attributes" in statement]


def test_once_in_a_session_of_many_transactions(database: Database) -> None:
    """A session by hand asks in its first transaction, not in each."""
    seen = watched(database)
    with Session(database) as session:
        for name in "ab":
            session.parent.insert(name)
            session.commit()
    assert len([statement for statement in seen if "tablewright_attributes" in statement]) == 1


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_mismatch_ends_the_session(url: str, stored: Say, way: Callable[[Database], None]) -> None:
    """Every session fails until the database is fixed; no connection and no transaction stays open."""
    with Database(url, pool_size=1, max_overflow=0, pool_timeout=1) as database:
        stored({VERSION: "2.0.0"})
        for _ in range(3):
            with pytest.raises(IncompatibleVersionError, match=r"has sample 2\.0\.0") as caught:
                way(database)
            assert caught.value.__notes__[0].startswith("The database: ")
        stored({VERSION: "1.0.0"})
        way(database)
        with database.session() as session:
            session.parent.insert("a")
    assert names(database) == ["a"]


def test_caught_by_hand(url: str, stored: Say) -> None:
    """Who catches the error of a session by hand cannot go on in its transaction, and is asked again in the next."""
    stored({VERSION: "2.0.0"})
    with Database(url) as database, Session(database) as session:
        with pytest.raises(IncompatibleVersionError) as first:
            session.parent.names()
        for use in (
            lambda: session.parent.names(),
            lambda: session.get(Parent, 1),
            lambda: session.execute(text("SELECT 1")),
            lambda: session.commit(),
        ):
            with pytest.raises(TransactionLostError) as caught:
                use()
            assert caught.value.__cause__ is first.value
        for _ in range(2):
            with pytest.raises(IncompatibleVersionError):
                session.parent.names()
            session.rollback()
        stored({VERSION: "1.0.0"})
        session.parent.insert("a")
        session.commit()
        assert names(database) == ["a"]


@pytest.mark.parametrize(
    ("said", "reads", "writes", "message"),
    [
        ({}, True, True, ""),
        ({VERSION: "1.0.7"}, True, True, ""),
        ({VERSION: "1.0.7", DIGEST: "1:another"}, True, True, ""),
        ({VERSION: "0.9.0"}, False, False, r"has sample 0\.9\.0, which does not fit 1\.0\.0.*Migrate it to 1\.0\.0"),
        ({VERSION: "1.1.0"}, False, False, r"Install the package of 1\.1\.0"),
        ({VERSION: "2.0.0"}, False, False, r"does not fit 1\.0\.0"),
        ({VERSION: "1.0"}, False, False, r"invalid version: '1\.0'.*stamp\(force=True\)"),
        ({DIGEST: "1:another"}, False, False, r"digest 1:another in the database, 1:0 here.*without a new version"),
        ({DIGEST: "2:made in another way"}, True, True, ""),
        ({DIGEST: None}, False, False, "stores no version"),
        ({VERSION: None}, False, False, "stores no version"),
        ({VERSION: None, DIGEST: None}, False, False, r"create\(\).*stamp\(\)"),
    ],
)
def test_what_fits(url: str, stored: Say, said: dict[str, str | None], reads: bool, writes: bool, message: str) -> None:
    """Versions that fit by Butler's rule pass, unless the same version comes with another digest."""
    stored(said)
    for read_only, fits in ((True, reads), (False, writes)):
        with Database(url) as database:
            if fits:
                with database.session(read_only=read_only):
                    continue
            with pytest.raises(IncompatibleVersionError, match=message), database.session(read_only=read_only):
                pass


class NewerPackage(SamplePackage):
    schema = SchemaInfo(name="sample", version="1.1.0", digest="1:newer")


class NewerSession(Session):
    package = NewerPackage()


class Newer(Database):
    """The sample, a minor version ahead."""

    session_class = NewerSession


def test_an_older_minor_version_may_be_read(url: str) -> None:
    """Reading an older minor version is fine, and does not let the next session write to it."""
    Database(url).create()
    with Newer(url) as database:
        for _ in range(2):
            with database.session(read_only=True) as session:
                assert session.parent.names() == []
            with pytest.raises(IncompatibleVersionError, match=r"may read, but not write.*read_only=True"):
                scope(database)
            with pytest.raises(IncompatibleVersionError):
                by_hand(database)
    with Newer(url, read_only=True) as database:
        for way in (scope, by_hand, ambient):
            way(database)
        seen = watched(database)
        for way in (scope, by_hand, ambient):
            way(database)
        assert not [statement for statement in seen if "tablewright_attributes" in statement]


def test_no_store_at_all(url: str) -> None:
    """A database that says nothing is an error, not a skip, whether or not it has tables."""
    with Database(url) as database:
        for _ in range(2):
            with pytest.raises(VersionsMissingError, match=r"requires 1\.0\.0.*create\(\).*stamp\(\)") as caught:
                scope(database)
            assert isinstance(caught.value, LookupError)
            assert isinstance(caught.value.__cause__, DBAPIError)
            with pytest.raises(VersionsMissingError):
                by_hand(database)
        database.create()
        scope(database)


def test_forgotten_with_the_tables(url: str) -> None:
    """A database object that dropped the tables looks again."""
    with Database(url) as database:
        database.create()
        scope(database)
        database.drop()
        with pytest.raises(VersionsMissingError):
            scope(database)
        database.create()
        scope(database)


def test_switched_off(url: str) -> None:
    """Without the check nothing is asked, and no store is needed."""
    with Database(url, check_versions=False) as database, database.clone() as twin:
        seen = watched(database)
        for way in (scope, by_hand, ambient):
            way(twin)
            way(database)
        assert seen == []
        database.create()
        database.drop()
        scope(database)


def test_threads_race_for_the_first_session(url: str) -> None:
    """However many threads come first, each passes, and each fails where the versions do not fit."""
    Database(url).create()
    start = Barrier(8)

    def read(database: Database) -> list[str]:
        start.wait()
        with database.session(read_only=True) as session:
            return session.parent.names()

    with ThreadPoolExecutor(8) as pool, Database(url, pool_size=8) as database:
        assert list(pool.map(read, [database] * 8)) == [[]] * 8
        with database.session() as session:
            session.attributes.set(VERSION, "2.0.0", force=True)
        with Database(url, pool_size=8) as another:
            asked = [pool.submit(read, another) for _ in range(8)]
            assert {type(one.exception()) for one in asked} == {IncompatibleVersionError}


def test_namespaces_have_versions_of_their_own(postgres_url: str) -> None:
    """The store is where the tables are: one namespace may fit and the other not."""
    for place in (postgres_url, create_engine(postgres_url)):
        there, here = Database(place, namespace="there"), Database(place, namespace="here")
        there.create(exist_ok=True)
        if place is postgres_url:
            with pytest.raises(VersionsMissingError):
                scope(here)
        here.create(exist_ok=True)
        with here.session() as session:
            session.attributes.set(VERSION, "2.0.0", force=True)
        with pytest.raises(IncompatibleVersionError):
            scope(Database(place, namespace="here"))
        scope(Database(place, namespace="there"))
        here.stamp(force=True)


def test_in_a_transaction_that_is_rolled_back(url: str) -> None:
    """A test's session and database are checked, and pass what they make themselves; nothing of it is remembered."""
    with Database(url) as database:
        with pytest.raises(VersionsMissingError), rolled_back(database):
            pass
        with Database(url, check_versions=False) as unchecked, rolled_back(unchecked) as (_, joined):
            joined.create()
            scope(joined)
        with pytest.raises(VersionsMissingError):
            scope(database)
        database.create()
        with rolled_back(database) as (session, joined):
            session.parent.insert("a")
            joined.drop()
            with pytest.raises(VersionsMissingError):
                scope(joined)
            joined.create()
            scope(joined)
        scope(database)
    assert names(database) == []


def test_what_a_transaction_made_goes_with_it(url: str) -> None:
    """Versions that fit inside a transaction that is then rolled back are asked for again."""
    with Database(url) as database, Database(url, check_versions=False) as maker:
        with database.engine.connect() as connection, maker.joined_to(connection) as (_, joined):
            joined.create()
            with database.joined_to(connection) as (session, _):
                assert session.parent.names() == []
        with pytest.raises(VersionsMissingError):
            scope(database)


def test_a_connection_of_ones_own_goes_on(url: str) -> None:
    """A check that fails in a caller's transaction leaves it as it was."""
    with Database(url) as database, database.engine.connect() as connection, connection.begin():
        with pytest.raises(VersionsMissingError), database.joined_to(connection):
            pass
        assert not connection.in_nested_transaction()
        assert connection.execute(text("SELECT 1")).scalar_one() == 1


def test_over_a_session_of_others(url: str, stored: Say) -> None:
    """A session over another's, and one over a bare engine, asks nothing: it has no database of ours."""
    stored({VERSION: "2.0.0"})
    with Database(url) as database:
        with EntitySession(database.engine) as other, Session.over(other) as session:
            assert session.parent.names() == []
        with sessionmaker(database.engine, class_=Session)() as session:
            assert session.parent.names() == []
        with pytest.raises(IncompatibleVersionError):
            scope(database)


def test_only_the_database_is_asked(url: str, tmp_path: Path) -> None:
    """Of a session over several engines, the one that is the database's."""
    Database(url).create()
    other = create_engine(f"sqlite:///{tmp_path / 'other.db'}")
    with Database(url) as database, Session(database, binds={Parent: other}) as session:
        session.connection(bind_arguments={"bind": other})
        seen = watched(database)
        session.connection()
        assert len([statement for statement in seen if "tablewright_attributes" in statement]) == 1
    other.dispose()


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({CONFIG: None}, r"created without the extension 'notes' of sample.*create\(exist_ok=True\) adds it"),
        ({CONFIG: "old.Notes"}, r"created with old\.Notes as the extension 'notes'.*this program has tests\..*\.One"),
        ({NOTES: None}, r"no version of tests\..*\.One.*stamp\(\)"),
        ({NOTES: "1.2.0"}, r"has 1\.2\.0 of tests\..*\.One, which supports 1\.1\.0"),
        ({NOTES: "x"}, "invalid version: 'x'"),
    ],
)
def test_extensions(url: str, stored: Say, said: dict[str, str | None], message: str) -> None:
    """An extension that is missing, another class, or another version is a mismatch that says which."""
    with database_with(One)(url) as made:
        made.create(exist_ok=True)
    scope(database_with(One)(url))
    stored(said)
    with database_with(One)(url) as database, pytest.raises(IncompatibleVersionError, match=message):
        scope(database)
    # Who needs no extension is not concerned.
    scope(Database(url))
