"""Rules about foreign keys, and about all names of columns in keys and constraints."""

from __future__ import annotations

from collections.abc import Iterator
from typing import TypeAlias

from tablewright.rules.rule import Violation
from tablewright.spec.diagnostic import did_you_mean
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.expanded import ExpandedColumn, ExpandedForeignKey, ExpandedTable, split_reference
from tablewright.spec.models import SqlSpec
from tablewright.spec.yaml_reader import Path

_Step: TypeAlias = "tuple[str, ExpandedForeignKey]"
"""A table, and the foreign key that leads to it or from it."""


def bad_reference(schema: ExpandedSchema) -> Iterator[Violation]:
    """`references` names a column as `table.column`."""
    for column in schema.written_columns:
        reference = column.spec.references
        if reference is not None:
            table, target = split_reference(reference)
            if not table or not target or "." in table:
                near = None
                if reference in schema.by_name:
                    key = schema.by_name[reference].primary_key
                    near = f"Did you mean `{reference}.{key[0]}`?" if len(key) == 1 else None
                message = f"`{reference}` does not name a column."
                yield Violation((*column.path, "references"), message, near or "Write `table.column`.")


def reference_alone(schema: ExpandedSchema) -> Iterator[Violation]:
    """A column with `on_delete`, `on_update`, `relationship` or `inverse` has `references`."""
    for column in schema.written_columns:
        if column.spec.references is None:
            for key in ("on_delete", "on_update", "relationship", "inverse"):
                if getattr(column.spec, key) is not None:
                    message = f"`{key}` is an option of a foreign key, but the column has no `references`."
                    yield Violation((*column.path, key), message, "Add `references: table.column`.", on_key=True)


def unknown_table(schema: ExpandedSchema) -> Iterator[Violation]:
    """A foreign key or relationship names a table of the schema."""
    for table in schema.tables:
        named = [(key.table_path, key.table) for key in table.foreign_keys]
        # A malformed shorthand has been reported already.
        named = [(path, name) for path, name in named if "." not in name or path[-1] != "references"]
        for path, reference in table.relationships.values():
            if reference.through is not None:
                named.append(((*path, "through"), reference.through))
        for path, name in named:
            if not schema.may_have_table(name):
                yield Violation(path, f"there is no table `{name}`.", did_you_mean(name, schema.by_name))


def unknown_column(schema: ExpandedSchema) -> Iterator[Violation]:
    """A key, index or constraint names columns that the table has."""
    for table in schema.tables:
        for path, owner, name in _named_columns(schema, table):
            if schema.may_have_column(owner, name):
                continue
            near = did_you_mean(name, owner.columns)
            listed = ", ".join(list(owner.columns)[:12])
            yield Violation(path, f"the table `{owner.name}` has no column `{name}`.", near or f"It has {listed}.")


def _named_columns(schema: ExpandedSchema, table: ExpandedTable) -> Iterator[tuple[Path, ExpandedTable, str]]:
    for path, part in table.parts:
        for number, name in enumerate(part.primary_key):
            yield (*path, "primary_key", number), table, name
    for unique in table.uniques:
        for number, name in enumerate(unique.columns):
            yield _item(unique.columns_path, number), table, name
    for index in table.indexes:
        for number, element in enumerate(index.elements):
            if not isinstance(element, SqlSpec):
                yield (*index.path, "columns", number), table, element
        for number, name in enumerate(index.include):
            yield (*index.path, "include", number), table, name
    for key in table.foreign_keys:
        for number, name in enumerate(key.columns):
            yield (*key.columns_path, number), table, name
        target = schema.by_name.get(key.table)
        if target is not None:
            for number, name in enumerate(key.targets):
                yield key.targets_path if key.shorthand else (*key.targets_path, number), target, name
    for exclusion in table.exclusions:
        for number, (name, _) in enumerate(exclusion.elements):
            yield (*exclusion.path, "elements", number, 0), table, name


def _item(path: Path, number: int) -> Path:
    return (*path, number)


def _columns(
    schema: ExpandedSchema, table: ExpandedTable, key: ExpandedForeignKey
) -> list[tuple[ExpandedColumn, ExpandedColumn]] | None:
    # The pairs of columns of a foreign key; None if a column does not exist.
    target = schema.by_name.get(key.table)
    if target is None or len(key.columns) != len(key.targets):
        return None
    if not all(name in table.columns for name in key.columns) or not all(n in target.columns for n in key.targets):
        return None
    return [(table.columns[a], target.columns[b]) for a, b in zip(key.columns, key.targets, strict=True)]


