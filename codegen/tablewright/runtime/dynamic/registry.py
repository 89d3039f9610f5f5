"""The tables that a database has beside those of its package: what each definition means, and the making of them."""

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

from tablewright.catalog.compare import compared
from tablewright.runtime.dynamic.definitions import Definition, make_resolved, make_table, resolved
from tablewright.runtime.engine import ddl
from tablewright.runtime.errors import ReadOnlyDatabaseError, TableConflictError
from tablewright.runtime.package import Package
from tablewright.schema import definition as d
from tablewright.schema.canonical import table_identity


class Known(NamedTuple):
    """A table that was said, and its definition where it has one."""

    said: object
    """What tells it from another table of its name."""
    table: sqlalchemy.Table
    definition: d.Table | None


class DynamicTables:
    """The tables that were said of one database, by name: a definition that is said again is the same Table.

    Whether they are there is asked of the database each time: others make and drop them too, and what a transaction
    made goes with it.
    """

    def __init__(self) -> None:
        self._known: dict[str, Known] = {}
        self._lock = RLock()

    def find(
        self, connection: Connection, definitions: Mapping[str, Definition], package: Package
    ) -> dict[str, sqlalchemy.Table | None]:
        """The tables by name, None for those that are not there; `TableConflictError` for one that is another."""
        tables = self.tables(definitions, connection.dialect, package)
        return {name: table if _is_there(connection, table) else None for name, table in tables.items()}

    def ensure(
        self, connection: Connection, definitions: Mapping[str, Definition], package: Package
    ) -> dict[str, sqlalchemy.Table]:
        """The tables by name, made where they are not there; `TableConflictError` for one that is another."""
        tables = self.tables(definitions, connection.dialect, package)
        missing = [table for table in tables.values() if not _is_there(connection, table)]
        if missing:
            ddl.lock_ddl(connection)
            missing = [table for table in missing if not _is_there(connection, table)]
            if missing:
                ddl.create_all(connection, missing[0].metadata, missing)
        return tables

    def drop(self, connection: Connection, name: str, package: Package) -> bool:
        """Drops a table; whether it was there."""
        refuse_name(name, package)
        table = sqlalchemy.Table(name, MetaData())
        ddl.lock_ddl(connection)
        if not connection.dialect.has_table(connection, name, schema=connection.schema_for_object(table)):
            return False
        connection.execute(DropTable(table))
        with self._lock:
            self._known.pop(name, None)
        return True

    def adopt(self, known: Mapping[str, Known]) -> None:
        """Takes over tables that were said elsewhere."""
        with self._lock:
            self._known.update(known)

    def tables(
        self, definitions: Mapping[str, Definition], dialect: Dialect, package: Package
    ) -> dict[str, sqlalchemy.Table]:
        """What *definitions* mean, by name; they may point at each other, at tables known here and at the package's."""
        for name in definitions:
            refuse_name(name, package)
        with self._lock:
            among = self._among(package, definitions)
            said: dict[str, d.Table | sqlalchemy.Table] = {
                name: definition
                if isinstance(definition, sqlalchemy.Table)
                else resolved(definition, name, dialect, among=among, beside=definitions)
                for name, definition in definitions.items()
            }
            new = {
                name: item
                for name, item in said.items()
                if name not in self._known or self._known[name].said != meaning(item, package)
            }
            self._make(new, dialect, package, among)
            return {name: self._known[name].table for name in definitions}

    def _among(self, package: Package, definitions: Mapping[str, Definition]) -> d.Schema:
        beside = [known.definition for name, known in self._known.items() if name not in definitions]
        given = [resolve_name(name, item) for name, item in definitions.items() if isinstance(item, d.Table)]
        schema = package.definition
        return replace(schema, tables=(*schema.tables, *(item for item in beside if item is not None), *given))

    def _make(
        self, said: Mapping[str, d.Table | sqlalchemy.Table], dialect: Dialect, package: Package, among: d.Schema
    ) -> None:
        # Of their own, for the package's is what `create()` and Alembic go by.
        metadata = MetaData()
        made: dict[str, Known] = {}
        for name, item in said.items():
            if isinstance(item, sqlalchemy.Table):
                made[name] = Known(meaning(item, package), make_table(item, name, metadata, dialect), None)
            else:
                made[name] = Known(meaning(item, package), make_resolved(item, metadata, among), item)
        borrow_targets(metadata, said.values(), {name: known.table for name, known in self._known.items()}, package)
        self._known.update(made)


def meaning(item: d.Table | sqlalchemy.Table, package: Package) -> object:
    """What tells a table from another of its name: neither prose, nor the names of classes that nobody generates."""
    if isinstance(item, sqlalchemy.Table):
        return item
    return package, table_identity(item)


def resolve_name(name: str, table: d.Table) -> d.Table:
    """*table* under the *name* that others point at it by."""
    return replace(table, name=name, table=name)


def refuse_name(name: str, package: Package) -> None:
    """Refuses the *name* of a table of the package."""
    schema = package.definition
    if any(table.table == name for table in (*schema.tables, *schema.opaque_tables)):
        raise InvalidRequestError(f"{name!r} is a table of {schema.name}: give the other one another name.")


def borrow_targets(
    metadata: MetaData,
    tables: Iterable[d.Table | sqlalchemy.Table],
    known: Mapping[str, sqlalchemy.Table],
    package: Package,
) -> None:
    """Lets *metadata* know the very tables that *tables* point at, so that joins find the way by foreign keys."""
    for table in tables:
        for target in _targets(table, package):
            if target in metadata.tables:
                continue
            found = known.get(target)
            if found is None and any(item.table == target for item in package.definition.tables):
                found = package.load_tables().tables.get(target)
            if found is None and isinstance(table, sqlalchemy.Table):
                found = table.metadata.tables.get(target)
            if found is not None:
                # The public way is a copy, whose columns would be others than the package's.
                metadata._add_table(target, found.schema, found)


def _targets(table: d.Table | sqlalchemy.Table, package: Package) -> Iterable[str]:
    if isinstance(table, sqlalchemy.Table):
        names = [element.target_fullname for key in table.foreign_key_constraints for element in key.elements]
        return [name.rpartition(".")[0] for name in names]
    in_database = {item.name: item.table for item in package.definition.tables}
    return [in_database.get(key.table, key.table) for key in table.foreign_keys if key.table != table.name]


def _is_there(connection: Connection, table: sqlalchemy.Table) -> bool:
    found = compared(connection, table)
    if found:
        raise TableConflictError(
            f"The database has another table {table.name} than was declared. {' '.join(found)} "
            "Declare it as it is, or under another name."
        )
    return found is not None


_of_databases: WeakKeyDictionary[Dialect, dict[str | None, DynamicTables]] = WeakKeyDictionary()
_lock = RLock()


def tables_of(dialect: Dialect, namespace: str | None) -> DynamicTables:
    """Those of the database that *dialect*, which an engine has of its own, speaks to."""
    with _lock:
        return _of_databases.setdefault(dialect, {}).setdefault(namespace, DynamicTables())


def share_tables(dialect: Dialect, twin: Dialect) -> None:
    """Has two engines of one database know the same tables."""
    with _lock:
        _of_databases[twin] = _of_databases.setdefault(dialect, {})


def absent_for_reading(names: Iterable[str]) -> ReadOnlyDatabaseError:
    """What says that tables cannot be made."""
    return ReadOnlyDatabaseError(
        f"The database has no table {', '.join(names)}, and none can be made: it is open for reading only."
    )
