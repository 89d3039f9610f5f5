"""The tables of a generated package are those that its schema.json builds at run time."""

from __future__ import annotations

import importlib
from collections.abc import Iterable
from importlib.resources import files

import pytest
from sqlalchemy import Dialect, MetaData, Table
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

import observatory
from tablewright.runtime.versions.attributes import add_to, all_but
from tablewright.schema.build import build_metadata, build_table
from tablewright.schema.canonical import digest, from_json


def ddl(tables: Iterable[Table], dialect: Dialect) -> list[str]:
    """Return the DDL of all tables."""
    said: list[str] = []
    for table in sorted(tables, key=lambda item: item.name):
        said.append(str(CreateTable(table).compile(dialect=dialect)))
        said += sorted(str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes)
    return said


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=lambda item: item.name)  # type: ignore[no-untyped-call]  # SQLAlchemy's own
@pytest.mark.parametrize("name", ["bookstore", "observatory"])
def test_generated_and_built_tables_agree(name: str, dialect: Dialect) -> None:
    """Generated source and its definition have the same DDL."""
    package = importlib.import_module(name)
    schema = from_json(files(name).joinpath("schema.json").read_text())
    generated: MetaData = package.metadata
    built = build_metadata(schema)
    # Beside those of the schema there is the store of its versions.
    add_to(built)
    assert ddl(generated.tables.values(), dialect) == ddl(built.tables.values(), dialect)
    assert package.SCHEMA.digest == digest(schema)
    attributes = {table.table: [column.attribute for column in table.columns] for table in schema.tables}
    assert {table.name: list(table.columns.keys()) for table in all_but(generated)} == attributes


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=lambda item: item.name)  # type: ignore[no-untyped-call]  # SQLAlchemy's own
def test_generated_and_built_opaque_tables_agree(dialect: Dialect) -> None:
    """So have opaque tables, which have their own MetaData and reference the package's tables."""
    package = observatory.Session.package
    schema = package.definition
    beside = build_metadata(schema)
    for table in schema.opaque_tables:
        generated: Table = package.opaque_storage(table.name).table
        assert ddl([generated], dialect) == ddl([build_table(table, beside, schema)], dialect)
        assert list(generated.columns.keys()) == [column.attribute for column in table.columns]
        assert generated.metadata is not observatory.metadata
        assert list(generated.metadata.tables) == [table.table]
    assert not {table.table for table in schema.opaque_tables} & observatory.metadata.tables.keys()
