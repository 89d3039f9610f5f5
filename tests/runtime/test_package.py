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
    """Every name in `dir` can be imported, and its object has that name."""
    names = dir(bookstore)
    assert {"Book", "BookRow", "BookInsert", "BookUpdate", "BookFilter", "BookTable", "Genre", "metadata"} <= set(names)
    for name in names:
        assert getattr(bookstore, name) is not None
    assert bookstore.BookRow.__name__ == "BookRow"
    assert bookstore.OrderLineKey._fields == ("order_id", "number")


def test_opaque_tables_have_their_own_names() -> None:
    """Rows, storages and the manager of opaque tables load by name; opaque tables have no entity or other verbs."""
    classes = {f"Transfer{suffix}" for suffix in ("Columns", "Insert", "Part", "Row", "Storage", "Filter")}
    assert classes | {"OpaqueTableStorageManager"} <= set(dir(observatory))
    for name in classes:
        assert getattr(observatory, name).__name__ == name
    assert observatory.OpaqueTableStorageManager.__module__ == "observatory.opaque._manager"
    assert not {"Transfer", "TransferTable", "TransferUpdate"} & set(dir(observatory))
    assert not hasattr(observatory, "Transfer")
    assert not hasattr(bookstore, "OpaqueTableStorageManager")


def test_an_unknown_name_has_a_suggestion() -> None:
    """A misspelt name is an AttributeError with a suggestion."""
    with pytest.raises(AttributeError, match=r"no attribute 'BookRwo'\. Did you mean 'BookRow'"):
        _ = bookstore.BookRwo  # type: ignore[attr-defined]  # the point of the test
    assert not hasattr(bookstore, "AuthorKey")
    assert not hasattr(bookstore, "__wrapped__")


def test_code_for_another_runtime_is_refused() -> None:
    """The error names the command that fixes it."""
    with pytest.raises(InterfaceMismatchError, match="tablewright generate shelf"):
        Package("shelf", interface=0, metadata=MetaData(), schema=INFO, tables={})


def test_accessors_with_a_name_of_their_own() -> None:
    """If an accessor has a name different from its module, the module's name is no accessor."""
    package = Package(
        "bookstore", interface=2, metadata=MetaData(), schema=INFO, tables={"book": "Book"}, accessors={"book": "book_"}
    )
    assert package.accessor("book_") is bookstore.BookTable
    with pytest.raises(KeyError):
        package.accessor("book")


def loaded(code: str) -> set[str]:
    """Return the modules that a fresh Python process has loaded after *code*."""
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
    """A table's rows need neither mappers nor other tables; an entity loads all of them."""
    rows = loaded("import bookstore; bookstore.BookRow; bookstore.Session.package.accessor('book')")
    assert "bookstore.tables.book" in rows
    assert not {"bookstore.tables.author", "bookstore.entities", "bookstore.entities.book"} & rows
    assert not {"pydantic", "pydantic_core", "jinja2", "yaml", "alembic", "greenlet", "psycopg"} & rows
    entities = loaded("import bookstore; bookstore.Book")
    assert {"bookstore.entities.author", "bookstore.entities.order_line"} <= entities


def test_metadata_has_every_table() -> None:
    """Reading the metadata loads all tables first."""
    modules = loaded("import bookstore; assert len(bookstore.metadata.tables) == 5 + 1")
    assert "bookstore.tables.order_line" in modules


def test_schema_identifies_the_package() -> None:
    """`SCHEMA` contains the name, the version and the digest of the schema."""
    assert bookstore.SCHEMA.name == "bookstore"
    assert msgspec.structs.asdict(bookstore.SCHEMA).keys() == {"name", "version", "digest"}
