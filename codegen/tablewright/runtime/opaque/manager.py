"""`OpaqueTableStorageManager`: registers the opaque tables of a database, and looks them up by name."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Self, TypeAlias

import sqlalchemy
from sqlalchemy import Connection
from sqlalchemy.schema import DropTable

from tablewright.runtime.dynamic.definitions import Definition
from tablewright.runtime.dynamic.dynamic_table import row_of
from tablewright.runtime.engine.connections import Connections
from tablewright.runtime.engine.ddl import lock_ddl, make_namespace
from tablewright.runtime.engine.registry import backend_of
from tablewright.runtime.errors import OpaqueTableConflictError, ReadOnlyDatabaseError, UnknownOpaqueTableError
from tablewright.runtime.opaque import definition as definitions, registry
from tablewright.runtime.opaque.registry import Entry
from tablewright.runtime.opaque.storage import DynamicOpaqueTableStorage, OpaqueTableStorage
from tablewright.runtime.opaque.transaction import session_for
from tablewright.runtime.package import Package
from tablewright.runtime.rows import driver
from tablewright.runtime.session import Session
from tablewright.runtime.versions.extension import VersionedExtension
from tablewright.runtime.versions.version_tuple import VersionTuple
from tablewright.schema import definition as d, names
from tablewright.schema.canonical import digest
from tablewright.schema.compare import differences

if TYPE_CHECKING:
    from tablewright.runtime.dynamic.static_tables import StaticTablesContext

AnyStorage: TypeAlias = OpaqueTableStorage[Any, Any]
"""The storage of an opaque table of which only the name is known."""
VERSION = VersionTuple(1, 0, 0)
"""The version of the registry's own table."""


