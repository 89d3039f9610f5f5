"""The check of versions: the first session of a database runs one SELECT, later sessions none."""

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

SetAttributes: TypeAlias = Callable[[dict[str, str | None]], None]
VERSION, DIGEST = "version:sample", "digest:sample"
CONFIG, NOTES = "config:sample.notes", "version:tests.runtime.versions.extensions.One"


@pytest.fixture
def stored(url: str) -> Iterator[SetAttributes]:
    """Yield a function that changes the attributes of a database with the sample's tables."""
    with Database(url, check_versions=False) as database:
        database.create()

        def set_attributes(attributes: dict[str, str | None]) -> None:
            with database.session() as session:
                for name, value in attributes.items():
                    if value is None:
                        assert session.attributes.delete(name)
                    else:
                        session.attributes.set(name, value, force=True)

        yield set_attributes


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """Create the sample's tables in an empty database, on SQLite and Postgres."""
    with Database(url) as database:
        database.create()
        yield database


def watch_statements(database: Database) -> list[str]:
    """Return a list that receives the statements that *database* executes."""
    seen: list[str] = []

    def record_statement(_connection: Any, _cursor: Any, statement: str, *_: object) -> None:
        seen.append(statement)

    event.listen(database.engine, "before_cursor_execute", record_statement)
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
def test_one_select_in_the_first_session(url: str, way: Callable[[Database], None]) -> None:
    """Any first session runs one query, inside its own transaction; the second runs none."""
    with database_with(Plain, Marks)(url) as database:
        database.create()
        seen = watch_statements(database)
        way(database)
        (question,) = [statement for statement in seen if "tablewright_attributes" in statement]
        assert question.startswith("SELECT")
        assert seen[0] == question
        del seen[:]
        way(database)
        by_hand(database)
        assert not [statement for statement in seen if "tablewright_attributes" in statement]


def test_once_in_a_session_of_many_transactions(database: Database) -> None:
    """A session by hand checks in its first transaction only."""
    seen = watch_statements(database)
    with Session(database) as session:
        for name in "ab":
            session.parent.insert(name)
            session.commit()
    assert len([statement for statement in seen if "tablewright_attributes" in statement]) == 1


@pytest.mark.parametrize("way", WAYS.values(), ids=WAYS)
def test_a_mismatch_ends_the_session(url: str, stored: SetAttributes, way: Callable[[Database], None]) -> None:
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


def test_a_mismatch_caught_by_hand(url: str, stored: SetAttributes) -> None:
    """After the error, a session by hand cannot continue its transaction, and the next transaction checks again."""
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
    ("attributes", "reads", "writes", "message"),
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
def test_compatible_versions(
    url: str, stored: SetAttributes, attributes: dict[str, str | None], reads: bool, writes: bool, message: str
) -> None:
    """Versions that are compatible by Butler's rule pass, unless the same version has another digest."""
    stored(attributes)
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
    """A read of an older minor version passes, and does not let the next session write."""
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
        seen = watch_statements(database)
        for way in (scope, by_hand, ambient):
            way(database)
        assert not [statement for statement in seen if "tablewright_attributes" in statement]


def test_no_store(url: str) -> None:
    """A database without a store is an error, with and without tables."""
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


def test_checked_again_after_drop(url: str) -> None:
    """After `drop()`, a database object checks again."""
    with Database(url) as database:
        database.create()
        scope(database)
        database.drop()
        with pytest.raises(VersionsMissingError):
            scope(database)
        database.create()
        scope(database)


def test_switched_off(url: str) -> None:
    """Without the check no query is run, and no store is needed."""
    with Database(url, check_versions=False) as database, database.clone() as clone:
        seen = watch_statements(database)
        for way in (scope, by_hand, ambient):
            way(clone)
            way(database)
        assert seen == []
        database.create()
        database.drop()
        scope(database)


def test_threads_race_for_the_first_session(url: str) -> None:
    """If several threads open the first session, each passes, or each fails if the versions are incompatible."""
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
            readers = [pool.submit(read, another) for _ in range(8)]
            assert {type(one.exception()) for one in readers} == {IncompatibleVersionError}


