"""Cases of opaque tables: each contender stores the same records in its own database."""

from __future__ import annotations

import importlib.metadata
import sqlite3
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import psycopg
from sqlalchemy import URL

from tests.benchmarks.bench import Bench
from tests.benchmarks.case import Case, UnequalError
from tests.benchmarks.contenders.opaque_butler import ButlerStorage
from tests.benchmarks.contenders.opaque_storage import (
    COLUMNS,
    TABLE,
    VALUES,
    OpaqueStorage,
    PostgresStorage,
    Record,
    SqliteStorage,
)
from tests.benchmarks.contenders.opaque_tablewright import TablewrightStorage
from tests.benchmarks.measure import Run, timed

TINY = 60
"""The number of records on which the work of contenders is compared."""
SETTINGS = {
    "sqlite": ("PRAGMA journal_mode", "PRAGMA synchronous", "PRAGMA foreign_keys", "PRAGMA cache_size"),
    "postgresql": ("SHOW synchronous_commit", "SHOW transaction_isolation"),
}
CONTENDERS = ("driver", "tablewright", "butler")


def open_storage(name: str, url: URL, package: Any) -> OpaqueStorage:
    """Return the contender *name* in the empty database at *url*."""
    if name == "tablewright":
        return TablewrightStorage(url, package)
    if name == "butler":
        return ButlerStorage(url)
    return SqliteStorage(url) if url.get_backend_name() == "sqlite" else PostgresStorage(url)


def missing_reason(name: str) -> str | None:
    """Return the reason that a contender is missing, or None if it is installed."""
    try:
        if name == "butler":
            importlib.metadata.version("lsst-daf-butler")
    except importlib.metadata.PackageNotFoundError:
        return "lsst-daf-butler is not installed"
    return None


def records(count: int, round_: int = 0) -> list[Record]:
    """Return *count* records. Those of another *round_* have the same ids and different values."""
    return [
        {
            "id": number,
            "name": f"record-{round_}-{number}",
            "path": f"raw/2026-11/detector-{number % 189:03}/{number:032}.fits"[:60].ljust(60, "x"),
            "count": number % 1000 + round_,
        }
        for number in range(1, count + 1)
    ]


@dataclass(frozen=True)
class Workload:
    """A piece of work, the same for every contender."""

    before: Sequence[Record]
    """The records in the table before."""
    does: Callable[[OpaqueStorage], object]


def workload_for(work: str, count: int) -> Workload:
    """Return the workload of *work* on *count* records."""
    held = records(count)
    draw = Random(work)
    shuffled = draw.sample(range(1, count + 1), count)
    keys = [{"id": number} for number in shuffled[: count // 2]]
    changed = records(count, 1)
    works: Mapping[str, Workload] = {
        "insert": Workload([], lambda storage: storage.insert(held)),
        "ensure": Workload(held, lambda storage: storage.ensure(held)),
        "replace": Workload(held, lambda storage: storage.replace(changed)),
        "fetch-all": Workload(held, lambda storage: storage.fetch_all()),
        "fetch-ids": Workload(held, lambda storage: storage.fetch_ids(shuffled)),
        "delete": Workload(held, lambda storage: storage.delete(keys)),
    }
    return works[work]


@dataclass(frozen=True, kw_only=True)
class OpaqueCase(Case):
    """One piece of work on one database, committed."""

    engine: str
    work: str
    count: int = 100_000

    def runs(self, bench: Bench) -> tuple[dict[str, Run], dict[str, str]]:
        missing = {name: reason for name in self.contenders if (reason := missing_reason(name))}
        installed = [name for name in self.contenders if name not in missing]
        storages = {
            name: create_storage(name, bench.new_url(self.engine, f"{self.id}-{name}".replace("/", "-")), bench.package)
            for name in installed
        }
        verify_equal(self.work, storages)
        workload = workload_for(self.work, self.scaled(bench, self.count))
        return {name: self._run(storage, workload) for name, storage in storages.items()}, missing

    def _run(self, storage: OpaqueStorage, workload: Workload) -> Run:
        def run() -> dict[str, float]:
            fill(storage.url, workload.before)
            with timed() as watch:
                workload.does(storage)
            return {self.unit: watch.seconds}

        return run


def create_storage(name: str, url: URL, package: Any) -> OpaqueStorage:
    """Return the contender *name*, after creating its table in the empty database at *url*."""
    if url.get_backend_name() == "sqlite":
        with sqlite3.connect(str(url.database)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
    storage = open_storage(name, url, package)
    storage.create()
    return storage


def fill(url: URL, held: Sequence[Record]) -> None:
    """Fill the table with the records *held*, and remove dead rows, before the clock starts."""
    if url.get_backend_name() == "sqlite":
        connection = sqlite3.connect(str(url.database), isolation_level=None)
        connection.execute("BEGIN IMMEDIATE")
        connection.execute(f"DELETE FROM {TABLE}")
        marks = ", ".join("?" * len(COLUMNS))
        connection.executemany(f"INSERT INTO {TABLE} ({', '.join(COLUMNS)}) VALUES ({marks})", map(VALUES, held))
        connection.commit()
        connection.execute("PRAGMA wal_checkpoint(TRUNCATE)")
        connection.close()
        return
    conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(conninfo, autocommit=True) as server:
        server.execute(f"TRUNCATE {TABLE}".encode())
        with (
            server.cursor() as cursor,
            cursor.copy(f"COPY {TABLE} ({', '.join(COLUMNS)}) FROM STDIN".encode()) as copy,
        ):
            for record in held:
                copy.write_row(VALUES(record))
        server.execute(f"VACUUM ANALYZE {TABLE}".encode())


def content(url: URL) -> list[tuple[Any, ...]]:
    """Return all committed records of the table."""
    sql = f"SELECT {', '.join(COLUMNS)} FROM {TABLE} ORDER BY id"
    if url.get_backend_name() == "sqlite":
        connection = sqlite3.connect(str(url.database))
        try:
            return connection.execute(sql).fetchall()
        finally:
            connection.close()
    conninfo = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(conninfo) as server:
        return server.execute(sql.encode()).fetchall()


def verify_equal(work: str, storages: Mapping[str, OpaqueStorage]) -> None:
    """Let the contenders do *work* on a few records. Raise `UnequalError` if they return or store different data."""
    workload = workload_for(work, TINY)
    seen: dict[str, Any] = {}
    for name, storage in storages.items():
        fill(storage.url, workload.before)
        result = workload.does(storage)
        # Butler's writes return nothing.
        returned = result if work.startswith("fetch") else None
        settings = [str(storage.scalar(sql)) for sql in SETTINGS[storage.url.get_backend_name()]]
        seen[name] = {"sum of what was read": returned, "content": content(storage.url), "settings": settings}
    first, *others = seen
    for name in others:
        for what, found in seen[name].items():
            if found != seen[first][what]:
                raise UnequalError(
                    f"{work}: the {what} of {name} and {first} differ: {found} is not {seen[first][what]}"
                )
