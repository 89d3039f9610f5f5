"""Rules about the form of names."""

from __future__ import annotations

import keyword
import re
import sys
import unicodedata
from collections.abc import Iterator

from tablewright.rules.rule import Violation
from tablewright.schema import names
from tablewright.schema.reserved import RESERVED_ACCESSORS
from tablewright.spec.diagnostic import shown
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.expanded import ExpandedTable
from tablewright.spec.yaml_reader import Path

_NAME = re.compile(r"[a-z][a-z0-9_]*")
_CLASS = re.compile(r"[A-Z][A-Za-z0-9]*")
_CONSTRAINT = re.compile(r"[A-Za-z][A-Za-z0-9_]*")
_STORED = re.compile(r"[^\W\d][\w $#-]*")
_VERSION = re.compile(r"(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)\.(0|[1-9][0-9]*)")
# File names that Windows reserves for devices.
_DEVICES = frozenset({"aux", "con", "nul", "prn", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))})
_POSTGRES_COLUMNS = frozenset({"cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"})
_OUR_MODULES = frozenset({"tablewright", "sqlalchemy", "msgspec", "psycopg", "pydantic", "alembic", "tests"})


def bad_name(schema: ExpandedSchema) -> Iterator[Violation]:
    """A name has lower-case letters, digits and `_`, begins with a letter and has at most 63 characters."""
    for path, what in _named(schema):
        name = str(path[-1])
        if not _NAME.fullmatch(name):
            yield Violation(path, f"`{shown(name)}` cannot be the name of {what}.", _name_suggestion(name), on_key=True)
        elif len(name) > names.MAX_BYTES:
            message = f"the name `{shown(name)}` is longer than {names.MAX_BYTES} characters."
            yield Violation(path, message, "Shorten it.", on_key=True)
        elif path[0] in ("tables", "opaque_tables") and len(path) == 2 and name in _DEVICES:
            message = f"Windows does not allow the file `{name}.py`, which the table `{name}` needs."
            yield Violation(path, message, f"Choose another name, and add `table: {name}`.", on_key=True)
    for path, name in _relationship_names(schema):
        if not _NAME.fullmatch(name) or keyword.iskeyword(name) or name in names.RESERVED_ATTRIBUTES:
            taken = "" if not _NAME.fullmatch(name) else ", which Python or SQLAlchemy reserves"
            message = f"`{shown(name)}` cannot be the name of a relationship{taken}."
            yield Violation(path, message, _name_suggestion(name) if not taken else f"Call it `{name}_`, for example.")


def _named(schema: ExpandedSchema) -> Iterator[tuple[Path, str]]:
    spec = schema.spec
    yield from ((("enums", name), "an enum") for name in spec.enums)
    yield from ((("types", name), "a type") for name in spec.types)
    yield from ((("mixins", name), "a mixin") for name in spec.mixins)
    yield from ((table.path, "a table") for table in schema.tables)
    yield from ((column.path, "a column") for column in schema.written_columns)


def _relationship_names(schema: ExpandedSchema) -> Iterator[tuple[Path, str]]:
    for table in schema.tables:
        for key in table.foreign_keys:
            for which, name in (("relationship", key.relationship), ("inverse", key.inverse)):
                if name is not None:
                    yield (*key.path, which), name
        for name, (path, spec) in table.relationships.items():
            if spec.through is not None:
                yield path, name
                if spec.inverse is not None:
                    yield (*path, "inverse"), spec.inverse


def _name_suggestion(name: str) -> str:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).casefold()
    plain = "".join(c for c in unicodedata.normalize("NFKD", snake) if not unicodedata.combining(c))
    valid = re.sub(r"[^a-z0-9]+", "_", plain).strip("_").lstrip("0123456789_")
    rule = "A name has lower-case letters, digits and `_`, and begins with a letter."
    return f"Did you mean `{valid}`?" if valid and len(valid) <= names.MAX_BYTES else rule


def bad_class_name(schema: ExpandedSchema) -> Iterator[Violation]:
    """The name of a class begins with a capital letter, has letters and digits only, and is not a keyword of Python."""
    classes: list[tuple[Path, str | None]] = [(table.path, table.spec.class_) for table in schema.tables]
    classes += [(("enums", key), enum.class_) for key, enum in schema.spec.enums.items()]
    for path, name in classes:
        if name is None:
            continue
        if not _CLASS.fullmatch(name) or keyword.iskeyword(name):
            message = f"`{shown(name)}` cannot be the name of a class."
            yield Violation((*path, "class"), message, "Write it in CamelCase, such as `FileRecord`.")


