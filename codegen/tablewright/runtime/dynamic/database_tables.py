"""`MakesTables`: what a database does about single tables, those beside its package's above all."""

from __future__ import annotations

from collections.abc import Callable, Generator, Mapping
from contextlib import AbstractContextManager, contextmanager
from typing import TYPE_CHECKING, Generic, Self, TypeVar

import sqlalchemy
from sqlalchemy import Connection, Engine, MetaData
from sqlalchemy.exc import DBAPIError

from tablewright.runtime.engine.ddl import lock_ddl, make_namespace
from tablewright.runtime.scopes.session_scope import SessionScope
from tablewright.runtime.session import Session

if TYPE_CHECKING:
    from tablewright.runtime.dynamic.definitions import Definition
    from tablewright.runtime.dynamic.registry import DynamicTables
    from tablewright.runtime.dynamic.static_tables import StaticTablesContext

S = TypeVar("S", bound=Session)

# Most programs have no tables but their package's: what makes others is loaded where it is used.


class MakesTables(Generic[S]):
    """The part of `Database` that looks after tables by name."""

    if TYPE_CHECKING:

        @property
        def engine(self) -> Engine: ...
        @property
        def namespace(self) -> str | None: ...
        @property
        def read_only(self) -> bool: ...

        _namespace: str | None

        def _transaction(self) -> AbstractContextManager[Connection]: ...
        def _reading(self) -> AbstractContextManager[Connection]: ...
        def _session_type(self) -> type[S]: ...
        def _metadata(self) -> MetaData: ...
        def _refuse_read_only(self, verb: str) -> None: ...

    def ensure_table(self, name: str, definition: Definition) -> sqlalchemy.Table:
        """The table *name*, made where it is not there, in a transaction of its own; the same Table for the same words.

        `TableConflictError` where the database has another table of that name, `ReadOnlyDatabaseError` where it has
        none and may not be written. Safe where others do the same. In a transaction: `session.ensure_table`.
        """
        return self.ensure_tables({name: definition})[name]

    def ensure_tables(self, definitions: Mapping[str, Definition]) -> dict[str, sqlalchemy.Table]:
        """The same for several, which may point at each other; all or none."""
        found = self._find(definitions)
        missing = [name for name, table in found.items() if table is None]
        if missing and self.read_only:
            from tablewright.runtime.dynamic.registry import absent_for_reading

            raise absent_for_reading(missing)
        if missing:
            try:
                with self._turn() as connection:
                    return self._tables().ensure(connection, definitions, self._session_type().package)
            except DBAPIError:
                # Who does not wait for turns may have made them meanwhile.
                found = self._find(definitions)
                if None in found.values():
                    raise
        return {name: table for name, table in found.items() if table is not None}

    def get_table(self, name: str, definition: Definition) -> sqlalchemy.Table | None:
        """The table *name*, or None where it is not there; `TableConflictError` for another one of that name."""
        return self._find({name: definition})[name]

    def drop_table(self, name: str) -> bool:
        """Drops a table that is not one of the package's; whether it was there."""
        self._refuse_read_only("drop")
        with self._transaction() as connection:
            return self._tables().drop(connection, name, self._session_type().package)

    @contextmanager
    def declare_static_tables(self, create: bool) -> Generator[StaticTablesContext[S], None, None]:
        """Tables beside the package's, declared inside the block in any order.

        With *create* they are made at its end, in one transaction with what initializers do; an error in the block
        makes none, and where one is there already it is `SchemaAlreadyExistsError`. Without, the database has to have
        them as they are declared: `MissingTablesError`, `TableConflictError`.
        """
        from tablewright.runtime.dynamic.static_tables import StaticTablesContext

        if create:
            self._refuse_read_only("create")
        context: StaticTablesContext[S] = StaticTablesContext(self.engine.dialect, self._session_type().package)
        yield context
        known = context.finish()
        if create:
            with self._turn() as connection:
                context.create(connection, lambda initialize: self._initialize(connection, initialize))
        else:
            with self._reading() as connection:
                context.check(connection)
        self._tables().adopt(known)

    def missing_tables(self) -> list[str]:
        """The names of the package's tables that the database lacks."""
        from tablewright.catalog.compare import missing

        metadata = self._metadata()
        with self._reading() as connection:
            return missing(connection, metadata)

    def check(self) -> list[str]:
        """What of the package's tables is missing in the database or otherwise than declared, a sentence each."""
        from tablewright.catalog.compare import all_differences

        metadata = self._metadata()
        with self._reading() as connection:
            return all_differences(connection, metadata)

    @contextmanager
    def _turn(self) -> Generator[Connection, None, None]:
        """A transaction in which nobody else makes tables, and the namespace is there."""
        with self._transaction() as connection:
            lock_ddl(connection)
            make_namespace(connection, self._namespace)
            yield connection

    def _find(self, definitions: Mapping[str, Definition]) -> dict[str, sqlalchemy.Table | None]:
        with self._reading() as connection:
            return self._tables().find(connection, definitions, self._session_type().package)

    def _tables(self) -> DynamicTables:
        from tablewright.runtime.dynamic.registry import tables_of

        return tables_of(self.engine.dialect, self.namespace)

    def _share_tables(self, twin: Self) -> None:
        from tablewright.runtime.dynamic.registry import share_tables

        share_tables(self.engine.dialect, twin.engine.dialect)

    def _initialize(self, connection: Connection, initialize: Callable[[S], object]) -> None:
        """Calls *initialize* with a session in the transaction of *connection*."""
        with SessionScope(self._session_type(), connection) as session:
            initialize(session)
