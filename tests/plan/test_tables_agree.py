"""The tables of a generated package are those that its schema.json makes at run time."""

from __future__ import annotations

import importlib
from importlib.resources import files

import pytest
from sqlalchemy import Dialect, MetaData
from sqlalchemy.dialects import postgresql, sqlite
from sqlalchemy.schema import CreateIndex, CreateTable

from tablewright.runtime.attributes import add_to, all_but
from tablewright.schema.build import build_metadata
from tablewright.schema.canonical import digest, from_json


def ddl(metadata: MetaData, dialect: Dialect) -> list[str]:
    """All that CREATE would say."""
    said: list[str] = []
    for table in sorted(metadata.tables.values(), key=lambda item: item.name):
        said.append(str(CreateTable(table).compile(dialect=dialect)))
        said += sorted(str(CreateIndex(index).compile(dialect=dialect)) for index in table.indexes)
    return said


@pytest.mark.parametrize("dialect", [sqlite.dialect(), postgresql.dialect()], ids=lambda item: item.name)  # type: ignore[no-untyped-call]  # SQLAlchemy's own
@pytest.mark.parametrize("name", ["bookstore", "observatory"])
def test_generated_and_built_tables_agree(name: str, dialect: Dialect) -> None:
    """The source that was generated and the definition it came from make the same DDL."""
    package = importlib.import_module(name)
    schema = from_json(files(name).joinpath("schema.json").read_text())
    generated: MetaData = package.metadata
    built = build_metadata(schema)
    # Beside those of the schema there is the store of its versions.
    add_to(built)
    assert ddl(generated, dialect) == ddl(built, dialect)
    assert package.SCHEMA.digest == digest(schema)
    attributes = {table.table: [column.attribute for column in table.columns] for table in schema.tables}
    assert {table.name: list(table.columns.keys()) for table in all_but(generated)} == attributes
