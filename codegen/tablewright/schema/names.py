"""The names that are derived from a schema's own: classes, attributes, accessors, constraints."""

from __future__ import annotations

import hashlib
import keyword
from collections.abc import Iterable

# Attributes that SQLAlchemy's declarative classes and msgspec's structs reserve.
RESERVED_ATTRIBUTES = frozenset({"metadata", "registry"})

MAX_BYTES = 63
"""The longest identifier that Postgres does not truncate."""


def class_name(name: str) -> str:
    """Return *name* in CamelCase: `FileRecord` for `file_record`, and `None_` for `none`, since `None` is reserved."""
    camel = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    return camel + "_" if keyword.iskeyword(camel) else camel


def module_name(name: str) -> str:
    """Return the module of a table called *name*, which is also the variable in it."""
    # `from __future__ import annotations` uses this name.
    return name + "_" if name == "annotations" else attribute_name(name)


def attribute_name(name: str) -> str:
    """Return the Python attribute of a column called *name*: with `_` appended if it is reserved."""
    taken = keyword.iskeyword(name) or name in RESERVED_ATTRIBUTES
    return name + "_" if taken else name


def member_name(value: str) -> str:
    """Return the enum member of *value*: `UPPER_CASE`, every other character an underscore."""
    member = "".join(c if c.isalnum() and c.isascii() else "_" for c in value).upper()
    return f"_{member}" if not member or member[0].isdigit() else member


def constraint_name(table: str, parts: Iterable[str], suffix: str) -> str:
    """Return `table_parts_suffix`, shortened to 63 bytes."""
    return shortened("_".join([table, *parts, suffix]))


def own_name(table: str, name: str) -> str:
    """Return a name of the spec, with the table in front unless it already begins with it."""
    return shortened(name if name == table or name.startswith(f"{table}_") else f"{table}_{name}")


def shortened(name: str) -> str:
    """Return *name*, cut to 63 bytes; a cut name ends in eight hexadecimal digits of the full name's hash."""
    encoded = name.encode()
    if len(encoded) <= MAX_BYTES:
        return name
    digest = hashlib.blake2b(encoded, digest_size=4).hexdigest()
    head = encoded[: MAX_BYTES - 9].decode(errors="ignore")
    return f"{head}_{digest}"


def primary_key_name(table: str) -> str:
    """Return the name of a table's primary key."""
    return constraint_name(table, (), "pkey")


def unique_name(table: str, columns: Iterable[str]) -> str:
    """Return the name of a unique constraint."""
    return constraint_name(table, columns, "key")


def foreign_key_name(table: str, columns: Iterable[str]) -> str:
    """Return the name of a foreign key."""
    return constraint_name(table, columns, "fkey")


def index_name(table: str, columns: Iterable[str]) -> str:
    """Return the name of an index; expressions count as `expr`."""
    return constraint_name(table, columns, "idx")


def bounds_index_name(index: str) -> str:
    """Return the name of SQLite's additional index over the bounds of ranges."""
    return shortened(f"{index}_bounds")


def type_check_name(table: str, column: str) -> str:
    """Return the name of the check of a column's type."""
    return constraint_name(table, (column,), "type_check")


def exclusion_name(table: str, columns: Iterable[str]) -> str:
    """Return the name of an exclusion constraint."""
    return constraint_name(table, columns, "excl")