def bad_accessor(schema: ExpandedSchema) -> Iterator[Violation]:
    """An accessor is a valid name that is not an attribute of the session."""
    for table in schema.tables:
        accessor = table.spec.accessor
        if accessor is None:
            continue
        if not _NAME.fullmatch(accessor) or keyword.iskeyword(accessor):
            message = f"`{shown(accessor)}` cannot be the name of an accessor."
            yield Violation(
                (*table.path, "accessor"),
                message,
                _name_suggestion(accessor) if not keyword.iskeyword(accessor) else None,
            )
        elif accessor in RESERVED_ACCESSORS:
            message = f"the session already has an attribute `{accessor}`."
            yield Violation((*table.path, "accessor"), message, f"Call it `{accessor}_`, for example.")


def bad_stored_name(schema: ExpandedSchema) -> Iterator[Violation]:
    """A name in the database is valid in both dialects, without a change."""
    for table in schema.tables:
        path = (*table.path, "table") if table.spec.table is not None else table.path
        if table.spec.table is not None:
            yield from _not_stored(path, table.stored)
        if table.stored.lower().startswith("sqlite_"):
            yield Violation(path, "SQLite reserves names that begin with `sqlite_`.", "Choose another name.")
        if table.stored.lower().startswith("tablewright_"):
            yield Violation(path, "names that begin with `tablewright_` are reserved for Tablewright.")
    for column in schema.written_columns:
        path = (*column.path, "column") if column.spec.column is not None else column.path
        if column.spec.column is not None:
            yield from _not_stored(path, column.stored)
        if column.stored in _POSTGRES_COLUMNS:
            message = f"every table of Postgres has a system column `{column.stored}`."
            suggestion = "Choose another name with `column`."
            yield Violation(path, message, suggestion, on_key=column.spec.column is None)


def _not_stored(path: Path, name: str) -> Iterator[Violation]:
    if not _STORED.fullmatch(name) or len(name.encode()) > names.MAX_BYTES:
        message = f"`{shown(name)}` cannot be a name in the database."
        suggestion = (
            f"Begin with a letter, and use letters, digits, `_`, `-` and spaces, at most {names.MAX_BYTES} bytes."
        )
        yield Violation(path, message, suggestion)


def bad_constraint_name(schema: ExpandedSchema) -> Iterator[Violation]:
    """The name of an index or constraint has letters, digits and `_` only."""
    for table in schema.tables:
        named = [((*path, "name"), name, False) for path, name in _given_names(table)]
        named += [(check.path, check.given_name, True) for check in table.checks]
        for path, name, on_key in named:
            if not _CONSTRAINT.fullmatch(name):
                message = f"`{shown(name)}` cannot be the name of a constraint or index."
                yield Violation(path, message, "Use letters, digits and `_`.", on_key=on_key)


def _given_names(table: ExpandedTable) -> Iterator[tuple[Path, str]]:
    for parts in (table.uniques, table.indexes, table.foreign_keys, table.exclusions):
        for part in parts:
            if part.given_name is not None:
                yield part.path, part.given_name


def schema_name(schema: ExpandedSchema) -> Iterator[Violation]:
    """The name of the schema is valid, and free, as the name of a Python package."""
    name = schema.spec.name
    if not name:
        return
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or len(name) > names.MAX_BYTES:
        message = f"`{shown(name)}` cannot be the name of a package."
        yield Violation(
            ("schema",), message, _name_suggestion(name) if not keyword.iskeyword(name) else "Choose another name."
        )
    elif name in sys.stdlib_module_names or name in _OUR_MODULES:
        message = f"the generated package would hide the Python package `{name}`."
        yield Violation(("schema",), message, f"Call it `{name}_schema`, for example.")


def version_format(schema: ExpandedSchema) -> Iterator[Violation]:
    """The version is three numbers: major, minor and patch."""
    version = schema.spec.version
    if version and not _VERSION.fullmatch(version):
        yield Violation(("version",), f"`{shown(version)}` is not a version.", "Write three numbers, such as `1.0.0`.")
