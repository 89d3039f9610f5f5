"""What `create`, `stamp` and `drop` do to the versions in a database."""

from __future__ import annotations

from collections.abc import Iterator

import pytest
from sqlalchemy import create_engine, event, inspect
from sqlalchemy.exc import ArgumentError, InvalidRequestError

import bookstore
from tablewright.runtime.errors import IncompatibleVersionError, VersionsMissingError
from tablewright.runtime.versions.version_tuple import VersionTuple
from tests.runtime.family import Database, sample_metadata
from tests.runtime.versions.extensions import Marks, One, Plain, Several, SeveralWithDefault, database_with

MODULE = "tests.runtime.versions.extensions"
OWN = {"version:sample": "1.0.0", "digest:sample": "1:0"}


@pytest.fixture
def database(url: str) -> Iterator[Database]:
    """The sample's tables in an empty database, on either engine."""
    with Database(url) as made:
        made.create()
        yield made


def said(database: Database) -> dict[str, str]:
    """All that the database says."""
    with Database(database.engine, check_versions=False).session() as session:
        return dict(session.attributes.items())


def tables(database: Database) -> set[str]:
    """The names of all tables."""
    return set(inspect(database.engine).get_table_names())


def test_created_with_the_tables(url: str) -> None:
    """The versions are written in the transaction of the tables: neither is there without the other."""

    def fail(*_: object, **__: object) -> None:
        raise ZeroDivisionError

    with database_with(Several)(url) as database:
        with pytest.raises(NotImplementedError):
            database.create()
        assert tables(database) == set()
    with Database(url) as database:
        event.listen(database.engine, "commit", fail)
        with pytest.raises(ZeroDivisionError):
            database.create()
        event.remove(database.engine, "commit", fail)
        assert tables(database) == set()
        database.create()
        assert said(database) == OWN


def test_created_with_extensions(url: str) -> None:
    """Each extension is stored with its class, and with its version if it has one."""
    with database_with(Plain, Marks)(url) as database:
        database.create()
        assert said(database) == OWN | {
            "config:sample.notes": f"{MODULE}.Plain",
            "config:sample.marks": f"{MODULE}.Marks",
            f"version:{MODULE}.Marks": "1.1.0",
        }
        assert database.stored_versions() == {
            "sample": VersionTuple(1, 0, 0),
            "notes": None,
            "marks": VersionTuple(1, 1, 0),
        }


def test_versions_asked_for(url: str) -> None:
    """`create(versions=…)` makes exactly the version asked for, of an extension of this class of databases."""
    with database_with(SeveralWithDefault)(url) as database:
        with pytest.raises(IncompatibleVersionError, match=r"cannot create version 1\.0\.1"):
            database.create(versions={SeveralWithDefault: VersionTuple(1, 0, 1)})
        with pytest.raises(ArgumentError, match=r"One is not an extension"):
            database.create(versions={One: VersionTuple(1, 1, 0)})
        assert tables(database) == set()
        database.create(versions={SeveralWithDefault: VersionTuple(1, 0, 0)})
        assert database.stored_versions()["notes"] == VersionTuple(1, 0, 0)
        database.create(exist_ok=True)
        database.stamp()
        database.stamp(force=True)
        assert database.stored_versions()["notes"] == VersionTuple(1, 0, 0)
        with pytest.raises(IncompatibleVersionError, match=r"already has 1\.0\.0 of .*, not the requested 2\.0\.0"):
            database.create(exist_ok=True, versions={SeveralWithDefault: VersionTuple(2, 0, 0)})
        with pytest.raises(IncompatibleVersionError, match=r"not the requested 2\.0\.0"):
            database.stamp(versions={SeveralWithDefault: VersionTuple(2, 0, 0)})
        database.stamp(versions={SeveralWithDefault: VersionTuple(2, 0, 0)}, force=True)
        assert database.stored_versions()["notes"] == VersionTuple(2, 0, 0)


def test_two_extensions_of_one_role() -> None:
    """Of two classes for the same the database could remember one."""
    with pytest.raises(ArgumentError, match="the same role: notes, notes"):
        database_with(One, Plain)("sqlite://")


def test_exist_ok_checks_first(database: Database) -> None:
    """Missing tables are made only beside tables that fit."""
    sample_metadata.tables["child"].drop(database.engine)
    for attribute, value in (("version:sample", "1.1.0"), ("digest:sample", "1:another")):
        with database.session() as session:
            before = session.attributes.get(attribute, "")
            session.attributes.set(attribute, value, force=True)
        with pytest.raises(IncompatibleVersionError):
            database.create(exist_ok=True)
        assert "child" not in tables(database)
        with database.session() as session:
            session.attributes.set(attribute, before, force=True)
    database.create(exist_ok=True)
    assert "child" in tables(database)
    assert said(database) == OWN


def test_exist_ok_leaves_a_version_that_fits(database: Database) -> None:
    """Tables of another patch version stay what they are said to be."""
    other = OWN | {"version:sample": "1.0.3", "digest:sample": "1:another"}
    with database.session() as session:
        for name, value in other.items():
            session.attributes.set(name, value, force=True)
    database.create(exist_ok=True)
    assert said(database) == other


def test_exist_ok_adds_an_extension(database: Database) -> None:
    """An extension that is new to the database is added; another class in its place is refused."""
    with database_with(One)(database.engine) as extended:
        extended.create(exist_ok=True)
        assert extended.stored_versions()["notes"] == VersionTuple(1, 1, 0)
    with pytest.raises(IncompatibleVersionError, match=r"created with .*One.*this program has .*Plain"):
        database_with(Plain)(database.engine).create(exist_ok=True)


