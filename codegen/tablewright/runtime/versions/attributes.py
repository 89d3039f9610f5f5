"""`AttributeStore`: names and values in a table of the database, the versions of its tables among them."""

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
    """The columns of the store."""

    name: Column[str] = column(types.String(1024))
    value: Column[str] = column(types.Text())


ATTRIBUTES = table(NAME, MetaData(), AttributeColumns, primary_key("name"))
"""The store. The metadata of each package has a copy, so that Alembic knows it."""

_SELECT: Select[str, str] = select(AttributeColumns.name, AttributeColumns.value)
_PARAMETERS = (bindparam("name", type_=types.String(1024)), bindparam("value", type_=types.Text()))
# SQLAlchemy says ON CONFLICT in the words of one dialect or the other; they are the same.
_INSERT = "INSERT INTO {store} (name, value) VALUES (:name, :value) ON CONFLICT (name) "

_adding = Lock()


def add_to(metadata: MetaData) -> None:
    """Puts the store among the tables of *metadata*."""
    with _adding:
        if NAME not in metadata.tables:
            ATTRIBUTES.to_metadata(metadata)


def all_but(metadata: MetaData) -> list[Table]:
    """The tables of *metadata* without the store, in which other packages may have their versions too."""
    return [item for item in metadata.tables.values() if item.name != NAME]


class AttributeStore:
    """Names and values that are kept in the database: `session.attributes`.

    *gate* is the way to a connection, in whose transaction it reads and writes. `VersionsMissingError`, which is a
    LookupError, where the database has no such table.
    """

    def __init__(self, gate: AbstractContextManager[Connection]) -> None:
        self._gate = gate

    @overload
    def get(self, name: str) -> str | None: ...
    @overload
    def get(self, name: str, default: T) -> str | T: ...
    def get(self, name: str, default: T | None = None) -> str | T | None:
        """The value of *name*, or *default* if there is none."""
        return self.read([name]).get(name, default)

    def read(self, names: Sequence[str]) -> dict[str, str]:
        """The values of those of *names* that are there."""
        with self._connection() as connection:
            return read_attributes(connection, names)

    def items(self) -> list[tuple[str, str]]:
        """All names with their values, sorted by name."""
        with self._connection() as connection:
            # Not by the database, which sorts as its locale does.
            return sorted((name, value) for name, value in connection.execute(_SELECT))

    def is_empty(self) -> bool:
        """Whether there is no attribute."""
        with self._connection() as connection:
            return connection.execute(_SELECT.limit(1)).first() is None

    def set(self, name: str, value: str, *, force: bool = False) -> None:
        """Stores the *value* of *name*; `AttributeExistsError` if it has one already, unless *force* overwrites it."""
        if not name or not value:
            raise ValueError(f"An attribute needs a name and a value, neither of them empty: {name!r}, {value!r}.")
        with self._connection() as connection:
            # One that is there already is no failed statement, which would break a transaction of Postgres.
            words = _INSERT + ("DO UPDATE SET value = excluded.value" if force else "DO NOTHING")
            store = name_of_store(connection).replace(":", r"\:")
            statement = text(words.format(store=store)).bindparams(*_PARAMETERS)
            written = connection.execute(statement, {"name": name, "value": value}).rowcount
        if not written:
            raise AttributeExistsError(f"There is an attribute {name!r} already: set(…, force=True) overwrites it.")

    def delete(self, name: str) -> bool:
        """Removes *name* and its value; whether it was there."""
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
                f"The database has no table {NAME}. Database.create() makes it with the others; where those are there "
                "already, made by Alembic or by hand, Database.stamp() does."
            ) from error
