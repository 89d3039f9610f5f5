"""Opaque tables: registration, look-up, and the definitions and names that are refused."""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import pytest
import sqlalchemy
from msgspec.structs import replace
from sqlalchemy import MetaData, inspect, text
from sqlalchemy.exc import ArgumentError, DatabaseError, IntegrityError

from bookstore import Database, Genre, Session
from observatory import Database as Other
from tablewright.runtime.errors import (
    IncompatibleVersionError,
    OpaqueTableConflictError,
    ReadOnlyDatabaseError,
    UnknownOpaqueTableError,
)
from tablewright.runtime.opaque.manager import OpaqueTableStorageManager
from tablewright.runtime.versions.version_tuple import VersionTuple
from tablewright.schema import definition as d
from tablewright.spec.diagnostic import SpecError
from tablewright.spec.models import CheckSpec, ColumnSpec, IndexSpec, TableSpec, UniqueSpec
from tests.runtime.opaque.records import RECORD, changed, row

VERSION_NAME = "version:tablewright.OpaqueTableStorageManager"


def tables(db: Database) -> set[str]:
    """Return the tables of the database."""
    with db.session() as session:
        return set(inspect(session.connection()).get_table_names())


def test_a_table_is_created_once_and_found_again(db: Database) -> None:
    """Registering again changes nothing; another handle of the database finds the table without its definition."""
    first: Any = db.opaque.register("record", RECORD)
    assert first.insert(row(1)) == 1
    again: Any = db.opaque.register("record", RECORD)
    assert again.name == "record"
    assert list(again.fetch()) == list(first.fetch())
    with Database(db.engine.url) as other:
        found_again: Any = other.opaque.get("record")
        assert found_again is not None
        assert [one.id for one in found_again.fetch()] == [1]
        assert found_again.insert(row(2)) == 1
        assert other.opaque.names() == ["record"]
        assert "record" in other.opaque
    assert first.count() == 2


def test_the_whole_definition_is_found_again(db: Database) -> None:
    """A table that is found again has its original types, enums, defaults, keys and foreign keys."""
    spec = TableSpec(
        name="reading",
        columns={
            "id": ColumnSpec(type="bigint", primary_key=True, autoincrement=True),
            "author_id": ColumnSpec(type="bigint", references="author.id", on_delete="cascade"),
            "genre": ColumnSpec(type="genre", default="essay"),
            "price": ColumnSpec(type="decimal", precision=9, scale=3, nullable=True),
            "tags": ColumnSpec(type="json", python="dict[str, int]", default={}),
        },
        unique=[UniqueSpec(columns=["author_id", "genre"])],
    )
    db.opaque.register("reading", spec)
    with Database(db.engine.url) as other:
        storage: Any = other.opaque["reading"]
        with other.session() as session:
            author = session.author.insert(name="Someone")
            storage.insert({"author_id": author.id, "tags": {"a": 1}}, session=session)
            (stored,) = storage.fetch(session=session)
            assert (stored.genre, stored.price, stored.tags) == (Genre.ESSAY, None, {"a": 1})
        with pytest.raises(IntegrityError):
            storage.insert({"author_id": author.id})
        with pytest.raises(IntegrityError):
            storage.insert({"author_id": author.id + 1, "genre": Genre.POETRY})
        with other.session() as session:
            session.author.delete(author.id)
        assert storage.count() == 0


def test_opaque_tables_are_no_part_of_the_schema(db: Database) -> None:
    """`create`, `drop` and the package's metadata ignore opaque tables; foreign keys to the package are enforced."""
    db.opaque.register("record", RECORD)
    assert "record" not in Session.package.load_tables().tables
    db.create(exist_ok=True)
    db.drop()
    # The version of their registry is kept with it.
    assert set(inspect(db.engine).get_table_names()) == {"record", "tablewright_opaque", "tablewright_attributes"}


def test_a_table_may_be_registered_before_create(url: str) -> None:
    """An empty database, or a missing file, has no opaque tables, and a table can be registered in it."""
    with Database(url, check_versions=False) as db:
        assert db.opaque.get("record") is None
        assert db.opaque.names() == []
        assert "record" not in db.opaque
        assert db.opaque.register("record", RECORD).count() == 0
        db.create()


