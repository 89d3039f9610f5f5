"""`VersionedExtension`: which version a new database gets, and which ones a class works with."""

from __future__ import annotations

import pytest

from tablewright.runtime.errors import IncompatibleVersionError
from tablewright.runtime.versions.version_tuple import VersionTuple
from tests.runtime.versions.extensions import One, Plain, Several, SeveralWithDefault

V1, V11, V2 = VersionTuple(1, 0, 0), VersionTuple(1, 1, 0), VersionTuple(2, 0, 0)


def test_name() -> None:
    """A database remembers an extension by its class and module."""
    assert One.extension_name() == "tests.runtime.versions.extensions.One"


def test_version_of_an_instance() -> None:
    """An instance knows the version that it has to work with."""
    assert Several(registry_schema_version=V1).registry_schema_version == V1
    assert Plain().registry_schema_version is None


def test_version_of_a_new_database() -> None:
    """A new database gets the version asked for, the only one, the default, or none."""
    assert Plain.new_schema_version() is None
    assert One.new_schema_version() == V11
    assert Several.new_schema_version(V1) == V1
    assert SeveralWithDefault.new_schema_version() == V2
    assert SeveralWithDefault.new_schema_version(V1) == V1


def test_several_versions_and_no_default() -> None:
    """Of several versions none is guessed."""
    with pytest.raises(NotImplementedError, match=r"supports 1\.0\.0, 2\.0\.0 .* default_version\(\)"):
        Several.new_schema_version()


@pytest.mark.parametrize(
    ("extension", "version"), [(One, V1), (One, VersionTuple(1, 1, 1)), (Several, V11), (Plain, V1)]
)
def test_a_version_that_cannot_be_made(extension: type[One], version: VersionTuple) -> None:
    """A new database gets exactly a version that the class knows, not one that would be compatible."""
    for ask in (extension.check_new_schema_version, extension.new_schema_version):
        with pytest.raises(IncompatibleVersionError, match=f"cannot create version {version}"):
            ask(version)


def test_a_mismatch_says_what_is_there_and_what_would_fit() -> None:
    """The error names the stored version, those that the class works with, and what to do."""
    with pytest.raises(IncompatibleVersionError) as caught:
        Several.check_compatibility(V11, update=True)
    message = str(caught.value)
    assert "has 1.1.0 of tests.runtime.versions.extensions.Several, which supports 1.0.0, 2.0.0" in message
    assert "Database.stamp(force=True)" in message
