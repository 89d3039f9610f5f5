"""The names that follow from a schema's own: classes, attributes, accessors, constraints."""

from __future__ import annotations

import hashlib
import keyword
from collections.abc import Iterable

# Attributes that SQLAlchemy's declarative classes and msgspec's structs keep for themselves.
RESERVED_ATTRIBUTES = frozenset({"metadata", "registry"})

MAX_BYTES = 63
"""The longest identifier that Postgres keeps whole."""


def class_name(name: str) -> str:
    """*name* in CamelCase: `file_record` gives `FileRecord`; `none` gives `None_`, which Python allows."""
    camel = "".join(part[:1].upper() + part[1:] for part in name.split("_"))
    return camel + "_" if keyword.iskeyword(camel) else camel


def module_name(name: str) -> str:
    """The module of a table called *name*, and the variable in it."""
    # `from __future__ import annotations` has taken the one name.
    return name + "_" if name == "annotations" else attribute_name(name)


def attribute_name(name: str) -> str:
    """The Python attribute of a column called *name*: with `_` appended where it is taken."""
    taken = keyword.iskeyword(name) or name in RESERVED_ATTRIBUTES
    return name + "_" if taken else name


def member_name(value: str) -> str:
    """The enum member of *value*: `UPPER_CASE`, every other character an underscore."""
    member = "".join(c if c.isalnum() and c.isascii() else "_" for c in value).upper()
    return f"_{member}" if not member or member[0].isdigit() else member


def constraint_name(table: str, parts: Iterable[str], suffix: str) -> str:
    """`table_parts_suffix`, at most 63 bytes: a longer one is cut and ends in a hash of the whole."""
    return shortened("_".join([table, *parts, suffix]))


def own_name(table: str, name: str) -> str:
    """A name the spec gives: with the table in front unless it is there already."""
    return shortened(name if name == table or name.startswith(f"{table}_") else f"{table}_{name}")


def shortened(name: str) -> str:
    """*name*, cut to 63 bytes; a cut one ends in eight hexadecimal digits of the whole one's hash."""
    encoded = name.encode()
    if len(encoded) <= MAX_BYTES:
        return name
    digest = hashlib.blake2b(encoded, digest_size=4).hexdigest()
    head = encoded[: MAX_BYTES - 9].decode(errors="ignore")
    return f"{head}_{digest}"


def primary_key_name(table: str) -> str:
    """The name of a table's primary key."""
    return constraint_name(table, (), "pkey")


def unique_name(table: str, columns: Iterable[str]) -> str:
    """The name of a unique constraint."""
    return constraint_name(table, columns, "key")


def foreign_key_name(table: str, columns: Iterable[str]) -> str:
    """The name of a foreign key."""
    return constraint_name(table, columns, "fkey")


def index_name(table: str, columns: Iterable[str]) -> str:
    """The name of an index; expressions count as `expr`."""
    return constraint_name(table, columns, "idx")


def bounds_index_name(index: str) -> str:
    """The name of the index over bounds that SQLite has beside an index of ranges."""
    return shortened(f"{index}_bounds")


def type_check_name(table: str, column: str) -> str:
    """The name of the check that a column's type brings."""
    return constraint_name(table, (column,), "type_check")


def exclusion_name(table: str, columns: Iterable[str]) -> str:
    """The name of an exclusion constraint."""
    return constraint_name(table, columns, "excl")
