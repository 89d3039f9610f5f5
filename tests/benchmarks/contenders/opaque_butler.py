"""The opaque tables of LSST's Data Butler, through its public API."""

from __future__ import annotations

import importlib
from collections.abc import Iterable, Sequence
from typing import Any

import psycopg
import sqlalchemy
from sqlalchemy import URL

from tests.benchmarks.contenders.opaque_storage import TABLE, OpaqueStorage, Record

DATABASES = {"sqlite": "sqlite:SqliteDatabase", "postgresql": "postgresql:PostgresqlDatabase"}


def read(rows: Iterable[Any]) -> int:
    """Read every value of *rows*. Return the sum of numbers and text lengths."""
    return sum(row["id"] + row["count"] + len(row["name"]) + len(row["path"]) for row in rows)


class ButlerStorage(OpaqueStorage):
    """`ByNameOpaqueTableStorageManager`."""

    storage: Any

    def __init__(self, url: URL) -> None:
        super().__init__(url)
        if url.get_backend_name() == "postgresql":
            conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
            with psycopg.connect(conninfo) as connection:
                # Butler refuses a database without it, since its exclusion constraints need it.
                connection.execute("CREATE EXTENSION IF NOT EXISTS btree_gist")
        module, _, name = DATABASES[url.get_backend_name()].partition(":")
        databases = importlib.import_module(f"lsst.daf.butler.registry.databases.{module}")
        self.database: Any = getattr(databases, name).fromUri(url, origin=0)

    def create(self) -> None:
        ddl = importlib.import_module("lsst.daf.butler.ddl")
        opaque = importlib.import_module("lsst.daf.butler.registry.opaque")
        with self.database.declareStaticTables(create=True) as context:
            manager = opaque.ByNameOpaqueTableStorageManager.initialize(self.database, context)
        fields = [
            ddl.FieldSpec("id", dtype=sqlalchemy.BigInteger, primaryKey=True),
            ddl.FieldSpec("name", dtype=sqlalchemy.String, length=32, nullable=False),
            ddl.FieldSpec("path", dtype=sqlalchemy.String, length=80, nullable=False),
            ddl.FieldSpec("count", dtype=sqlalchemy.BigInteger, nullable=False),
        ]
        self.storage = manager.register(TABLE, ddl.TableSpec(fields=fields, unique={("name",)}))

    def insert(self, records: Sequence[Record]) -> object:
        return self.storage.insert(*records)

    def ensure(self, records: Sequence[Record]) -> object:
        return self.storage.ensure(*records)

    def replace(self, records: Sequence[Record]) -> object:
        return self.storage.replace(*records)

    def fetch_all(self) -> int:
        return read(self.storage.fetch())

    def fetch_ids(self, ids: Sequence[int]) -> int:
        return read(self.storage.fetch(id=ids))

    def delete(self, keys: Sequence[Record]) -> object:
        return self.storage.delete(["id"], *keys)

    def scalar(self, sql: str) -> object:
        with self.database.query(sqlalchemy.text(sql)) as result:
            return result.scalar()

    def close(self) -> None:
        self.database.dispose()
