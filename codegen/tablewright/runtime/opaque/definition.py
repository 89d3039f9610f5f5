"""The stored definition of an opaque table: a canonical schema of the table and the enums it uses."""

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


def stored_definition(definition: Definition, name: str, dialect: Dialect, schema: d.Schema) -> d.Schema:
    """Return what is stored of *definition* under *name*.

    *schema* contains the tables that it may reference, and the enums. Raise `SpecError` for a wrong spec,
    `ArgumentError` for a definition that cannot be stored.
    """
    if not name or len(name.encode()) > names.MAX_BYTES or "\0" in name:
        raise ArgumentError(f"The name of an opaque table must have 1 to {names.MAX_BYTES} bytes: {name!r} does not.")
    if isinstance(definition, sqlalchemy.Table):
        raise ArgumentError(
            f"The opaque table {name!r} must be stored with its definition, which a SQLAlchemy Table does not contain. "
            "Pass a TableSpec."
        )
    table = resolved(definition, name, dialect, schema=schema)
    for column in table.columns:
        if column.attribute in OPAQUE_ARGUMENTS:
            raise ArgumentError(
                f"The opaque table {name!r} cannot have a column {column.attribute!r}: `fetch` has an argument of that "
                f"name for {OPAQUE_ARGUMENTS[column.attribute]}. Choose another name; `column: {column.column}` keeps "
                "the name in the database."
            )
    return definition_of(table, schema)


def definition_of(table: d.Table, schema: d.Schema) -> d.Schema:
    """Return what is stored of *table*, whose enums are those of *schema*."""
    used = {enum for column in table.columns for enum in _enums(column.type)}
    enums = tuple(item for item in schema.enums if item.name in used)
    missing = used - {item.name for item in enums}
    if missing:
        raise ArgumentError(f"The opaque table {table.name!r} uses unknown enums: {sorted(missing)}.")
    unknown_tables = {key.table for key in table.foreign_keys} - {
        table.name,
        *(item.name for item in (*schema.tables, *schema.opaque_tables)),
    }
    if unknown_tables:
        raise ArgumentError(
            f"The opaque table {table.name!r} references tables that the package does not have: "
            f"{sorted(unknown_tables)}."
        )
    return d.Schema(name="", version="", enums=enums, opaque_tables=(replace(table, source=""),))


def _enums(column_type: d.Type) -> Iterator[str]:
    if column_type.enum is not None:
        yield column_type.enum
    if column_type.of is not None:
        yield from _enums(column_type.of)


def to_text(definition: d.Schema) -> str:
    """Return *definition* as text."""
    return msgspec.json.encode(definition).decode()


def from_text(text: str) -> d.Schema:
    """Return the definition that `to_text` wrote."""
    return canonical.from_json(text)


def build(definition: d.Schema, schema: d.Schema) -> sqlalchemy.Table:
    """Build the table of *definition*, with foreign keys to those tables that *schema* contains.

    It is in a MetaData of its own, which neither `Database.create` nor Alembic uses.
    """
    (table,) = definition.opaque_tables
    existing = {item.name for item in (*schema.tables, *schema.opaque_tables)}
    keys = tuple(key for key in table.foreign_keys if key.table in existing or key.table == table.name)
    targets_of = {
        key.table: {attribute for other in keys if other.table == key.table for attribute in other.targets}
        for key in keys
        if key.table != table.name
    }
    # Only the columns that a foreign key needs.
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
        for target, attributes in ((schema.table(name), attributes) for name, attributes in sorted(targets_of.items()))
    )
    enums = (*definition.enums, *(enum for enum in schema.enums if enum not in definition.enums))
    built_from = d.Schema(name="", version="", enums=enums, tables=targets)
    return build_table(replace(table, foreign_keys=keys), build_metadata(built_from), built_from)