def reference_to_opaque(schema: ExpandedSchema) -> Iterator[Violation]:
    """A table does not reference an opaque table, which may not exist in a database."""
    for table in schema.tables:
        for key in table.foreign_keys:
            target = schema.by_name.get(key.table)
            if target is not None and target.opaque and not table.opaque:
                message = f"`{target.name}` is an opaque table, which may not exist in a database."
                yield Violation(key.table_path, message, "Move it to `tables`, or this table to `opaque_tables`.")


def reference_arity(schema: ExpandedSchema) -> Iterator[Violation]:
    """A foreign key has as many columns as it references."""
    for table in schema.tables:
        for key in table.foreign_keys:
            if len(key.columns) != len(key.targets):
                message = f"{_count(len(key.columns))} cannot reference {_count(len(key.targets))}."
                yield Violation(key.targets_path, message, "Name as many columns on both sides, in the same order.")


def _count(number: int) -> str:
    return "one column" if number == 1 else f"{number} columns"


def reference_not_unique(schema: ExpandedSchema) -> Iterator[Violation]:
    """A foreign key references the primary key or a unique key."""
    for table in schema.tables:
        for key in table.foreign_keys:
            target = schema.by_name.get(key.table)
            if target is None or _columns(schema, table, key) is None or target.path in schema.incomplete:
                continue
            keys = [target.primary_key]
            keys += [unique.columns for unique in target.uniques if unique.where is None]
            if not any(set(columns) == set(key.targets) and len(columns) == len(key.targets) for columns in keys):
                named = ", ".join(f"`{name}`" for name in key.targets)
                primary = ", ".join(f"`{name}`" for name in target.primary_key)
                message = f"{named} of `{target.name}` is neither its primary key nor unique."
                suggestion = f"Reference {primary}, or make it unique." if primary else "Make it unique."
                yield Violation(key.targets_path, message, suggestion)


def reference_type(schema: ExpandedSchema) -> Iterator[Violation]:
    """The columns of a foreign key have the types of the columns that they reference."""
    for table in schema.tables:
        for key in table.foreign_keys:
            for column, target in _columns(schema, table, key) or ():
                mine, other = column.type.definition, target.type.definition
                if mine is not None and other is not None and mine != other:
                    message = f"`{column.name}` is {_type(column)}, but `{key.table}.{target.name}` is {_type(target)}."
                    yield Violation((*column.path, "type"), message, "Give both the same type.")


def _type(column: ExpandedColumn) -> str:
    numbers = [
        str(column.type.values[name])
        for name in ("length", "precision", "scale", "nbytes")
        if name in column.type.values
    ]
    kind = column.type.enum or column.type.kind or column.spec.type
    return f"`{kind}({', '.join(numbers)})`" if numbers else f"`{kind}`"


def set_null_not_nullable(schema: ExpandedSchema) -> Iterator[Violation]:
    """A foreign key with the action `set null` has nullable columns."""
    for table in schema.tables:
        for key in table.foreign_keys:
            for event in ("on_delete", "on_update"):
                if getattr(key, event) != "set null":
                    continue
                for name in key.columns:
                    column = table.columns.get(name)
                    if column is not None and not column.spec.nullable:
                        message = f"`{event}: set null` needs `{name}` to be nullable."
                        yield Violation((*key.path, event), message, "Add `nullable: true`, or use `cascade`.")


def set_default_without_default(schema: ExpandedSchema) -> Iterator[Violation]:
    """A foreign key with the action `set default` has columns with a default."""
    for table in schema.tables:
        for key in table.foreign_keys:
            for event in ("on_delete", "on_update"):
                if getattr(key, event) != "set default":
                    continue
                for name in key.columns:
                    column = table.columns.get(name)
                    if column is None or column.spec.nullable:
                        continue
                    if not column.spec.has_default and column.spec.default_sql is None:
                        message = f"`{event}: set default` needs a default for `{name}`."
                        yield Violation((*key.path, event), message, "Add `default`, or use another action.")


