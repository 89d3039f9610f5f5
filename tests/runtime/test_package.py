"""The names of a generated package."""

from __future__ import annotations

import subprocess
import sys

import msgspec
import pytest
from sqlalchemy import MetaData

import bookstore
import observatory
from tablewright.runtime.errors import InterfaceMismatchError
from tablewright.runtime.package import Package, SchemaInfo

INFO = SchemaInfo(name="shelf", version="1.0.0", digest="0")


def test_every_name_of_the_package_loads() -> None:
    """All that `dir` shows can be had, and is what its name says."""
    names = dir(bookstore)
    assert {"Book", "BookRow", "BookInsert", "BookUpdate", "BookFilter", "BookTable", "Genre", "metadata"} <= set(names)
    for name in names:
        assert getattr(bookstore, name) is not None
    assert bookstore.BookRow.__name__ == "BookRow"
    assert bookstore.OrderLineKey._fields == ("order_id", "number")


def test_opaque_tables_have_names_of_their_own() -> None:
    """The rows, storages and the manager of opaque tables load by name; they have no entity, and no other verbs."""
    classes = {f"Transfer{suffix}" for suffix in ("Columns", "Insert", "Part", "Row", "Storage", "Filter")}
    assert classes | {"OpaqueTableStorageManager"} <= set(dir(observatory))
    for name in classes:
        assert getattr(observatory, name).__name__ == name
    assert observatory.OpaqueTableStorageManager.__module__ == "observatory.opaque._manager"
    assert not {"Transfer", "TransferTable", "TransferUpdate"} & set(dir(observatory))
    assert not hasattr(observatory, "Transfer")
    assert not hasattr(bookstore, "OpaqueTableStorageManager")


def test_an_unknown_name_names_the_nearest() -> None:
    """A misspelt name is an AttributeError with a suggestion."""
    with pytest.raises(AttributeError, match=r"no attribute 'BookRwo'\. Did you mean 'BookRow'"):
        _ = bookstore.BookRwo  # type: ignore[attr-defined]  # the point of the test
    assert not hasattr(bookstore, "AuthorKey")
    assert not hasattr(bookstore, "__wrapped__")


def test_code_for_another_runtime_is_refused() -> None:
    """The error says which command mends it."""
    with pytest.raises(InterfaceMismatchError, match="tablewright generate shelf"):
        Package("shelf", interface=0, metadata=MetaData(), schema=INFO, tables={})


def test_accessors_that_differ_from_their_module() -> None:
    """The accessor of a table may have a name of its own; then the module's is none."""
    package = Package(
        "bookstore", interface=2, metadata=MetaData(), schema=INFO, tables={"book": "Book"}, accessors={"book": "book_"}
    )
    assert package.accessor("book_") is bookstore.BookTable
    with pytest.raises(KeyError):
        package.accessor("book")


def loaded(code: str) -> set[str]:
    """The modules that a fresh Python has after *code*."""
    script = f"import sys\n{code}\nprint('\\n'.join(sys.modules))"
    paths = [path for path in sys.path if path]
    run = subprocess.run(
        [sys.executable, "-c", f"import sys; sys.path[:0] = {paths!r}\n{script}"],
        capture_output=True,
        text=True,
        check=True,
    )
    return set(run.stdout.split())


def test_rows_load_their_table_alone() -> None:
    """A table's rows need neither mappers nor other tables; an entity brings all of them."""
    rows = loaded("import bookstore; bookstore.BookRow; bookstore.Session.package.accessor('book')")
    assert "bookstore.tables.book" in rows
    assert not {"bookstore.tables.author", "bookstore.entities", "bookstore.entities.book"} & rows
    assert not {"pydantic", "pydantic_core", "jinja2", "yaml", "alembic", "greenlet", "psycopg"} & rows
    entities = loaded("import bookstore; bookstore.Book")
    assert {"bookstore.entities.author", "bookstore.entities.order_line"} <= entities


def test_metadata_has_every_table() -> None:
    """Asking for the metadata loads all tables first."""
    found = loaded("import bookstore; assert len(bookstore.metadata.tables) == 5 + 1")
    assert "bookstore.tables.order_line" in found


def test_schema_says_where_the_package_comes_from() -> None:
    """Name, version and digest of the schema are there."""
    assert bookstore.SCHEMA.name == "bookstore"
    assert msgspec.structs.asdict(bookstore.SCHEMA).keys() == {"name", "version", "digest"}
