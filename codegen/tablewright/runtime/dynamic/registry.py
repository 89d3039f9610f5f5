"""The tables of a database beside those of its package: their definitions by name, and their creation."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from threading import RLock
from typing import NamedTuple
from weakref import WeakKeyDictionary

import sqlalchemy
from msgspec.structs import replace
from sqlalchemy import Connection, Dialect, MetaData
from sqlalchemy.exc import InvalidRequestError
from sqlalchemy.schema import DropTable

from tablewright.catalog.compare import compare_existing
from tablewright.runtime.dynamic.definitions import Definition, make_resolved, make_table, resolved
from tablewright.runtime.engine import ddl
from tablewright.runtime.errors import ReadOnlyDatabaseError, TableConflictError
from tablewright.runtime.package import Package
from tablewright.schema import definition as d
from tablewright.schema.canonical import table_identity


class DefinedTable(NamedTuple):
    """A defined table."""

    identity: object
    """The value that differs between different tables of one name."""
    table: sqlalchemy.Table
    definition: d.Table | None


class DynamicTables:
    """The tables defined for one database, by name. Equal definitions return the same Table.

    Every call checks whether the tables exist: other processes create and drop them, and a rollback undoes their
    creation.
    """

    def __init__(self) -> None:
        self._tables: dict[str, DefinedTable] = {}
        self._lock = RLock()

    def find(
        self, connection: Connection, definitions: Mapping[str, Definition], package: Package
    ) -> dict[str, sqlalchemy.Table | None]:
        """Return the tables by name, None for missing ones.

        Raise `TableConflictError` for a table with another definition.
        """
        tables = self.tables(definitions, connection.dialect, package)
        return {name: table if _exists(connection, table) else None for name, table in tables.items()}

    def ensure(
        self, connection: Connection, definitions: Mapping[str, Definition], package: Package
    ) -> dict[str, sqlalchemy.Table]:
        """Return the tables by name; create missing ones.

        Raise `TableConflictError` for a table with another definition.
        """
        tables = self.tables(definitions, connection.dialect, package)
        missing = [table for table in tables.values() if not _exists(connection, table)]
        if missing:
            ddl.lock_ddl(connection)
            missing = [table for table in missing if not _exists(connection, table)]
            if missing:
                ddl.create_all(connection, missing[0].metadata, missing)
        return tables

    def drop(self, connection: Connection, name: str, package: Package) -> bool:
        """Drop a table. Return True if it existed."""
        refuse_name(name, package)
        table = sqlalchemy.Table(name, MetaData())
        ddl.lock_ddl(connection)
        if not connection.dialect.has_table(connection, name, schema=connection.schema_for_object(table)):
            return False
        connection.execute(DropTable(table))
        with self._lock:
            self._tables.pop(name, None)
        return True

    def adopt(self, defined: Mapping[str, DefinedTable]) -> None:
        """Add tables that were defined elsewhere."""
        with self._lock:
            self._tables.update(defined)

    def tables(
        self, definitions: Mapping[str, Definition], dialect: Dialect, package: Package
    ) -> dict[str, sqlalchemy.Table]:
        """Return the tables of *definitions* by name.

        They may reference each other, tables defined here and the package's.
        """
        for name in definitions:
            refuse_name(name, package)
        with self._lock:
            schema = self._schema_with(package, definitions)
            items: dict[str, d.Table | sqlalchemy.Table] = {
                name: definition
                if isinstance(definition, sqlalchemy.Table)
                else resolved(definition, name, dialect, schema=schema, others=definitions)
                for name, definition in definitions.items()
            }
            new = {
                name: item
                for name, item in items.items()
                if name not in self._tables or self._tables[name].identity != identity_of(item, package)
            }
            self._make(new, dialect, package, schema)
            return {name: self._tables[name].table for name in definitions}

    def _schema_with(self, package: Package, definitions: Mapping[str, Definition]) -> d.Schema:
        others = [defined.definition for name, defined in self._tables.items() if name not in definitions]
        given = [resolve_name(name, item) for name, item in definitions.items() if isinstance(item, d.Table)]
        schema = package.definition
        return replace(schema, tables=(*schema.tables, *(item for item in others if item is not None), *given))

    def _make(
        self, items: Mapping[str, d.Table | sqlalchemy.Table], dialect: Dialect, package: Package, schema: d.Schema
    ) -> None:
        # In a separate MetaData: `create()` and Alembic use the package's.
        metadata = MetaData()
        new_tables: dict[str, DefinedTable] = {}
        for name, item in items.items():
            if isinstance(item, sqlalchemy.Table):
                new_tables[name] = DefinedTable(
                    identity_of(item, package), make_table(item, name, metadata, dialect), None
                )
            else:
                new_tables[name] = DefinedTable(identity_of(item, package), make_resolved(item, metadata, schema), item)
        borrow_targets(
            metadata, items.values(), {name: defined.table for name, defined in self._tables.items()}, package
        )
        self._tables.update(new_tables)


def identity_of(item: d.Table | sqlalchemy.Table, package: Package) -> object:
    """Return a value that is equal for equal tables. Docs and class names are not part of it."""
    if isinstance(item, sqlalchemy.Table):
        return item
    return package, table_identity(item)


def resolve_name(name: str, table: d.Table) -> d.Table:
    """Return *table* with the *name* that others reference it by."""
    return replace(table, name=name, table=name)


def refuse_name(name: str, package: Package) -> None:
    """Raise `InvalidRequestError` if *name* is that of a table of the package."""
    schema = package.definition
    if any(table.table == name for table in (*schema.tables, *schema.opaque_tables)):
        raise InvalidRequestError(f"{name!r} is a table of {schema.name}. Choose another name.")


def borrow_targets(
    metadata: MetaData,
    tables: Iterable[d.Table | sqlalchemy.Table],
    defined: Mapping[str, sqlalchemy.Table],
    package: Package,
) -> None:
    """Add the tables that *tables* reference to *metadata*, so that joins follow foreign keys."""
    for table in tables:
        for target in _targets(table, package):
            if target in metadata.tables:
                continue
            target_table = defined.get(target)
            if target_table is None and any(item.table == target for item in package.definition.tables):
                target_table = package.load_tables().tables.get(target)
            if target_table is None and isinstance(table, sqlalchemy.Table):
                target_table = table.metadata.tables.get(target)
            if target_table is not None:
                # The public method makes a copy, whose columns would differ from the package's.
                metadata._add_table(target, target_table.schema, target_table)


def _targets(table: d.Table | sqlalchemy.Table, package: Package) -> Iterable[str]:
    if isinstance(table, sqlalchemy.Table):
        names = [element.target_fullname for key in table.foreign_key_constraints for element in key.elements]
        return [name.rpartition(".")[0] for name in names]
    in_database = {item.name: item.table for item in package.definition.tables}
    return [in_database.get(key.table, key.table) for key in table.foreign_keys if key.table != table.name]


def _exists(connection: Connection, table: sqlalchemy.Table) -> bool:
    differences = compare_existing(connection, table)
    if differences:
        raise TableConflictError(
            f"The table {table.name} of the database differs from its declaration. {' '.join(differences)} "
            "Declare it as it is, or under another name."
        )
    return differences is not None


_of_databases: WeakKeyDictionary[Dialect, dict[str | None, DynamicTables]] = WeakKeyDictionary()
_lock = RLock()


def tables_of(dialect: Dialect, namespace: str | None) -> DynamicTables:
    """Return the tables defined for the database of *dialect*; each engine has its own dialect object."""
    with _lock:
        return _of_databases.setdefault(dialect, {}).setdefault(namespace, DynamicTables())


def share_tables(dialect: Dialect, other: Dialect) -> None:
    """Let two engines of one database share their tables."""
    with _lock:
        _of_databases[other] = _of_databases.setdefault(dialect, {})


def absent_for_reading(names: Iterable[str]) -> ReadOnlyDatabaseError:
    """Return the error for tables that cannot be created in a read-only database."""
    return ReadOnlyDatabaseError(
        f"The database has no table {', '.join(names)}, and cannot create it: it is open for reading only."
    )
