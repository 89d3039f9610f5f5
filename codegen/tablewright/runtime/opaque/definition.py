"""The definition of an opaque table as it is kept: a canonical schema of just the table and the enums it uses."""

from __future__ import annotations

from collections.abc import Iterator

import msgspec
import sqlalchemy
from msgspec.structs import replace
from sqlalchemy import Dialect
from sqlalchemy.exc import ArgumentError

from tablewright.runtime.dynamic.definitions import Definition, resolved
from tablewright.schema import canonical, definition as d, names
from tablewright.schema.build import build_metadata, build_table
from tablewright.schema.reserved import OPAQUE_ARGUMENTS


def kept(definition: Definition, name: str, dialect: Dialect, among: d.Schema) -> d.Schema:
    """What is kept of *definition* under *name*; *among* has the tables it may point at, and the enums.

    `SpecError` for a wrong spec; `ArgumentError` for what could not be found again.
    """
    if not name or len(name.encode()) > names.MAX_BYTES or "\0" in name:
        raise ArgumentError(f"The name of an opaque table has 1 to {names.MAX_BYTES} bytes: {name!r} does not fit.")
    if isinstance(definition, sqlalchemy.Table):
        raise ArgumentError(
            f"The opaque table {name!r} is to be found again by what is kept of it, which a SQLAlchemy Table does not "
            "say: give a TableSpec."
        )
    table = resolved(definition, name, dialect, among=among)
    for column in table.columns:
        if column.attribute in OPAQUE_ARGUMENTS:
            raise ArgumentError(
                f"The opaque table {name!r} cannot have a column {column.attribute!r}: `fetch` takes it for "
                f"{OPAQUE_ARGUMENTS[column.attribute]}. Call it otherwise; `column: {column.column}` keeps its name in "
                "the database."
            )
    return kept_table(table, among)


def kept_table(table: d.Table, among: d.Schema) -> d.Schema:
    """What is kept of *table*, whose enums are those of *among*."""
    used = {enum for column in table.columns for enum in _enums(column.type)}
    enums = tuple(item for item in among.enums if item.name in used)
    missing = used - {item.name for item in enums}
    if missing:
        raise ArgumentError(f"The opaque table {table.name!r} uses enums that are not there: {sorted(missing)}.")
    strange = {key.table for key in table.foreign_keys} - {
        table.name,
        *(item.name for item in (*among.tables, *among.opaque_tables)),
    }
    if strange:
        raise ArgumentError(
            f"The opaque table {table.name!r} points at tables that the package does not have: {sorted(strange)}."
        )
    return d.Schema(name="", version="", enums=enums, opaque_tables=(replace(table, source=""),))


def _enums(column_type: d.Type) -> Iterator[str]:
    if column_type.enum is not None:
        yield column_type.enum
    if column_type.of is not None:
        yield from _enums(column_type.of)


def to_text(definition: d.Schema) -> str:
    """*definition* as it is written down."""
    return msgspec.json.encode(definition).decode()


def from_text(text: str) -> d.Schema:
    """The definition that was written down as *text*."""
    return canonical.from_json(text)


def build(definition: d.Schema, among: d.Schema) -> sqlalchemy.Table:
    """The table that *definition* means, with its keys to those tables that *among* has.

    It is in a MetaData of its own, which neither `Database.create` nor Alembic looks at.
    """
    (table,) = definition.opaque_tables
    known = {item.name for item in (*among.tables, *among.opaque_tables)}
    keys = tuple(key for key in table.foreign_keys if key.table in known or key.table == table.name)
    pointed_at = {
        key.table: {attribute for other in keys if other.table == key.table for attribute in other.targets}
        for key in keys
        if key.table != table.name
    }
    # As much of them as a foreign key needs to be said.
    targets = tuple(
        d.Table(
            name=target.name,
            table=target.table,
            class_name=target.class_name,
            accessor=target.accessor,
            columns=tuple(
                replace(target.column(attribute), autoincrement=False, computed=None, has_default=False)
                for attribute in sorted(attributes)
            ),
        )
        for target, attributes in ((among.table(name), attributes) for name, attributes in sorted(pointed_at.items()))
    )
    enums = (*definition.enums, *(enum for enum in among.enums if enum not in definition.enums))
    schema = d.Schema(name="", version="", enums=enums, tables=targets)
    return build_table(replace(table, foreign_keys=keys), build_metadata(schema), schema)
