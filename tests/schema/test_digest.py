"""The digest of a schema: the same for the same tables, different for each change of them."""

from __future__ import annotations

import re
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from tablewright.schema.canonical import digest
from tablewright.spec.load import load_folder
from tablewright.spec.resolve import resolve

Spec = dict[str, Any]
AUTHOR: Spec = {
    "columns": {
        "id": {"type": "bigint", "primary_key": True, "autoincrement": True},
        "name": {"type": "string", "length": 200},
        "born": {"type": "date", "nullable": True},
    },
}
BOOK: Spec = {
    "columns": {
        "id": {"type": "bigint", "primary_key": True},
        "author_id": {"type": "bigint", "references": "author.id", "relationship": "author", "inverse": "books"},
        "isbn": {"type": "string", "length": 13, "unique": True},
        "title": {"type": "string", "length": 300},
        "genre": {"type": "genre", "default": "fiction"},
        "stock": {"type": "integer", "default": 0},
        "details": {"type": "json", "python": "dict[str, str]"},
    },
    "indexes": [["author_id", "title"], {"columns": ["title"], "where": "stock > 0", "name": "by_title"}],
    "checks": {"stock_not_negative": "stock >= 0", "stock_is_little": "stock < 1000"},
}
SHOP: Spec = {
    "schema": "shop",
    "version": "1.0.0",
    "enums": {"genre": ["fiction", "poetry"], "cover": ["hard", "soft"]},
    "tables": {"author": AUTHOR, "book": BOOK},
    "opaque_tables": {
        "record": {"columns": {"key": {"type": "uuid", "primary_key": True}, "size": {"type": "bigint"}}},
    },
}


@pytest.fixture
def shop_with(tmp_path: Path) -> Callable[..., str]:
    """Return the digest of the shop after a change of its spec."""

    def changed(change: Callable[[Spec], object] = lambda spec: None, *, reverse: bool = False) -> str:
        spec: Spec = yaml.safe_load(yaml.safe_dump(SHOP))
        change(spec)
        if reverse:
            spec = _reversed(spec)
        folder = tmp_path / "shop"
        folder.mkdir(exist_ok=True)
        (folder / "schema.yaml").write_text(yaml.safe_dump(spec, sort_keys=False))
        return digest(resolve(load_folder(folder, root=tmp_path)))

    return changed


def _reversed(item: Any) -> Any:
    """Return the same mappings with their keys in reverse order; lists keep their order."""
    if isinstance(item, dict):
        return {key: _reversed(value) for key, value in reversed(item.items())}
    return [_reversed(value) for value in item] if isinstance(item, list) else item


def put(path: str, value: object) -> Callable[[Spec], None]:
    """Return a change of the spec: *value* at *path*, or its removal."""

    def change(spec: Spec) -> None:
        *way, last = path.split("/")
        target: Any = spec
        for key in way:
            target = target[int(key)] if isinstance(target, list) else target.setdefault(key, {})
        if isinstance(target, list):
            target[int(last) :] = [value] if value is not None else []
        elif value is None:
            del target[last]
        else:
            target[last] = value

    return change


