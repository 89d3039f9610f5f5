"""The files that exposures leave, and what they are good for."""

from decimal import Decimal

from tablewright import (
    CheckSpec,
    ColumnSpec,
    ForeignKeySpec,
    IndexSpec,
    ReferenceSpec,
    RelationshipSpec,
    TableSpec,
)

file = TableSpec(
    name="file",
    doc="A file in the archive.",
    include=["recorded"],
    columns={
        "id": ColumnSpec(type="uuid", primary_key=True, default_sql="uuid7"),
        "path": ColumnSpec(type="text", unique=True),
        "format": ColumnSpec(type="file_format", default="fits"),
        "size": ColumnSpec(type="bigint", doc="In bytes."),
        "blocks": ColumnSpec(type="bigint", computed="(size + 2879) / 2880", doc="FITS blocks of 2880 bytes."),
        "digest": ColumnSpec(type="sha256", unique=True),
        "preview": ColumnSpec(type="bytes", nullable=True),
        "metadata": ColumnSpec(type="json", python="dict[str, str | int | float | bool | None]", default={}),
        "instrument": ColumnSpec(type="instrument_name", nullable=True),
        "night": ColumnSpec(type="date", nullable=True),
        "number": ColumnSpec(type="integer", nullable=True),
        "derived_from": ColumnSpec(
            type="uuid",
            nullable=True,
            references="file.id",
            on_delete="set null",
            relationship="source",
            inverse="products",
        ),
    },
    foreign_keys=[
        ForeignKeySpec(
            columns=["instrument", "night", "number"],
            references=ReferenceSpec(table="exposure", columns=["instrument", "night", "number"]),
            on_delete="cascade",
            relationship="exposure",
            inverse="files",
        )
    ],
    relationships={"calibration": RelationshipSpec(one=True)},
    indexes=[IndexSpec(columns=["instrument", "night", "number"], include=["path"])],
    checks={"size_not_negative": CheckSpec(sql="size >= 0")},
)

calibration = TableSpec(
    name="calibration",
    doc="A file that corrects exposures of an instrument.",
    columns={
        "file_id": ColumnSpec(
            type="uuid",
            primary_key=True,
            references="file.id",
            on_delete="cascade",
            relationship="file",
            inverse="calibration",
        ),
        "instrument": ColumnSpec(
            type="instrument_name",
            references="instrument.name",
            on_delete="cascade",
            index=True,
            relationship="calibrates",
            inverse="calibrations",
        ),
        "valid": ColumnSpec(type="range", of="timestamptz", doc="The exposures that it corrects."),
        "quality": ColumnSpec(type="decimal", precision=4, scale=3, default=Decimal("1.000")),
    },
)

TABLES = [file, calibration]
