"""`StaticTablesContext`: tables declared together, in any order, and created in one transaction."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from typing import Any, Generic, TypeVar, cast

import sqlalchemy
from msgspec.structs import replace
from sqlalchemy import Connection, Dialect, MetaData

from tablewright.catalog.compare import compared, present
from tablewright.runtime.dynamic.definitions import Definition, make_resolved, make_table, resolved
from tablewright.runtime.dynamic.registry import Known, borrow_targets, meaning, refuse_name
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
        self._known: dict[str, Known] = {}
        self._initializers: list[Callable[[S], object]] = []

    def add_table(self, name: str, definition: Definition) -> sqlalchemy.Table:
        """Declare a table and return it. Raise `TableConflictError` if it was declared with another definition."""
        refuse_name(name, self._package)
        # The tables that it references may be declared later.
        found = (
            definition
            if isinstance(definition, sqlalchemy.Table)
            else resolved(definition, name, self._dialect, among=self._package.definition, complete=False)
        )
        said = meaning(found, self._package)
        known = self._known.get(name)
        if known is not None:
            if known.said != said:
                raise TableConflictError(f"A table {name} was declared already, with another definition.")
            return known.table
        if isinstance(found, sqlalchemy.Table):
            made = Known(said, make_table(found, name, self._metadata, self._dialect), None)
        else:
            made = Known(said, make_resolved(found, self._metadata, self._package.definition), found)
        self._known[name] = made
        self._definitions[name] = definition
        return made.table

    def add_table_tuple(self, definitions: TupleT) -> TupleT:
        """Declare a table for each field of a named tuple, under the field's name. Return a tuple of the same class."""
        # Every class made by NamedTuple has these; no type in `typing` describes them.
        named = cast("Any", definitions)
        fields: dict[str, Definition] = named._asdict()
        made: TupleT = named._make([self.add_table(name, definition) for name, definition in fields.items()])
        return made

    def add_initializer(self, initialize: Callable[[S], object]) -> None:
        """Call *initialize* with a session, in the same transaction, once the tables are created."""
        self._initializers.append(initialize)

    def finish(self) -> Mapping[str, Known]:
        """Return all declared tables. Raise `SpecError` for one that references an unknown table."""
        schema = self._package.definition
        others = [known.definition for known in self._known.values() if known.definition is not None]
        among = replace(schema, tables=(*schema.tables, *others))
        for name, definition in self._definitions.items():
            if not isinstance(definition, sqlalchemy.Table):
                resolved(definition, name, self._dialect, among=among, beside=self._definitions)
        said = [known.definition or known.table for known in self._known.values()]
        borrow_targets(self._metadata, said, {}, self._package)
        return self._known

    def create(self, connection: Connection, session: Callable[[Callable[[S], object]], None]) -> None:
        """Create the tables, and run the initializers by means of *session*."""
        there = present(connection, [known.table for known in self._known.values()])
        if there:
            raise SchemaAlreadyExistsError(
                f"The database has {len(there)} of the {len(self._known)} tables already: {', '.join(there)}. "
                "declare_static_tables(create=False) takes them as they are."
            )
        tables = [known.table for known in self._known.values()]
        ddl.create_all(connection, self._metadata, tables)
        for initialize in self._initializers:
            session(initialize)

    def check(self, connection: Connection) -> None:
        """Raise an error if the database lacks one of the tables, or has a different one under its name."""
        found = {name: compared(connection, known.table) for name, known in self._known.items()}
        missing = [name for name, differing in found.items() if differing is None]
        if missing:
            raise MissingTablesError(
                f"The database lacks {len(missing)} of the {len(found)} tables: {', '.join(missing)}. "
                "declare_static_tables(create=True) makes them in a database that has none."
            )
        different = [f"{name}: {' '.join(differing)}" for name, differing in found.items() if differing]
        if different:
            raise TableConflictError(f"The database has other tables than were declared. {' '.join(different)}")
