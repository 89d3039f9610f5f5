"""Schemas with every kind of dependency between tables, and random edits of them."""

from __future__ import annotations

import copy
import itertools
from collections.abc import Callable
from typing import Any

from hypothesis import strategies as st

Spec = dict[str, Any]

NAMES = ["ant", "bee", "cat", "dog", "eel", "fox", "gnu", "hen", "owl"]
ATTRIBUTES = ["one", "two", "three", "four", "Five", "session"]
TYPES: list[Spec] = [
    {"type": "bigint"},
    {"type": "integer", "default": 3},
    {"type": "text", "default": "x"},
    {"type": "boolean", "default": False},
    {"type": "colour", "default": "red"},
    {"type": "money"},
    {"type": "array", "of": "money"},
    {"type": "string", "length": 9, "nullable": True},
    {"type": "timestamptz", "default_sql": "now", "touch": "now"},
    {"type": "text", "computed": "'a'"},
    {"type": "json", "python": "dict[str, int]", "default": {"a": 1}},
]


def initial_schema() -> Spec:
    """Return a schema of a few tables: a hub, a cycle, a link table, a table that references itself, and a ring of six.

    Two opaque tables reference the hub and each other.
    """

    def table(**columns: Spec) -> Spec:
        return {"columns": {"id": {"type": "bigint", "primary_key": True, "autoincrement": True}, **columns}}

    def to(name: str, relationship: str | None = None, inverse: str | None = None, **more: Any) -> Spec:
        names = {"relationship": relationship, "inverse": inverse}
        return {
            "type": "bigint", "references": f"{name}.id", **{k: v for k, v in names.items() if v is not None}, **more
        }  # fmt: skip

    return {
        "schema": "zoo",
        "version": "1.0.0",
        "enums": {"colour": ["red", "blue"]},
        "types": {"money": {"type": "decimal", "precision": 9, "scale": 2}},
        "mixins": {"stamped": {"columns": {"made": {"type": "timestamptz", "default_sql": "now"}}}},
        "tables": {
            "ant": table(one={"type": "text"}, two={"type": "money"}, cat=to("cat", "top", nullable=True))
            | {"relationships": {"bees": {"order_by": "one"}}},
            "bee": table(one={"type": "text"}, ant=to("ant", "ant_of", "bees")) | {"include": ["stamped"]},
            "cat": table(one={"type": "text"}, bee=to("bee", "host", nullable=True), ant=to("ant", "owner", "cats")),
            "dog": table(one={"type": "text"}, up=to("dog", "parent", "children", nullable=True))
            | {"relationships": {"cats": {"through": "eel", "inverse": "dogs", "order_by": "one"}}},
            "eel": table(dog=to("dog"), cat=to("cat")) | {"unique": [["dog", "cat"]]},
            **{f"ring_{n}": table(one={"type": "text"}, to=to(f"ring_{(n + 1) % 6}")) for n in range(6)},
        },
        "opaque_tables": {
            "fox": table(ant=to("ant")),
            "owl": table(fox=to("fox", nullable=True), shade={"type": "colour", "default": "red"}),
        },
    }


Edit = Callable[[st.DataObject, Spec], None]


def _table(data: st.DataObject, spec: Spec) -> Spec:
    section = data.draw(st.sampled_from(["tables"] * 5 + [name for name in ("opaque_tables",) if spec.get(name)]))
    tables: Spec = spec[section]
    return tables[data.draw(st.sampled_from(sorted(tables)))] if tables else {"columns": {}}


def change_column(data: st.DataObject, spec: Spec) -> None:
    """Change the type of a column, or add one."""
    columns = _table(data, spec)["columns"]
    columns[data.draw(st.sampled_from(ATTRIBUTES))] = dict(data.draw(st.sampled_from(TYPES)))


def change_option(data: st.DataObject, spec: Spec) -> None:
    """Add an option to a column, or remove it."""
    columns = _table(data, spec)["columns"]
    if columns:
        column = columns[data.draw(st.sampled_from(sorted(columns)))]
        key, value = data.draw(
            st.sampled_from(
                [("nullable", True), ("unique", True), ("index", True), ("doc", "It is."), ("column", "Stored"),
                 ("renamed_from", "old"), ("on_delete", "cascade"), ("on_delete", "set null"), ("meta", {"a": [1]}),
                 ("deprecated", "No."), ("primary_key", True), ("type", "money"), ("inverse", "kin"),
                 ("relationship", "kith")]
            )
        )  # fmt: skip
        if column.get(key) == value:
            del column[key]
        else:
            column[key] = value


def change_nullability(data: st.DataObject, spec: Spec) -> None:
    """Make a foreign key nullable, or not nullable."""
    columns = [column for column in _table(data, spec)["columns"].values() if "references" in column]
    if columns:
        column = data.draw(st.sampled_from(columns))
        column["nullable"] = not column.get("nullable", False)


def drop_column(data: st.DataObject, spec: Spec) -> None:
    """Remove a column."""
    columns = _table(data, spec)["columns"]
    if columns:
        del columns[
            "one" if "one" in columns and data.draw(st.booleans()) else data.draw(st.sampled_from(sorted(columns)))
        ]


def add_foreign_key(data: st.DataObject, spec: Spec) -> None:
    """Add a foreign key to another table, or to the same one."""
    target = data.draw(st.sampled_from(NAMES))
    number = data.draw(st.integers(1, 3))
    column: Spec = {"type": "bigint", "references": f"{target}.{data.draw(st.sampled_from(['id', 'id', 'id', 'one']))}"}
    if data.draw(st.booleans()):
        column["relationship"] = f"its_{target}_{number}"
        if data.draw(st.booleans()):
            column["inverse"] = data.draw(st.sampled_from([f"kin_{number}", "one", "kin"]))
    if data.draw(st.booleans()):
        column["nullable"] = True
    _table(data, spec)["columns"][f"{target}_{number}"] = column