@pytest.mark.parametrize(
    ("other", "message"),
    [
        (changed(size=ColumnSpec(type="integer", nullable=True)), "'size' has the type bigint, not integer"),
        (
            changed(name=ColumnSpec(type="string", length=41, unique=True)),
            r"string\(length=40\), not string\(length=41\)",
        ),
        (changed(size=ColumnSpec(type="bigint")), "'size' has the nullable True, not False"),
        (changed(path=ColumnSpec(type="text", default="x")), "'path' has the default '', not 'x'"),
        (changed(more=ColumnSpec(type="text")), "it has no column 'more'"),
        (
            RECORD.model_copy(update={"columns": {n: c for n, c in RECORD.columns.items() if n != "size"}}),
            "it has a column 'size'",
        ),
        (changed(id=ColumnSpec(type="bigint", primary_key=True, autoincrement=True)), "autoincrement False, not True"),
        (changed(name=ColumnSpec(type="string", length=40)), "its unique keys are record_name_key .*, not none"),
        (
            RECORD.model_copy(update={"indexes": (IndexSpec(columns=["path"]),)}),
            "its indexes are none, not record_path_idx",
        ),
        (
            RECORD.model_copy(update={"checks": {"positive": CheckSpec(sql="size > 0")}}),
            "its checks are none, not record_positive",
        ),
        (
            changed(name=ColumnSpec(type="string", length=40, unique=True, primary_key=True)),
            r"its primary key is \(id\), not \(id, name\)",
        ),
        (
            changed(size=ColumnSpec(type="bigint", nullable=True, references="author.id")),
            "its foreign keys are none, not record_size_fkey",
        ),
    ],
)
def test_another_definition_is_refused(records: Any, db: Database, other: TableSpec, message: str) -> None:
    """A registered name with another definition is an error that lists the differences, and changes nothing."""
    records.insert(row(1))
    for manager in (db.opaque, Database(db.engine.url).opaque):
        with pytest.raises(OpaqueTableConflictError, match=message):
            manager.register("record", other)
    assert records.count() == 1


def test_docs_make_no_difference(records: Any, db: Database) -> None:
    """The same columns with other docs and `meta`, or with another class name, are the same table."""
    documented = changed(size=ColumnSpec(type="bigint", nullable=True, doc="In bytes.", meta={"unit": "B"}))
    db.opaque.register("record", documented.model_copy(update={"doc": "A file.", "class_": "Other"}))


def test_a_definition_may_be_canonical(db: Database) -> None:
    """A table of a canonical schema under another name equals its spec under that name."""
    definition = RECORD.definition(schema=Session.package.definition)
    db.opaque.register("other", definition)
    db.opaque.register("other", RECORD)
    assert db.opaque.names() == ["other"]
    assert "record" not in tables(db)


def test_a_foreign_key_to_another_schema_is_refused(db: Database) -> None:
    """A canonical definition that references a table, or uses an enum, of another schema is an error."""
    key = d.ForeignKey(name="record_size_fkey", columns=("size",), table="stranger", targets=("id",))
    definition = replace(RECORD.definition(), foreign_keys=(key,))
    with pytest.raises(ArgumentError, match=r"references tables that the package does not have: \['stranger'\]"):
        db.opaque.register("record", definition)
    kind = d.Column(name="kind", attribute="kind", column="kind", type=d.Type(kind="enum", enum="strange"))
    with pytest.raises(ArgumentError, match=r"uses unknown enums: \['strange'\]"):
        db.opaque.register("record", replace(definition, columns=(*definition.columns, kind)))
    assert db.opaque.names() == []


def test_rolled_back_undoes_opaque_tables(db: Database) -> None:
    """On a connection that is rolled back, tables are registered, used and undone."""
    with db.engine.connect() as connection, connection.begin() as transaction:
        with db.joined_to(connection) as (session, joined):
            storage: Any = joined.opaque.register("record", RECORD)
            storage.insert(row(1))
            assert [one.id for one in storage.fetch()] == [1]
            assert joined.opaque["record"].count() == 1
            session.author.insert(name="Someone")
        transaction.rollback()
    assert db.opaque.names() == []


def test_a_long_name_has_the_same_constraint_names(db: Database) -> None:
    """Under the longest name that Postgres does not cut, both forms of a definition have the same constraint names."""
    name = "x" * 63
    storage: Any = db.opaque.register(name, RECORD.definition())
    db.opaque.register(name, RECORD)
    storage.insert(row(1))
    with pytest.raises(IntegrityError):
        storage.insert(row(2, name="n1"))


@pytest.mark.parametrize("name", ["session", "batch_size"])
def test_a_column_named_like_an_argument_of_fetch_is_refused(db: Database, name: str) -> None:
    """A column with the name of an argument of `fetch` is an error before the table is created."""
    with pytest.raises(ArgumentError, match=f"cannot have a column '{name}'.*Choose another name"):
        db.opaque.register("record", RECORD.model_copy(update={"columns": {name: ColumnSpec(type="text")}}))
    assert db.opaque.names() == []


