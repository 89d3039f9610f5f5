"""`StaticTablesContext`: tables declared together, in any order, and created in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar, cast

import sqlalchemy
from msgspec.structs import replace
from sqlalchemy import Connection, Dialect, MetaData

from tablewright.catalog.compare import compare_existing, present
from tablewright.runtime.dynamic.definitions import Definition, make_resolved, make_table, resolved
from tablewright.runtime.dynamic.registry import DefinedTable, borrow_targets, identity_of, refuse_name
from tablewright.runtime.engine import ddl
from tablewright.runtime.errors import MissingTablesError, SchemaAlreadyExistsError, TableConflictError
from tablewright.runtime.package import Package

S = TypeVar("S")
TupleT = TypeVar("TupleT", bound=tuple[Any, ...])


class StaticTablesContext(Generic[S]):
    """Collects declarations of tables inside `with database.declare_static_tables(…) as context`.

    Tables may be declared in any order, and may reference each other and those of the package.
    """

    def __init__(self, dialect: Dialect, package: Package) -> None:
        self._dialect = dialect
        self._package = package
        self._metadata = MetaData()
        self._definitions: dict[str, Definition] = {}
        self._tables: dict[str, DefinedTable] = {}
        self._initializers: list[Callable[[S], object]] = []

    def add_table(self, name: str, definition: Definition) -> sqlalchemy.Table:
        """Declare a table and return it. Raise `TableConflictError` if it was declared with another definition."""
        refuse_name(name, self._package)
        # The tables that it references may be declared later.
        item = (
            definition
            if isinstance(definition, sqlalchemy.Table)
            else resolved(definition, name, self._dialect, schema=self._package.definition, complete=False)
        )
        identity = identity_of(item, self._package)
        defined = self._tables.get(name)
        if defined is not None:
            if defined.identity != identity:
                raise TableConflictError(f"Table {name} was already declared with a different definition.")
            return defined.table
        if isinstance(item, sqlalchemy.Table):
            result = DefinedTable(identity, make_table(item, name, self._metadata, self._dialect), None)
        else:
            result = DefinedTable(identity, make_resolved(item, self._metadata, self._package.definition), item)
        self._tables[name] = result
        self._definitions[name] = definition
        return result.table

    def add_table_tuple(self, definitions: TupleT) -> TupleT:
        """Declare a table for each field of a named tuple, under the field's name. Return a tuple of the same class."""
        # Every class created by NamedTuple has these; no type in `typing` describes them.
        named = cast("Any", definitions)
        fields: dict[str, Definition] = named._asdict()
        result: TupleT = named._make([self.add_table(name, definition) for name, definition in fields.items()])
        return result

    def add_initializer(self, initialize: Callable[[S], object]) -> None:
        """Call *initialize* with a session, in the same transaction, once the tables are created."""
        self._initializers.append(initialize)

    def finish(self) -> Mapping[str, DefinedTable]:
        """Return all declared tables. Raise `SpecError` for one that references an unknown table."""
        package_schema = self._package.definition
        others = [defined.definition for defined in self._tables.values() if defined.definition is not None]
        schema = replace(package_schema, tables=(*package_schema.tables, *others))
        for name, definition in self._definitions.items():
            if not isinstance(definition, sqlalchemy.Table):
                resolved(definition, name, self._dialect, schema=schema, others=self._definitions)
        items = [defined.definition or defined.table for defined in self._tables.values()]
        borrow_targets(self._metadata, items, {}, self._package)
        return self._tables

    def create(self, connection: Connection, session: Callable[[Callable[[S], object]], None]) -> None:
        """Create the tables, and run the initializers by means of *session*."""
        existing = present(connection, [defined.table for defined in self._tables.values()])
        if existing:
            raise SchemaAlreadyExistsError(
                f"The database has {len(existing)} of the {len(self._tables)} tables already: {', '.join(existing)}. "
                "declare_static_tables(create=False) uses the existing ones."
            )
        tables = [defined.table for defined in self._tables.values()]
        ddl.create_all(connection, self._metadata, tables)
        for initialize in self._initializers:
            session(initialize)

    def check(self, connection: Connection) -> None:
        """Raise an error if one of the tables is missing in the database, or has a different definition there."""
        differences = {name: compare_existing(connection, defined.table) for name, defined in self._tables.items()}
        missing = [name for name, differing in differences.items() if differing is None]
        if missing:
            raise MissingTablesError(
                f"{len(missing)} of the {len(differences)} tables are missing in the database: {', '.join(missing)}. "
                "declare_static_tables(create=True) creates them in a database that has none."
            )
        different = [f"{name}: {' '.join(differing)}" for name, differing in differences.items() if differing]
        if different:
            raise TableConflictError(f"Tables of the database differ from their declarations. {' '.join(different)}")
