"""The canonical JSON of a schema, and its digest: the identity of the database's part of it."""

from __future__ import annotations

import hashlib
from collections.abc import Iterable
from typing import Protocol, TypeVar

import msgspec
from msgspec.structs import replace

from tablewright.schema.definition import Column, Schema, Table

DIGEST_FORM = 1
"""The version of the digest's algorithm; digests of different forms cannot be compared."""


class Named(Protocol):
    """A part of a schema, unique by its name."""

    @property
    def name(self) -> str: ...


N = TypeVar("N", bound=Named)


def to_json(schema: Schema) -> str:
    """Return the canonical JSON of *schema*: keys in fixed order, indented, ending in a newline."""
    compact = msgspec.json.encode(schema)
    return msgspec.json.format(compact, indent=2).decode() + "\n"


def from_json(text: str | bytes) -> Schema:
    """Return the schema whose canonical JSON is *text*; raise `msgspec.ValidationError` for other text."""
    return msgspec.json.decode(text, type=Schema)


def digest(schema: Schema) -> str:
    """Return the digest of the parts of *schema* that a database stores: form, colon, SHA-256 in hex.

    Versions, prose and names that only Python uses are left out. So is the order of tables and columns, because
    migrations cannot change it and nothing depends on it.
    """
    identity = msgspec.json.encode(_identity(schema), order="sorted")
    return f"{DIGEST_FORM}:{hashlib.sha256(identity).hexdigest()}"


def _identity(schema: Schema) -> Schema:
    return replace(
        schema,
        version="",
        doc=None,
        enums=_sorted(replace(enum, doc=None, class_name="") for enum in schema.enums),
        tables=_sorted(map(table_identity, schema.tables)),
        opaque_tables=_sorted(map(table_identity, schema.opaque_tables)),
    )


def table_identity(table: Table) -> Table:
    """Return the parts of *table* that a database stores."""
    return replace(
        table,
        class_name="",
        accessor="",
        columns=_sorted(map(_column, table.columns)),
        foreign_keys=_sorted(table.foreign_keys),
        relationships=(),
        uniques=_sorted(table.uniques),
        indexes=_sorted(table.indexes),
        checks=_sorted(table.checks),
        exclusions=_sorted(table.exclusions),
        doc=None,
        renamed_from=None,
        meta={},
        source="",
    )


def _column(column: Column) -> Column:
    if column.doc is None and column.deprecated is None and column.renamed_from is None and not column.meta:
        return column
    return replace(column, doc=None, deprecated=None, renamed_from=None, meta={})


def _sorted(items: Iterable[N]) -> tuple[N, ...]:
    return tuple(sorted(items, key=lambda item: item.name))