def change_relationship(data: st.DataObject, spec: Spec) -> None:
    """Change the options of a relationship."""
    table = _table(data, spec)
    name = data.draw(st.sampled_from(["kin", "kin_1", "kin_2", "bees", "cats", "dogs", "one"]))
    options = data.draw(
        st.sampled_from(
            [None, {"order_by": "one"}, {"order_by": "two"}, {"one": True}, {"through": "eel"},
             {"through": "eel", "order_by": "one"}, {"through": "eel", "inverse": "two"}, {"through": "hen"}]
        )
    )  # fmt: skip
    table.setdefault("relationships", {}).pop(name, None)
    if options is not None:
        table["relationships"][name] = dict(options)


def change_table(data: st.DataObject, spec: Spec) -> None:
    """Add an option to a table, or remove it."""
    table = _table(data, spec)
    key, value = data.draw(
        st.sampled_from(
            [("doc", "Rows."), ("table", "Stored"), ("class", "Other"), ("accessor", "others"),
             ("include", ["stamped"]), ("indexes", [["one", "two"]]), ("unique", [["one", "two"]]),
             ("checks", {"right": "one <> ''"}), ("renamed_from", "yak"), ("meta", {"b": None}),
             ("indexes", [{"columns": ["id"], "where": "one = 'a'"}]), ("primary_key", ["id"]), ("indexes", [["id"]]),
             ("exclusions", [{"elements": [["id", "="]]}])]
        )
    )  # fmt: skip
    if table.get(key) == value:
        del table[key]
    else:
        table[key] = copy.deepcopy(value)


def add_table(data: st.DataObject, spec: Spec) -> None:
    """Add a table, or empty one."""
    section = data.draw(st.sampled_from(["tables", "tables", "opaque_tables"]))
    columns = {"id": {"type": "bigint", "primary_key": True}} if data.draw(st.booleans()) else {"one": {"type": "text"}}
    spec[section][data.draw(st.sampled_from(NAMES))] = {"columns": columns}


def drop_table(data: st.DataObject, spec: Spec) -> None:
    """Remove a table."""
    section = data.draw(st.sampled_from(["tables", "tables", "opaque_tables"]))
    spec[section].pop(data.draw(st.sampled_from(NAMES)), None)


def move_table(data: st.DataObject, spec: Spec) -> None:
    """Make a table opaque, or make an opaque table an ordinary one."""
    name = data.draw(st.sampled_from(NAMES))
    for section, other in (("tables", "opaque_tables"), ("opaque_tables", "tables")):
        if name in spec[section] and name not in spec[other]:
            spec[other][name] = spec[section].pop(name)
            break


def rename_table(data: st.DataObject, spec: Spec) -> None:
    """Rename a table, and perhaps the references to it."""
    old, new = data.draw(st.sampled_from(NAMES)), data.draw(st.sampled_from(NAMES))
    if old in spec["tables"] and new not in spec["tables"]:
        spec["tables"] = {new if name == old else name: body for name, body in spec["tables"].items()}
        if data.draw(st.booleans()):
            for body in spec["tables"].values():
                for column in body["columns"].values():
                    if str(column.get("references")).startswith(f"{old}."):
                        column["references"] = f"{new}.{column['references'].partition('.')[2]}"


def swap_tables(data: st.DataObject, spec: Spec) -> None:
    """Change the order of the tables."""
    spec["tables"] = {name: spec["tables"][name] for name in data.draw(st.permutations(sorted(spec["tables"])))}


def change_other_section(data: st.DataObject, spec: Spec) -> None:
    """Change an enum, a type, a mixin or a key of the schema."""
    kind = data.draw(
        st.sampled_from(["enum", "class", "type", "unused", "mixin", "index", "check", "doc", "version", "native"])
    )
    match kind:
        case "enum":
            spec["enums"]["colour"] = data.draw(st.sampled_from([["red"], ["blue"], ["red", "green"]]))
        case "class":
            spec["enums"]["colour"] = {"values": ["red"], "class": data.draw(st.sampled_from(["Tint", "Hue"]))}
        case "native":
            spec["enums"]["colour"] = {"values": ["red"], "storage": "native"}
        case "type":
            spec["types"]["money"]["scale"] = data.draw(st.integers(1, 9))
        case "unused":
            spec["types"]["unused"] = {"type": "text"}
        case "mixin":
            column = data.draw(st.sampled_from(["made", "one", "three"]))
            spec["mixins"]["stamped"]["columns"] = {column: {"type": "text", "nullable": True}}
        case "check":
            spec["mixins"]["stamped"]["checks"] = {"some": "one <> ''"}
        case "index":
            spec["mixins"]["stamped"]["indexes"] = [["id"]]
        case _:
            spec[kind] = data.draw(st.sampled_from(["1.0.1", "2.0.0"]))


def introduce_mistake(data: st.DataObject, spec: Spec) -> None:
    """Introduce a typical mistake."""
    table = _table(data, spec)
    key, value = data.draw(
        st.sampled_from([("colums", {}), ("doc", 3), ("columns", {"id": {"type": "bigit"}}), ("columns", [])])
    )
    table[key] = value


EDITS: list[Edit] = [
    *itertools.repeat(change_column, 5), *itertools.repeat(change_option, 5), change_nullability, change_nullability,
    drop_column, drop_column, drop_column, add_foreign_key, add_foreign_key, change_relationship, change_relationship,
    change_table, change_table,
    add_table, drop_table, move_table, rename_table, swap_tables, change_other_section, introduce_mistake,
]  # fmt: skip
