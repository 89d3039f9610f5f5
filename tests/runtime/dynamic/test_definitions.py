"""Tables defined at run time: their definitions and their rows."""

from __future__ import annotations

from decimal import Decimal

import pytest
from sqlalchemy import MetaData

from bookstore import Database, Session
from tablewright.runtime.dynamic.definitions import make_table
from tablewright.spec.diagnostic import SpecError
from tablewright.spec.models import ColumnSpec, TableSpec, UniqueSpec

READING = TableSpec(
    name="reading",
    columns={
        "id": ColumnSpec(type="bigint", primary_key=True, autoincrement=True),
        "author_id": ColumnSpec(type="bigint", references="author.id", on_delete="cascade"),
        "genre": ColumnSpec(type="genre", default="fiction"),
        "value": ColumnSpec(type="decimal", precision=9, scale=3, nullable=True),
    },
    unique=[UniqueSpec(columns=["author_id", "genre"])],
)
PACKAGE = Session.package


def test_a_spec_may_reference_a_packages_tables_and_enums(url: str) -> None:
    """A table defined at run time references a package's tables, uses its enums, and has rows like generated ones."""
    with Database(url) as db:
        db.create()
        metadata = PACKAGE.load_tables()
        table = make_table(READING, "run_time_reading", metadata, db.engine.dialect, schema=PACKAGE.definition)
        try:
            with db.session() as session:
                table.create(session.connection())
                author = session.author.insert(name="Someone")
                row = session.table(table).insert(author_id=author.id, value=Decimal("1.500"))
                assert (row.genre, row.value) == ("fiction", Decimal("1.500"))
                assert session.table(table).find(author_id=[author.id]) == [row]
                assert session.table(table).get(row.id) == row
                session.author.delete(author.id)
                assert session.table(table).count() == 0
        finally:
            metadata.remove(table)


def test_every_mistake_is_reported_with_its_line() -> None:
    """All mistakes of a spec are reported at once, each with its line of Python."""
    spec = TableSpec(
        name="reading",
        columns={
            "id": ColumnSpec(type="bigit", primary_key=True),
            "author_id": ColumnSpec(type="bigint", references="author.id"),
        },
    )
    with pytest.raises(SpecError) as caught:
        spec.definition()
    assert [problem.rule for problem in caught.value.diagnostics] == ["unknown-type", "unknown-table"]
    assert {problem.location.file for problem in caught.value.diagnostics} == {__file__}
    assert "Did you mean `bigint`?" in str(caught.value)


def test_another_name_changes_the_constraint_names(sqlite_url: str) -> None:
    """Any form of definition that is used under another name derives its constraint names from that name."""
    with Database(sqlite_url) as db:
        dialect = db.engine.dialect
    by_spec = make_table(READING, "other", MetaData(), dialect, schema=PACKAGE.definition)
    definition = READING.definition(schema=PACKAGE.definition)
    by_definition = make_table(definition, "other", MetaData(), dialect, schema=PACKAGE.definition)
    original = make_table(definition, "reading", MetaData(), dialect, schema=PACKAGE.definition)
    by_table = make_table(original, "other", MetaData(), dialect)
    names = [{item.name for item in table.constraints} for table in (by_spec, by_definition, by_table)]
    assert names[0] == names[1] == names[2]
    assert "other_author_id_genre_key" in names[0]
