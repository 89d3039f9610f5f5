"""Rules about names that clash: in the package, in a class, in the database."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from itertools import chain

from tablewright.rules.rule import Violation
from tablewright.schema import names
from tablewright.schema.reserved import OPAQUE_ARGUMENTS
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.expanded import ExpandedTable
from tablewright.spec.expanded_type import KINDS
from tablewright.spec.models import SqlSpec
from tablewright.spec.yaml_reader import Path

# The names that every generated package defines.
_PACKAGE = (
    "AsyncDatabase",
    "AsyncSession",
    "Base",
    "Database",
    "OpaqueTableStorageManager",
    "PACKAGE",
    "SCHEMA",
    "Session",
    "metadata",
)
_SUFFIXES = ("Columns", "Filter", "Insert", "Key", "Row", "Table", "Update")
_OPAQUE_SUFFIXES = ("Columns", "Filter", "Insert", "Part", "Row", "Storage")
_FOLDERS = {False: "tables", True: "opaque"}


@dataclass
class _Names:
    """Names that must differ within one scope, with the owner of each."""

    scope: str
    suggestion: str
    taken: dict[str, str] = field(default_factory=dict)

    def declare(self, name: str, owner: str, path: Path, *, fold: bool = False) -> Sequence[Violation]:
        """Declare *name* for *owner*. Return the violation if the name is taken."""
        key = name.casefold() if fold else name
        if key in self.taken:
            message = f"{owner} would be called `{name}` in {self.scope}, like {self.taken[key]}."
            return (Violation(path, message, self.suggestion, on_key=True),)
        self.taken[key] = owner
        return ()


def name_clash(schema: ExpandedSchema) -> Iterator[Violation]:
    """No two names clash in the generated package or in its database."""
    yield from _definitions(schema)
    yield from _public(schema)
    yield from _accessors(schema)
    for table in schema.tables:
        yield from _attributes(table)
        yield from _unique_keys(table)
        yield from _stored_columns(table)
        yield from _constraints(table)
    yield from _relations(schema)


def opaque_argument(schema: ExpandedSchema) -> Iterator[Violation]:
    """A column of an opaque table is not called `session` or `batch_size`: its `fetch` has these arguments."""
    for table in schema.tables:
        for column in table.columns.values() if table.opaque else ():
            if column.attribute in OPAQUE_ARGUMENTS:
                purpose = OPAQUE_ARGUMENTS[column.attribute]
                message = f"`fetch` of an opaque table has an argument `{column.attribute}`, for {purpose}."
                suggestion = f"Rename it; `column: {column.stored}` keeps its name in the database."
                yield Violation(column.path, message, suggestion, on_key=True)


def opaque_stored_name(schema: ExpandedSchema) -> Iterator[Violation]:
    """An opaque table has the name in the database under which it is registered."""
    for table in schema.tables:
        if table.opaque and table.stored != table.name:
            message = f"the opaque table `{table.name}` cannot be called `{table.stored}` in the database."
            suggestion = "Remove `table`, or rename the opaque table itself."
            yield Violation((*table.path, "table"), message, suggestion)


def _definitions(schema: ExpandedSchema) -> Iterator[Violation]:
    scope = _Names("the language", "Choose another name.", {kind: f"the type `{kind}`" for kind in KINDS})
    scope.taken["enum"] = "the kind of all enums"
    for name in schema.spec.enums:
        yield from scope.declare(name, f"the enum `{name}`", ("enums", name))
    for name in schema.spec.types:
        yield from scope.declare(name, f"the named type `{name}`", ("types", name))
    tables = _Names("the schema", "Choose another name.")
    for table in schema.tables:
        yield from tables.declare(table.name, f"the table `{table.name}`", table.path)
    modules = {opaque: _Names(f"the folder `{folder}`", "Choose another name.") for opaque, folder in _FOLDERS.items()}
    for table in schema.tables:
        owner = f"the module of `{table.name}`"
        yield from modules[table.opaque].declare(names.module_name(table.name), owner, table.path)


def _public(schema: ExpandedSchema) -> Iterator[Violation]:
    scope = _Names("the package", "Choose another name with `class`.")
    scope.taken = dict.fromkeys(_PACKAGE, "a part of every package")
    for enum in schema.enums:
        yield from scope.declare(enum.class_name, f"the class of the enum `{enum.name}`", ("enums", enum.name))
    for table in schema.tables:
        stem, owner = table.class_name, f"the table `{table.name}`"
        classes = [] if table.opaque else [("the entity of", stem)]
        for suffix in _OPAQUE_SUFFIXES if table.opaque else _SUFFIXES:
            if suffix != "Key" or len(table.primary_key) > 1:
                classes.append((f"the `{suffix}` class of", stem + suffix))
        if not table.opaque:
            classes.append(("the asynchronous `Table` class of", f"Async{stem}Table"))
        for what, name in classes:
            clash = scope.declare(name, f"{what} {owner}", table.path)
            yield from clash
            if clash:
                # The other classes of the two tables would clash as well.
                break


def _accessors(schema: ExpandedSchema) -> Iterator[Violation]:
    scope = _Names("the session", "Choose another name with `accessor`.")
    for table in schema.tables:
        if table.opaque:
            continue
        yield from scope.declare(table.accessor, f"the accessor of `{table.name}`", table.path)


def _attributes(table: ExpandedTable) -> Iterator[Violation]:
    scope = _Names(f"the entity of `{table.name}`", "Choose another name for it.")
    for column in table.columns.values():
        yield from scope.declare(column.attribute, f"the column `{column.name}`", column.path)
    if not table.opaque and len(table.primary_key) > 1 and {"key", "key_"} <= set(table.columns):
        message = "a row with a composite key has a property `key` or `key_`, but both are columns here."
        yield Violation(table.columns["key_"].path, message, "Rename one of them.", on_key=True)
    for key in table.foreign_keys:
        if key.relationship is not None:
            owner = f"the relationship `{key.relationship}`"
            yield from scope.declare(key.relationship, owner, (*key.path, "relationship"))
    for name, (path, spec) in table.relationships.items():
        if spec.through is not None:
            yield from scope.declare(name, f"the relationship `{name}`", path)


def _unique_keys(table: ExpandedTable) -> Iterator[Violation]:
    scope = _Names(f"the keys of `{table.name}` that an upsert may name", "Rename a column.")
    scope.taken["primary_key"] = "the primary key"
    seen: set[tuple[str, ...]] = set()
    for unique in table.uniques:
        nullable = any(name in table.columns and table.columns[name].spec.nullable for name in unique.columns)
        if unique.where is None and unique.columns and not nullable and unique.columns not in seen:
            seen.add(unique.columns)
            attributes = [table.columns[name].attribute for name in unique.columns if name in table.columns]
            owner = f"the unique key of {', '.join(f'`{name}`' for name in unique.columns)}"
            yield from scope.declare("_".join(attributes), owner, unique.path)


def _stored_columns(table: ExpandedTable) -> Iterator[Violation]:
    # SQLite ignores case.
    scope = _Names(f"the database's table `{table.stored}`", "Choose another name with `column`.")
    for column in table.columns.values():
        yield from scope.declare(column.stored, f"the column `{column.name}`", column.path, fold=True)


def _index_names(table: ExpandedTable) -> Iterator[tuple[str, str, Path]]:
    # The rules about duplicates report equal ones; only different ones can clash.
    seen: set[tuple[object, ...]] = set()
    for unique in table.uniques:
        identity = (frozenset(unique.columns), unique.where)
        if unique.columns and identity not in seen:
            yield unique.name, f"a unique key of `{table.name}`", unique.path
        seen.add(identity)
    for index in table.indexes:
        elements = tuple(item.sql if isinstance(item, SqlSpec) else item for item in index.elements)
        same = (elements, index.unique, index.where, index.using or "btree")
        if index.elements and same not in seen:
            yield index.name, f"an index of `{table.name}`", index.path
        seen.add(same)
    for exclusion in table.exclusions:
        yield exclusion.name, f"an exclusion of `{table.name}`", exclusion.path


def _bounds_index_names(table: ExpandedTable) -> Iterator[tuple[str, str, Path]]:
    # Only indexes of ranges have one. But the types of columns are no part of the interface of a table.
    for index in table.indexes:
        if index.using in ("gist", "spgist"):
            name = names.bounds_index_name(index.name)
            yield name, f"SQLite's index over bounds of `{table.name}`", index.path


def _constraints(table: ExpandedTable) -> Iterator[Violation]:
    scope = _Names(f"the constraints of `{table.name}`", "Choose another `name`.")
    scope.taken[names.primary_key_name(table.stored)] = "the primary key"
    for column in table.columns.values():
        name = names.type_check_name(table.stored, column.stored)
        yield from scope.declare(name, f"the type check of `{column.name}`", column.path)
    for check in table.checks:
        yield from scope.declare(check.name, f"the check `{check.given_name}`", check.path)
    seen: set[tuple[object, ...]] = set()
    for key in table.foreign_keys:
        identity = (frozenset(zip(key.columns, key.targets, strict=False)), key.table)
        if key.columns and identity not in seen:
            yield from scope.declare(key.name, f"the foreign key to `{key.table}`", key.path)
        seen.add(identity)
    for name, owner, _ in _index_names(table):
        scope.taken.setdefault(name, owner)


def _relations(schema: ExpandedSchema) -> Iterator[Violation]:
    # Tables, indexes and native enums share one namespace of the database.
    scope = _Names("the database", "Choose another name.")
    distinct: list[ExpandedTable] = []
    for table in schema.tables:
        clash = scope.declare(table.stored, f"the table `{table.name}`", table.path, fold=True)
        yield from clash
        if not clash:
            distinct.append(table)
    for table in distinct:
        primary = names.primary_key_name(table.stored)
        yield from scope.declare(primary, f"the primary key of `{table.name}`", table.path, fold=True)
    for enum in schema.enums:
        if enum.native:
            yield from scope.declare(enum.name, f"the native enum `{enum.name}`", ("enums", enum.name), fold=True)
    for table in distinct:
        for name, owner, path in chain(_index_names(table), _bounds_index_names(table)):
            yield from scope.declare(name, owner, path, fold=True)