def test_a_sqlalchemy_table_is_refused(db: Database) -> None:
    """A SQLAlchemy Table is refused, because it cannot be read back completely."""
    table = sqlalchemy.Table("record", MetaData(), sqlalchemy.Column("id", sqlalchemy.Integer, primary_key=True))
    with pytest.raises(ArgumentError, match="Pass a TableSpec"):
        db.opaque.register("record", table)


def test_an_existing_name_is_refused(db: Database) -> None:
    """The names of the package's tables, of internal tables and of existing tables cannot be registered."""
    with pytest.raises(OpaqueTableConflictError, match="the package bookstore has a table of that name"):
        db.opaque.register("book", RECORD)
    with pytest.raises(OpaqueTableConflictError, match="reserved for tablewright"):
        db.opaque.register("tablewright_opaque", RECORD.definition())
    with db.session() as session:
        session.execute(text("CREATE TABLE stranger (id INTEGER)"))
    with pytest.raises(OpaqueTableConflictError, match="has a table of that name, which is not opaque"):
        db.opaque.register("stranger", RECORD)
    assert db.opaque.names() == []


@pytest.mark.parametrize("name", ["", "x" * 64, "ä" * 32, "a\0b"])
def test_an_invalid_name_is_refused(db: Database, name: str) -> None:
    """An invalid name, or one that a database would cut, is an error before the table is created."""
    definition = RECORD.definition()
    with pytest.raises(ArgumentError, match="must have 1 to 63 bytes"):
        db.opaque.register(name, definition)


def test_an_invalid_spec_is_refused(db: Database) -> None:
    """An invalid spec creates no table."""
    with pytest.raises(SpecError, match="bigint"):
        db.opaque.register("record", changed(size=ColumnSpec(type="bigit")))
    assert "tablewright_opaque" not in tables(db)


def test_registering_is_part_of_the_transaction(db: Database) -> None:
    """Other clients see the table after the caller's transaction commits, and never if it is rolled back."""
    with Database(db.engine.url) as other:
        with pytest.raises(RuntimeError, match="no"), db.session() as session:
            db.opaque.register("record", RECORD, session=session).insert(row(1), session=session)
            assert db.opaque.get("record", session=session) is not None
            raise RuntimeError("no")
        assert db.opaque.get("record") is None
        assert "record" not in tables(db)
        with db.session() as session:
            storage: Any = db.opaque.register("record", RECORD, session=session)
            storage.insert(row(1), session=session)
            assert other.opaque.get("record") is None
            session.author.insert(name="Someone")
        assert other.opaque["record"].count() == 1


def test_a_refused_registration_leaves_the_callers_transaction_alone(records: Any, db: Database) -> None:
    """After a conflict the caller's transaction continues."""
    with db.session() as session:
        session.author.insert(name="Someone")
        with pytest.raises(OpaqueTableConflictError):
            db.opaque.register("record", changed(more=ColumnSpec(type="text")), session=session)
        records.insert(row(1), session=session)
    assert records.count() == 1


def test_a_read_only_database_registers_existing_tables(records: Any, db: Database) -> None:
    """A read-only handle finds and re-registers tables, refuses other definitions, and creates none."""
    records.insert(row(1))
    with Database(db.engine.url, read_only=True) as reader:
        storage: Any = reader.opaque.register("record", RECORD)
        assert [one.id for one in storage.fetch()] == [1]
        with pytest.raises(OpaqueTableConflictError):
            reader.opaque.register("record", changed(more=ColumnSpec(type="text")))
        with pytest.raises(ReadOnlyDatabaseError, match="opened for reading only"):
            reader.opaque.register("another", RECORD)
        with pytest.raises(ReadOnlyDatabaseError, match="opened for reading only"):
            reader.opaque.unregister("record")
        for write in (storage.insert, storage.ensure, storage.replace):
            with pytest.raises(DatabaseError, match=r"read-?only"):
                write(row(2))
        with pytest.raises(DatabaseError, match=r"read-?only"):
            storage.delete(["id"], {"id": 1})
        with pytest.raises(DatabaseError, match=r"read-?only"):
            storage.delete_all()
    assert records.count() == 1


def test_an_unknown_name_lists_the_existing_ones(records: Any, db: Database) -> None:
    """`[name]` of a missing table is a KeyError that lists the existing ones; `get` returns None."""
    assert db.opaque.get("recrd") is None
    with pytest.raises(KeyError, match="no opaque table 'recrd'; there are record"):
        db.opaque["recrd"]


