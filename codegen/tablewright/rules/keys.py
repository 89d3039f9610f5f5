"""Rules about primary keys and the number of columns."""

from __future__ import annotations

from collections.abc import Iterator

from tablewright.rules.rule import Violation
from tablewright.schema.type_registry import TYPES
from tablewright.spec.expand import ExpandedSchema

MOST_COLUMNS = 1600
MOST_KEY_COLUMNS = 32


def no_columns(schema: ExpandedSchema) -> Iterator[Violation]:
    """A table has at least one column."""
    for table in schema.tables:
        if not table.columns and not any(item not in schema.spec.mixins for item in table.spec.include):
            yield Violation(table.path, f"the table `{table.name}` has no columns.", "Add `columns`.", on_key=True)


def too_many_columns(schema: ExpandedSchema) -> Iterator[Violation]:
    """A table has at most 1600 columns and a key at most 32: the limits of Postgres."""
    for table in schema.tables:
        if len(table.columns) > MOST_COLUMNS:
            message = f"the table `{table.name}` has {len(table.columns)} columns; Postgres allows {MOST_COLUMNS}."
            yield Violation(table.path, message, on_key=True)
        keys = [(table.primary_key_path, len(table.primary_key))]
        keys += [(unique.columns_path, len(unique.columns)) for unique in table.uniques]
        keys += [(index.path, len(index.elements)) for index in table.indexes]
        keys += [(key.columns_path, len(key.columns)) for key in table.foreign_keys]
        for path, count in keys:
            if count > MOST_KEY_COLUMNS:
                yield Violation(path, f"a key has at most {MOST_KEY_COLUMNS} columns, not {count}.")


def no_primary_key(schema: ExpandedSchema) -> Iterator[Violation]:
    """A table has a primary key; without one it has no entity and no methods by key."""
    for table in schema.tables:
        if table.columns and not table.primary_key and not table.opaque:
            message = f"the table `{table.name}` has no primary key, so it gets no entity and no methods by key."
            yield Violation(table.path, message, "Mark a column with `primary_key: true`.", on_key=True)


def primary_key_twice(schema: ExpandedSchema) -> Iterator[Violation]:
    """The primary key is declared once: on its columns or as a list."""
    for table in schema.tables:
        lists = [path for path, part in table.parts if part.primary_key]
        marked = [column for column in table.columns.values() if column.spec.primary_key]
        if len(lists) > 1:
            yield Violation((*lists[0], "primary_key"), "the table and a mixin both have `primary_key`.", on_key=True)
        for column in marked:
            if lists and column.name not in table.primary_key:
                message = f"`{column.name}` is marked as primary key, but is not in the list `primary_key`."
                yield Violation((*column.path, "primary_key"), message, "Declare it in one place.", on_key=True)


def primary_key_nullable(schema: ExpandedSchema) -> Iterator[Violation]:
    """A column of the primary key is not nullable."""
    for table in schema.tables:
        for name in table.primary_key:
            column = table.columns.get(name)
            if column is not None and column.spec.nullable:
                message = f"`{name}` is in the primary key, so it cannot be nullable."
                yield Violation((*column.path, "nullable"), message, "Remove `nullable`.", on_key=True)


def key_type(schema: ExpandedSchema) -> Iterator[Violation]:
    """A key has no json column: the dialects do not agree on when two documents are equal."""
    for table in schema.tables:
        keys = [(table.primary_key_path, table.primary_key, "the primary key")]
        keys += [(unique.columns_path, unique.columns, "a unique key") for unique in table.uniques]
        for path, columns, what in keys:
            for name in columns:
                kind = table.columns[name].type.kind if name in table.columns else None
                if kind is not None and not TYPES[kind].key:
                    message = f"`{name}` is {kind}, which cannot be part of {what}."
                    yield Violation(path, message, "Put the value that identifies the row into a separate column.")


def computed_primary_key(schema: ExpandedSchema) -> Iterator[Violation]:
    """A computed column is not in the primary key: SQLite does not allow it."""
    for table in schema.tables:
        for name in table.primary_key:
            column = table.columns.get(name)
            if column is not None and column.spec.computed is not None:
                message = f"`{name}` is computed, so it cannot be in the primary key."
                yield Violation((*column.path, "computed"), message, "Make it unique instead.", on_key=True)


def autoincrement_not_integer(schema: ExpandedSchema) -> Iterator[Violation]:
    """A column with `autoincrement` is a smallint, integer or bigint."""
    for column in schema.written_columns:
        kind = column.type.kind
        codec = "codec" in column.type.values
        if column.spec.autoincrement and kind is not None and (not TYPES[kind].autoincrement or codec):
            message = f"`autoincrement` is for integers, not for `{kind}`{' with a codec' if codec else ''}."
            yield Violation((*column.path, "autoincrement"), message, "Make it a `bigint`.", on_key=True)


def autoincrement_not_key(schema: ExpandedSchema) -> Iterator[Violation]:
    """A column with `autoincrement` is in the primary key, as SQLite requires."""
    for table in schema.tables:
        for column in table.columns.values():
            if column.spec.autoincrement and column.name not in table.primary_key:
                message = f"`{column.name}` has `autoincrement` but is not the primary key."
                yield Violation((*column.path, "autoincrement"), message, "Add `primary_key: true`.", on_key=True)


def autoincrement_composite(schema: ExpandedSchema) -> Iterator[Violation]:
    """A column with `autoincrement` is the whole primary key, as SQLite requires."""
    for table in schema.tables:
        for name in table.primary_key:
            column = table.columns.get(name)
            if column is not None and column.spec.autoincrement and len(table.primary_key) > 1:
                message = f"`{name}` has `autoincrement`, but the primary key has {len(table.primary_key)} columns."
                suggestion = "Make it the only one, and declare the others unique."
                yield Violation((*column.path, "autoincrement"), message, suggestion, on_key=True)
