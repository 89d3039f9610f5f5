"""The canonical JSON of a schema, and its digest: the schema's identity."""

from __future__ import annotations

import hashlib

import msgspec
from msgspec.structs import replace

from tablewright.schema.definition import Column, Schema, Table


def to_json(schema: Schema) -> str:
    """The canonical JSON of *schema*: keys in fixed order, indented, ending in a newline."""
    compact = msgspec.json.encode(schema)
    return msgspec.json.format(compact, indent=2).decode() + "\n"


def from_json(text: str | bytes) -> Schema:
    """The schema whose canonical JSON is *text*; `msgspec.ValidationError` if it is not one."""
    return msgspec.json.decode(text, type=Schema)


def digest(schema: Schema) -> str:
    """SHA-256, in hex, of all of *schema* that changes what a database or a program sees."""
    identity = msgspec.json.encode(_identity(schema), order="sorted")
    return hashlib.sha256(identity).hexdigest()


def _identity(schema: Schema) -> Schema:
    """The *schema* without prose, places, and keys that belong to other tools."""
    return replace(
        schema,
        doc=None,
        enums=tuple(replace(enum, doc=None) for enum in schema.enums),
        tables=tuple(map(without_prose, schema.tables)),
        opaque_tables=tuple(map(without_prose, schema.opaque_tables)),
    )


def without_prose(table: Table) -> Table:
    """The *table* without what changes neither a database nor a program."""
    columns = tuple(map(_column, table.columns))
    return replace(table, columns=columns, doc=None, renamed_from=None, meta={}, source="")


def _column(column: Column) -> Column:
    if column.doc is None and column.deprecated is None and column.renamed_from is None and not column.meta:
        return column
    return replace(column, doc=None, deprecated=None, renamed_from=None, meta={})
