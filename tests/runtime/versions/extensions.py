"""Extensions for the tests of versions: with no version, one, and several."""

from __future__ import annotations

from typing import ClassVar

from tablewright.runtime.versions.extension import VersionedExtension
from tablewright.runtime.versions.version_tuple import VersionTuple
from tests.runtime import family


class Notes(VersionedExtension):
    """An extension; each class below implements it with different versions."""

    role = "notes"
    supported: ClassVar[tuple[VersionTuple, ...]] = ()

    @classmethod
    def current_versions(cls) -> tuple[VersionTuple, ...]:
        return cls.supported


class Plain(Notes):
    """An extension without versions."""


class One(Notes):
    supported = (VersionTuple(1, 1, 0),)


class Several(Notes):
    supported = (VersionTuple(1, 0, 0), VersionTuple(2, 0, 0))


class SeveralWithDefault(Several):
    @classmethod
    def default_version(cls) -> VersionTuple:
        return VersionTuple(2, 0, 0)


class Marks(One):
    role = "marks"


def database_with(*extensions: type[VersionedExtension]) -> type[family.Database]:
    """Return a class of databases with these *extensions*."""
    return type("Database", (family.Database,), {"extensions": extensions})