def set_computed(schema: ExpandedSchema) -> Iterator[Violation]:
    """A foreign key on a computed column has no action that changes the column."""
    for table in schema.tables:
        for key in table.foreign_keys:
            for event in ("on_delete", "on_update"):
                action = getattr(key, event)
                sets = action in ("set null", "set default") or (event == "on_update" and action == "cascade")
                for name in key.columns:
                    column = table.columns.get(name)
                    if sets and column is not None and column.spec.computed is not None:
                        message = f"`{event}: {action}` cannot change `{name}`, which is computed."
                        yield Violation((*key.path, event), message, "Use `restrict`, or `cascade` on delete.")


def duplicate_foreign_key(schema: ExpandedSchema) -> Iterator[Violation]:
    """No two foreign keys of a table have the same columns and the same target."""
    for table in schema.tables:
        seen: set[tuple[object, ...]] = set()
        for key in table.foreign_keys:
            identity = (frozenset(zip(key.columns, key.targets, strict=False)), key.table)
            if identity in seen:
                message = f"the table `{table.name}` has this foreign key to `{key.table}` twice."
                yield Violation(key.path, message, "Remove one of them.", on_key=True)
            seen.add(identity)


def foreign_key_cycle(schema: ExpandedSchema) -> Iterator[Violation]:
    """A cycle of foreign keys has at least one that is nullable or deferrable, or no first row can be inserted."""
    needs: dict[str, list[_Step]] = {table.name: [] for table in schema.tables}
    for table in schema.tables:
        for key in table.foreign_keys:
            needed = not key.deferrable and all(
                name in table.columns and not table.columns[name].spec.nullable for name in key.columns
            )
            if needed and key.table in needs and key.table != table.name:
                needs[table.name].append((key.table, key))
    for cycle in _cycles(needs):
        names = " → ".join([cycle[-1][0], *(name for name, _ in cycle)])
        message = f"no first row can be inserted: each of {names} needs a row of the next."
        suggestion = "Make one of the foreign keys nullable, or add `deferrable: true` in its list form."
        yield Violation(cycle[0][1].path, message, suggestion, on_key=True)


def opaque_circle(schema: ExpandedSchema) -> Iterator[Violation]:
    """Opaque tables do not reference each other in a cycle: each is registered after those that it references."""
    needs: dict[str, list[_Step]] = {table.name: [] for table in schema.tables if table.opaque}
    for name, steps in needs.items():
        keys = schema.by_name[name].foreign_keys
        steps += [(key.table, key) for key in keys if key.table in needs and key.table != name]
    for cycle in _cycles(needs):
        names = " → ".join([cycle[-1][0], *(name for name, _ in cycle)])
        message = f"the opaque tables reference each other in a cycle, so none can be registered first: {names}."
        yield Violation(cycle[0][1].path, message, "Remove one of the foreign keys.", on_key=True)


def _cycles(needs: dict[str, list[_Step]]) -> Iterator[list[_Step]]:
    """Yield one cycle for each group of tables that need each other, as steps from its last table on."""
    needs = dict(needs)
    # Remove tables that need nothing, then those that needed only removed ones: they are in no cycle.
    left = {name: len(steps) for name, steps in needs.items()}
    needed_by: dict[str, list[str]] = {}
    for name, steps in needs.items():
        for to, _ in steps:
            needed_by.setdefault(to, []).append(name)
    free = [name for name, number in left.items() if not number]
    for name in free:
        del needs[name]
        for other in needed_by.get(name, ()):
            left[other] -= 1
            if not left[other]:
                free.append(other)
    reported: set[str] = set()
    for start in needs:
        cycle = [] if start in reported else _cycle_from(start, needs)
        if cycle:
            reported.update(name for name, _ in cycle)
            yield cycle


def _cycle_from(start: str, needs: dict[str, list[_Step]]) -> list[_Step]:
    # Breadth first, so that the cycle is a shortest one; empty if *start* is in none.
    previous: dict[str, _Step] = {}
    waiting = [start]
    for name in waiting:
        for to, key in needs[name]:
            if to in needs and to not in previous:
                previous[to] = (name, key)
                waiting.append(to)
        if start in previous:
            break
    cycle: list[_Step] = []
    name = start
    while start in previous and (not cycle or name != start):
        before, key = previous[name]
        cycle.insert(0, (name, key))
        name = before
    return cycle