def test_unregistering_drops_the_table(records: Any, db: Database) -> None:
    """The table and its entry are dropped; another handle notices, and a storage still in use raises an error."""
    records.insert(row(1))
    with Database(db.engine.url) as other:
        storage: Any = other.opaque["record"]
        db.opaque.unregister("record")
        assert other.opaque.get("record") is None
        assert "record" not in tables(db)
        with pytest.raises(DatabaseError):
            list(storage.fetch())
        with pytest.raises(UnknownOpaqueTableError):
            other.opaque.unregister("record")
        different: Any = other.opaque.register("record", changed(more=ColumnSpec(type="text")))
        different.insert(row(1, more="x"))
        again: Any = db.opaque["record"]
        assert [one.more for one in again.fetch()] == ["x"]


def test_unregistering_is_part_of_the_transaction(records: Any, db: Database) -> None:
    """A rollback restores the table with its rows."""
    records.insert(row(1))
    with pytest.raises(RuntimeError, match="no"), db.session() as session:
        db.opaque.unregister("record", session=session)
        assert db.opaque.get("record", session=session) is None
        raise RuntimeError("no")
    assert db.opaque["record"].count() == 1


def test_a_clone_is_bound_to_another_handle(records: Any, db: Database) -> None:
    """A clone of the manager uses its own database handle, and finds the same tables."""
    records.insert(row(1))
    with db.clone() as clone:
        cloned = db.opaque.clone(clone)
        assert cloned.database is clone
        assert cloned["record"].count() == 1
        assert type(cloned["record"]) is type(db.opaque["record"])
        assert clone.opaque is not db.opaque
        assert clone.opaque["record"].count() == 1
    assert db.opaque is db.opaque


def test_a_manager_can_be_declared_with_the_static_tables(db: Database) -> None:
    """`initialize` declares the registry with a database's static tables, and writes its version."""
    with db.declare_static_tables(create=True) as context:
        manager = OpaqueTableStorageManager.initialize(db, context, registry_schema_version=VersionTuple(1, 0, 0))
    assert "tablewright_opaque" in tables(db)
    assert manager.registry_schema_version == (1, 0, 0)
    with db.session() as session:
        assert session.attributes.get(VERSION_NAME) == "1.0.0"
    assert manager.register("record", RECORD).count() == 0


def test_the_registry_has_a_version(db: Database, records: Any) -> None:
    """The version is written with the registry; incompatible managers refuse the tables, also tables found earlier."""
    with db.session() as session:
        assert session.attributes.get(VERSION_NAME) == "1.0.0"
        session.attributes.set(VERSION_NAME, "2.0.0", force=True)
    uses: list[Callable[[OpaqueTableStorageManager], object]] = [
        lambda manager: manager.get("record"),
        lambda manager: manager.names(),
        lambda manager: manager.register("record", RECORD),
    ]
    for use in uses:
        with pytest.raises(IncompatibleVersionError, match=r"has 2\.0\.0 of tablewright\.OpaqueTableStorageManager"):
            use(OpaqueTableStorageManager(db))
        with pytest.raises(IncompatibleVersionError):
            use(db.opaque)


def test_each_namespace_has_its_own_opaque_tables(postgres_url: str) -> None:
    """The same name in two namespaces is two tables; a missing namespace is created."""
    with (
        Database(postgres_url, namespace="one", check_versions=False) as one,
        Database(postgres_url, namespace="two", check_versions=False) as two,
    ):
        one.opaque.register("record", RECORD).insert(row(1))
        other: Any = two.opaque.register("record", changed(more=ColumnSpec(type="text", default="")))
        assert (one.opaque["record"].count(), other.count()) == (1, 0)
        two.opaque.unregister("record")
        assert one.opaque["record"].count() == 1


def test_a_table_with_an_unknown_target_is_still_found(db: Database) -> None:
    """A package without the table that a foreign key references still reads and writes the opaque table."""
    spec = changed(size=ColumnSpec(type="bigint", nullable=True, references="author.id"))
    db.opaque.register("record", spec)
    with Other(db.engine.url, check_versions=False) as other:
        storage: Any = other.opaque["record"]
        storage.insert(row(1))
        assert storage.count() == 1
        with pytest.raises(IntegrityError):
            storage.insert(row(2, size=1))


def test_a_definition_written_by_an_older_release_is_read(records: Any, db: Database) -> None:
    """Stored definitions are compared by meaning: their layout and digest may be those of an older release."""
    with db.session() as session:
        definition = session.scalar(text("SELECT definition FROM tablewright_opaque"))
        assert definition is not None
        session.execute(
            text("UPDATE tablewright_opaque SET definition = :changed, digest = 'old'"),
            {"changed": definition.replace(":", ": ")},
        )
    assert db.opaque.register("record", RECORD).count() == 0
