"""Names that clash in a package or in a database."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from tablewright.rules.lint import lint
from tablewright.spec.load import load_folder
from tablewright.spec.models import ColumnSpec, TableSpec

ID: dict[str, Any] = {"type": "bigint", "primary_key": True}
PLAIN = {"columns": {"id": ID}}


def messages(folder: Path, **sections: object) -> list[str]:
    """Return the rules and messages of the errors in a schema with these *sections*."""
    (folder / "schema.yaml").write_text(
        json.dumps({"schema": "shop", "version": "1.0.0", **sections}), encoding="utf-8"
    )
    diagnostics = lint(load_folder(folder))
    return [f"{diagnostic.rule}: {diagnostic.message}" for diagnostic in diagnostics if diagnostic.severity == "error"]


@pytest.mark.parametrize(
    ("names", "clash"),
    [
        (("book", "book_row"), "BookRow"),
        (("book", "book_columns"), "BookColumns"),
        (("book", "async_book_table"), "AsyncBookTable"),
        (("a1", "a_1"), "A1"),
        (("base",), "Base"),
        (("async_session",), "AsyncSession"),
        (("class", "class_"), "class_"),
        (("x" * 60, "x" * 60 + "_y"), None),
        (("book", "bookrow"), None),
        (("metadata", "registry", "import", "self", "table", "order", "user"), None),
    ],
)
def test_tables(tmp_path: Path, names: tuple[str, ...], clash: str | None) -> None:
    """Tables are refused exactly if their modules or classes clash."""
    diagnostics = messages(tmp_path, tables=dict.fromkeys(names, PLAIN))
    assert bool(diagnostics) == (clash is not None)
    for diagnostic in diagnostics:
        assert diagnostic.startswith("name-clash: ")
        assert f"`{clash}`" in diagnostic


@pytest.mark.parametrize(
    ("tables", "opaque", "clash"),
    [
        (("file",), ("file",), "file"),
        (("a1",), ("a_1",), "A1Columns"),
        (("file_part",), ("file",), "FilePart"),
        (("file_storage",), ("file",), "FileStorage"),
        ((), ("file", "file_where"), None),
        ((), ("class", "class_"), "class_"),
        (("file_row",), ("file",), "FileRow"),
        ((), ("base", "session", "database", "opaque", "opaque_table_storage_manager"), None),
        (("class_",), ("class",), "ClassColumns"),
    ],
)
def test_opaque_tables(tmp_path: Path, tables: tuple[str, ...], opaque: tuple[str, ...], clash: str | None) -> None:
    """Opaque tables have other classes, no entity, and separate modules."""
    diagnostics = messages(tmp_path, tables=dict.fromkeys(tables, PLAIN), opaque_tables=dict.fromkeys(opaque, PLAIN))
    assert bool(diagnostics) == (clash is not None)
    for diagnostic in diagnostics:
        assert diagnostic.startswith("name-clash: ")
        assert f"`{clash}`" in diagnostic


def test_tables_that_no_code_is_generated_for(tmp_path: Path) -> None:
    """A column of an opaque table cannot be called like an argument of `fetch`; one of a temporary table can."""
    columns = {"id": ID, "session": {"type": "uuid"}, "batch_size": {"type": "integer"}}
    diagnostics = messages(tmp_path, opaque_tables={"upload": {"columns": columns}})
    assert [diagnostic.partition(":")[0] for diagnostic in diagnostics] == ["opaque-argument"] * 2
    spec = TableSpec(name="upload", columns={name: ColumnSpec(**column) for name, column in columns.items()})
    assert [column.name for column in spec.definition().columns] == list(columns)


def test_native_enum_and_table(tmp_path: Path) -> None:
    """A native enum and a table share one namespace of Postgres."""
    tables = {"shelf": {"table": "genre", "columns": {"id": ID, "genre": {"type": "genre"}}}}
    enums = {"genre": {"values": ["a"], "storage": "native"}}
    (diagnostic,) = messages(tmp_path, enums=enums, tables=tables)
    assert "the native enum `genre` would be called `genre` in the database" in diagnostic
    enums["genre"].pop("storage")
    assert messages(tmp_path, enums=enums, tables=tables) == []


def test_index_of_one_table_and_another_table(tmp_path: Path) -> None:
    """An index cannot have the name of a table."""
    book = {"columns": {"id": ID, "title": {"type": "text", "index": True}}}
    (diagnostic,) = messages(tmp_path, tables={"book": book, "book_title_idx": PLAIN})
    assert "an index of `book` would be called `book_title_idx`" in diagnostic


def test_mixin_in_two_tables_gives_one_inverse_twice(tmp_path: Path) -> None:
    """The inverse of a foreign key in a mixin clashes if two tables include the mixin."""
    owner = {"type": "bigint", "references": "user.id", "relationship": "owner", "inverse": "things"}
    part = {**PLAIN, "include": ["owned"]}
    (diagnostic,) = messages(
        tmp_path, mixins={"owned": {"columns": {"owner_id": owner}}}, tables={"user": PLAIN, "a": part, "b": part}
    )
    assert diagnostic == "inverse-clash: the inverse `things` is already the inverse of a foreign key of `a`."


@pytest.mark.parametrize(("inverse", "clashes"), [("books", False), ("label", True), ("tags", False)])
def test_inverse_of_a_many_to_many_relationship(tmp_path: Path, inverse: str, clashes: bool) -> None:
    """The inverse of a relationship through a link table cannot clash either."""
    ends = {
        name: {"type": "bigint", "primary_key": True, "references": f"{name.removesuffix('_id')}.id"}
        for name in ("book_id", "tag_id")
    }
    tables = {
        "book": {**PLAIN, "relationships": {"tags": {"through": "book_tag", "inverse": inverse}}},
        "tag": {"columns": {"id": ID, "label": {"type": "text"}}},
        "book_tag": {"columns": ends},
    }
    diagnostics = messages(tmp_path, tables=tables)
    assert [diagnostic.partition(":")[0] for diagnostic in diagnostics] == (["inverse-clash"] if clashes else [])
