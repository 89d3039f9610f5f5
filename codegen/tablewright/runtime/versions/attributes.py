"""`AttributeStore`: names and values in a table of the database, including the versions of its tables."""

from __future__ import annotations

from collections.abc import Generator, Sequence
from contextlib import AbstractContextManager, contextmanager
from threading import Lock
from typing import TypeVar, overload

from sqlalchemy import Column, Connection, MetaData, Select, Table, bindparam, delete, select, text
from sqlalchemy.exc import DBAPIError

from tablewright.runtime.engine.failures import is_missing_table
from tablewright.runtime.errors import AttributeExistsError, VersionsMissingError
from tablewright.runtime.versions.store import NAME, name_of_store, read_attributes
from tablewright.schema import types
from tablewright.schema.tables import column, primary_key, table

T = TypeVar("T")


class AttributeColumns:
    """The columns of the attribute table."""

    name: Column[str] = column(types.String(1024))
    value: Column[str] = column(types.Text())


ATTRIBUTES = table(NAME, MetaData(), AttributeColumns, primary_key("name"))
"""The attribute table. The metadata of each package contains a copy, so that Alembic finds it."""

_SELECT: Select[str, str] = select(AttributeColumns.name, AttributeColumns.value)
_PARAMETERS = (bindparam("name", type_=types.String(1024)), bindparam("value", type_=types.Text()))
# SQLAlchemy has ON CONFLICT per dialect only; the SQL is the same.
_INSERT = "INSERT INTO {store} (name, value) VALUES (:name, :value) ON CONFLICT (name) "

_adding = Lock()


def add_to(metadata: MetaData) -> None:
    """Add a copy of the attribute table to *metadata*."""
    with _adding:
        if NAME not in metadata.tables:
            ATTRIBUTES.to_metadata(metadata)


def all_but(metadata: MetaData) -> list[Table]:
    """Return the tables of *metadata* without the attribute table, in which other packages may store versions too."""
    return [item for item in metadata.tables.values() if item.name != NAME]


class AttributeStore:
    """Names and values stored in the database: `session.attributes`.

    *gate* yields the connection, in whose transaction attributes are read and written. Every method raises
    `VersionsMissingError`, a LookupError, if the database has no attribute table.
    """

    def __init__(self, gate: AbstractContextManager[Connection]) -> None:
        self._gate = gate

    @overload
    def get(self, name: str) -> str | None: ...
    @overload
    def get(self, name: str, default: T) -> str | T: ...
    def get(self, name: str, default: T | None = None) -> str | T | None:
        """Return the value of *name*, or *default* if it has none."""
        return self.read([name]).get(name, default)

    def read(self, names: Sequence[str]) -> dict[str, str]:
        """Return the values of those *names* that have one."""
        with self._connection() as connection:
            return read_attributes(connection, names)

    def items(self) -> list[tuple[str, str]]:
        """Return all names with their values, sorted by name."""
        with self._connection() as connection:
            # Sorted here because a database sorts by its locale.
            return sorted((name, value) for name, value in connection.execute(_SELECT))

    def is_empty(self) -> bool:
        """Return True if no attribute is stored."""
        with self._connection() as connection:
            return connection.execute(_SELECT.limit(1)).first() is None

    def set(self, name: str, value: str, *, force: bool = False) -> None:
        """Store the *value* of *name*. Raise `AttributeExistsError` if it has one, unless *force* overwrites it."""
        if not name or not value:
            raise ValueError(f"An attribute needs a name and a value, neither of them empty: {name!r}, {value!r}.")
        with self._connection() as connection:
            # ON CONFLICT, because a failed statement would break a transaction of Postgres.
            sql = _INSERT + ("DO UPDATE SET value = excluded.value" if force else "DO NOTHING")
            store = name_of_store(connection).replace(":", r"\:")
            statement = text(sql.format(store=store)).bindparams(*_PARAMETERS)
            written = connection.execute(statement, {"name": name, "value": value}).rowcount
        if not written:
            raise AttributeExistsError(f"The attribute {name!r} already has a value: set(…, force=True) overwrites it.")

    def delete(self, name: str) -> bool:
        """Remove *name* and its value. Return True if it existed."""
        with self._connection() as connection:
            return connection.execute(delete(ATTRIBUTES).where(AttributeColumns.name == name)).rowcount > 0

    @contextmanager
    def _connection(self) -> Generator[Connection]:
        try:
            with self._gate as connection:
                yield connection
        except DBAPIError as error:
            if not is_missing_table(error):
                raise
            raise VersionsMissingError(
                f"The database has no table {NAME}. Database.create() creates it with the others; if those exist, "
                "created by Alembic or by hand, run Database.stamp()."
            ) from error
