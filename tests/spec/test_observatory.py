from __future__ import annotations

import datetime as dt
import decimal
import uuid
from pathlib import Path

import pytest
from sqlalchemy import create_engine, insert, select
from sqlalchemy.exc import IntegrityError

from tablewright.schema.build import build_metadata
from tablewright.schema.range import Range
from tablewright.spec.load import load_folder
from tablewright.spec.resolve import resolve

SCHEMA = resolve(load_folder(Path(__file__).parents[2] / "specs" / "observatory"))


def test_defaults_are_what_the_spec_says(url: str) -> None:
    """The schema can be created in both databases, and rows get the defaults of the spec."""
    metadata = build_metadata(SCHEMA)
    engine = create_engine(url)
    tables = metadata.tables
    try:
        metadata.create_all(engine)
        with engine.begin() as connection:
            connection.execute(insert(tables["instrument"]).values(name="widecam", lambda_=620.5))
            connection.execute(insert(tables["program"]).values(title="Deep field"))
            connection.execute(
                insert(tables["file"]).values(path="/a.fits", size=2881, digest=bytes(32), night=dt.date(2026, 1, 31))
            )
            connection.execute(
                insert(tables["shift"]).values(
                    observer="Vera", turn=Range(dt.datetime(2026, 1, 31, tzinfo=dt.UTC), None)
                )
            )
            connection.execute(
                insert(tables["sky_target"]).values(
                    name="M31",
                    right_ascension=decimal.Decimal("10.684708333333"),
                    declination=decimal.Decimal("41.268750000001"),
                )
            )
            program = connection.execute(select(tables["program"])).mappings().one()
            file = connection.execute(select(tables["file"])).mappings().one()
            instrument = connection.execute(select(tables["instrument"])).mappings().one()
            shift = connection.execute(select(tables["shift"])).mappings().one()
            target = connection.execute(select(tables["sky_target"])).mappings().one()
    finally:
        engine.dispose()
    assert program["allotted"] == dt.timedelta(hours=1)
    assert program["abstract"] == ""
    assert isinstance(program["id"], uuid.UUID)
    assert program["id"].version == 7
    assert program["recorded_at"].tzinfo is not None
    assert (file["format"].value, file["blocks"], file["metadata"]) == ("fits", 2, {})
    assert (instrument["online"], instrument["setup"]) == (True, {})
    assert shift["supper"] == dt.time(23, 30)
    assert target["ra"] == decimal.Decimal("10.684708333333")


def test_turns_do_not_overlap(url: str) -> None:
    """The exclusion constraint works in both databases, on Postgres without an extension."""
    metadata = build_metadata(SCHEMA)
    engine = create_engine(url)
    shift = metadata.tables["shift"]
    day = dt.datetime(2026, 1, 31, tzinfo=dt.UTC)
    hour = dt.timedelta(hours=1)
    try:
        metadata.create_all(engine)
        with engine.connect() as connection:
            connection.execute(insert(shift).values(observer="Vera", turn=Range(day, day + 2 * hour)))
            with pytest.raises(IntegrityError, match="shift_turn_excl"):
                connection.execute(insert(shift).values(observer="Cecilia", turn=Range(day + hour, day + 3 * hour)))
    finally:
        engine.dispose()


def test_it_exercises_the_language() -> None:
    """The observatory uses the features that the bookstore does not use."""
    kinds = {column.type.kind for table in SCHEMA.tables for column in table.columns}
    assert kinds >= {"range", "array", "hash", "interval", "real", "float", "decimal", "uuid", "enum", "json", "time"}
    assert any(enum.native for enum in SCHEMA.enums)
    assert any(column.computed for table in SCHEMA.tables for column in table.columns)
    assert any(key.table == table.name for table in SCHEMA.tables for key in table.foreign_keys)
    assert any(relationship.through for table in SCHEMA.tables for relationship in table.relationships)
    assert all(table.doc for table in SCHEMA.tables)
