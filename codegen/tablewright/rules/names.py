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
# File names that Windows keeps for devices.
_DEVICES = frozenset({"aux", "con", "nul", "prn", *(f"{d}{n}" for d in ("com", "lpt") for n in range(1, 10))})
_POSTGRES_COLUMNS = frozenset({"cmax", "cmin", "ctid", "tableoid", "xmax", "xmin"})
_OUR_MODULES = frozenset({"tablewright", "sqlalchemy", "msgspec", "psycopg", "pydantic", "alembic", "tests"})


def bad_name(schema: ExpandedSchema) -> Iterator[Violation]:
    """A name is made of small letters, digits and `_`, begins with a letter and has at most 63 characters."""
    for path, what in _named(schema):
        name = str(path[-1])
        if not _NAME.fullmatch(name):
            yield Violation(path, f"`{shown(name)}` cannot be the name of {what}.", _mended(name), on_key=True)
        elif len(name) > names.MAX_BYTES:
            message = f"the name `{shown(name)}` is longer than {names.MAX_BYTES} characters."
            yield Violation(path, message, "Shorten it.", on_key=True)
        elif path[0] in ("tables", "opaque_tables") and len(path) == 2 and name in _DEVICES:
            message = f"Windows has no file `{name}.py`, which the table `{name}` would need."
            yield Violation(path, message, f"Call it otherwise, and say `table: {name}`.", on_key=True)
    for path, name in _relationship_names(schema):
        if not _NAME.fullmatch(name) or keyword.iskeyword(name) or name in names.RESERVED_ATTRIBUTES:
            taken = "" if not _NAME.fullmatch(name) else ", which Python or SQLAlchemy keeps"
            message = f"`{shown(name)}` cannot be the name of a relationship{taken}."
            yield Violation(path, message, _mended(name) if not taken else f"Call it for example `{name}_`.")


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
        for name, (path, said) in table.relationships.items():
            if said.through is not None:
                yield path, name
                if said.inverse is not None:
                    yield (*path, "inverse"), said.inverse


def _mended(name: str) -> str:
    snake = re.sub(r"(?<=[a-z0-9])(?=[A-Z])", "_", name).casefold()
    plain = "".join(c for c in unicodedata.normalize("NFKD", snake) if not unicodedata.combining(c))
    mended = re.sub(r"[^a-z0-9]+", "_", plain).strip("_").lstrip("0123456789_")
    rule = "A name has small letters, digits and `_`, and begins with a letter."
    return f"Did you mean `{mended}`?" if mended and len(mended) <= names.MAX_BYTES else rule


def bad_class_name(schema: ExpandedSchema) -> Iterator[Violation]:
    """The name of a class begins with a capital, has letters and digits only, and is no word of Python's."""
    classes: list[tuple[Path, str | None]] = [(table.path, table.spec.class_) for table in schema.tables]
    classes += [(("enums", name), enum.class_) for name, enum in schema.spec.enums.items()]
    for path, said in classes:
        if said is None:
            continue
        if not _CLASS.fullmatch(said) or keyword.iskeyword(said):
            message = f"`{shown(said)}` cannot be the name of a class."
            yield Violation((*path, "class"), message, "Write it in CamelCase, such as `FileRecord`.")


def bad_accessor(schema: ExpandedSchema) -> Iterator[Violation]:
    """An accessor is a name that the session does not use for itself."""
    for table in schema.tables:
        said = table.spec.accessor
        if said is None:
            continue
        if not _NAME.fullmatch(said) or keyword.iskeyword(said):
            message = f"`{shown(said)}` cannot be the name of an accessor."
            yield Violation((*table.path, "accessor"), message, _mended(said) if not keyword.iskeyword(said) else None)
        elif said in RESERVED_ACCESSORS:
            message = f"the session has its own `{said}`."
            yield Violation((*table.path, "accessor"), message, f"Call it for example `{said}_`.")


def bad_stored_name(schema: ExpandedSchema) -> Iterator[Violation]:
    """A name in the database is one that both engines take unchanged."""
    for table in schema.tables:
        path = (*table.path, "table") if table.spec.table is not None else table.path
        if table.spec.table is not None:
            yield from _not_stored(path, table.stored)
        if table.stored.lower().startswith("sqlite_"):
            yield Violation(path, "SQLite keeps names that begin with `sqlite_` for itself.", "Call it otherwise.")
        if table.stored.lower().startswith("tablewright_"):
            yield Violation(path, "names that begin with `tablewright_` are kept for Tablewright's own tables.")
    for column in schema.written_columns:
        path = (*column.path, "column") if column.spec.column is not None else column.path
        if column.spec.column is not None:
            yield from _not_stored(path, column.stored)
        if column.stored in _POSTGRES_COLUMNS:
            message = f"every table of Postgres has a column `{column.stored}` of its own."
            cure = "Say another name with `column`."
            yield Violation(path, message, cure, on_key=column.spec.column is None)


def _not_stored(path: Path, name: str) -> Iterator[Violation]:
    if not _STORED.fullmatch(name) or len(name.encode()) > names.MAX_BYTES:
        message = f"`{shown(name)}` cannot be a name in the database."
        cure = (
            f"It begins with a letter, has letters, digits, `_`, `-` and spaces, and at most {names.MAX_BYTES} bytes."
        )
        yield Violation(path, message, cure)


def bad_constraint_name(schema: ExpandedSchema) -> Iterator[Violation]:
    """The name of an index or constraint is made of letters, digits and `_`."""
    for table in schema.tables:
        said = [((*path, "name"), name, False) for path, name in _given_names(table)]
        said += [(check.path, check.given_name, True) for check in table.checks]
        for path, name, on_key in said:
            if not _CONSTRAINT.fullmatch(name):
                message = f"`{shown(name)}` cannot be the name of a constraint or index."
                yield Violation(path, message, "Use letters, digits and `_`.", on_key=on_key)


def _given_names(table: ExpandedTable) -> Iterator[tuple[Path, str]]:
    for parts in (table.uniques, table.indexes, table.foreign_keys, table.exclusions):
        for part in parts:
            if part.given_name is not None:
                yield part.path, part.given_name


def schema_name(schema: ExpandedSchema) -> Iterator[Violation]:
    """The schema's name is one that a Python package of its own can have."""
    name = schema.spec.name
    if not name:
        return
    if not _NAME.fullmatch(name) or keyword.iskeyword(name) or len(name) > names.MAX_BYTES:
        message = f"`{shown(name)}` cannot be the name of a package."
        yield Violation(("schema",), message, _mended(name) if not keyword.iskeyword(name) else "Call it otherwise.")
    elif name in sys.stdlib_module_names or name in _OUR_MODULES:
        message = f"there is a Python package `{name}` already, which the generated one would hide."
        yield Violation(("schema",), message, f"Call it for example `{name}_schema`.")


def version_format(schema: ExpandedSchema) -> Iterator[Violation]:
    """The version is three numbers: major, minor and patch."""
    version = schema.spec.version
    if version and not _VERSION.fullmatch(version):
        yield Violation(("version",), f"`{shown(version)}` is not a version.", "Write three numbers, such as `1.0.0`.")
