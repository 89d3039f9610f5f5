"""Rules about mixins, named types and renamed tables and columns."""

from __future__ import annotations

from collections.abc import Iterator

from tablewright.rules.rule import Violation
from tablewright.spec.diagnostic import did_you_mean
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.models import ColumnSpec, MixinSpec, TableSpec, TypeSpec
from tablewright.spec.yaml_reader import Path


def unknown_mixin(schema: ExpandedSchema) -> Iterator[Violation]:
    """A table includes mixins that exist, each once."""
    for table in schema.tables:
        seen: set[str] = set()
        for number, name in enumerate(table.spec.include):
            path = (*table.path, "include", number)
            if name not in schema.spec.mixins and ("mixins", name) not in schema.incomplete:
                near = did_you_mean(name, schema.spec.mixins)
                yield Violation(path, f"there is no mixin `{name}`.", near or "Define it under `mixins`.")
            elif name in seen:
                yield Violation(path, f"the mixin `{name}` is included twice.", "Remove one of them.")
            seen.add(name)


def mixin_column_clash(schema: ExpandedSchema) -> Iterator[Violation]:
    """A column is defined once: in the table or in one of its mixins."""
    for table in schema.tables:
        owners: dict[str, str] = dict.fromkeys(table.spec.columns, "the table itself")
        for number, mixin in enumerate(table.spec.include):
            part = schema.spec.mixins.get(mixin)
            if part is None or mixin in list(table.spec.include)[:number]:
                continue
            for name in part.columns:
                if name in owners:
                    message = f"the column `{name}` of the mixin `{mixin}` is also a column of {owners[name]}."
                    yield Violation((*table.path, "include", number), message, "Rename one of them.")
                owners.setdefault(name, f"the mixin `{mixin}`")


def unused_definition(schema: ExpandedSchema) -> Iterator[Violation]:
    """Every named type and every mixin is used."""
    used: set[str] = set()
    parts: list[TableSpec | MixinSpec] = [*schema.spec.mixins.values()]
    parts += [table.spec for table in schema.tables]
    pending: list[ColumnSpec | TypeSpec] = [column for part in parts for column in part.columns.values()]
    pending += schema.spec.types.values()
    while pending:
        item = pending.pop()
        used.add(item.type)
        if isinstance(item.of, str):
            used.add(item.of)
        elif item.of is not None:
            pending.append(item.of)
    included = {name for table in schema.tables for name in table.spec.include}
    if schema.incomplete:
        return
    for name in schema.spec.types:
        if name not in used:
            yield Violation(("types", name), f"no column uses the type `{name}`.", "Remove it.", on_key=True)
    for name in schema.spec.mixins:
        if name not in included:
            yield Violation(("mixins", name), f"no table includes the mixin `{name}`.", "Remove it.", on_key=True)


def renamed_from_itself(schema: ExpandedSchema) -> Iterator[Violation]:
    """`renamed_from` differs from the current name."""
    for path, name, old in _renames(schema):
        if name == old:
            yield Violation((*path, "renamed_from"), f"`{name}` cannot be renamed from itself.", "Remove it.")


def renamed_from_present(schema: ExpandedSchema) -> Iterator[Violation]:
    """`renamed_from` is a name that no longer exists, and is given once."""
    for table in schema.tables:
        columns = [(column.path, column.name, column.spec.renamed_from) for column in table.columns.values()]
        yield from _still_present(columns, set(table.columns), "column")
    for section in ("tables", "opaque_tables"):
        tables = [table for table in schema.tables if table.section == section]
        renames = [(table.path, table.name, table.spec.renamed_from) for table in tables]
        yield from _still_present(renames, {table.name for table in tables}, "table")


def _still_present(renames: list[tuple[Path, str, str | None]], present: set[str], what: str) -> Iterator[Violation]:
    renamed: dict[str, str] = {}
    for path, name, old in renames:
        if old is None or old == name:
            continue
        here = (*path, "renamed_from")
        if old in present:
            yield Violation(here, f"`{name}` cannot be renamed from `{old}`: the {what} `{old}` still exists.")
        elif renamed.setdefault(old, name) != name:
            yield Violation(here, f"`{renamed[old]}` is already renamed from the {what} `{old}`.")


def _renames(schema: ExpandedSchema) -> Iterator[tuple[Path, str, str | None]]:
    for table in schema.tables:
        yield table.path, table.name, table.spec.renamed_from
    for column in schema.written_columns:
        yield column.path, column.name, column.spec.renamed_from
