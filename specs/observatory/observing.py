"""What is observed, by whom and with what."""

import datetime as dt

from tablewright import (
    CheckSpec,
    ColumnSpec,
    ExclusionSpec,
    ForeignKeySpec,
    IndexSpec,
    ReferenceSpec,
    RelationshipSpec,
    SqlSpec,
    TableSpec,
    TypeSpec,
    UniqueSpec,
)

instrument = TableSpec(
    name="instrument",
    doc="A camera or spectrograph.",
    columns={
        "name": ColumnSpec(type="instrument_name", primary_key=True),
        "lambda": ColumnSpec(type="float", doc="The central wavelength, in nanometres."),
        "first_light": ColumnSpec(type="date", nullable=True),
        "online": ColumnSpec(type="boolean", default=True),
        "setup": ColumnSpec(type="json", python="dict[str, float | str]", default={}),
    },
    relationships={"detectors": RelationshipSpec(order_by="number")},
    checks={"lambda_positive": CheckSpec(sql='"lambda" > 0')},
)

detector = TableSpec(
    name="detector",
    doc="One chip of an instrument.",
    primary_key=["instrument", "number"],
    columns={
        "instrument": ColumnSpec(
            type="instrument_name",
            references="instrument.name",
            on_delete="cascade",
            on_update="cascade",
            column="instrument_name",
            relationship="belongs_to",
            inverse="detectors",
        ),
        "number": ColumnSpec(type="smallint"),
        "rows": ColumnSpec(type="range", of="bigint", doc="The pixel rows that the sky falls on."),
        "gain": ColumnSpec(type="real", default=1.0),
        "bad_pixels": ColumnSpec(type="array", of="bigint", default=[]),
    },
)

program = TableSpec(
    name="program",
    doc="An observing program; large ones are split into others.",
    include=["recorded"],
    columns={
        "id": ColumnSpec(type="uuid", primary_key=True, default_sql="uuid7"),
        "parent_id": ColumnSpec(
            type="uuid",
            nullable=True,
            references="program.id",
            on_delete="cascade",
            relationship="parent",
            inverse="parts",
            index=True,
        ),
        "title": ColumnSpec(type="string", length=200),
        "abstract": ColumnSpec(type="text", default=""),
        "allotted": ColumnSpec(type="interval", default=dt.timedelta(hours=1), doc="The time it was given."),
        "best_instrument": ColumnSpec(type="instrument_name", nullable=True),
        "best_night": ColumnSpec(type="date", nullable=True),
        "best_number": ColumnSpec(type="integer", nullable=True),
    },
    unique=[UniqueSpec(columns=["title"], where="parent_id IS NULL", name="top_title")],
    foreign_keys=[
        ForeignKeySpec(
            columns=["best_instrument", "best_night", "best_number"],
            references=ReferenceSpec(table="exposure", columns=["instrument", "night", "number"]),
            on_delete="set null",
            deferrable=True,
            relationship="best_exposure",
            inverse="best_of",
        )
    ],
    indexes=[IndexSpec(columns=[SqlSpec(sql="lower(title)")], name="by_lower_title")],
)

exposure = TableSpec(
    name="exposure",
    doc="The shutter opened once.",
    include=["recorded"],
    primary_key=["instrument", "night", "number"],
    columns={
        "instrument": ColumnSpec(
            type="instrument_name", references="instrument.name", on_delete="restrict", relationship="taken_with"
        ),
        "night": ColumnSpec(type="date"),
        "number": ColumnSpec(type="integer", doc="Counts from 1 every night."),
        "program_id": ColumnSpec(
            type="uuid",
            nullable=True,
            references="program.id",
            on_delete="set null",
            relationship="program",
            inverse="exposures",
            index=True,
        ),
        "kind": ColumnSpec(type="exposure_kind", default="science"),
        "open": ColumnSpec(type="range", of="timestamptz", doc="From opening the shutter to closing it."),
        "airmass": ColumnSpec(type="float", nullable=True),
        "tags": ColumnSpec(type="array", of=TypeSpec(type="string", length=40), default=[]),
        "local_start": ColumnSpec(type="datetime", nullable=True, precision=3, doc="On the clock of the dome."),
    },
    relationships={"targets": RelationshipSpec(through="exposure_target", order_by="name")},
    indexes=[IndexSpec(columns=["open"], using="gist")],
    checks={"number_positive": CheckSpec(sql="number > 0"), "airmass_at_least_one": CheckSpec(sql="airmass >= 1")},
)

target = TableSpec(
    name="target",
    table="sky_target",
    class_="SkyTarget",
    doc="Something in the sky.",
    columns={
        "id": ColumnSpec(type="bigint", primary_key=True, autoincrement=True),
        "name": ColumnSpec(type="string", length=80, unique=True),
        "right_ascension": ColumnSpec(type="degrees", column="ra"),
        "declination": ColumnSpec(type="degrees", column="decl"),
        "magnitude": ColumnSpec(type="decimal", precision=6, scale=3, nullable=True),
        "aliases": ColumnSpec(type="array", of="text", default=[]),
    },
    relationships={"exposures": RelationshipSpec(through="exposure_target")},
)

exposure_target = TableSpec(
    name="exposure_target",
    doc="A target that an exposure shows.",
    primary_key=["instrument", "night", "number", "target_id"],
    columns={
        "instrument": ColumnSpec(type="instrument_name"),
        "night": ColumnSpec(type="date"),
        "number": ColumnSpec(type="integer"),
        "target_id": ColumnSpec(type="bigint", references="target.id", on_delete="cascade", index=True),
    },
    foreign_keys=[
        ForeignKeySpec(
            columns=["instrument", "night", "number"],
            references=ReferenceSpec(table="exposure", columns=["instrument", "night", "number"]),
            on_delete="cascade",
        )
    ],
)

shift = TableSpec(
    name="shift",
    doc="An observer's turn at the telescope; turns do not overlap.",
    columns={
        "id": ColumnSpec(type="integer", primary_key=True, autoincrement=True),
        "observer": ColumnSpec(type="string", length=100, index=True),
        "turn": ColumnSpec(type="range", of="timestamptz"),
        "supper": ColumnSpec(type="time", default=dt.time(23, 30)),
    },
    exclusions=[ExclusionSpec(elements=[("turn", "&&")])],
)

TABLES = [instrument, detector, program, exposure, target, exposure_target, shift]
