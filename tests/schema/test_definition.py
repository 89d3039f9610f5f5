"""The definitions of a schema: lookup by name, and equality by content."""

from __future__ import annotations

import msgspec
import pytest

from tablewright.schema import definition as d
from tablewright.schema.canonical import digest, from_json, to_json


def table(name: str) -> d.Table:
    """Return a table of one column."""
    column = d.Column(name="class", attribute="class_", column="Class", type=d.Type(kind="text"))
    return d.Table(name=name, table=name, class_name=name.title(), accessor=name, columns=(column,))


def schema() -> d.Schema:
    """Return a schema of two tables and an enum."""
    genre = d.Enum(name="genre", class_name="Genre", values=("fiction",))
    return d.Schema(name="shop", version="1.0.0", enums=(genre,), tables=(table("a"), table("b")))


def test_what_is_there_is_found_by_name() -> None:
    """Tables and enums are found by their name in the spec, columns by their attribute; others are a `KeyError`."""
    made = schema()
    assert made.table("b") is made.tables[1]
    assert made.enum("genre") is made.enums[0]
    assert made.table("a").column("class_") is made.tables[0].columns[0]
    for find, name in ((made.table, "c"), (made.enum, "a"), (made.table("a").column, "class")):
        with pytest.raises(KeyError, match=name):
            find(name)


def test_a_definition_is_what_it_says() -> None:
    """A lookup by name changes neither equality nor JSON nor digest, and is not copied."""
    asked, fresh = schema(), schema()
    asked.table("a").column("class_")
    asked.enum("genre")
    assert asked == fresh
    assert repr(asked) == repr(fresh)
    assert (to_json(asked), digest(asked)) == (to_json(fresh), digest(fresh))
    assert from_json(to_json(asked)) == asked
    changed = msgspec.structs.replace(asked, tables=(table("c"),))
    assert changed.table("c") is changed.tables[0]
    with pytest.raises(KeyError, match="a"):
        changed.table("a")
