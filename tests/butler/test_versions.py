"""LSST Butler's tests of versions and attributes, for this package: test_versioning, testAttributeManager."""

from __future__ import annotations

from typing import ClassVar

import pytest

from tablewright.runtime.errors import AttributeExistsError, IncompatibleVersionError
from tablewright.runtime.versions.extension import VersionedExtension
from tablewright.runtime.versions.version_tuple import VersionTuple
from tests.runtime import family

V100, V101, V110, V200 = (VersionTuple(*numbers) for numbers in ((1, 0, 0), (1, 0, 1), (1, 1, 0), (2, 0, 0)))


class Manager(VersionedExtension):
    """An extension that supports the versions of its class."""

    supported: ClassVar[tuple[VersionTuple, ...]] = ()

    @classmethod
    def extension_name(cls) -> str:
        return cls.__name__

    @classmethod
    def current_versions(cls) -> tuple[VersionTuple, ...]:
        return cls.supported


class Unversioned(Manager):
    role = "unversioned"


class OneVersion(Manager):
    role = "one"
    supported = (V100,)


class TwoVersions(Manager):
    role = "two"
    supported = (V100, V200)


class Database(family.Database):
    extensions = (Unversioned, OneVersion, TwoVersions)


def test_new_schema(place: str) -> None:
    """A new database stores the class of each manager, and the requested version if it has versions."""
    with Database(place) as database:
        database.create(versions={TwoVersions: V200})
        with database.session() as session:
            assert session.attributes.items() == [
                ("config:sample.one", "OneVersion"),
                ("config:sample.two", "TwoVersions"),
                ("config:sample.unversioned", "Unversioned"),
                ("digest:sample", "1:0"),
                ("version:OneVersion", "1.0.0"),
                ("version:TwoVersions", "2.0.0"),
                ("version:sample", "1.0.0"),
            ]


def test_existing_schema(url: str) -> None:
    """The versions of a database are read as stored; an unversioned manager has none."""
    with Database(url) as database:
        database.create(versions={TwoVersions: V100})
    with Database(url, read_only=True) as database:
        with database.session():
            pass
        stored = database.stored_versions()
    assert stored == {"sample": V100, "unversioned": None, "one": V100, "two": V100}
    assert TwoVersions(registry_schema_version=stored["two"]).registry_schema_version == V100
    assert Unversioned(registry_schema_version=stored["unversioned"]).registry_schema_version is None


@pytest.mark.parametrize(
    ("code", "stored", "update", "compatible"),
    [
        ((), V100, False, True),
        ((), V100, True, True),
        ((), V101, False, True),
        ((), V101, True, True),
        ((), V110, False, True),
        ((), V110, True, True),
        ((), V200, False, True),
        ((), V200, True, True),
        ((V100,), V100, False, True),
        ((V100,), V100, True, True),
        ((V100,), V101, False, True),
        ((V100,), V101, True, True),
        ((V100,), V110, False, False),
        ((V100,), V110, True, False),
        ((V100,), V200, False, False),
        ((V100,), V200, True, False),
        ((V110,), V100, False, True),
        ((V110,), V100, True, False),
        ((V110,), V101, False, True),
        ((V110,), V101, True, False),
        ((V110,), V110, False, True),
        ((V110,), V110, True, True),
        ((V100, V200), V100, False, True),
        ((V100, V200), V100, True, True),
        ((V100, V200), V101, False, True),
        ((V100, V200), V101, True, True),
        ((V100, V200), V110, False, False),
        ((V100, V200), V110, True, False),
        ((V100, V200), V200, False, True),
        ((V100, V200), V200, True, True),
    ],
)
def test_compatibility(
    url: str, code: tuple[VersionTuple, ...], stored: VersionTuple, update: bool, compatible: bool
) -> None:
    """A class and a database agree on which versions a manager may read and write."""

    class Tested(Manager):
        role = "tested"
        supported = code

    class TestedDatabase(family.Database):
        extensions = (Tested,)

    with TestedDatabase(url, check_versions=False) as database:
        database.create(versions={Tested: code[0]} if code else {})
        with database.session() as session:
            session.attributes.set("version:Tested", str(stored), force=True)
    with TestedDatabase(url) as database:
        if compatible:
            Tested.check_compatibility(stored, update)
            with database.session(read_only=not update):
                return
        with pytest.raises(IncompatibleVersionError):
            Tested.check_compatibility(stored, update)
        with pytest.raises(IncompatibleVersionError), database.session(read_only=not update):
            pass


def test_attribute_manager(place: str) -> None:
    """testAttributeManager: get, set, force, delete and items of the store."""
    with family.Database(place) as database:
        database.create()
        with database.session() as session:
            attributes = session.attributes
            assert not attributes.is_empty()
            for name in ("version:sample", "digest:sample"):
                assert attributes.delete(name)
            assert attributes.is_empty()

            assert attributes.get("attr") is None
            assert attributes.get("attr", "") == ""
            assert attributes.get("attr", "Value") == "Value"

            for name, value in (("", "value"), ("attr", "")):
                with pytest.raises(ValueError, match="neither of them empty"):
                    attributes.set(name, value)
            assert attributes.is_empty()

            attributes.set("attr", "value")
            assert attributes.items() == [("attr", "value")]
            with pytest.raises(AttributeExistsError):
                attributes.set("attr", "value2")
            assert attributes.get("attr") == "value"
            attributes.set("attr", "value3", force=True)
            attributes.set("attr2", "value")
            assert attributes.get("attr") == "value3"
            assert attributes.items() == [("attr", "value3"), ("attr2", "value")]

            assert attributes.delete("attr")
            assert attributes.get("attr") is None
            assert not attributes.delete("attr")
            assert attributes.items() == [("attr2", "value")]


def test_missing_attributes(place: str) -> None:
    """testMissingAttributes: a database without attributes is a LookupError."""
    with family.Database(place) as database, pytest.raises(LookupError), database.session():
        pass
    unchecked = family.Database(place, check_versions=False)
    with unchecked as database, pytest.raises(LookupError), database.session() as session:
        session.attributes.get("attr")
