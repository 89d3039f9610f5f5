"""The effects of `create`, `stamp` and `drop` on the versions in a database."""

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
    """Create the sample's tables in an empty database, on SQLite and Postgres."""
    with Database(url) as database:
        database.create()
        yield database


def stored_attributes(database: Database) -> dict[str, str]:
    """Return all attributes that the database stores."""
    with Database(database.engine, check_versions=False).session() as session:
        return dict(session.attributes.items())


def tables(database: Database) -> set[str]:
    """Return the names of all tables."""
    return set(inspect(database.engine).get_table_names())


def test_created_with_the_tables(url: str) -> None:
    """Versions and tables are written in one transaction: either both exist or neither."""

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
        assert stored_attributes(database) == OWN


def test_created_with_extensions(url: str) -> None:
    """Each extension is stored with its class, and with its version if it has one."""
    with database_with(Plain, Marks)(url) as database:
        database.create()
        assert stored_attributes(database) == OWN | {
            "config:sample.notes": f"{MODULE}.Plain",
            "config:sample.marks": f"{MODULE}.Marks",
            f"version:{MODULE}.Marks": "1.1.0",
        }
        assert database.stored_versions() == {
            "sample": VersionTuple(1, 0, 0),
            "notes": None,
            "marks": VersionTuple(1, 1, 0),
        }


def test_requested_versions(url: str) -> None:
    """`create(versions=…)` creates exactly the requested version, and only of an extension of the database's class."""
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


def test_two_extensions_with_one_role() -> None:
    """Two extensions with the same role are refused."""
    with pytest.raises(ArgumentError, match="the same role: notes, notes"):
        database_with(One, Plain)("sqlite://")


def test_exist_ok_checks_first(database: Database) -> None:
    """Missing tables are created only if the existing tables have a compatible version."""
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
    assert stored_attributes(database) == OWN


def test_exist_ok_leaves_a_compatible_version(database: Database) -> None:
    """`exist_ok` does not change the stored version of tables of another patch version."""
    other = OWN | {"version:sample": "1.0.3", "digest:sample": "1:another"}
    with database.session() as session:
        for name, value in other.items():
            session.attributes.set(name, value, force=True)
    database.create(exist_ok=True)
    assert stored_attributes(database) == other


def test_exist_ok_adds_an_extension(database: Database) -> None:
    """An extension that is new to the database is added; another class of the same role is refused."""
    with database_with(One)(database.engine) as extended:
        extended.create(exist_ok=True)
        assert extended.stored_versions()["notes"] == VersionTuple(1, 1, 0)
    with pytest.raises(IncompatibleVersionError, match=r"created with .*One.*this program has .*Plain"):
        database_with(Plain)(database.engine).create(exist_ok=True)


def test_tables_without_a_version(url: str) -> None:
    """If the version of existing tables is unknown, nothing is created until `stamp()` records it."""
    with Database(url) as database:
        sample_metadata.create_all(database.engine)
        with pytest.raises(VersionsMissingError, match=r"stamp\(\)"):
            database.create(exist_ok=True)
        assert tables(database) == {"parent", "child"}
        database.stamp()
        assert stored_attributes(database) == OWN
        database.create(exist_ok=True)
        with database.session() as session:
            assert session.parent.names() == []


def test_unchecked(url: str) -> None:
    """With `check_versions=False`, missing tables are created, and no version is written for the existing ones."""
    with Database(url, check_versions=False) as database:
        sample_metadata.tables["parent"].create(database.engine)
        database.create(exist_ok=True)
        assert tables(database) == {"parent", "child"}
        database.stamp()
        assert stored_attributes(database) == OWN


def test_stamp_requires_the_tables(url: str) -> None:
    """`stamp` names missing tables and writes nothing, also with `force=True`."""
    with Database(url) as database:
        sample_metadata.tables["parent"].create(database.engine)
        for force in (False, True):
            with pytest.raises(IncompatibleVersionError, match=r"1 of the 2 tables are missing in .*: child"):
                database.stamp(force=force)
        assert tables(database) == {"parent"}


