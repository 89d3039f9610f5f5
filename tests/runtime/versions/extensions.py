"""Extensions for the tests of versions: with no version, one, and several."""

from __future__ import annotations

from typing import ClassVar

from tablewright.runtime.versions.extension import VersionedExtension
from tablewright.runtime.versions.version_tuple import VersionTuple
from tests.runtime import family


class Notes(VersionedExtension):
    """An extension that each class below does in its own way."""

    role = "notes"
    known: ClassVar[tuple[VersionTuple, ...]] = ()

    @classmethod
    def current_versions(cls) -> tuple[VersionTuple, ...]:
        return cls.known


class Plain(Notes):
    """Without versions."""


class One(Notes):
    known = (VersionTuple(1, 1, 0),)


class Several(Notes):
    known = (VersionTuple(1, 0, 0), VersionTuple(2, 0, 0))


class SeveralWithDefault(Several):
    @classmethod
    def default_version(cls) -> VersionTuple:
        return VersionTuple(2, 0, 0)


class Marks(One):
    role = "marks"


def database_with(*extensions: type[VersionedExtension]) -> type[family.Database]:
    """A class of databases with these *extensions*."""
    return type("Database", (family.Database,), {"extensions": extensions})
