"""Tables said at run time: what they mean, and their rows."""

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


def test_a_spec_of_one_table_may_point_at_those_of_a_package_and_use_its_enums(url: str) -> None:
    """A table said at run time points at a package's tables, has its enums, and rows as generated ones."""
    with Database(url) as db:
        db.create()
        metadata = PACKAGE.load_tables()
        table = make_table(READING, "run_time_reading", metadata, db.engine.dialect, among=PACKAGE.definition)
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


def test_every_mistake_in_it_is_told_with_its_place() -> None:
    """All mistakes of a spec are told at once, each with the line of Python that made it."""
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


def test_another_name_is_that_of_the_constraints_too(sqlite_url: str) -> None:
    """However a table is said, under another name its constraints are called after that."""
    with Database(sqlite_url) as db:
        dialect = db.engine.dialect
    by_spec = make_table(READING, "other", MetaData(), dialect, among=PACKAGE.definition)
    definition = READING.definition(schema=PACKAGE.definition)
    by_definition = make_table(definition, "other", MetaData(), dialect, among=PACKAGE.definition)
    original = make_table(definition, "reading", MetaData(), dialect, among=PACKAGE.definition)
    by_table = make_table(original, "other", MetaData(), dialect)
    names = [{item.name for item in table.constraints} for table in (by_spec, by_definition, by_table)]
    assert names[0] == names[1] == names[2]
    assert "other_author_id_genre_key" in names[0]
