"""`Versions`: the versions that a package and its extensions require, compared with those that a database stores."""

from __future__ import annotations

from collections.abc import Mapping, Sequence

from sqlalchemy.exc import ArgumentError

from tablewright.runtime.errors import IncompatibleVersionError, VersionsMissingError
from tablewright.runtime.versions.extension import VersionedExtension
from tablewright.runtime.versions.schema_info import SchemaInfo
from tablewright.runtime.versions.version_tuple import VersionTuple

Extension = type[VersionedExtension]
Requested = Mapping[Extension, VersionTuple]
"""The version that the tables of an extension are to have."""
Rows = Mapping[str, str]
"""Attributes of a database, by name."""


class Versions:
    """The versions that a package and its *extensions* require of a database, and the digest of the schema."""

    def __init__(self, schema: SchemaInfo, extensions: Sequence[Extension]) -> None:
        taken = [extension.role for extension in extensions]
        if len(set(taken)) < len(taken):
            raise ArgumentError(f"Two extensions of {schema.name} have the same role: {', '.join(sorted(taken))}.")
        self.schema = schema
        self.extensions = tuple(extensions)
        self.version_name = f"version:{schema.name}"
        self.digest_name = f"digest:{schema.name}"
        self.config_prefix = f"config:{schema.name}."

    def names(self) -> list[str]:
        """Return the names of the attributes that store versions."""
        names = [self.version_name, self.digest_name]
        for extension in self.extensions:
            names += [self._config(extension), version_of(extension)]
        return names

    def check(self, attributes: Rows, *, update: bool, new_extensions: bool = False) -> None:
        """Raise `IncompatibleVersionError` if a database with the attributes *attributes* does not fit readers.

        With *update* it has to fit writers. With *new_extensions* extensions may be missing; they will be added.
        """
        stored, needed = self._stored(attributes), VersionTuple.from_string(self.schema.version)
        if not needed.check_compatibility(stored, update):
            raise IncompatibleVersionError(self._other_version(stored, needed, update))
        if stored == needed:
            self._check_digest(attributes)
        for extension in self.extensions:
            self._check_extension(extension, attributes, update=update, may_lack=new_extensions)

    def check_same(self, attributes: Rows) -> None:
        """Raise `IncompatibleVersionError` if a database stores anything different from what would be written."""
        name = self.schema.name
        if attributes.get(self.version_name, self.schema.version) != self.schema.version:
            raise IncompatibleVersionError(
                f"The database stores version {attributes[self.version_name]} of {name}; this package is "
                f"{self.schema.version}. Once its tables are those of {self.schema.version}, "
                "run Database.stamp(force=True)."
            )
        if self.digest_name in attributes:
            self._check_digest(attributes)
        for extension in self.extensions:
            self._check_extension(extension, attributes, update=True, may_lack=True)

    def missing_rows(self, attributes: Rows, requested: Requested) -> dict[str, str]:
        """Return the attributes to write into a database that stores *attributes*."""
        unknown = [extension.extension_name() for extension in requested if extension not in self.extensions]
        if unknown:
            raise ArgumentError(f"{', '.join(unknown)} is not an extension of this Database class.")
        rows: dict[str, str] = {}
        if attributes.get(self.version_name, self.schema.version) == self.schema.version:
            rows |= {self.version_name: self.schema.version, self.digest_name: self.schema.digest}
        for extension in self.extensions:
            rows[self._config(extension)] = extension.extension_name()
            version = self._new_version(extension, attributes.get(version_of(extension)), requested.get(extension))
            if version is not None:
                rows[version_of(extension)] = str(version)
        return {name: value for name, value in rows.items() if attributes.get(name) != value}

    def kept(self, attributes: Rows, requested: Requested) -> dict[str, str]:
        """Return those of *attributes* to keep when the rest is overwritten: the versions that extensions support."""
        kept: dict[str, str] = {}
        for extension in self.extensions:
            name = version_of(extension)
            supported = {str(version) for version in extension.current_versions()}
            if (
                attributes.get(name) in supported
                and str(requested.get(extension, attributes[name])) == attributes[name]
            ):
                kept[name] = attributes[name]
        return kept

    def stored(self, rows: Rows) -> dict[str, VersionTuple | None]:
        """Return the versions that a database stores, of the schema and of extensions by role; None: not versioned."""
        versions: dict[str, VersionTuple | None] = {self.schema.name: self._stored(rows)}
        for name, class_name in rows.items():
            if name.startswith(self.config_prefix):
                version = rows.get(f"version:{class_name}")
                versions[name.removeprefix(self.config_prefix)] = None if version is None else _parsed(version)
        return versions

    def missing(self) -> VersionsMissingError:
        """Return the error for a database that stores no version."""
        return VersionsMissingError(
            f"The database stores no version of {self.schema.name}; this package requires {self.schema.version}. "
            "Database.create() creates the tables and stores it. If the tables exist, created by Alembic, by hand or "
            "by an older release, run Database.stamp(). Database(…, check_versions=False) skips the check."
        )

    def _config(self, extension: Extension) -> str:
        return self.config_prefix + extension.role

    def _stored(self, attributes: Rows) -> VersionTuple:
        stored = attributes.get(self.version_name)
        if stored is None:
            raise self.missing()
        return _parsed(stored)

    def _check_digest(self, attributes: Rows) -> None:
        stored, needed = attributes.get(self.digest_name), self.schema.digest
        if stored is None:
            raise self.missing()
        if stored != needed and not self._digests_differ_in_form(attributes):
            raise IncompatibleVersionError(
                f"The database has {self.schema.name} {self.schema.version}, but of a different spec than this package "
                f"(digest {_short(stored)} in the database, {_short(needed)} here): the spec was changed without a new "
                "version. Change the version, migrate the database and run Database.stamp(force=True); or restore the "
                "database's spec and run `tablewright generate`; or, if its data can be lost, run Database.drop() and "
                "create()."
            )

    def _digests_differ_in_form(self, attributes: Rows) -> bool:
        # Digests of different forms, computed by an older or newer tablewright, cannot be compared.
        return _form(attributes.get(self.digest_name, "")) != _form(self.schema.digest)

    def _check_extension(self, extension: Extension, attributes: Rows, *, update: bool, may_lack: bool) -> None:
        name = extension.extension_name()
        stored = attributes.get(self._config(extension))
        if stored is None:
            if may_lack:
                return
            raise IncompatibleVersionError(
                f"The database was created without the extension {extension.role!r} of {self.schema.name}, which this "
                f"program implements with {name}. Database.create(exist_ok=True) adds it; if its tables exist, run "
                "Database.stamp()."
            )
        if stored != name:
            raise IncompatibleVersionError(
                f"The database was created with {stored} as the extension {extension.role!r} of {self.schema.name}; "
                f"this program has {name}. Use the class it was created with, or migrate the database and run "
                "Database.stamp(force=True)."
            )
        version = attributes.get(version_of(extension))
        if version is not None:
            extension.check_compatibility(_parsed(version), update)
        elif extension.current_versions() and not may_lack:
            raise IncompatibleVersionError(
                f"The database stores no version of {name}: it was created when the class had none. "
                "Database.stamp() stores it."
            )

    def _new_version(
        self, extension: Extension, stored: str | None, requested: VersionTuple | None
    ) -> VersionTuple | None:
        if stored is None:
            return extension.new_schema_version(requested)
        version = _parsed(stored)
        if requested is not None and requested != version:
            raise IncompatibleVersionError(
                f"The database already has {version} of {extension.extension_name()}, not the requested {requested}."
            )
        extension.check_compatibility(version, update=True)
        return version

    def _other_version(self, stored: VersionTuple, needed: VersionTuple, update: bool) -> str:
        name = self.schema.name
        if needed.check_compatibility(stored, update=False):
            problem = f"which {needed} may read, but not write: sessions with read_only=True are accepted"
        else:
            problem = f"which does not fit {needed}"
        if stored > needed:
            fix = (
                f"Install the package of {stored}, or generate it again from that spec (`tablewright generate {name}`)"
            )
        else:
            fix = f"Migrate it to {needed} and run Database.stamp(force=True), or install the package of {stored}"
        return f"The database has {name} {stored}, {problem}{'' if update else ' (to read)'}. {fix}."


def version_of(extension: Extension) -> str:
    """Return the name of the attribute that stores the version of an extension's tables."""
    return f"version:{extension.extension_name()}"


def _parsed(text: str) -> VersionTuple:
    try:
        return VersionTuple.from_string(text)
    except ValueError as error:
        raise IncompatibleVersionError(
            f"The database stores an invalid version: {text!r}. Fix it with Database.stamp(force=True)."
        ) from error


def _form(digest: str) -> str:
    return digest.partition(":")[0] if ":" in digest else ""


def _short(digest: str) -> str:
    return digest[: len(_form(digest)) + 9]