class OpaqueTableStorageManager(VersionedExtension):
    """The opaque tables of a *database*: `database.opaque`.

    They belong to no schema: clients register them, under a name that is also the table's. The database stores their
    definitions, so that every client finds them. Each call here queries the database; keep the storage if that matters.
    """

    role = "opaque"

    def __init__(self, database: Connections, *, registry_schema_version: VersionTuple | None = None) -> None:
        super().__init__(registry_schema_version=registry_schema_version)
        self.database = database
        self._fits: frozenset[bool] = frozenset()
        self._storage_classes: dict[str, tuple[str, type[AnyStorage]]] = {}

    def __repr__(self) -> str:
        return f"{type(self).__name__}({self.database!r})"

    @classmethod
    def initialize(
        cls, db: Connections, context: StaticTablesContext[Any], registry_schema_version: VersionTuple | None = None
    ) -> Self:
        """Return the manager for *db*, and declare its registry in *context*.

        Without it, the first `register` creates it.
        """
        context.add_table(registry.NAME, registry.TABLE)
        context.add_initializer(lambda session: registry.write_version(session.connection(), cls))
        return cls(db, registry_schema_version=registry_schema_version)

    @classmethod
    def extension_name(cls) -> str:
        """Return the name that databases store. Managers of all packages share it, because they share the registry."""
        return "tablewright.OpaqueTableStorageManager"

    @classmethod
    def current_versions(cls) -> list[VersionTuple]:
        """Return the versions of the registry that this class reads and writes."""
        return [VERSION]

    def clone(self, db: Connections) -> Self:
        """Return a manager of the same tables for *db*, another object for the same database; they share caches."""
        copy = type(self)(db, registry_schema_version=self.registry_schema_version)
        if _package(db) is _package(self.database):
            copy._storage_classes = self._storage_classes
        return copy

    def register(self, name: str, definition: Definition, *, session: Session | None = None) -> AnyStorage:
        """Return the storage of table *name*; create the table if it does not exist.

        Many processes may call it at once, in transactions of their own or in that of *session*. Raise
        `OpaqueTableConflictError` if the name has another definition, or belongs to a table that is not opaque.
        """
        asked = self._asked(name, definition)
        if session is None:
            entry = self._find(name, None)
            if entry is not None:
                self._refuse_other(entry, asked)
                return self._storage(entry)
            if self.database.read_only:
                raise ReadOnlyDatabaseError(
                    f"{self.database!r} has no opaque table {name!r}, and was opened for reading only: "
                    "register it in a writing database first."
                )
        # READ COMMITTED, so that a process that waited for the lock sees what the first one created.
        with (
            session_for(self.database, session, isolation="READ COMMITTED") as opened,
            driver.atomic(opened) as connection,
        ):
            self._check(connection, update=True)
            entry = registry.find(connection, name)
            if entry is None:
                lock_ddl(connection)
                make_namespace(connection, self.database.namespace)
                entry = registry.find(connection, name)
            if entry is None:
                entry = self._create(connection, asked)
            else:
                self._refuse_other(entry, asked)
        return self._storage(entry)

    def get(self, name: str, *, session: Session | None = None) -> AnyStorage | None:
        """Return the storage of table *name*, or None if it is not registered."""
        entry = self._find(name, session)
        return None if entry is None else self._storage(entry)

    def __getitem__(self, name: str, /) -> AnyStorage:
        """Return the storage of table *name*. Raise `UnknownOpaqueTableError`, a KeyError, if it is not registered."""
        storage = self.get(name)
        if storage is None:
            raise self._unknown(name, self.names())
        return storage

    def __contains__(self, name: object, /) -> bool:
        """Return True if a table is registered under *name*."""
        return isinstance(name, str) and self._find(name, None) is not None

    def names(self, *, session: Session | None = None) -> list[str]:
        """Return the names of all registered tables, sorted."""
        if session is None and not self._is_there():
            return []
        with session_for(self.database, session, read_only=True) as opened, opened.gate as connection:
            self._check(connection, update=False)
            return registry.names(connection)

    def unregister(self, name: str, *, session: Session | None = None) -> None:
        """Drop table *name* with all its rows. Raise `UnknownOpaqueTableError` if it is not registered.

        Existing storages of it then fail with the database's error.
        """
        if session is None and self.database.read_only:
            raise ReadOnlyDatabaseError(
                f"{self.database!r} was opened for reading only: it cannot unregister {name!r}."
            )
        with session_for(self.database, session) as opened, driver.atomic(opened) as connection:
            lock_ddl(connection)
            self._check(connection, update=True)
            entry = registry.find(connection, name)
            if entry is None:
                raise self._unknown(name, registry.names(connection))
            # Types that it shares with the package's tables are not dropped.
            connection.execute(DropTable(self._table(definitions.from_text(entry.definition))))
            registry.remove(connection, name)

    def _asked(self, name: str, definition: Definition) -> d.Schema:
        schema = _package(self.database).definition
        dialect = self.database.engine.dialect
        asked = definitions.stored_definition(definition, name, dialect, schema)
        if name.startswith(registry.RESERVED):
            raise OpaqueTableConflictError(
                f"{name!r} cannot be registered: {registry.RESERVED}… is reserved for tablewright's own tables."
            )
        same = backend_of(dialect).table_identity
        if same(name) in {same(table.table) for table in schema.tables}:
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
        stored = definitions.from_text(entry.definition)
        if digest(stored) != digest(asked):
            listed = "; ".join(differences(stored, asked))
            raise OpaqueTableConflictError(
                f"The opaque table {entry.name!r} is registered with another definition: {listed}. "
                "Register it under another name, or unregister it, with its rows, first."
            )

    def _find(self, name: str, session: Session | None) -> Entry | None:
        if session is None and not self._is_there():
            return None
        with session_for(self.database, session, read_only=True) as opened, opened.gate as connection:
            self._check(connection, update=False)
            return registry.find(connection, name)

    def _check(self, connection: Connection, *, update: bool) -> None:
        # A missing registry may still be created by another release.
        if update not in self._fits and registry.check(connection, type(self), update=update):
            self._fits |= {update}

    def _is_there(self) -> bool:
        # A read-only session must not create the file.
        return self.database.exists()

    def _storage(self, entry: Entry) -> AnyStorage:
        cached = self._storage_classes.get(entry.name)
        if cached is None or cached[0] != entry.definition:
            # Two threads may both create one; either works.
            cached = self._storage_classes[entry.name] = (entry.definition, self._class_for(entry))
        return cached[1](self.database)

    def _class_for(self, entry: Entry) -> type[AnyStorage]:
        generated = self._storage_class(entry.name)
        if generated is not None:
            schema = _package(self.database).definition
            (generated_table,) = (table for table in schema.opaque_tables if table.table == entry.name)
            self._refuse_other(entry, definitions.definition_of(generated_table, schema))
            return generated
        table = self._table(definitions.from_text(entry.definition))
        named = {"table": table, "row": row_of(table)}
        return type(f"{names.class_name(table.name)}Storage", (DynamicOpaqueTableStorage,), named)

    def _storage_class(self, name: str) -> type[AnyStorage] | None:
        """Return the storage class generated for table *name*, or None."""
        return None

    def _table(self, definition: d.Schema) -> sqlalchemy.Table:
        return definitions.build(definition, _package(self.database).definition)

    def _unknown(self, name: str, names: list[str]) -> UnknownOpaqueTableError:
        existing = f"there are {', '.join(names)}" if names else "none is registered"
        return UnknownOpaqueTableError(f"{self.database!r} has no opaque table {name!r}; {existing}.")


def _package(database: Connections) -> Package:
    package: Package = database.session_class.package
    return package
