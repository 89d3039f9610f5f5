"""Tablewright's opaque tables."""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any

from sqlalchemy import URL, text

from tablewright.runtime.opaque.storage import DynamicOpaqueTableStorage
from tablewright.spec.models import ColumnSpec, TableSpec
from tests.benchmarks.contenders.opaque_storage import TABLE, OpaqueStorage, Record

SPEC = TableSpec(
    name=TABLE,
    columns={
        "id": ColumnSpec(type="bigint", primary_key=True),
        "name": ColumnSpec(type="string", length=32, unique=True),
        "path": ColumnSpec(type="string", length=80),
        "count": ColumnSpec(type="bigint"),
    },
)


class TablewrightStorage(OpaqueStorage):
    """`database.opaque`, with a table that is defined at run time."""

    storage: DynamicOpaqueTableStorage

    def __init__(self, url: URL, package: Any) -> None:
        super().__init__(url)
        self.database = package.Database(url)

    def create(self) -> None:
        self.database.create()
        self.storage = self.database.opaque.register(TABLE, SPEC)

    def insert(self, records: Sequence[Record]) -> object:
        return self.storage.insert(*records)

    def ensure(self, records: Sequence[Record]) -> object:
        return self.storage.ensure(*records)

    def replace(self, records: Sequence[Record]) -> object:
        return self.storage.replace(*records)

    def fetch_all(self) -> int:
        return sum(row.id + row.count + len(row.name) + len(row.path) for row in self.storage.fetch())

    def fetch_ids(self, ids: Sequence[int]) -> int:
        return sum(row.id + row.count + len(row.name) + len(row.path) for row in self.storage.fetch(id=ids))

    def delete(self, keys: Sequence[Record]) -> object:
        return self.storage.delete(["id"], *keys)

    def scalar(self, sql: str) -> object:
        with self.database.session() as session:
            return session.scalar(text(sql))

    def close(self) -> None:
        self.database.dispose()
