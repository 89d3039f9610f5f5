"""Cases of reading and writing rows: every contender does the same work on the same data."""

from __future__ import annotations

import itertools
from collections.abc import Sequence
from dataclasses import dataclass
from random import Random
from typing import Any

import psycopg

from tests.benchmarks import values
from tests.benchmarks.bench import Bench
from tests.benchmarks.case import Case, UnequalError
from tests.benchmarks.contenders.contender import SPAN, Contender, Workload
from tests.benchmarks.contenders.registry import missing_reason, open_contender
from tests.benchmarks.measure import Run, timed
from tests.benchmarks.targets import Target, settings_of

INSERTS = {"insert_returning", "insert_many", "insert_many_rich", "add_entities"}
WRITES = {*INSERTS, "upsert_many", "upsert_many_rich", "update_by_key", "delete_by_key", "change_entities"}
UNORDERED_IDS = INSERTS
"""Work whose new ids depend on earlier rollbacks."""


def table_of(work: str) -> str:
    """Return the table of *work*."""
    return "rich" if work.endswith("_rich") else "plain"


def workload_for(work: str, target: Target) -> tuple[Workload, int]:
    """Return the workload of *work* on *target*, and the number of rows or calls by which its time is divided."""
    sizes = target.sizes
    draw = Random(work)
    match work:
        case "bulk_read":
            return Workload(), sizes.plain
        case "bulk_read_rich":
            return Workload(), sizes.rich
        case "point_read" | "delete_by_key" | "get_entities":
            keys = draw.sample(range(1, sizes.plain + 1), sizes.single)
            return Workload(keys=keys), sizes.single
        case "filtered_read":
            keys = [draw.randrange(1, sizes.plain - SPAN) for _ in range(sizes.spans)]
            return Workload(keys=keys), sizes.spans
        case "update_by_key":
            keys = draw.sample(range(1, sizes.plain + 1), sizes.single)
            changes = [(key, {"rank": draw.randrange(1000), "title": f"Changed {key}"}) for key in keys]
            return Workload(changes=changes), sizes.single
        case "insert_returning":
            return Workload(rows=list(values.plain_rows(sizes.single, seed=4))), sizes.single
        case "insert_many":
            return Workload(rows=list(values.plain_rows(sizes.many, seed=5))), sizes.many
        case "insert_many_rich":
            return Workload(rows=list(values.rich_rows(sizes.many_rich, target.package.Genre, seed=6))), sizes.many_rich
        case "upsert_many":
            # Half of them exist already.
            ids = itertools.count(sizes.plain - sizes.upserts // 2 + 1)
            rows = [{"id": id, **row} for id, row in zip(ids, values.plain_rows(sizes.upserts, seed=7), strict=False)]
            return Workload(rows=rows), sizes.upserts
        case "upsert_many_rich":
            ids = itertools.count(sizes.rich - sizes.upserts // 2 + 1)
            made = values.rich_rows(sizes.upserts, target.package.Genre, seed=8)
            return Workload(rows=[{"id": id, **row} for id, row in zip(ids, made, strict=False)]), sizes.upserts
        case "books_with_authors":
            return Workload(), sizes.books
        case "empty_sessions":
            return Workload(times=sizes.sessions), sizes.sessions
        case "query_entities":
            return Workload(times=min(2 * sizes.entities, sizes.plain)), min(2 * sizes.entities, sizes.plain)
        case "add_entities":
            return Workload(rows=list(values.plain_rows(sizes.entities, seed=9))), sizes.entities
        case "change_entities":
            count = min(sizes.entities, sizes.plain)
            return Workload(times=count, changes=[(key, {"rank": key, "active": True}) for key in range(count)]), count
        case _:
            raise LookupError(work)


@dataclass(frozen=True, kw_only=True)
class RowCase(Case):
    """One piece of work on one database."""

    engine: str
    work: str

    def runs(self, bench: Bench) -> tuple[dict[str, Run], dict[str, str]]:
        installed, missing = self.installed()
        verify_equal(self.work, installed, bench.tiny_target(self.engine))
        target = bench.target(self.engine)
        return {name: self._run(name, target) for name in installed}, missing

    def installed(self) -> tuple[list[str], dict[str, str]]:
        """Return the installed contenders, and the reason for each missing one."""
        missing = {name: reason for name in self.contenders if (reason := missing_reason(name))}
        return [name for name in self.contenders if name not in missing], missing

    def _run(self, name: str, target: Target) -> Run:
        workload, count = workload_for(self.work, target)
        contender = open_contender(name, target)
        work = getattr(contender, self.work)

        def run() -> dict[str, float]:
            if self.work == "empty_sessions":
                with timed() as watch:
                    work(workload)
            else:
                with contender.transaction():
                    contender.prepare(self.work, workload)
                    with timed() as watch:
                        result = work(workload)
                    del result
            if self.work in WRITES:
                tidy(target, table_of(self.work))
            return {self.unit: watch.seconds / count * 1e6}

        return run


def tidy(target: Target, table: str) -> None:
    """Remove dead rows from *table*, which Postgres keeps after a rollback."""
    if target.engine == "postgresql":
        with psycopg.connect(target.conninfo, autocommit=True) as connection:
            connection.execute(f"VACUUM {table}".encode())


def verify_equal(work: str, names: Sequence[str], target: Target) -> None:
    """Let the contenders *names* do *work* once. Raise `UnequalError` if they return or store different data."""
    first: tuple[str, Any] | None = None
    for name in names:
        contender = open_contender(name, target)
        seen = _settings(contender, target)
        if work == "empty_sessions":
            contender.empty_sessions(Workload(times=2))
        else:
            seen |= observe(contender, work, target)
        if first is None:
            first = name, seen
            continue
        for what in first[1].keys() & seen.keys():
            if first[1][what] != seen[what]:
                raise UnequalError(
                    f"{work} on {target.engine}: the {what} of {name} and {first[0]} differ: "
                    f"{_difference(seen[what], first[1][what])}"
                )
        # The first contender may not return everything, such as the updated row; compare with the next one then.
        first = first[0], seen | first[1]


def observe(contender: Contender, work: str, target: Target) -> dict[str, Any]:
    """Let *contender* do *work*. Return its result and the rows of the table, each value with its type."""
    workload, _ = workload_for(work, target)
    table = table_of(work)
    names = values.COLUMNS[table][work in UNORDERED_IDS :]
    with contender.transaction():
        contender.prepare(work, workload)
        result: Any = getattr(contender, work)(workload)
        seen: dict[str, Any] = {}
        if isinstance(result, int):
            seen["count"] = result
        elif work == "delete_by_key" or work == "books_with_authors":
            seen["result"] = list(result)
        elif work in contender.untyped:
            seen["number of rows"] = len(result)
            seen["rows"] = _typed(contender.content(table), names)
        elif not (result and all(isinstance(row, int) for row in result)):
            seen["rows"] = _typed(result, names)
        if work in WRITES:
            seen["content"] = sorted(_typed(contender.content(table), names), key=str)
    if "rows" in seen:
        seen.setdefault("number of rows", len(seen["rows"]))
        if work.startswith(("bulk", "query")):
            seen["rows"].sort(key=str)
    return seen


def _settings(contender: Contender, target: Target) -> dict[str, Any]:
    with contender.transaction():
        return {f"setting {name}": str(contender.scalar(sql)) for name, sql in settings_of(target).items()}


def _typed(rows: Sequence[Any], names: Sequence[str]) -> list[Any]:
    def row_values(row: Any) -> list[Any]:
        return [getattr(row, name) for name in names]

    return [[(type(value).__name__, value) for value in row_values(row)] for row in rows]


def _difference(mine: Any, theirs: Any) -> str:
    if isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
        pairs = [(one, other) for one, other in zip(mine, theirs, strict=True) if one != other]
        return f"{pairs[0][0]} is not {pairs[0][1]}"
    return f"{mine!r:.500} is not {theirs!r:.500}"
