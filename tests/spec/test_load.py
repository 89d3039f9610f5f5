from __future__ import annotations

import sys
from pathlib import Path

import pytest
import yaml
from hypothesis import HealthCheck, given, settings, strategies as st

from tablewright.spec.load import SpecFolder, load_folder

SPECS = Path(__file__).parents[2] / "specs"
HEAD = "schema: s\nversion: 1.0.0\n"
TABLE = "tables:\n  t:\n    columns:\n      id: {type: bigint, primary_key: true}\n"


def load(folder: Path, **files: str) -> SpecFolder:
    """Write *files* to *folder*, with `_` for the dot in their names, and load the folder."""
    for name, text in files.items():
        stem, _, suffix = name.rpartition("_")
        (folder / f"{stem}.{suffix}").write_text(text, encoding="utf-8")
    return load_folder(folder, root=folder)


def messages(specs: SpecFolder) -> list[str]:
    """Return the diagnostics of *specs* as text."""
    return [str(diagnostic) for diagnostic in specs.diagnostics]


def test_a_good_folder_has_no_problems() -> None:
    """The bookstore loads completely, with locations relative to the root."""
    specs = load_folder(SPECS / "bookstore", root=SPECS.parent)
    assert specs.diagnostics == ()
    assert specs.spec is not None
    assert list(specs.spec.tables) == ["author", "book", "customer", "order", "order_line"]
    assert specs.files == ("specs/bookstore/schema.yaml",)
    assert str(specs.locations.key(("tables", "book"))) == "specs/bookstore/schema.yaml:27:3"
    assert str(specs.locations.value(("tables", "book", "columns", "isbn", "length"))).endswith("33:36")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (
            "tables: {t: {colums: {}}}",
            "a.yaml:3:14: error[unknown-key]: `colums` is not a key of a table. Did you mean `columns`?",
        ),
        (
            "tables: {t: {columns: {a: {nullable: true}}}}",
            "a.yaml:3:24: error[missing-key]: a column must have `type`.",
        ),
        (
            "tables: {t: {columns: {a: {type: text, codec: m:C}}}}",
            "a.yaml:3:40: error[unknown-key]: `codec` is not a key of a column. "
            "Give it to a type under `types`, and give the column that type.",
        ),
        (
            "types: {t: {type: string, length: '3'}}",
            "a.yaml:3:35: error[wrong-type]: `length` is the text `3`; expected a whole number.",
        ),
        (
            "enums: {e: [a, 1]}",
            "a.yaml:3:16: error[wrong-type]: item 2 of `values` is the number 1; expected text. Put it in quotes.",
        ),
        ("enums: {e: []}", "a.yaml:3:12: error[wrong-value]: `values` is empty; it must have at least one item."),
        (
            "enums: {e: x}",
            "a.yaml:3:12: error[wrong-type]: `e` is the text `x`; expected a list of values or a mapping.",
        ),
        (
            "tables: {t: {columns: {a: {type: x, on_delete: cascde}}}}",
            "a.yaml:3:48: error[wrong-value]: `cascde` is not a value of `on_delete`; expected `cascade`, `set null`, "
            "`set default`, `restrict` or `no action`. Did you mean `cascade`?",
        ),
        (
            "types: {t: {type: text, sql: {mysql: x}}}",
            "a.yaml:3:31: error[unknown-key]: `mysql` is not a key of `sql`; expected `sqlite` or `postgresql`.",
        ),
        (
            "tables: {t: {columns: {a: {type: array, of: {type: text, lngth: 1}}}}}",
            "a.yaml:3:58: error[unknown-key]: `lngth` is not a key of a type. Did you mean `length`?",
        ),
        ("tables: {t: {columns: {a: }}}", "a.yaml:3:27: error[wrong-type]: `a` is empty; expected a mapping."),
        (
            "tables: {t: {exclusions: [{elements: [[a]]}]}}",
            "a.yaml:3:39: error[wrong-type]: item 1 of `elements` is a list; expected a list of two.",
        ),
        (
            "tables: {t: {foreign_keys: [{columns: [a], references: 3}]}}",
            "a.yaml:3:56: error[wrong-type]: `references` is the number 3; expected `table.column` or a mapping.",
        ),
        ("tables: {t: {checks: {c: 3}}}", "a.yaml:3:26: error[wrong-type]: `c` is the number 3; expected SQL text."),
    ],
)
def test_a_refusal_says_where_what_and_why(tmp_path: Path, text: str, expected: str) -> None:
    """Every validation error has its location, its rule and the expected value."""
    assert messages(load(tmp_path, a_yaml=HEAD + text)) == [expected]


