"""`SchemaCreator`: creates and drops the tables of a package together with their versions."""

from __future__ import annotations

from sqlalchemy import Connection, MetaData, inspect
from sqlalchemy.exc import InvalidRequestError

from tablewright.runtime.engine.ddl import create_all, lock_ddl, make_namespace
from tablewright.runtime.engine.registry import backend_of
from tablewright.runtime.errors import IncompatibleVersionError, SchemaAlreadyExistsError
from tablewright.runtime.versions.attributes import all_but
from tablewright.runtime.versions.compatibility import Requested, Versions
from tablewright.runtime.versions.stamp import Stamp
from tablewright.runtime.versions.store import schema_of_store


class SchemaCreator:
    """Creates, stamps and drops tables in the transaction of *connection*, one process at a time.

    *database* is its name in errors.
    """

    def __init__(
        self, connection: Connection, metadata: MetaData, versions: Versions, *, namespace: str | None, database: str
    ) -> None:
        self.connection = connection
        self._metadata = metadata
        self._tables = all_but(metadata)
        self._stamp = Stamp(versions, connection)
        self._namespace = namespace
        self._database = database
        lock_ddl(connection)

    def create(self, exist_ok: bool, versions: Requested, *, check: bool) -> bool:
        """Create all tables, or with *exist_ok* the missing ones, and write their versions.

        Return True if any was created.
        """
        make_namespace(self.connection, self._namespace)
        names = self._names()
        clashes = sorted(names & self._present())
        if clashes and not exist_ok:
            raise SchemaAlreadyExistsError(
                f"{self._database} has {len(clashes)} of the {len(names)} tables already: {_some(clashes)}. "
                "create(exist_ok=True) creates the missing ones."
            )
        if clashes and check:
            self._stamp.check()
        create_all(self.connection, self._metadata)
        # Unchecked, the version of the existing tables is unknown.
        if check or not clashes:
            self._stamp.write(versions, anew=not clashes)
        return len(clashes) < len(names)

    def stamp(self, versions: Requested, *, force: bool) -> None:
        """Write the versions of existing tables; with *force* over others.

        Raise `IncompatibleVersionError` if any is missing.
        """
        names = self._names()
        missing = sorted(names - self._present())
        if missing:
            raise IncompatibleVersionError(
                f"{self._database} lacks {len(missing)} of the {len(names)} tables: {_some(missing)}. "
                "Database(…, check_versions=False).create(exist_ok=True) creates them."
            )
        if not force:
            self._stamp.check_same()
        self._stamp.write(versions, anew=force)

    def drop(self) -> None:
        """Drop the existing tables and their versions. Raise `InvalidRequestError` if other tables reference them."""
        names, schema = self._names(), self._schema()
        others = sorted(
            name
            for (_, name), keys in inspect(self.connection).get_multi_foreign_keys(schema=schema).items()
            if name not in names
            and any(key["referred_table"] in names and key["referred_schema"] in (None, schema) for key in keys)
        )
        if others:
            raise InvalidRequestError(
                f"Cannot drop the tables of {self._database}: {_some(others)} reference them. Drop those first; opaque "
                "tables by database.opaque.unregister(name)."
            )
        backend_of(self.connection.dialect).drop_all(self.connection, self._metadata, self._tables)
        self._stamp.remove()

    def _names(self) -> set[str]:
        return {table.name for table in self._tables}

    def _present(self) -> set[str]:
        inspector = inspect(self.connection)
        schema = self._schema()
        return {*inspector.get_table_names(schema=schema), *inspector.get_view_names(schema=schema)}

    def _schema(self) -> str | None:
        return self._namespace or schema_of_store(self.connection)


def _some(names: list[str], limit: int = 5) -> str:
    return ", ".join(names[:limit]) + (", …" if len(names) > limit else "")