def test_tables_that_nobody_stamped(url: str) -> None:
    """Over tables of unknown version nothing is made; `stamp()` says which they are."""
    with Database(url) as database:
        sample_metadata.create_all(database.engine)
        with pytest.raises(VersionsMissingError, match=r"stamp\(\)"):
            database.create(exist_ok=True)
        assert tables(database) == {"parent", "child"}
        database.stamp()
        assert said(database) == OWN
        database.create(exist_ok=True)
        with database.session() as session:
            assert session.parent.names() == []


def test_unchecked(url: str) -> None:
    """A database that is versioned elsewhere makes its missing tables unasked, and claims nothing of those there."""
    with Database(url, check_versions=False) as database:
        sample_metadata.tables["parent"].create(database.engine)
        database.create(exist_ok=True)
        assert tables(database) == {"parent", "child"}
        database.stamp()
        assert said(database) == OWN


def test_stamp_wants_the_tables(url: str) -> None:
    """Tables that are missing are named, and nothing is written, whatever is forced."""
    with Database(url) as database:
        sample_metadata.tables["parent"].create(database.engine)
        for force in (False, True):
            with pytest.raises(IncompatibleVersionError, match=r"1 of the 2 tables are missing in .*: child"):
                database.stamp(force=force)
        assert tables(database) == {"parent"}


@pytest.mark.parametrize("attribute", ["version:sample", "digest:sample", "config:sample.notes"])
def test_stamp_overwrites_when_forced(url: str, attribute: str) -> None:
    """Another version is left alone, unless `stamp(force=True)` says better."""
    with database_with(One)(url) as database:
        database.create()
        before = said(database)
        database.stamp()
        with database.session() as session:
            session.attributes.set(attribute, "1:9" if attribute.startswith("digest") else "1.0.9", force=True)
            session.attributes.set("mine", "stays")
        with pytest.raises(IncompatibleVersionError, match=r"stamp\(force=True\)"):
            database.stamp()
        database.stamp(force=True)
        assert said(database) == before | {"mine": "stays"}
        with database_with(One)(url) as another, another.session():
            pass


def test_stamp_forgets_the_class_before(url: str) -> None:
    """The version of a class that another has taken the place of goes with it."""
    with database_with(One)(url) as database:
        database.create()
    with database_with(Plain)(url) as database:
        database.stamp(force=True)
        assert said(database) == OWN | {"config:sample.notes": f"{MODULE}.Plain"}


def test_read_only_stamps_nothing(database: Database, url: str) -> None:
    """A read-only database is not written to."""
    with Database(url, read_only=True) as reader:
        with pytest.raises(InvalidRequestError, match="cannot stamp"):
            reader.stamp()
        assert reader.stored_versions() == {"sample": VersionTuple(1, 0, 0)}


def test_versions_of_an_unknown_database(url: str) -> None:
    """Where nothing is said there are no versions to tell."""
    with Database(url) as database, pytest.raises(VersionsMissingError):
        database.stored_versions()


def test_two_packages_in_one_database(url: str) -> None:
    """Each has its own versions in the store; it is dropped with the last of them."""
    shop, other = bookstore.Database(url), database_with(One)(url)
    shop.create()
    other.create()
    with shop.session() as session:
        assert session.author.count() == 0
        assert session.attributes.get("version:bookstore") == bookstore.SCHEMA.version
    assert said(other).items() >= OWN.items()
    other.drop()
    assert set(said(other)) == {"version:bookstore", "digest:bookstore"}
    other.create()
    shop.drop()
    assert set(said(other)) == {*OWN, "config:sample.notes", f"version:{MODULE}.One"}
    other.drop()
    assert tables(other) == set()
    other.drop()
    for database in (shop, other):
        database.dispose()


def test_an_extension_of_two_packages(url: str) -> None:
    """The version of a class stays as long as one of the packages has it."""

    class Shop(bookstore.Database):
        extensions = (One,)

    with Shop(url) as shop, database_with(One)(url) as other:
        shop.create()
        other.create()
        shop.drop()
        with other.session():
            pass
        assert other.stored_versions()["notes"] == VersionTuple(1, 1, 0)


def test_what_is_not_a_version_stays(database: Database) -> None:
    """`drop()` takes the package's versions only: attributes of the program's own stay, and the store with them."""
    with database.session() as session:
        session.attributes.set("mine", "1")
    database.drop()
    assert said(database) == {"mine": "1"}
    database.create()
    assert said(database) == OWN | {"mine": "1"}


def test_a_stamp_without_its_tables(database: Database) -> None:
    """Versions of tables that were dropped do not prevent creating them again."""
    sample_metadata.drop_all(database.engine)
    with database.session() as session:
        session.attributes.set("version:sample", "7.0.0", force=True)
    database.create()
    assert said(database) == OWN


def test_alembic_makes_the_store(url: str) -> None:
    """`bookstore.metadata` has the store, empty until `stamp()`: Alembic makes it as it makes the tables."""
    engine = create_engine(url)
    bookstore.metadata.create_all(engine)
    with bookstore.Database(engine) as database:
        with pytest.raises(VersionsMissingError, match=r"stamp\(\)"), database.session():
            pass
        database.stamp()
        with database.session() as session:
            assert session.author.count() == 0
    engine.dispose()
