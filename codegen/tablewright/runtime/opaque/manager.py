"""`OpaqueTableStorageManager`: registers the opaque tables of a database, and finds them again."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any, Protocol, Self, TypeAlias

import sqlalchemy
from sqlalchemy import Connection
from sqlalchemy.schema import DropTable

from tablewright.runtime.dynamic.definitions import Definition
from tablewright.runtime.dynamic.dynamic_table import row_of
from tablewright.runtime.engine import sqlite
from tablewright.runtime.engine.ddl import lock_ddl, make_namespace
from tablewright.runtime.errors import OpaqueTableConflictError, ReadOnlyDatabaseError, UnknownOpaqueTableError
from tablewright.runtime.opaque import definition as definitions, registry
from tablewright.runtime.opaque.registry import Entry
from tablewright.runtime.opaque.storage import DynamicOpaqueTableStorage, OpaqueTableStorage
from tablewright.runtime.opaque.transaction import Place, within
from tablewright.runtime.rows import driver
from tablewright.runtime.session import Session
from tablewright.runtime.versions.extension import VersionedExtension
from tablewright.runtime.versions.version_tuple import VersionTuple
from tablewright.schema import definition as d, names
from tablewright.schema.canonical import digest
from tablewright.schema.compare import differences

AnyStorage: TypeAlias = OpaqueTableStorage[Any, Any]
"""The storage of an opaque table of which only the name is known."""
VERSION = VersionTuple(1, 0, 0)
"""That of the registry's own table."""


class AddsTables(Protocol):
    """What declares the tables that a database always has."""

    def add_table(self, name: str, definition: Definition) -> sqlalchemy.Table:
        """Declares a table."""
        ...

    def add_initializer(self, function: Callable[[Any], object]) -> None:
        """Has *function* called with a session when the tables are made, in the same transaction."""
        ...


