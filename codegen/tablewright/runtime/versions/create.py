"""Making and dropping the tables of a package, and with them what the database says of their versions."""

from __future__ import annotations

from sqlalchemy import Connection, MetaData, inspect
from sqlalchemy.exc import InvalidRequestError

from tablewright.runtime.engine.ddl import create_all, lock_ddl, make_namespace
from tablewright.runtime.errors import IncompatibleVersionError, SchemaAlreadyExistsError
from tablewright.runtime.versions.attributes import all_but
from tablewright.runtime.versions.compatibility import Requested, Versions
from tablewright.runtime.versions.stamp import Stamp
from tablewright.runtime.versions.store import schema_of_store


class Making:
    """Makes, stamps and drops tables in the transaction of *connection*, one process at a time.

    *place* is how errors name the database.
    """

    def __init__(
        self, connection: Connection, metadata: MetaData, versions: Versions, *, namespace: str | None, place: str
    ) -> None:
        self.connection = connection
        self._metadata = metadata
        self._tables = all_but(metadata)
        self._stamp = Stamp(versions, connection)
        self._namespace = namespace
        self._place = place
        lock_ddl(connection)

    def create(self, exist_ok: bool, versions: Requested, *, check: bool) -> bool:
        """Makes the tables that are missing, all of them unless *exist_ok*, and writes their versions.

        Whether any was made.
        """
        make_namespace(self.connection, self._namespace)
        names = self._names()
        clashes = sorted(names & self._present())
        if clashes and not exist_ok:
            raise SchemaAlreadyExistsError(
                f"{self._place} has {len(clashes)} of the {len(names)} tables already: {_some(clashes)}. "
                "create(exist_ok=True) makes the missing ones."
            )
        if clashes and check:
            self._stamp.check()
        create_all(self.connection, self._metadata)
        # Unchecked, nobody knows what was there.
        if check or not clashes:
            self._stamp.write(versions, anew=not clashes)
        return len(clashes) < len(names)

    def stamp(self, versions: Requested, *, force: bool) -> None:
        """Writes the versions of tables that are all there; with *force* over others."""
        names = self._names()
        missing = sorted(names - self._present())
        if missing:
            raise IncompatibleVersionError(
                f"{self._place} lacks {len(missing)} of the {len(names)} tables: {_some(missing)}. "
                "Database(…, check_versions=False).create(exist_ok=True) makes them."
            )
        if not force:
            self._stamp.check_same()
        self._stamp.write(versions, anew=force)

    def drop(self) -> None:
        """Drops the tables that are there, and forgets their versions; none where other tables point at them."""
        names, schema = self._names(), self._schema()
        others = sorted(
            name
            for (_, name), keys in inspect(self.connection).get_multi_foreign_keys(schema=schema).items()
            if name not in names
            and any(key["referred_table"] in names and key["referred_schema"] in (None, schema) for key in keys)
        )
        if others:
            raise InvalidRequestError(
                f"{self._place} keeps its tables: {_some(others)} in the database point at them. Drop those first; "
                "opaque ones by database.opaque.unregister(name)."
            )
        if (
            self.connection.dialect.name == "sqlite"
            and not self.connection.exec_driver_sql("PRAGMA foreign_keys").scalar()
        ):
            # In any order; SQLAlchemy would look for one, and warn where there is none.
            for table in self._tables:
                table.drop(self.connection, checkfirst=True)
        else:
            self._metadata.drop_all(self.connection, tables=self._tables)
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
