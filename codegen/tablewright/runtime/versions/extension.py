"""`VersionedExtension`: a part of a database with tables of its own, and the versions of them that a class supports."""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Collection
from typing import ClassVar

from tablewright.runtime.errors import IncompatibleVersionError
from tablewright.runtime.versions.version_tuple import VersionTuple


class VersionedExtension(ABC):
    """A part of a database whose tables have versions of their own.

    A Database lists its extensions, as classes. The database stores which class created the tables of each, and in
    which version. *registry_schema_version* is the stored version.
    """

    role: ClassVar[str]
    """The part that the class plays in a database, such as `opaque`.

    Classes that can replace each other have the same role.
    """

    def __init__(self, *, registry_schema_version: VersionTuple | None = None) -> None:
        self._registry_schema_version = registry_schema_version

    @property
    def registry_schema_version(self) -> VersionTuple | None:
        """The version of the tables in the database, or None if they are not versioned."""
        return self._registry_schema_version

    @classmethod
    def extension_name(cls) -> str:
        """Return the name of the class that a database stores."""
        return f"{cls.__module__}.{cls.__qualname__}"

    @classmethod
    @abstractmethod
    def current_versions(cls) -> Collection[VersionTuple]:
        """Return the versions that the class supports; empty for a class without versions, which supports any."""

    @classmethod
    def default_version(cls) -> VersionTuple:
        """Return the version of new databases, for a class that supports several, if none is requested."""
        raise NotImplementedError(
            f"{cls.extension_name()} supports {_listed(cls.current_versions())} and has no default: define "
            "default_version(), or pass one to Database.create(versions=…)."
        )

    @classmethod
    def new_schema_version(cls, requested: VersionTuple | None = None) -> VersionTuple | None:
        """Return the version of a new database: the one *requested*, the only one, or the default.

        Return None for a class without versions.
        """
        if requested is not None:
            cls.check_new_schema_version(requested)
            return requested
        supported = cls.current_versions()
        if not supported:
            return None
        return next(iter(supported)) if len(supported) == 1 else cls.default_version()

    @classmethod
    def check_compatibility(cls, stored: VersionTuple, update: bool) -> None:
        """Raise `IncompatibleVersionError` if no supported version may read, or with *update* write, *stored*."""
        supported = cls.current_versions()
        if supported and not any(version.check_compatibility(stored, update) for version in supported):
            raise IncompatibleVersionError(
                f"The database has {stored} of {cls.extension_name()}, which supports {_listed(supported)}"
                f"{' and may not write to it' if update else ''}. Install a release that supports {stored}, or migrate "
                "the database and call Database.stamp(force=True)."
            )

    @classmethod
    def check_new_schema_version(cls, version: VersionTuple) -> None:
        """Raise `IncompatibleVersionError` if the class cannot create tables of exactly this *version*."""
        supported = cls.current_versions()
        if version not in supported:
            raise IncompatibleVersionError(
                f"{cls.extension_name()} cannot create version {version}: it "
                + (f"supports {_listed(supported)}." if supported else "has no versions.")
            )


def _listed(versions: Collection[VersionTuple]) -> str:
    return ", ".join(map(str, versions))
