"""Cases of opaque tables: each contender keeps the same records in a database of its own."""

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
"""Records in the rehearsal."""
SETTINGS = {
    "sqlite": ("PRAGMA journal_mode", "PRAGMA synchronous", "PRAGMA foreign_keys", "PRAGMA cache_size"),
    "postgresql": ("SHOW synchronous_commit", "SHOW transaction_isolation"),
}
CONTENDERS = ("driver", "tablewright", "butler")


def storage(name: str, url: URL, package: Any) -> OpaqueStorage:
    """The contender *name* in the empty database at *url*."""
    if name == "tablewright":
        return TablewrightStorage(url, package)
    if name == "butler":
        return ButlerStorage(url)
    return SqliteStorage(url) if url.get_backend_name() == "sqlite" else PostgresStorage(url)


def why_missing(name: str) -> str | None:
    """Why the contender cannot take part on this machine; None when it can."""
    try:
        if name == "butler":
            importlib.metadata.version("lsst-daf-butler")
    except importlib.metadata.PackageNotFoundError:
        return "lsst-daf-butler is not installed"
    return None


def records(count: int, round_: int = 0) -> list[Record]:
    """As many records; those of another *round_* have the same ids and other values."""
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
class Given:
    """What a piece of work is told, which is the same for every contender."""

    before: Sequence[Record]
    """What the table holds."""
    does: Callable[[OpaqueStorage], object]


def given_for(work: str, count: int) -> Given:
    """What *work* on *count* records is told."""
    held = records(count)
    draw = Random(work)
    shuffled = draw.sample(range(1, count + 1), count)
    keys = [{"id": number} for number in shuffled[: count // 2]]
    changed = records(count, 1)
    works: Mapping[str, Given] = {
        "insert": Given([], lambda who: who.insert(held)),
        "ensure": Given(held, lambda who: who.ensure(held)),
        "replace": Given(held, lambda who: who.replace(changed)),
        "fetch-all": Given(held, lambda who: who.fetch_all()),
        "fetch-ids": Given(held, lambda who: who.fetch_ids(shuffled)),
        "delete": Given(held, lambda who: who.delete(keys)),
    }
    return works[work]


@dataclass(frozen=True, kw_only=True)
class OpaqueCase(Case):
    """One piece of work on one engine, committed."""

    engine: str
    work: str
    count: int = 100_000

    def runs(self, bench: Bench) -> tuple[dict[str, Run], dict[str, str]]:
        missing = {name: reason for name in self.contenders if (reason := why_missing(name))}
        able = [name for name in self.contenders if name not in missing]
        kept = {
            name: opened(name, bench.new_url(self.engine, f"{self.id}-{name}".replace("/", "-")), bench.package)
            for name in able
        }
        rehearse(self.work, kept)
        given = given_for(self.work, self.scaled(bench, self.count))
        return {name: self._run(who, given) for name, who in kept.items()}, missing

    def _run(self, who: OpaqueStorage, given: Given) -> Run:
        def run() -> dict[str, float]:
            fill(who.url, given.before)
            with timed() as watch:
                given.does(who)
            return {self.unit: watch.seconds}

        return run


def opened(name: str, url: URL, package: Any) -> OpaqueStorage:
    """The contender *name*, its table made, in the empty database at *url*."""
    if url.get_backend_name() == "sqlite":
        with sqlite3.connect(str(url.database)) as connection:
            connection.execute("PRAGMA journal_mode = WAL")
    who = storage(name, url, package)
    who.make()
    return who


def fill(url: URL, held: Sequence[Record]) -> None:
    """Makes the table as it is to be before the clock runs: *held* is in it, and nothing that was deleted."""
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
    """All records of the table, as anyone sees them."""
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


def rehearse(work: str, kept: Mapping[str, OpaqueStorage]) -> None:
    """Lets the contenders do *work* once on a few records; `UnequalError` where what they say or leave differs."""
    given = given_for(work, TINY)
    seen: dict[str, Any] = {}
    for name, who in kept.items():
        fill(who.url, given.before)
        result = given.does(who)
        # Butler's writes say nothing.
        said = result if work.startswith("fetch") else None
        asked = [str(who.ask(sql)) for sql in SETTINGS[who.url.get_backend_name()]]
        seen[name] = {"sum of what was read": said, "content": content(who.url), "settings": asked}
    first, *others = seen
    for name in others:
        for what, found in seen[name].items():
            if found != seen[first][what]:
                raise UnequalError(
                    f"{work}: the {what} of {name} and {first} differ: {found} is not {seen[first][what]}"
                )
