"""Random schemas with every awkward name and text that the language allows."""

from __future__ import annotations

from typing import Any

from hypothesis import strategies as st

# Keywords of Python and SQL, builtins, and the names that generated modules use.
AWKWARD_NAMES = [
    *("class", "from", "def", "None".lower(), "async", "match", "type", "self", "cls", "lambda", "import", "global"),
    *("select", "order", "group", "user", "table", "index", "primary", "check", "default", "where", "values", "limit"),
    *("int", "str", "list", "dict", "float", "bool", "bytes", "object", "property", "date", "datetime", "uuid"),
    *("column", "row", "c", "types", "sql", "unique", "foreign_key", "primary_key", "exclusion", "annotations"),
    *("lock", "equal", "more", "rows", "conflict", "keys", "items", "get", "pop", "update", "copy", "count"),
    *("storage", "prefix", "matches", "sequence", "iterator", "overload", "opaque", "opaque_table", "any", "meta_data"),
    *("metadata", "registry", "session", "database", "base", "enums", "schema", "package", "testing", "key"),
    *("relationship", "mapped", "typing", "literal", "value", "x", "a_b", "very_" + "long_" * 10 + "name"),
    *("keyed", "composite", "class_var", "from_clause", "all_rows", "named_tuple", "iterable", "typed_dict"),
]
AWKWARD_PROSE = [
    'ends in a quote"',
    '""" + __import__("os").abort() + """',
    "back\\slash \\n \\",
    "{{ plan }} {% raw %} {# no #}",
    "two\nlines\n\n    indented",
    "tab\tand \x7f control \u2028",
    "' OR 1=1; --",
    "%s %(x)s :y",
    "🎉 é  ",
]
prose = (
    st.none()
    | st.sampled_from(AWKWARD_PROSE)
    | st.text(st.characters(codec="utf-8", exclude_characters="\0"), min_size=1, max_size=40)
)

PLAIN_TYPES: list[tuple[dict[str, Any], st.SearchStrategy[Any]]] = [
    ({"type": "smallint"}, st.integers(-(2**15), 2**15 - 1)),
    ({"type": "integer"}, st.integers(-(2**31), 2**31 - 1)),
    ({"type": "bigint"}, st.integers(-(2**63), 2**63 - 1)),
    ({"type": "float"}, st.floats(allow_nan=False, allow_infinity=False)),
    ({"type": "real"}, st.sampled_from([0.0, 0.5, -1.25])),
    ({"type": "decimal", "precision": 9, "scale": 3}, st.decimals(-999, 999, places=3).map(str)),
    ({"type": "decimal", "precision": 18, "scale": 6, "storage": "scaled"}, st.just("123456789012.000001")),
    ({"type": "boolean"}, st.booleans()),
    ({"type": "string", "length": 40}, st.sampled_from(["", *AWKWARD_PROSE]).map(lambda text: text[:40])),
    ({"type": "text"}, st.sampled_from(["", *AWKWARD_PROSE])),
    ({"type": "date"}, st.dates().map(str)),
    ({"type": "time"}, st.times().map(lambda value: value.isoformat())),
    ({"type": "datetime"}, st.datetimes().map(lambda value: value.isoformat())),
    ({"type": "timestamptz", "precision": 3}, st.just("2024-02-29T12:30:15.123+01:00")),
    ({"type": "uuid"}, st.uuids().map(str)),
    (
        {"type": "json", "python": "dict[str, int | None]"},
        st.dictionaries(st.text("ab'\"%\\é"), st.none() | st.integers(0, 9)),
    ),
    ({"type": "array", "of": "text"}, st.lists(st.sampled_from(["", "a'b", "%s", "{}", "\\"]), max_size=3)),
    ({"type": "range", "of": "bigint"}, st.just({"lower": 1, "upper": 5})),
    ({"type": "colour"}, st.sampled_from(["red", "it's %", "1st"])),
    ({"type": "hash", "nbytes": 3}, st.none()),
    ({"type": "bytes"}, st.none()),
    ({"type": "interval"}, st.none()),
]


@st.composite
def columns(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a column: any type, nullable or not, with a default or without."""
    spec, values = draw(st.sampled_from(PLAIN_TYPES))
    column: dict[str, Any] = dict(spec)
    if draw(st.booleans()):
        column["nullable"] = True
    if draw(st.booleans()):
        value = draw(values)
        if value is not None:
            column["default"] = value
    doc = draw(prose)
    if doc is not None:
        column["doc"] = doc
    return column


@st.composite
def tables(draw: st.DrawFn, earlier: list[str]) -> dict[str, Any]:
    """Draw a table with a single or composite key, some columns, and a foreign key to an earlier table."""
    names = draw(st.lists(st.sampled_from(AWKWARD_NAMES), unique=True, min_size=2, max_size=7))
    key, others = names[: (size := draw(st.integers(1, 2)))], names[size:]
    table: dict[str, Any] = {"columns": {}, "primary_key": key}
    for name in key:
        table["columns"][name] = {"type": draw(st.sampled_from(["bigint", "uuid", "date"]))}
    for name in others:
        table["columns"][name] = draw(columns())
    if earlier:
        target = draw(st.sampled_from(earlier))
        table["columns"]["points_at"] = {
            "type": "bigint",
            "nullable": True,
            "references": f"{target}.number",
            "index": True,
        }
        if draw(st.booleans()):
            table["columns"]["points_at"] |= {"relationship": "pointed", "inverse": f"from_{len(earlier)}"}
    table["columns"]["number"] = {
        "type": "bigint",
        "unique": True,
        "column": draw(st.sampled_from(["number", "Odd Name", "Nu-mber"])),
    }
    doc = draw(prose)
    if doc is not None:
        table["doc"] = doc
    return table


@st.composite
def opaque_tables(draw: st.DrawFn, earlier: list[str]) -> dict[str, Any]:
    """Draw an opaque table: perhaps without a key, and without relationships."""
    table = draw(tables(earlier))
    # `fetch` has an argument of this name.
    table["columns"].pop("session", None)
    table["primary_key"] = [name for name in table["primary_key"] if name in table["columns"]]
    if not table["primary_key"] or draw(st.booleans()):
        del table["primary_key"]
    for name in ("relationship", "inverse"):
        table["columns"].get("points_at", {}).pop(name, None)
    return table


@st.composite
def schemas(draw: st.DrawFn) -> dict[str, Any]:
    """Draw a schema of one to four tables and up to three opaque ones, in the form of YAML."""
    # The rules refuse names whose classes would have the names of the package's own classes.
    usable = [name for name in AWKWARD_NAMES if name not in ("session", "database", "base")]
    names = draw(st.lists(st.sampled_from(usable), unique=True, min_size=1, max_size=7))
    drawn: dict[str, Any] = {}
    for name in names[:4]:
        drawn[name] = draw(tables(list(drawn)))
    opaque: dict[str, Any] = {}
    for name in names[4:]:
        opaque[name] = draw(opaque_tables([*drawn, *opaque]))
    doc = draw(prose)
    return {
        "schema": "drawn",
        "version": "1.0.0",
        **({} if doc is None else {"doc": doc}),
        "enums": {"colour": ["red", "it's %", "1st"]},
        "tables": drawn,
        "opaque_tables": opaque,
    }
