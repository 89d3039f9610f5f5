"""The observatory: a telescope's observations and the files they leave."""

from tablewright import ColumnSpec, EnumSpec, MixinSpec, SchemaSpec, TypeSpec

SCHEMA = SchemaSpec(
    schema="observatory",
    version="1.0.0",
    doc="A telescope's observations and the files they leave.",
    enums={
        "exposure_kind": EnumSpec(
            values=["science", "flat", "dark", "bias"],
            storage="native",
            doc="What an exposure is taken for.",
        ),
        "file_format": EnumSpec(values=["fits", "hdf5", "jpeg-2000"], doc="How a file is written."),
    },
    types={
        "degrees": TypeSpec(
            type="decimal", precision=16, scale=12, storage="scaled", doc="An angle, exact to a few nanoarcseconds."
        ),
        "instrument_name": TypeSpec(type="string", length=32),
        "sha256": TypeSpec(type="hash", nbytes=32),
    },
    mixins={
        "recorded": MixinSpec(
            doc="When a row was made and last changed.",
            columns={
                "recorded_at": ColumnSpec(type="timestamptz", default_sql="now"),
                "changed_at": ColumnSpec(type="timestamptz", default_sql="now", touch="now"),
            },
        ),
    },
)