CHANGES = {
    "a table": put("tables/shelf", {"columns": {"id": {"type": "bigint", "primary_key": True}}}),
    "no column": put("tables/author/columns/born", None),
    "a column": put("tables/author/columns/died", {"type": "date", "nullable": True}),
    "a type": put("tables/book/columns/stock/type", "bigint"),
    "a length": put("tables/book/columns/title/length", 301),
    "nullability": put("tables/book/columns/title/nullable", True),
    "a default": put("tables/book/columns/stock/default", 1),
    "no default": put("tables/book/columns/stock/default", None),
    "a default in SQL": put("tables/book/columns/title/default_sql", "'x'"),
    "autoincrement": put("tables/author/columns/id/autoincrement", None),
    "the primary key": put("tables/author/columns/name/primary_key", True),
    "a unique key": put("tables/book/columns/title/unique", True),
    "no unique key": put("tables/book/columns/isbn/unique", None),
    "an index": put("tables/book/indexes/2", ["stock"]),
    "no index": put("tables/book/indexes/1", None),
    "the order of an index": put("tables/book/indexes/0", ["title", "author_id"]),
    "an index's condition": put("tables/book/indexes/1/where", "stock > 1"),
    "an index's uniqueness": put("tables/book/indexes/1/unique", True),
    "a foreign key": put(
        "tables/author/columns/best_id", {"type": "bigint", "references": "book.id", "nullable": True}
    ),
    "no foreign key": lambda spec: spec["tables"]["book"]["columns"].update(author_id={"type": "bigint"}),
    "a foreign key's action": put("tables/book/columns/author_id/on_delete", "cascade"),
    "a check": put("tables/book/checks/title_is_there", "title <> ''"),
    "a check's condition": put("tables/book/checks/stock_not_negative", "stock > 0"),
    "an enum's value": put("enums/genre/2", "essay"),
    "the order of an enum": put("enums/genre", ["poetry", "fiction"]),
    "what JSON holds": put("tables/book/columns/details/python", "list[str]"),
    "the table's name": put("tables/book/table", "books"),
    "the column's name": put("tables/book/columns/title/column", "name_of_it"),
    "an opaque table's column": put("opaque_tables/record/columns/size/type", "integer"),
    "an opaque table": put("opaque_tables/other", {"columns": {"id": {"type": "bigint", "primary_key": True}}}),
    "the schema's name": put("schema", "store"),
}


@pytest.mark.parametrize("change", CHANGES.values(), ids=CHANGES)
def test_each_change_of_the_tables(shop_with: Callable[..., str], change: Callable[[Spec], None]) -> None:
    """Every change that a database can see changes the digest."""
    assert shop_with(change) != shop_with()


NO_CHANGES = {
    "the same": lambda spec: None,
    "the version": put("version", "1.0.1"),
    "a doc of the schema": put("doc", "A shop."),
    "a doc of a table": put("tables/book/doc", "A book."),
    "a doc of a column": put("tables/book/columns/title/doc", "The title."),
    "meta of a table": put("tables/book/meta", {"owner": "x"}),
    "meta of a column": put("tables/book/columns/title/meta", {"unit": "m"}),
    "a deprecation": put("tables/book/columns/title/deprecated", "Use another."),
    "where a column comes from": put("tables/book/columns/title/renamed_from", "name"),
    "where a table comes from": put("tables/book/renamed_from", "books"),
    "a class": put("tables/book/class", "Volume"),
    "an accessor": put("tables/book/accessor", "volumes"),
    "a relationship": put("tables/book/columns/author_id/relationship", "writer"),
    "the other side of one": put("tables/book/columns/author_id/inverse", None),
}


@pytest.mark.parametrize("change", NO_CHANGES.values(), ids=NO_CHANGES)
def test_what_no_database_sees(shop_with: Callable[..., str], change: Callable[[Spec], None]) -> None:
    """Prose, other tools' keys and Python names do not change the digest."""
    assert shop_with(change) == shop_with()


def test_order_does_not_count(shop_with: Callable[..., str]) -> None:
    """The order of tables, columns, enums and checks does not change the digest."""
    assert shop_with(reverse=True) == shop_with()


def test_sources_do_not_count(shop_with: Callable[..., str], tmp_path: Path) -> None:
    """Neither do the files of the spec, nor their language."""
    whole = shop_with()
    folder = tmp_path / "python" / "shop"
    folder.mkdir(parents=True)
    folder.joinpath("schema.py").write_text(
        f"from tablewright.spec.models import SchemaSpec\nSCHEMA = SchemaSpec.model_validate({SHOP!r})\n"
    )
    assert digest(resolve(load_folder(folder, root=tmp_path))) == whole


def test_form(shop_with: Callable[..., str]) -> None:
    """A digest begins with the version of its algorithm."""
    assert re.fullmatch(r"1:[0-9a-f]{64}", shop_with())


def test_no_drift(shop_with: Callable[..., str]) -> None:
    """Databases store digests: this one never changes unless its form does."""
    assert shop_with() == "1:b4d7d5dfc1b79f4beea7b28fcd9305c4e72b4b74089887e0be87592dd0c8765a"
