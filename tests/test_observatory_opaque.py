"""The opaque tables of the observatory, generated from specs, on both databases."""

from __future__ import annotations

import runpy
from collections.abc import Iterator
from pathlib import Path
from uuid import UUID, uuid4

import pytest
from alembic.autogenerate import compare_metadata
from alembic.migration import MigrationContext
from msgspec.structs import asdict, replace
from sqlalchemy import exc, inspect

from observatory import (
    Database,
    FileDatastoreRecordInsert,
    FileDatastoreRecordRow,
    FileFormat,
    OpaqueTableStorageManager,
    Session,
    TransferRow,
    metadata,
)
from tablewright.runtime.expressions.prefix import Prefix
from tablewright.spec.models import TableSpec

SPECS: dict[str, TableSpec] = {
    table.name: table
    for table in runpy.run_path(str(Path(__file__).parents[1] / "specs" / "observatory" / "clients.py")).values()
    if isinstance(table, TableSpec)
}


@pytest.fixture
def db(url: str) -> Iterator[Database]:
    with Database(url) as db:
        db.create()
        yield db


def record(path: str) -> FileDatastoreRecordInsert:
    """Return the record of a file in a datastore."""
    return {"dataset_id": uuid4(), "path": path, "formatter": "FitsFormatter", "storage_class": "Exposure"}


def stored_file(session: Session) -> UUID:
    """Insert a file into the archive. Return its id."""
    return session.file.insert(path=f"/{uuid4()}", size=1, digest=uuid4().bytes * 2).id


def test_referenced_tables_are_not_dropped(url: str) -> None:
    """`drop` refuses to drop tables that opaque tables reference, and names those; after they are gone it drops all."""
    with Database(url) as db:
        db.create()
        db.opaque.register("transfer")
        with pytest.raises(exc.InvalidRequestError, match=r"transfer reference them.*unregister"):
            db.drop()
        assert db.missing_tables() == []
        db.opaque.unregister("transfer")
        db.drop()
        assert len(db.missing_tables()) > 1


def test_create_ignores_opaque_tables(db: Database) -> None:
    """`create()` and Alembic ignore opaque tables; a client that needs one registers it."""
    assert db.opaque.get("transfer") is None
    assert not {"transfer", "file_datastore_records"} & {*inspect(db.engine).get_table_names(), *metadata.tables}
    storage = db.opaque.register("transfer")
    assert type(db.opaque["transfer"]) is type(storage)
    assert type(db.opaque) is OpaqueTableStorageManager
    assert "transfer" in inspect(db.engine).get_table_names()
    with db.engine.connect() as connection:
        differences = compare_metadata(MigrationContext.configure(connection), metadata)
    assert {item[0] for item in differences} <= {"remove_table", "remove_index"}


def test_rows(db: Database) -> None:
    """Rows are inserted and read with their types; omitted columns get their defaults."""
    records = db.opaque.register("file_datastore_records")
    first = record("raw/1.fits")
    second: FileDatastoreRecordInsert = {**record("raw/2.fits"), "component": "wcs", "file_size": 2**40}
    assert records.insert(first, {**second, "checksum": "0f"}) == 2
    (row,) = records.fetch(dataset_id=first["dataset_id"])
    assert asdict(row) == {"component": "", "checksum": None, "file_size": None, **first}
    (other,) = records.fetch(checksum="0f")
    assert (other.path, other.component, other.file_size) == ("raw/2.fits", "wcs", 2**40)
    assert records.ensure(row, first, record("raw/3.fits")) == 1
    assert records.replace(replace(row, path="calib/1.fits")) == 1
    assert sorted(row.path for row in records.fetch()) == ["calib/1.fits", "raw/2.fits", "raw/3.fits"]


def test_fetch(db: Database) -> None:
    """`fetch` compares columns with a value, None, any iterable of values, or a prefix, and combines them with AND."""
    records = db.opaque.register("file_datastore_records")
    given: list[FileDatastoreRecordInsert] = [
        {**record(f"raw/{number}.fits"), "file_size": number or None} for number in range(30)
    ]
    records.insert(*given)

    def paths(rows: Iterator[FileDatastoreRecordRow]) -> list[str]:
        return sorted(row.path for row in rows)

    assert paths(records.fetch(file_size=None)) == ["raw/0.fits"]
    assert paths(records.fetch(file_size=range(8, 11))) == ["raw/10.fits", "raw/8.fits", "raw/9.fits"]
    assert paths(records.fetch(path=Prefix("raw/2"), file_size=[2, 21, 3])) == ["raw/2.fits", "raw/21.fits"]
    assert paths(records.fetch(path=Prefix("raw/%"))) == []
    assert paths(records.fetch(path=[])) == []
    batches = list(records.fetch_batches(batch_size=8))
    assert [len(batch) for batch in batches] == [8, 8, 8, 6]
    with pytest.raises(TypeError, match="pth"):
        records.fetch(pth="raw/1.fits")  # type: ignore[call-arg]  # the point of the test


def test_delete(db: Database) -> None:
    """`delete` deletes the rows whose columns equal those of a given mapping or row."""
    records = db.opaque.register("file_datastore_records")
    given = [record(f"raw/{number}.fits") for number in range(5)]
    records.insert(*given)
    assert records.delete(["path"], {"path": "raw/0.fits"}, {"path": "nowhere"}) == 1
    last = next(records.fetch(path="raw/4.fits"))
    assert records.delete(["dataset_id", "component"], {"dataset_id": last.dataset_id, "component": "wcs"}) == 0
    assert records.delete(["dataset_id", "component"], last) == 1
    assert len(list(records.fetch())) == 3


def test_foreign_keys_to_the_packages_tables(db: Database) -> None:
    """A foreign key to a table of the package is enforced, and cascades delete opaque rows."""
    transfers = db.opaque.register("transfer")
    with db.session() as session:
        file = stored_file(session)
        transfers.insert({"file_id": file, "sites": ["here", "there"]}, session=session)
    (row,) = transfers.fetch(format=[FileFormat.FITS], sites=["here", "there"])
    assert row == TransferRow(file_id=file, format=FileFormat.FITS, asked_at=row.asked_at, sites=["here", "there"])
    with pytest.raises(exc.IntegrityError):
        transfers.insert({"file_id": uuid4()})
    with db.session() as session:
        assert session.file.delete(file)
    assert list(transfers.fetch()) == []


def test_in_the_callers_transaction(db: Database) -> None:
    """With `session=`, all calls are part of that transaction, and are rolled back with it."""
    records = db.opaque.register("file_datastore_records")
    with pytest.raises(ZeroDivisionError), db.session() as session:
        records.insert(record("raw/1.fits"), session=session)
        assert [row.path for row in records.fetch(session=session)] == ["raw/1.fits"]
        raise ZeroDivisionError
    assert list(records.fetch()) == []


def test_an_unknown_name_needs_a_definition(db: Database) -> None:
    """A table that no spec defines needs a definition to be registered; the error lists the tables with a spec."""
    with pytest.raises(exc.ArgumentError, match=r"no opaque table 'note'; they have .*'transfer'"):
        db.opaque.register("note")  # type: ignore[call-overload]  # the point of the test


@pytest.mark.parametrize("name", SPECS)
def test_a_spec_equals_its_definition(name: str) -> None:
    """A `TableSpec` in a client equals the generated definition, except for its source."""
    package = Session.package
    assert SPECS.keys() == package.opaque.keys()
    generated = package.definition.table(name)
    assert SPECS[name].definition(name, schema=package.definition) == replace(generated, source="")
