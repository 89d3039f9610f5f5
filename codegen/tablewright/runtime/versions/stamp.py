"""`Stamp`: the versions in a database, written and removed together with its tables."""

from __future__ import annotations

from contextlib import nullcontext

from sqlalchemy import Connection, inspect

from tablewright.runtime.versions.attributes import ATTRIBUTES, AttributeStore
from tablewright.runtime.versions.compatibility import Requested, Versions
from tablewright.runtime.versions.store import NAME, schema_of_store


class Stamp:
    """The versions in the database of *connection*, for code that creates or drops the tables in it."""

    def __init__(self, versions: Versions, connection: Connection) -> None:
        self._versions = versions
        self._connection = connection
        self._store = AttributeStore(nullcontext(connection))

    def check(self) -> None:
        """Raise `IncompatibleVersionError` if missing tables would not fit the existing ones."""
        if not self._is_there():
            raise self._versions.missing()
        self._versions.check(self._stored(), update=True, new_extensions=True)

    def check_same(self) -> None:
        """Raise `IncompatibleVersionError` if the database is stamped with other versions."""
        if self._is_there():
            self._versions.check_same(self._stored())

    def write(self, requested: Requested, *, overwrite: bool = False) -> None:
        """Write the missing versions; with *overwrite* overwrite existing ones."""
        ATTRIBUTES.create(self._connection, checkfirst=True)
        if overwrite:
            kept = self._versions.kept(self._stored(), requested)
            self._remove_rows()
            attributes = self._stored() | kept
            for name, value in kept.items():
                self._store.set(name, value, force=True)
        else:
            attributes = self._stored()
        for name, value in self._versions.missing_rows(attributes, requested).items():
            self._store.set(name, value, force=True)

    def remove(self) -> None:
        """Remove the package's versions, and the attribute table with the last of them."""
        if not self._is_there():
            return
        self._remove_rows()
        if self._store.is_empty():
            ATTRIBUTES.drop(self._connection)

    def _is_there(self) -> bool:
        return inspect(self._connection).has_table(NAME, schema=schema_of_store(self._connection))

    def _stored(self) -> dict[str, str]:
        return self._store.read(self._versions.names())

    def _remove_rows(self) -> None:
        rows = dict(self._store.items())
        configured = {name: value for name, value in rows.items() if name.startswith("config:")}
        mine = {name: value for name, value in configured.items() if name.startswith(self._versions.config_prefix)}
        # Another package may use the same class; the two then share its tables.
        others = {value for name, value in configured.items() if name not in mine}
        for name in (self._versions.version_name, self._versions.digest_name, *mine):
            self._store.delete(name)
        for value in set(mine.values()) - others:
            self._store.delete(f"version:{value}")
