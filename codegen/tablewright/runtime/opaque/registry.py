"""The registry: the table of the database that stores the names and definitions of opaque tables."""

from __future__ import annotations

from contextlib import nullcontext
from typing import NamedTuple

from sqlalchemy import Connection, MetaData, delete, insert, inspect, select

from tablewright.runtime.opaque import definition as definitions
from tablewright.runtime.versions.attributes import ATTRIBUTES, AttributeStore
from tablewright.runtime.versions.compatibility import version_of
from tablewright.runtime.versions.extension import VersionedExtension
from tablewright.runtime.versions.store import NAME as STORE, read_attributes
from tablewright.runtime.versions.version_tuple import VersionTuple
from tablewright.schema import definition as d, types
from tablewright.schema.canonical import digest
from tablewright.schema.tables import column, make_table, primary_key

NAME = "tablewright_opaque"
RESERVED = "tablewright_"
"""The prefix of tablewright's own tables."""

TABLE = make_table(
    NAME,
    MetaData(),
    {
        name: column(types.Text(), name=name)
        for name in (
            "name",
            "table_name",
            # Canonical JSON of the table and its enums.
            "definition",
            "digest",
        )
    },
    [primary_key("name")],
)


class Entry(NamedTuple):
    """A row of the registry: an opaque table."""

    name: str
    definition: str
    """Its definition, as text."""


def find(connection: Connection, name: str) -> Entry | None:
    """Return the entry *name*, or None."""
    if not _exists(connection):
        return None
    statement = select(TABLE.c.name, TABLE.c.definition).where(TABLE.c.name == name)
    row = connection.execute(statement).first()
    return None if row is None else Entry(*row)


def names(connection: Connection) -> list[str]:
    """Return the names of all entries, sorted."""
    return sorted(connection.execute(select(TABLE.c.name)).scalars()) if _exists(connection) else []


def add(connection: Connection, definition: d.Schema, extension: type[VersionedExtension]) -> Entry:
    """Store *definition*; create the registry, with its version, if it does not exist.

    The caller holds the DDL lock.
    """
    if not _exists(connection):
        TABLE.create(connection, checkfirst=False)
        write_version(connection, extension)
    (table,) = definition.opaque_tables
    written = definitions.to_text(definition)
    values = {"name": table.name, "table_name": table.table, "definition": written}
    connection.execute(insert(TABLE), {**values, "digest": digest(definition)})
    return Entry(table.name, written)


def remove(connection: Connection, name: str) -> None:
    """Remove the entry *name*."""
    connection.execute(delete(TABLE).where(TABLE.c.name == name))


def write_version(connection: Connection, extension: type[VersionedExtension]) -> None:
    """Write the version of the registry that *extension* creates."""
    ATTRIBUTES.create(connection, checkfirst=True)
    version = extension.new_schema_version()
    AttributeStore(nullcontext(connection)).set(version_of(extension), str(version), force=True)


def check(connection: Connection, extension: type[VersionedExtension], *, update: bool) -> bool:
    """Raise `IncompatibleVersionError` if *extension* may not read, or with *update* write, the registry.

    Return True if the registry exists.
    """
    if not _exists(connection):
        return False
    name = version_of(extension)
    stored = read_attributes(connection, [name]).get(name) if has_table(connection, STORE) else None
    if stored is not None:
        extension.check_compatibility(VersionTuple.from_string(stored), update)
    return True


def has_table(connection: Connection, name: str) -> bool:
    """Return True if the database has a table or view *name*."""
    return inspect(connection).has_table(name)


def _exists(connection: Connection) -> bool:
    # Not cached: another process may have created it, or a rollback removed it.
    return has_table(connection, NAME)