@pytest.mark.parametrize("attribute", ["version:sample", "digest:sample", "config:sample.notes"])
def test_stamp_overwrites_when_forced(url: str, attribute: str) -> None:
    """`stamp` overwrites another version only with `force=True`."""
    with database_with(One)(url) as database:
        database.create()
        before = stored_attributes(database)
        database.stamp()
        with database.session() as session:
            session.attributes.set(attribute, "1:9" if attribute.startswith("digest") else "1.0.9", force=True)
            session.attributes.set("mine", "stays")
        with pytest.raises(IncompatibleVersionError, match=r"stamp\(force=True\)"):
            database.stamp()
        database.stamp(force=True)
        assert stored_attributes(database) == before | {"mine": "stays"}
        with database_with(One)(url) as another, another.session():
            pass


def test_stamp_removes_the_previous_class(url: str) -> None:
    """If another class replaces an extension, the old class's version is removed."""
    with database_with(One)(url) as database:
        database.create()
    with database_with(Plain)(url) as database:
        database.stamp(force=True)
        assert stored_attributes(database) == OWN | {"config:sample.notes": f"{MODULE}.Plain"}


def test_read_only_stamps_nothing(database: Database, url: str) -> None:
    """`stamp` does not write to a read-only database."""
    with Database(url, read_only=True) as reader:
        with pytest.raises(InvalidRequestError, match="cannot stamp"):
            reader.stamp()
        assert reader.stored_versions() == {"sample": VersionTuple(1, 0, 0)}


def test_versions_of_an_unknown_database(url: str) -> None:
    """A database without attributes has no versions."""
    with Database(url) as database, pytest.raises(VersionsMissingError):
        database.stored_versions()


def test_two_packages_in_one_database(url: str) -> None:
    """Each package has its own versions in the store, which is dropped with the last of them."""
    shop, other = bookstore.Database(url), database_with(One)(url)
    shop.create()
    other.create()
    with shop.session() as session:
        assert session.author.count() == 0
        assert session.attributes.get("version:bookstore") == bookstore.SCHEMA.version
    assert stored_attributes(other).items() >= OWN.items()
    other.drop()
    assert set(stored_attributes(other)) == {"version:bookstore", "digest:bookstore"}
    other.create()
    shop.drop()
    assert set(stored_attributes(other)) == {*OWN, "config:sample.notes", f"version:{MODULE}.One"}
    other.drop()
    assert tables(other) == set()
    other.drop()
    for database in (shop, other):
        database.dispose()


def test_an_extension_of_two_packages(url: str) -> None:
    """The version of a class is kept as long as one of the packages uses it."""

    class Shop(bookstore.Database):
        extensions = (One,)

    with Shop(url) as shop, database_with(One)(url) as other:
        shop.create()
        other.create()
        shop.drop()
        with other.session():
            pass
        assert other.stored_versions()["notes"] == VersionTuple(1, 1, 0)


def test_other_attributes_are_kept(database: Database) -> None:
    """`drop()` removes only the package's versions; other attributes are kept, and so is the store."""
    with database.session() as session:
        session.attributes.set("mine", "1")
    database.drop()
    assert stored_attributes(database) == {"mine": "1"}
    database.create()
    assert stored_attributes(database) == OWN | {"mine": "1"}


def test_a_version_without_its_tables(database: Database) -> None:
    """Versions of tables that were dropped do not prevent creating them again."""
    sample_metadata.drop_all(database.engine)
    with database.session() as session:
        session.attributes.set("version:sample", "7.0.0", force=True)
    database.create()
    assert stored_attributes(database) == OWN


def test_alembic_creates_the_store(url: str) -> None:
    """`bookstore.metadata` contains the store, empty until `stamp()`; Alembic creates it like the other tables."""
    engine = create_engine(url)
    bookstore.metadata.create_all(engine)
    with bookstore.Database(engine) as database:
        with pytest.raises(VersionsMissingError, match=r"stamp\(\)"), database.session():
            pass
        database.stamp()
        with database.session() as session:
            assert session.author.count() == 0
    engine.dispose()
