"""`VersionCheck`: compares the versions of a database with the package, once, in its first session."""

from __future__ import annotations

from collections.abc import Callable
from contextlib import nullcontext
from functools import partial
from typing import Self

from sqlalchemy import Connection
from sqlalchemy.exc import DBAPIError

from tablewright.runtime.engine.failures import is_missing_table, mark_failed
from tablewright.runtime.errors import IncompatibleVersionError
from tablewright.runtime.versions.compatibility import Versions
from tablewright.runtime.versions.store import read_attributes
from tablewright.runtime.versions.version_tuple import VersionTuple


class VersionCheck:
    """The version check of one database. Its first session runs it; later ones pay nothing."""

    __slots__ = ("_on", "_reads", "_writes", "versions")

    def __init__(self, versions: Versions, on: bool) -> None:
        self.versions = versions
        self._on = on
        # Whether the check has passed for sessions that only read, and for those that may write.
        self._reads = self._writes = not on

    @property
    def on(self) -> bool:
        """Whether versions are checked at all."""
        return self._on

    def again(self) -> Self:
        """Return a check of the same versions that has not passed yet."""
        return type(self)(self.versions, self._on)

    def due(self, read_only: bool) -> Callable[[Connection], None] | None:
        """Return the function that a session must call with its connection when it begins.

        Return None once the check has passed.
        """
        if self._writes or (read_only and self._reads):
            return None
        return partial(self._make, read_only)

    def stored(self, connection: Connection) -> dict[str, VersionTuple | None]:
        """Return the versions that the database stores."""
        # Not at the top: it defines a table, which a program that opens no session does not need.
        from tablewright.runtime.versions.attributes import AttributeStore

        return self.versions.stored(dict(AttributeStore(nullcontext(connection)).items()))

    def _make(self, read_only: bool, connection: Connection) -> None:
        try:
            self.versions.check(self._read(connection), update=not read_only)
        except IncompatibleVersionError as error:
            error.add_note(f"The database: {connection.engine.url.render_as_string(hide_password=True)}")
            # A caller that catches the error must not continue in this transaction.
            mark_failed(connection, error)
            raise
        self._reads = True
        self._writes = self._writes or not read_only

    def _read(self, connection: Connection) -> dict[str, str]:
        try:
            return read_attributes(connection, self.versions.names())
        except DBAPIError as error:
            if not is_missing_table(error):
                raise
            raise self.versions.missing() from error