@pytest.mark.parametrize("key", ["name", "class_", "table_name"])
def test_names_of_the_models_are_no_keys_of_yaml(tmp_path: Path, key: str) -> None:
    """A table in YAML takes its name from its key, its class from `class`."""
    specs = load(tmp_path, a_yaml=f"{HEAD}tables: {{t: {{{key}: x}}}}")
    assert [diagnostic.rule for diagnostic in specs.diagnostics] == ["unknown-key"]


def test_all_problems_come_at_once_and_the_rest_is_kept(tmp_path: Path) -> None:
    """Invalid parts are left out and listed as incomplete; the rest can still be checked."""
    text = f"{HEAD}{TABLE}      a: {{type: text, lenght: 3}}\n      b:\n  u: {{columns: 3}}\nenums: {{e: [x]}}\n"
    specs = load(tmp_path, a_yaml=text)
    assert [(diagnostic.rule, diagnostic.location.line) for diagnostic in specs.diagnostics] == [
        ("unknown-key", 7),
        ("wrong-type", 8),
        ("wrong-type", 9),
    ]
    assert specs.spec is not None
    assert list(specs.spec.tables["t"].columns) == ["id", "a"]
    assert list(specs.spec.enums) == ["e"]
    assert specs.incomplete == {("tables", "t", "columns", "a"), ("tables", "t", "columns", "b"), ("tables", "u")}


def test_problems_come_in_the_order_of_the_file(tmp_path: Path) -> None:
    """Diagnostics of the YAML reader and of the models are sorted together."""
    specs = load(tmp_path, a_yaml=f"{HEAD}tables: {{t: {{colums: {{}}}}}}\nenums: {{e: [x], e: [y]}}\n")
    assert [diagnostic.rule for diagnostic in specs.diagnostics] == ["unknown-key", "yaml-duplicate-key"]


def test_several_files_make_one_schema(tmp_path: Path) -> None:
    """YAML and Python files of a folder are read in the order of their names; other files are ignored."""
    (tmp_path / "versions").mkdir()
    (tmp_path / "versions" / "old.yaml").write_text("nonsense")
    specs = load(
        tmp_path,
        b_yaml=HEAD,
        c_yml="tables: {u: {columns: {}}}",
        a_py="from tablewright.spec.models import TableSpec\nTABLES = [TableSpec(name='t')]\n",
        _shared_py="raise SystemExit",
        notes_txt="nonsense",
    )
    assert messages(specs) == []
    assert specs.files == ("a.py", "b.yaml", "c.yml")
    assert specs.spec is not None
    assert list(specs.spec.tables) == ["t", "u"]
    assert str(specs.locations.key(("tables", "t"))) == "a.py:2:11"
    assert str(specs.locations.key(("tables", "u"))) == "c.yml:1:10"


def test_what_is_given_twice_names_both_places(tmp_path: Path) -> None:
    """A name in two files is an error, and so is a key that only one file may have."""
    specs = load(tmp_path, a_yaml=HEAD + TABLE, b_yaml=HEAD + TABLE)
    assert messages(specs) == [
        "b.yaml:1:1: error[duplicate-name]: `schema` is given twice; the first is at a.yaml:1:1. Keep one of them.",
        "b.yaml:2:1: error[duplicate-name]: `version` is given twice; the first is at a.yaml:2:1. Keep one of them.",
        "b.yaml:4:3: error[duplicate-name]: the table `t` is given twice; the first is at a.yaml:4:3. "
        "Keep one of them.",
    ]


def test_two_tables_of_one_list_name_both_places(tmp_path: Path) -> None:
    """Two tables of the same name in a list are an error with both locations."""
    text = "from tablewright.spec.models import TableSpec as T\nTABLES = [\n  T(name='t'),\n  T(name='t'),\n]\n"
    assert messages(load(tmp_path, a_yaml=HEAD, b_py=text)) == [
        "b.py:4:3: error[duplicate-name]: the table `t` is given twice; the first is at b.py:3:3. Keep one of them."
    ]


