"""Cases of reading and writing a database: every contender does the same work on the same rows."""

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
from tests.benchmarks.contenders.contender import SPAN, Contender, Given
from tests.benchmarks.contenders.registry import contender, why_missing
from tests.benchmarks.measure import Run, timed
from tests.benchmarks.places import Place, settings_of

INSERTS = {"insert_returning", "insert_many", "insert_many_rich", "add_entities"}
WRITES = {*INSERTS, "upsert_many", "upsert_many_rich", "update_by_key", "delete_by_key", "change_entities"}
UNORDERED_IDS = INSERTS
"""The ids that these give depend on what was rolled back before."""


def table_of(work: str) -> str:
    """The table that *work* is about."""
    return "rich" if work.endswith("_rich") else "plain"


def given_for(work: str, place: Place) -> tuple[Given, int]:
    """What *work* at *place* is told, and by how many rows or calls its time is divided."""
    sizes = place.sizes
    draw = Random(work)
    match work:
        case "bulk_read":
            return Given(), sizes.plain
        case "bulk_read_rich":
            return Given(), sizes.rich
        case "point_read" | "delete_by_key" | "get_entities":
            keys = draw.sample(range(1, sizes.plain + 1), sizes.single)
            return Given(keys=keys), sizes.single
        case "filtered_read":
            keys = [draw.randrange(1, sizes.plain - SPAN) for _ in range(sizes.spans)]
            return Given(keys=keys), sizes.spans
        case "update_by_key":
            keys = draw.sample(range(1, sizes.plain + 1), sizes.single)
            changes = [(key, {"rank": draw.randrange(1000), "title": f"Changed {key}"}) for key in keys]
            return Given(changes=changes), sizes.single
        case "insert_returning":
            return Given(rows=list(values.plain_rows(sizes.single, seed=4))), sizes.single
        case "insert_many":
            return Given(rows=list(values.plain_rows(sizes.many, seed=5))), sizes.many
        case "insert_many_rich":
            return Given(rows=list(values.rich_rows(sizes.many_rich, place.package.Genre, seed=6))), sizes.many_rich
        case "upsert_many":
            # Half of them are there already.
            ids = itertools.count(sizes.plain - sizes.upserts // 2 + 1)
            rows = [{"id": id, **row} for id, row in zip(ids, values.plain_rows(sizes.upserts, seed=7), strict=False)]
            return Given(rows=rows), sizes.upserts
        case "upsert_many_rich":
            ids = itertools.count(sizes.rich - sizes.upserts // 2 + 1)
            made = values.rich_rows(sizes.upserts, place.package.Genre, seed=8)
            return Given(rows=[{"id": id, **row} for id, row in zip(ids, made, strict=False)]), sizes.upserts
        case "books_with_authors":
            return Given(), sizes.books
        case "empty_sessions":
            return Given(times=sizes.sessions), sizes.sessions
        case "query_entities":
            return Given(times=min(2 * sizes.entities, sizes.plain)), min(2 * sizes.entities, sizes.plain)
        case "add_entities":
            return Given(rows=list(values.plain_rows(sizes.entities, seed=9))), sizes.entities
        case "change_entities":
            count = min(sizes.entities, sizes.plain)
            return Given(times=count, changes=[(key, {"rank": key, "active": True}) for key in range(count)]), count
        case _:
            raise LookupError(work)


@dataclass(frozen=True, kw_only=True)
class RowCase(Case):
    """One piece of work on one engine."""

    engine: str
    work: str

    def runs(self, bench: Bench) -> tuple[dict[str, Run], dict[str, str]]:
        able, missing = self.able()
        rehearse(self.work, able, bench.rehearsal(self.engine))
        place = bench.place(self.engine)
        return {name: self._run(name, place) for name in able}, missing

    def able(self) -> tuple[list[str], dict[str, str]]:
        """The contenders that take part, and why the others do not."""
        missing = {name: reason for name in self.contenders if (reason := why_missing(name))}
        return [name for name in self.contenders if name not in missing], missing

    def _run(self, name: str, place: Place) -> Run:
        given, count = given_for(self.work, place)
        who = contender(name, place)
        work = getattr(who, self.work)

        def run() -> dict[str, float]:
            if self.work == "empty_sessions":
                with timed() as watch:
                    work(given)
            else:
                with who.transaction():
                    who.prepare(self.work, given)
                    with timed() as watch:
                        result = work(given)
                    del result
            if self.work in WRITES:
                tidy(place, table_of(self.work))
            return {self.unit: watch.seconds / count * 1e6}

        return run


def tidy(place: Place, table: str) -> None:
    """Makes the *table* as it was: on Postgres, what was rolled back is still in it."""
    if place.engine == "postgresql":
        with psycopg.connect(place.conninfo, autocommit=True) as connection:
            connection.execute(f"VACUUM {table}".encode())


def rehearse(work: str, names: Sequence[str], place: Place) -> None:
    """Lets the contenders *names* do *work* once; `UnequalError` where what they see or leave differs."""
    first: tuple[str, Any] | None = None
    for name in names:
        who = contender(name, place)
        seen = _settings(who, place)
        if work == "empty_sessions":
            who.empty_sessions(Given(times=2))
        else:
            seen |= observe(who, work, place)
        if first is None:
            first = name, seen
            continue
        for what in first[1].keys() & seen.keys():
            if first[1][what] != seen[what]:
                raise UnequalError(
                    f"{work} on {place.engine}: the {what} of {name} and {first[0]} differ: "
                    f"{_difference(seen[what], first[1][what])}"
                )
        # What the first contender is not told, such as the row that it updated, the next one says.
        first = first[0], seen | first[1]


def observe(who: Contender, work: str, place: Place) -> dict[str, Any]:
    """What *who* sees when it does *work*, and what the table is then; each value with its type."""
    given, _ = given_for(work, place)
    table = table_of(work)
    names = values.COLUMNS[table][work in UNORDERED_IDS :]
    with who.transaction():
        who.prepare(work, given)
        result: Any = getattr(who, work)(given)
        seen: dict[str, Any] = {}
        if isinstance(result, int):
            seen["count"] = result
        elif work == "delete_by_key" or work == "books_with_authors":
            seen["result"] = list(result)
        elif work in who.untyped:
            seen["number of rows"] = len(result)
            seen["rows"] = _typed(who.content(table), names)
        elif not (result and all(isinstance(row, int) for row in result)):
            seen["rows"] = _typed(result, names)
        if work in WRITES:
            seen["content"] = sorted(_typed(who.content(table), names), key=str)
    if "rows" in seen:
        seen.setdefault("number of rows", len(seen["rows"]))
        if work.startswith(("bulk", "query")):
            seen["rows"].sort(key=str)
    return seen


def _settings(who: Contender, place: Place) -> dict[str, Any]:
    with who.transaction():
        return {f"setting {name}": str(who.ask(sql)) for name, sql in settings_of(place).items()}


def _typed(rows: Sequence[Any], names: Sequence[str]) -> list[Any]:
    def row_values(row: Any) -> list[Any]:
        return [getattr(row, name) for name in names]

    return [[(type(value).__name__, value) for value in row_values(row)] for row in rows]


def _difference(mine: Any, theirs: Any) -> str:
    if isinstance(mine, list) and isinstance(theirs, list) and len(mine) == len(theirs):
        pairs = [(one, other) for one, other in zip(mine, theirs, strict=True) if one != other]
        return f"{pairs[0][0]} is not {pairs[0][1]}"
    return f"{mine!r:.500} is not {theirs!r:.500}"
