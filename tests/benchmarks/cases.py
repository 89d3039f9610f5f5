"""All cases, as a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.benchmarks.case import Case, Goal, at_least, at_most
from tests.benchmarks.rows import RowCase

ENGINES = ("sqlite", "postgresql")
ALL = ("driver", "tablewright", "core", "orm", "sqlmodel", "peewee", "django")
SQLALCHEMY = ("driver", "tablewright", "core", "orm")
BOTH_BULK = ("driver", "tablewright", "core", "orm", "peewee", "django")


@dataclass(frozen=True)
class Work:
    """A piece of work, and what is expected of it on each engine."""

    id: str
    title: str
    work: str
    contenders: tuple[str, ...]
    sqlite: tuple[Goal, ...] = ()
    postgresql: tuple[Goal, ...] = ()
    baseline: str = "driver"
    rounds: int = 11
    unit: str = "µs/row"


READ = (at_most("tablewright", 1.35, "driver"), at_least("orm", 4.5, "tablewright"))
RICH = (at_most("tablewright", 1.10, "driver"),)
SINGLE = at_most("tablewright", 1.5, "driver"), at_most("tablewright", 1.25, "driver")
SAME = (at_most("tablewright-entities", 1.03, "orm-same-tables"),)
ENTITIES = ("orm-same-tables", "tablewright-entities", "orm")

WORKS = (
    Work("bulk-read", "read 100,000 rows of 7 columns", "bulk_read", ALL, READ, READ, rounds=7),
    Work("bulk-read-rich", "read 30,000 rows of decimal, uuid, JSON, enum, array, timestamptz", "bulk_read_rich",
         SQLALCHEMY, RICH, RICH, rounds=9),
    Work("point-read", "get a row by its key", "point_read", ALL,
         (SINGLE[0], at_least("orm", 10, "tablewright")), (SINGLE[1],), unit="µs/call", rounds=15),
    Work("point-read-listened", "the same while somebody listens to every statement", "point_read",
         ("core-listened", "tablewright-listened"),
         (at_most("tablewright-listened", 1.1, "core-listened"),),
         (at_most("tablewright-listened", 1.1, "core-listened"),),
         baseline="core-listened", unit="µs/call", rounds=15),
    Work("filtered-read", "read the 50 rows that meet a condition", "filtered_read", ALL, unit="µs/call"),
    Work("insert-returning", "insert a row and get it as stored", "insert_returning", ALL,
         (SINGLE[0],), (SINGLE[1],), unit="µs/call", rounds=15),
    Work("update-by-key", "update a row and get it as stored", "update_by_key", BOTH_BULK,
         (SINGLE[0],), (SINGLE[1],), unit="µs/call", rounds=15),
    Work("delete-by-key", "delete a row", "delete_by_key", BOTH_BULK,
         (SINGLE[0],), (SINGLE[1],), unit="µs/call", rounds=15),
    Work("insert-many", "insert 50,000 rows of 7 columns", "insert_many", BOTH_BULK,
         (at_most("tablewright", 1.3, "driver"),), (at_least("orm", 5, "tablewright"),), rounds=5),
    Work("insert-many-rich", "insert 20,000 rows of decimal, uuid, JSON, enum, array, timestamptz", "insert_many_rich",
         SQLALCHEMY, (at_most("tablewright", 1.3, "driver"),), (at_least("orm", 5, "tablewright"),), rounds=5),
    Work("upsert-many", "upsert 10,000 rows, half of them there", "upsert_many", BOTH_BULK,
         (), (at_least("orm", 3, "tablewright"),), rounds=7),
    Work("upsert-many-rich", "upsert 10,000 rows of the other types, half of them there", "upsert_many_rich",
         SQLALCHEMY, (), (at_least("orm", 3, "tablewright"),), rounds=5),
    Work("relationship", "read 10,000 books with their authors", "books_with_authors",
         ("driver", "tablewright", "tablewright-entities", "core", "orm", "orm-same-tables", "peewee", "django"), rounds=7),
    Work("empty-session", "begin and commit a transaction in which nothing happens", "empty_sessions",
         ("driver", "tablewright", "core", "orm", "peewee", "django"), unit="µs/call"),
    Work("entity-query", "read 10,000 entities", "query_entities", ENTITIES, SAME, SAME,
         baseline="orm-same-tables", unit="µs/entity", rounds=15),
    Work("entity-get", "get an entity by its key", "get_entities", ENTITIES, SAME, SAME,
         baseline="orm-same-tables", unit="µs/call", rounds=15),
    Work("entity-add", "add 5,000 entities and flush", "add_entities", ENTITIES, SAME, SAME,
         baseline="orm-same-tables", unit="µs/entity", rounds=11),
    Work("entity-change", "change 5,000 entities and flush", "change_entities", ENTITIES, SAME, SAME,
         baseline="orm-same-tables", unit="µs/entity", rounds=11),
)  # fmt: skip


def row_cases() -> Iterator[RowCase]:
    """Each piece of work on each engine."""
    for engine in ENGINES:
        for work in WORKS:
            kind, name = ("entities", work.id[7:]) if work.id.startswith("entity-") else ("rows", work.id)
            yield RowCase(
                id=f"{kind}/{engine}/{name}",
                title=work.title,
                unit=work.unit,
                contenders=work.contenders,
                baseline=work.baseline,
                goals=work.sqlite if engine == "sqlite" else work.postgresql,
                rounds=work.rounds,
                engine=engine,
                work=work.work,
            )


CASES: tuple[Case, ...] = (*row_cases(),)