def test_schema_and_version_must_be_stated(tmp_path: Path) -> None:
    """`schema` and `version` are required in one of the files."""
    assert messages(load(tmp_path, a_yaml=TABLE)) == [
        "a.yaml:1:1: error[missing-key]: a schema must have `schema`; no file has it.",
        "a.yaml:1:1: error[missing-key]: a schema must have `version`; no file has it.",
    ]


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("x = 1/0\n", "a.py:1:5: error[python-error]: running the file raised ZeroDivisionError: division by zero."),
        ("import nowhere_at_all\n", "a.py:1:1: error[python-error]: running the file raised ModuleNotFoundError"),
        ("\nTABLES = [\n", "a.py:2:10: error[python-error]: not Python: '[' was never closed."),
        ("raise SystemExit\n", "a.py:1:1: error[python-error]: running the file raised SystemExit."),
        ("x = 1\n", "a.py:1:1: error[python-file]: the file defines neither `SCHEMA` nor `TABLES`."),
        ("TABLES = [1]\n", "a.py:1:1: error[python-file]: `TABLES` is not a list of `TableSpec`."),
        ("SCHEMA = 1\n", "a.py:1:1: error[python-file]: `SCHEMA` is a `int`, not a `SchemaSpec`."),
        (
            "from tablewright.spec.models import *\nTABLES = [\n  ColumnSpec(typ='x'),\n]\n",
            "a.py:3:3: error[missing-key]: a column must have `type`.",
        ),
        (
            "from tablewright.spec.models import *\nTABLES = [TableSpec(name='t', meta={'a': object()})]\n",
            "a.py:2:11: error[wrong-value]: `meta`: it cannot be written as JSON (",
        ),
        (
            "from tablewright.spec.models import *\nTABLES = [TableSpec(columns={})]\n",
            "a.py:2:11: error[missing-key]: a table must have `name`.",
        ),
    ],
)
def test_a_python_file_that_fails_is_a_problem_with_its_line(tmp_path: Path, text: str, expected: str) -> None:
    """Any exception of a Python file becomes a diagnostic."""
    specs = load(tmp_path, a_py=text)
    assert messages(specs)[0].startswith(expected)
    assert specs.spec is None


def test_files_of_one_folder_may_import_each_other(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A Python file can import its neighbours; they are invisible to the next folder, and nothing is written."""
    monkeypatch.setattr(sys, "dont_write_bytecode", False)
    for version in ("one", "two"):
        folder = tmp_path / version
        folder.mkdir()
        specs = load(
            folder,
            _names_py=f"TABLE = '{version}'\n",
            a_py="from _names import TABLE\nfrom tablewright.spec.models import TableSpec\n"
            "TABLES = [TableSpec(name=TABLE)]\n",
            b_yaml=HEAD,
        )
        assert specs.spec is not None
        assert list(specs.spec.tables) == [version]
        assert not (folder / "__pycache__").exists()


def test_an_empty_or_missing_folder_is_a_problem(tmp_path: Path) -> None:
    """A folder without spec files, or a missing one, is one error without a spec."""
    assert messages(load_folder(tmp_path, root=tmp_path.parent)) == [
        f"{tmp_path.name}:1:1: error[no-spec-files]: the folder contains no `.yaml` and no `.py` file."
    ]
    assert [diagnostic.rule for diagnostic in load_folder(tmp_path / "gone").diagnostics] == ["unreadable-file"]


@pytest.mark.parametrize("content", [b"\xff\xfe", b"- 1", b"text", b"a: [", b"a: &a [*a]", b"\t a: 1", b"\x00"])
def test_what_is_no_mapping_is_a_problem(tmp_path: Path, content: bytes) -> None:
    """A file that is not a YAML mapping is an error."""
    (tmp_path / "a.yaml").write_bytes(content)
    specs = load_folder(tmp_path)
    assert specs.failed
    assert specs.spec is None


VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats() | st.text(max_size=5),
    lambda inner: st.lists(inner, max_size=3) | st.dictionaries(st.text(max_size=5), inner, max_size=3),
    max_leaves=5,
)


def _replaced(data: object, draw: st.DataObject, value: object) -> object:
    if isinstance(data, dict) and data and draw.draw(st.integers(0, 4)):
        key = draw.draw(st.sampled_from(list(data)))
        return {**data, key: _replaced(data[key], draw, value)}
    if isinstance(data, list) and data and draw.draw(st.integers(0, 4)):
        index = draw.draw(st.integers(0, len(data) - 1))
        return [*data[:index], _replaced(data[index], draw, value), *data[index + 1 :]]
    return value


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(draw=st.data(), value=VALUES)
def test_odd_values_anywhere_never_crash(tmp_path: Path, draw: st.DataObject, value: object) -> None:
    """Any value in any part of a spec loads, or is refused with a location in the file."""
    whole = yaml.safe_load((SPECS / "bookstore" / "schema.yaml").read_text(encoding="utf-8"))
    text = yaml.safe_dump(_replaced(whole, draw, value), allow_unicode=True)
    specs = load(tmp_path, a_yaml=text)
    lines = len(text.splitlines())
    assert all(
        diagnostic.location.file == "a.yaml" and 1 <= diagnostic.location.line <= lines
        for diagnostic in specs.diagnostics
    )
    assert specs.failed or specs.spec is not None
