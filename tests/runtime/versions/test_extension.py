"""`VersionedExtension`: the version of a new database, and the versions that a class supports."""

from __future__ import annotations

import pytest

from tablewright.runtime.errors import IncompatibleVersionError
from tablewright.runtime.versions.version_tuple import VersionTuple
from tests.runtime.versions.extensions import One, Plain, Several, SeveralWithDefault

V1, V11, V2 = VersionTuple(1, 0, 0), VersionTuple(1, 1, 0), VersionTuple(2, 0, 0)


def test_name() -> None:
    """A database identifies an extension by its class and module."""
    assert One.extension_name() == "tests.runtime.versions.extensions.One"


def test_version_of_an_instance() -> None:
    """An instance has the version that it must use."""
    assert Several(registry_schema_version=V1).registry_schema_version == V1
    assert Plain().registry_schema_version is None


def test_version_of_a_new_database() -> None:
    """A new database gets the requested version, the only one, the default, or none."""
    assert Plain.new_schema_version() is None
    assert One.new_schema_version() == V11
    assert Several.new_schema_version(V1) == V1
    assert SeveralWithDefault.new_schema_version() == V2
    assert SeveralWithDefault.new_schema_version(V1) == V1


def test_several_versions_and_no_default() -> None:
    """Without a default, none of several versions is chosen."""
    with pytest.raises(NotImplementedError, match=r"supports 1\.0\.0, 2\.0\.0 .* default_version\(\)"):
        Several.new_schema_version()


@pytest.mark.parametrize(
    ("extension", "version"), [(One, V1), (One, VersionTuple(1, 1, 1)), (Several, V11), (Plain, V1)]
)
def test_an_unsupported_version_is_refused(extension: type[One], version: VersionTuple) -> None:
    """A new database accepts only a version of the class itself, not a compatible one."""
    for check in (extension.check_new_schema_version, extension.new_schema_version):
        with pytest.raises(IncompatibleVersionError, match=f"cannot create version {version}"):
            check(version)


def test_a_mismatch_lists_stored_and_supported_versions() -> None:
    """The error names the stored version, the supported versions, and the way to fix it."""
    with pytest.raises(IncompatibleVersionError) as caught:
        Several.check_compatibility(V11, update=True)
    message = str(caught.value)
    assert "has 1.1.0 of tests.runtime.versions.extensions.Several, which supports 1.0.0, 2.0.0" in message
    assert "Database.stamp(force=True)" in message
