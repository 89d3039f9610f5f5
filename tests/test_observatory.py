"""The observatory: every part of the language, on both databases."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterator
from decimal import Decimal
from uuid import UUID

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from sqlalchemy import exc, inspect, select

from observatory import (
    Database,
    Exposure,
    ExposureInsert,
    ExposureKey,
    ExposureKind,
    File,
    FileFormat,
    Instrument,
    Program,
    Shift,
    SkyTarget,
    metadata,
)
from tablewright.runtime.expressions.ranges import after, before, contains, is_empty, lower, overlaps, upper
from tablewright.schema.range import Range

NIGHT = dt.date(2026, 3, 20)
OPENED = dt.datetime(2026, 3, 20, 22, 0, tzinfo=dt.UTC)


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    with Database(url) as db:
        db.create()
        with db.session() as session:
            session.instrument.insert(name="latiss", lambda_=550.0)
        yield db


def exposure(number: int) -> ExposureInsert:
    """Return an exposure of one minute."""
    start = OPENED + dt.timedelta(minutes=2 * number)
    return {
        "instrument": "latiss",
        "night": NIGHT,
        "number": number,
        "open": Range(start, start + dt.timedelta(minutes=1)),
        "tags": ["first", "o'clock"],
    }


def test_alembic_finds_no_difference(db: Database) -> None:
    """Alembic finds no difference between the tables that `create()` creates and the metadata."""
    with db.engine.connect() as connection:
        assert compare_metadata(MigrationContext.configure(connection), metadata) == []


def test_rows_of_every_kind(db: Database) -> None:
    """Values of every type are stored and read back by both tiers and in bulk."""
    with db.session() as session:
        row = session.exposure.insert(**exposure(1))
        assert row.key == ExposureKey("latiss", NIGHT, 1)
        assert row.kind is ExposureKind.SCIENCE
        assert session.exposure.insert_many(exposure(number) for number in range(2, 50)) == 48
        assert session.exposure.get_many([ExposureKey("latiss", NIGHT, 7), row.key])[1] == row
        entity = session.get_one(Exposure, ("latiss", NIGHT, 1))
        assert (entity.open, entity.tags, entity.recorded_at) == (row.open, row.tags, row.recorded_at)
        detector = session.detector.insert(instrument="latiss", number=0, rows=Range(0, 4000), bad_pixels=[2**40])
        assert (detector.gain, detector.bad_pixels) == (1.0, [2**40])
        target = session.target.insert(
            name="M 31", right_ascension=Decimal("10.684708333333"), declination=Decimal("41.26875")
        )
        assert target.right_ascension == Decimal("10.684708333333")
        assert session.target.get_by_name("M 31") == target


def test_computed_columns_follow(db: Database) -> None:
    """The database computes a computed column: it follows the other columns, and inserts and updates omit it."""
    with db.session() as session:
        file = session.file.insert(path="/a.fits", size=2881, digest=bytes(32), metadata_={"seeing": 0.7})
        assert (file.blocks, file.format, file.metadata_) == (2, FileFormat.FITS, {"seeing": 0.7})
        updated = session.file.update(file.id, size=100)
        assert updated is not None
        assert updated.blocks == 1
        assert updated.changed_at >= file.changed_at
        assert session.scalars(select(File.blocks)).one() == 1
        assert file.id.version == 7


def test_tables_that_reference_each_other(db: Database) -> None:
    """A program and its best exposure, which reference each other, are saved in one flush."""
    with db.session() as session:
        program = Program(title="Supernovae", allotted=dt.timedelta(hours=30))
        shot = Exposure(**exposure(1), program=program)
        program.best_exposure = shot
        session.add(program)
    with db.session() as session:
        (program,) = session.scalars(select(Program)).all()
        assert program.best_exposure is not None
        assert program.best_exposure.program is program
        assert program.exposures == [program.best_exposure]
        row = session.program.get_one(program.id)
        assert (row.best_number, row.allotted) == (1, dt.timedelta(hours=30))


def test_self_references(db: Database) -> None:
    """Parts of a program have a reference to the whole, and are deleted with it."""
    with db.session() as session:
        whole = Program(title="Survey", parts=[Program(title="North"), Program(title="South")])
        session.add(whole)
        session.flush()
        assert {part.title for part in session.program.find(parent_id=whole.id)} == {"North", "South"}
        assert session.program.delete(whole.id)
        assert session.program.count() == 0


def test_many_to_many(db: Database) -> None:
    """A relationship through a link table returns the targets of an exposure, ordered by name."""
    with db.session() as session:
        north = Decimal(45)
        names = ["Vega", "Altair", "Deneb"]
        shot = Exposure(
            **exposure(1), targets=[SkyTarget(name=name, right_ascension=north, declination=north) for name in names]
        )
        session.add(shot)
    with db.session() as session:
        (shot,) = session.scalars(select(Exposure)).all()
        assert [target.name for target in shot.targets] == sorted(names)
        assert session.exposure_target.count() == 3
        vega = session.target.get_by_name("Vega")
        assert vega is not None
        assert session.target.delete(vega.id)
        assert [target.name for target in shot.targets] == ["Altair", "Deneb"]


def test_names_of_the_database(db: Database) -> None:
    """Tables and columns have their own names in the database, and the names of the spec in Python."""
    assert "sky_target" in metadata.tables
    assert metadata.tables["sky_target"].c.right_ascension.name == "ra"
    assert inspect(Instrument).columns["lambda_"].name == "lambda"


def test_overlapping_turns(db: Database) -> None:
    """Both databases refuse turns that overlap."""
    turn = Range(OPENED, OPENED + dt.timedelta(hours=6))
    with db.session() as session:
        session.shift.insert(observer="a", turn=turn)
    with pytest.raises(exc.IntegrityError, match="shift_turn_excl"), db.session() as session:
        session.shift.insert(observer="b", turn=turn)


def test_conditions_on_ranges(db: Database) -> None:
    """The verbs of tables accept conditions on ranges, of entities and of columns."""
    hour = dt.timedelta(hours=1)
    with db.session() as session:
        turns = [Range(OPENED + n * hour, OPENED + (n + 1) * hour) for n in range(5)]
        session.shift.insert_many([{"observer": f"{n}", "turn": turn} for n, turn in enumerate(turns)])
        shift = session.shift
        assert [row.observer for row in shift.select(contains(Shift.turn, OPENED + hour))] == ["1"]
        assert shift.count(overlaps(shift.c.turn, Range(OPENED + 2.5 * hour, None))) == 3
        assert (
            shift.first(before(Shift.turn, turns[2]), order_by=lower(Shift.turn).desc()) == shift.find(observer="1")[0]
        )
        assert shift.update_where(after(Shift.turn, OPENED + 2.5 * hour), observer="late") == 2
        assert shift.delete_where(~overlaps(Shift.turn, turns[0])) == 4
        assert session.scalar_or_none(select(upper(Shift.turn))) == turns[0].upper
        session.shift.insert(observer="no one", turn=Range[dt.datetime].nothing())
        assert [found.observer for found in session.scalars(select(Shift).where(is_empty(Shift.turn)))] == ["no one"]


def test_keys_of_uuid_sort_by_time(db: Database) -> None:
    """Keys that the database generates are UUIDs of version 7: they sort by creation time, to the millisecond."""
    with db.session() as session:
        keys: list[UUID] = [session.program.insert(title=f"Program {number}").id for number in range(5)]
    assert [key.int >> 80 for key in keys] == sorted(key.int >> 80 for key in keys)
