"""What clients of the database keep in it: each registers its own tables."""

from tablewright import ColumnSpec, IndexSpec, SchemaSpec, TableSpec

file_datastore_records = TableSpec(
    name="file_datastore_records",
    class_="FileDatastoreRecord",
    doc="Where a file datastore put the datasets that it was given.",
    primary_key=["dataset_id", "component"],
    columns={
        "dataset_id": ColumnSpec(type="uuid"),
        "path": ColumnSpec(type="string", length=256),
        "formatter": ColumnSpec(type="string", length=128, doc="The class that reads and writes the file."),
        "storage_class": ColumnSpec(type="string", length=64),
        "component": ColumnSpec(type="string", length=32, default="", doc="Empty for a whole dataset."),
        "checksum": ColumnSpec(type="string", length=128, nullable=True),
        "file_size": ColumnSpec(type="bigint", nullable=True, doc="In bytes."),
    },
    indexes=[IndexSpec(columns=["path"])],
)

transfer = TableSpec(
    name="transfer",
    doc="A file that the mirror has been asked to copy.",
    columns={
        "file_id": ColumnSpec(type="uuid", primary_key=True, references="file.id", on_delete="cascade"),
        "format": ColumnSpec(type="file_format", default="fits"),
        "asked_at": ColumnSpec(type="timestamptz", default_sql="now"),
        "sites": ColumnSpec(type="array", of="text", default=[]),
    },
)

SCHEMA = SchemaSpec(opaque_tables=[file_datastore_records, transfer])
