"""Rules about unique keys, indexes and exclusion constraints."""

from __future__ import annotations

import re
from collections.abc import Iterator

from tablewright.rules.rule import Violation
from tablewright.spec.diagnostic import did_you_mean
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.expanded import ExpandedIndex
from tablewright.spec.models import SqlSpec

_METHODS = ("btree", "hash", "gin", "gist", "spgist", "brin", "bloom", "hnsw", "ivfflat", "rum")
_OPERATOR = re.compile(r"[-+*/<>=~!@#%^&|`?]+")


def empty_key(schema: ExpandedSchema) -> Iterator[Violation]:
    """A unique key, index or foreign key has at least one column."""
    for table in schema.tables:
        keys = [(unique.path, len(unique.columns), "unique key") for unique in table.uniques]
        keys += [(index.path, len(index.elements), "index") for index in table.indexes]
        keys += [(key.path, len(key.columns), "foreign key") for key in table.foreign_keys]
        for path, count, what in keys:
            if not count:
                yield Violation(path, f"this {what} of `{table.name}` has no columns.", "Name at least one.")


def repeated_column(schema: ExpandedSchema) -> Iterator[Violation]:
    """A key or index names each column once."""
    for table in schema.tables:
        named = [((*path, "primary_key"), tuple(part.primary_key)) for path, part in table.parts]
        named += [(unique.columns_path, unique.columns) for unique in table.uniques]
        named += [(index.path, (*index.columns, *index.include)) for index in table.indexes]
        named += [(key.columns_path, key.columns) for key in table.foreign_keys]
        named += [(key.targets_path, key.targets) for key in table.foreign_keys]
        for path, columns in named:
            for name in sorted({name for name in columns if columns.count(name) > 1}):
                yield Violation(path, f"`{name}` is named twice.", "Remove one of them.")


def duplicate_unique(schema: ExpandedSchema) -> Iterator[Violation]:
    """A table has only one unique key, or primary key, of the same columns."""
    for table in schema.tables:
        seen: dict[tuple[frozenset[str], str | None], str] = {}
        if table.primary_key:
            seen[frozenset(table.primary_key), None] = "the primary key"
        for unique in table.uniques:
            identity = (frozenset(unique.columns), unique.where)
            if unique.columns and identity in seen:
                named = ", ".join(f"`{name}`" for name in unique.columns)
                yield Violation(unique.path, f"{named} is already unique by {seen[identity]}.", "Remove this one.")
            seen.setdefault(identity, "another unique key")


def duplicate_index(schema: ExpandedSchema) -> Iterator[Violation]:
    """No two indexes of a table are the same."""
    for table in schema.tables:
        seen: set[tuple[object, ...]] = set()
        for index in table.indexes:
            identity = (_elements(index), index.unique, index.where, index.using or "btree")
            if identity in seen:
                message = f"the table `{table.name}` has this index twice."
                yield Violation(index.path, message, "Remove one of them.")
            seen.add(identity)


def redundant_index(schema: ExpandedSchema) -> Iterator[Violation]:
    """An index does not repeat the index of the primary key or of a unique key."""
    for table in schema.tables:
        keys = {table.primary_key: "the primary key"}
        keys |= {unique.columns: "a unique key" for unique in table.uniques if unique.where is None}
        for index in table.indexes:
            plain = index.where is None and not index.include and index.using in (None, "btree")
            whole = len(index.columns) == len(index.elements) > 0
            if plain and whole and index.columns in keys:
                message = f"{keys[index.columns]} already has an index of these columns."
                yield Violation(index.path, message, "Remove this one.")


def _elements(index: ExpandedIndex) -> tuple[tuple[str, str], ...]:
    return tuple(("sql", item.sql) if isinstance(item, SqlSpec) else ("column", item) for item in index.elements)


def index_method(schema: ExpandedSchema) -> Iterator[Violation]:
    """`using` names an index method of Postgres that supports the options of the index."""
    for table in schema.tables:
        for index in table.indexes:
            using = index.using
            path = (*index.path, "using")
            if using is None:
                continue
            if using not in _METHODS:
                near = did_you_mean(using, _METHODS) or f"The methods are {', '.join(_METHODS)}."
                yield Violation(path, f"there is no index method `{using}`.", near)
            elif index.unique and using != "btree":
                yield Violation(path, f"a `{using}` index cannot be unique.", "Use `btree`.")
            elif using == "hash" and len(index.elements) > 1:
                yield Violation(path, "a `hash` index can have one column only.", "Use `btree`, or one index each.")
            elif index.include and using not in ("btree", "gist", "spgist"):
                yield Violation(path, f"a `{using}` index cannot `include` columns.", "Use `btree`.")


def exclusion_operator(schema: ExpandedSchema) -> Iterator[Violation]:
    """The elements of an exclusion constraint are pairs of a column and an operator."""
    for table in schema.tables:
        for exclusion in table.exclusions:
            path = exclusion.path
            for number, (_, operator) in enumerate(exclusion.elements):
                if not _OPERATOR.fullmatch(operator) or "--" in operator or "/*" in operator:
                    message = f"`{operator}` is not an operator."
                    suggestion = "Write for example `=` or `&&` (overlaps)."
                    yield Violation((*path, "elements", number, 1), message, suggestion)
            if exclusion.using not in _METHODS:
                near = did_you_mean(exclusion.using, _METHODS) or "Use `gist`."
                yield Violation((*path, "using"), f"there is no index method `{exclusion.using}`.", near)


def exclusion_sqlite(schema: ExpandedSchema) -> Iterator[Violation]:
    """An exclusion constraint uses `=`, or `&&` on ranges: SQLite has triggers for these only."""
    for table in schema.tables:
        for exclusion in table.exclusions:
            for number, (name, operator) in enumerate(exclusion.elements):
                column = table.columns.get(name)
                kind = None if column is None else column.type.kind
                if operator == "=" or kind is None or not _OPERATOR.fullmatch(operator):
                    continue
                if operator == "&&" and kind == "range":
                    continue
                message = f"SQLite has no exclusion constraints, and no trigger replaces `{operator}` of `{kind}`."
                suggestion = "Use `=`, or `&&` on ranges, or remove `sqlite` from the dialects."
                yield Violation((*exclusion.path, "elements", number, 1), message, suggestion)


def nulls_not_distinct_sqlite(schema: ExpandedSchema) -> Iterator[Violation]:
    """`nulls_not_distinct` works on Postgres only: SQLite treats all NULLs as distinct."""
    for table in schema.tables:
        for unique in table.uniques:
            if unique.nulls_not_distinct:
                message = "SQLite treats all NULLs as distinct: it accepts rows that Postgres refuses."
                path = (*unique.path, "nulls_not_distinct")
                yield Violation(path, message, "Make the columns not nullable.", on_key=True)


def nulls_not_distinct_where(schema: ExpandedSchema) -> Iterator[Violation]:
    """`nulls_not_distinct` is only for a unique key without `where`."""
    for table in schema.tables:
        for unique in table.uniques:
            if unique.nulls_not_distinct and unique.where is not None:
                path = (*unique.path, "nulls_not_distinct")
                message = "a unique key with `where` is an index, which does not support `nulls_not_distinct`."
                yield Violation(path, message, "Remove one of them.", on_key=True)