def test_namespaces_have_their_own_versions(postgres_url: str) -> None:
    """Each namespace has its own store, so one may be compatible and the other not."""
    for target in (postgres_url, create_engine(postgres_url)):
        there, here = Database(target, namespace="there"), Database(target, namespace="here")
        there.create(exist_ok=True)
        if target is postgres_url:
            with pytest.raises(VersionsMissingError):
                scope(here)
        here.create(exist_ok=True)
        with here.session() as session:
            session.attributes.set(VERSION, "2.0.0", force=True)
        with pytest.raises(IncompatibleVersionError):
            scope(Database(target, namespace="here"))
        scope(Database(target, namespace="there"))
        here.stamp(force=True)


def test_in_a_transaction_that_is_rolled_back(url: str) -> None:
    """Inside a rolled-back transaction versions are checked, tables created there pass, and no result is cached."""
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


def test_what_a_transaction_wrote_is_checked_again(url: str) -> None:
    """Compatible versions that were written in a rolled-back transaction are checked again."""
    with Database(url) as database, Database(url, check_versions=False) as maker:
        with database.engine.connect() as connection, maker.joined_to(connection) as (_, joined):
            joined.create()
            with database.joined_to(connection) as (session, _):
                assert session.parent.names() == []
        with pytest.raises(VersionsMissingError):
            scope(database)


def test_a_callers_connection_stays_usable(url: str) -> None:
    """A check that fails in a caller's transaction leaves it unchanged."""
    with Database(url) as database, database.engine.connect() as connection, connection.begin():
        with pytest.raises(VersionsMissingError), database.joined_to(connection):
            pass
        assert not connection.in_nested_transaction()
        assert connection.execute(text("SELECT 1")).scalar_one() == 1


def test_over_another_session(url: str, stored: SetAttributes) -> None:
    """A session over another session or over a bare engine checks nothing, because it has no `Database`."""
    stored({VERSION: "2.0.0"})
    with Database(url) as database:
        with EntitySession(database.engine) as other, Session.over(other) as session:
            assert session.parent.names() == []
        with sessionmaker(database.engine, class_=Session)() as session:
            assert session.parent.names() == []
        with pytest.raises(IncompatibleVersionError):
            scope(database)


def test_only_the_database_is_checked(url: str, tmp_path: Path) -> None:
    """A session over several engines checks only the engine of its database."""
    Database(url).create()
    other = create_engine(f"sqlite:///{tmp_path / 'other.db'}")
    with Database(url) as database, Session(database, binds={Parent: other}) as session:
        session.connection(bind_arguments={"bind": other})
        seen = watch_statements(database)
        session.connection()
        assert len([statement for statement in seen if "tablewright_attributes" in statement]) == 1
    other.dispose()


@pytest.mark.parametrize(
    ("attributes", "message"),
    [
        ({CONFIG: None}, r"created without the extension 'notes' of sample.*create\(exist_ok=True\) adds it"),
        ({CONFIG: "old.Notes"}, r"created with old\.Notes as the extension 'notes'.*this program has tests\..*\.One"),
        ({NOTES: None}, r"no version of tests\..*\.One.*stamp\(\)"),
        ({NOTES: "1.2.0"}, r"has 1\.2\.0 of tests\..*\.One, which supports 1\.1\.0"),
        ({NOTES: "x"}, "invalid version: 'x'"),
    ],
)
def test_extensions(url: str, stored: SetAttributes, attributes: dict[str, str | None], message: str) -> None:
    """An extension with a missing entry, another class, or an incompatible version is a mismatch that names it."""
    with database_with(One)(url) as database:
        database.create(exist_ok=True)
    scope(database_with(One)(url))
    stored(attributes)
    with database_with(One)(url) as database, pytest.raises(IncompatibleVersionError, match=message):
        scope(database)
    # A database without the extension passes.
    scope(Database(url))