class OpaqueTableStorageManager(VersionedExtension):
    """The opaque tables of a *database*: `database.opaque`.

    They are a part of no schema: clients register them, under a name that is the table's too. The database knows
    their definitions, so that whoever opens it finds them, and each call here asks it: keep the storage where
    that matters.
    """

    role = "opaque"

    def __init__(self, database: Place[Any], *, registry_schema_version: VersionTuple | None = None) -> None:
        super().__init__(registry_schema_version=registry_schema_version)
        self.database = database
        self._fits: frozenset[bool] = frozenset()
        self._made: dict[str, tuple[str, type[AnyStorage]]] = {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.database!r})"

    @classmethod
    def initialize(
        cls, db: Place[Any], context: AddsTables, registry_schema_version: VersionTuple | None = None
    ) -> Self:
        """The manager for *db*, whose registry *context* declares; without, the first `register` makes it."""
        context.add_table(registry.NAME, registry.TABLE)
        context.add_initializer(lambda session: registry.write_version(session.connection(), cls))
        return cls(db, registry_schema_version=registry_schema_version)

    @classmethod
    def extension_name(cls) -> str:
        """The name by which databases remember it, whichever package's class it is: they share the registry."""
        return "tablewright.OpaqueTableStorageManager"

    @classmethod
    def current_versions(cls) -> list[VersionTuple]:
        """The versions of the registry that this class reads and writes."""
        return [VERSION]

    def clone(self, db: Place[Any]) -> Self:
        """A manager of the same tables for *db*, another handle of the database; shares what it knows of them."""
        twin = type(self)(db, registry_schema_version=self.registry_schema_version)
        if _package(db) is _package(self.database):
            twin._made = self._made
        return twin

    def register(self, name: str, definition: Definition, *, session: Session | None = None) -> AnyStorage:
        """The storage of the table *name*, which is made unless it is there.

        It may be called by many processes at once, in a transaction of its own or in that of *session*.
        `OpaqueTableConflictError` where the name has another definition, or is that of a table that is not opaque.
        """
        asked = self._asked(name, definition)
        if session is None:
            entry = self._find(name, None)
            if entry is not None:
                self._refuse_other(entry, asked)
                return self._storage(entry)
            if self.database.read_only:
                raise ReadOnlyDatabaseError(
                    f"{self.database!r} has no opaque table {name!r}, and was opened to read only: "
                    "register it where it may be made."
                )
        # Of those that wait for the lock, all but the first are to see what the first has made.
        with (
            within(self.database, session, isolation="READ COMMITTED") as own,
            driver.atomic(own) as connection,
        ):
            self._check(connection, update=True)
            entry = registry.find(connection, name)
            if entry is None:
                lock_ddl(connection)
                make_namespace(connection, self.database._namespace)
                entry = registry.find(connection, name)
            if entry is None:
                entry = self._create(connection, asked)
            else:
                self._refuse_other(entry, asked)
        return self._storage(entry)

    def get(self, name: str, *, session: Session | None = None) -> AnyStorage | None:
        """The storage of the table *name*; None where none is registered."""
        entry = self._find(name, session)
        return None if entry is None else self._storage(entry)

    def __getitem__(self, name: str, /) -> AnyStorage:
        """The same; `UnknownOpaqueTableError`, a KeyError, where none is registered."""
        found = self.get(name)
        if found is None:
            raise self._unknown(name, self.names())
        return found

    def __contains__(self, name: object, /) -> bool:
        """Whether a table is registered under *name*."""
        return isinstance(name, str) and self._find(name, None) is not None

    def names(self, *, session: Session | None = None) -> list[str]:
        """The names of all that are registered, sorted."""
        if session is None and not self._is_there():
            return []
        with within(self.database, session, read_only=True) as own, own.gate as connection:
            self._check(connection, update=False)
            return registry.names(connection)

    def unregister(self, name: str, *, session: Session | None = None) -> None:
        """Drops the table *name* with all its rows; `UnknownOpaqueTableError` where none is registered.

        Storages of it that others hold then fail with the database's error.
        """
        if session is None and self.database.read_only:
            raise ReadOnlyDatabaseError(f"{self.database!r} was opened to read only: it cannot unregister {name!r}.")
        with within(self.database, session) as own, driver.atomic(own) as connection:
            lock_ddl(connection)
            self._check(connection, update=True)
            entry = registry.find(connection, name)
            if entry is None:
                raise self._unknown(name, registry.names(connection))
            # The types that it shares with the package's tables stay.
            connection.execute(DropTable(self._table(definitions.from_text(entry.definition))))
            registry.remove(connection, name)

    def _asked(self, name: str, definition: Definition) -> d.Schema:
        among = _package(self.database).definition
        dialect = self.database.engine.dialect
        asked = definitions.kept(definition, name, dialect, among)
        if name.startswith(registry.RESERVED):
            raise OpaqueTableConflictError(
                f"{name!r} cannot be registered: {registry.RESERVED}… are tables of tablewright itself."
            )
        same = str.lower if dialect.name == "sqlite" else str
        if same(name) in {same(table.table) for table in among.tables}:
            raise OpaqueTableConflictError(
                f"{name!r} cannot be registered: the package {_package(self.database).name} has a table of that name."
            )
        return asked

    def _create(self, connection: Connection, asked: d.Schema) -> Entry:
        (table,) = asked.opaque_tables
        if registry.has_table(connection, table.table):
            raise OpaqueTableConflictError(
                f"{table.name!r} cannot be registered: the database has a table of that name, which is not opaque. "
                "Rename or drop it."
            )
        self._table(asked).create(connection, checkfirst=True)
        return registry.add(connection, asked, type(self))

    def _refuse_other(self, entry: Entry, asked: d.Schema) -> None:
        there = definitions.from_text(entry.definition)
        if digest(there) != digest(asked):
            found = "; ".join(differences(there, asked))
            raise OpaqueTableConflictError(
                f"The opaque table {entry.name!r} is registered with another definition: {found}. "
                "Register it under another name, or unregister it, with its rows, first."
            )

    def _find(self, name: str, session: Session | None) -> Entry | None:
        if session is None and not self._is_there():
            return None
        with within(self.database, session, read_only=True) as own, own.gate as connection:
            self._check(connection, update=False)
            return registry.find(connection, name)

    def _check(self, connection: Connection, *, update: bool) -> None:
        # What is not there yet may be made by another release.
        if update not in self._fits and registry.check(connection, type(self), update=update):
            self._fits |= {update}

    def _is_there(self) -> bool:
        # A session that reads only makes no file.
        return sqlite.is_there(self.database.engine.url)

    def _storage(self, entry: Entry) -> AnyStorage:
        known = self._made.get(entry.name)
        if known is None or known[0] != entry.definition:
            # Two threads may both make one; either serves.
            known = self._made[entry.name] = (entry.definition, self._class_for(entry))
        return known[1](self)

    def _class_for(self, entry: Entry) -> type[AnyStorage]:
        generated = self._storage_class(entry.name)
        if generated is not None:
            among = _package(self.database).definition
            (own,) = (table for table in among.opaque_tables if table.table == entry.name)
            self._refuse_other(entry, definitions.kept_table(own, among))
            return generated
        table = self._table(definitions.from_text(entry.definition))
        named = {"table": table, "row": row_of(table)}
        return type(f"{names.class_name(table.name)}Storage", (DynamicOpaqueTableStorage,), named)

    def _storage_class(self, name: str) -> type[AnyStorage] | None:
        """The storage that was generated for the table *name*, if any."""
        return None

    def _table(self, definition: d.Schema) -> sqlalchemy.Table:
        return definitions.build(definition, _package(self.database).definition)

    def _unknown(self, name: str, known: list[str]) -> UnknownOpaqueTableError:
        there = f"there are {', '.join(known)}" if known else "none is registered"
        return UnknownOpaqueTableError(f"{self.database!r} has no opaque table {name!r}; {there}.")


def _package(database: Place[Any]) -> Any:
    return database.session_class.package
