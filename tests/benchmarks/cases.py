"""All cases, as a table."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass

from tests.benchmarks.case import Case, Goal, at_least, at_most
from tests.benchmarks.generation import GenerationCase, GrowthCase
from tests.benchmarks.imports import HelpCase, ImportCase, PartsCase, SizesCase, TypecheckCase
from tests.benchmarks.memory import MemoryCase
from tests.benchmarks.opaque import CONTENDERS as STORAGES, OpaqueCase
from tests.benchmarks.rows import RowCase

ENGINES = ("sqlite", "postgresql")
ALL = ("driver", "tablewright", "core", "orm", "sqlmodel", "peewee", "django")
SQLALCHEMY = ("driver", "tablewright", "core", "orm")
BOTH_BULK = ("driver", "tablewright", "core", "orm", "peewee", "django")


@dataclass(frozen=True)
class Work:
    """A piece of work, and its goals on each database."""

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
         (SINGLE[0], at_least("orm", 10, "tablewright")), (SINGLE[1],), unit="µs/call", rounds=11),
    Work("point-read-listened", "the same with a listener on every statement", "point_read",
         ("core-listened", "tablewright-listened"),
         (at_most("tablewright-listened", 1.1, "core-listened"),),
         (at_most("tablewright-listened", 1.1, "core-listened"),),
         baseline="core-listened", unit="µs/call", rounds=11),
    Work("filtered-read", "read the 50 rows that meet a condition", "filtered_read", ALL, unit="µs/call"),
    Work("insert-returning", "insert a row and get it as stored", "insert_returning", ALL,
         (SINGLE[0],), (SINGLE[1],), unit="µs/call", rounds=11),
    Work("update-by-key", "update a row and get it as stored", "update_by_key", BOTH_BULK,
         (SINGLE[0],), (SINGLE[1],), unit="µs/call", rounds=11),
    Work("delete-by-key", "delete a row", "delete_by_key", BOTH_BULK,
         (SINGLE[0],), (SINGLE[1],), unit="µs/call", rounds=11),
    Work("insert-many", "insert 50,000 rows of 7 columns", "insert_many", BOTH_BULK,
         (at_most("tablewright", 1.3, "driver"),), (at_least("orm", 5, "tablewright"),), rounds=5),
    Work("insert-many-rich", "insert 20,000 rows of decimal, uuid, JSON, enum, array, timestamptz", "insert_many_rich",
         SQLALCHEMY, (at_most("tablewright", 1.3, "driver"),), (at_least("orm", 5, "tablewright"),), rounds=5),
    Work("upsert-many", "upsert 10,000 rows, half of them there", "upsert_many", BOTH_BULK,
         (), (at_least("orm", 3, "tablewright"),), rounds=7),
    Work("upsert-many-rich", "upsert 10,000 rows of the other types, half of them there", "upsert_many_rich",
         SQLALCHEMY, (), (at_least("orm", 3, "tablewright"),), rounds=5),
    Work("relationship", "read 10,000 books with their authors", "books_with_authors",
         ("driver", "tablewright", "tablewright-entities", "core", "orm", "orm-same-tables", "peewee", "django"),
         rounds=7),
    Work("empty-session", "begin and commit a transaction in which nothing happens", "empty_sessions",
         ("driver", "tablewright", "core", "orm", "peewee", "django"), unit="µs/call"),
    Work("entity-query", "read 10,000 entities", "query_entities", ENTITIES, SAME, SAME,
         baseline="orm-same-tables", unit="µs/entity", rounds=11),
    Work("entity-get", "get an entity by its key", "get_entities", ENTITIES, SAME, SAME,
         baseline="orm-same-tables", unit="µs/call", rounds=11),
    Work("entity-add", "add 5,000 entities and flush", "add_entities", ENTITIES, SAME, SAME,
         baseline="orm-same-tables", unit="µs/entity", rounds=11),
    Work("entity-change", "change 5,000 entities and flush", "change_entities", ENTITIES, SAME, SAME,
         baseline="orm-same-tables", unit="µs/entity", rounds=11),
)  # fmt: skip


def row_cases() -> Iterator[RowCase]:
    """Yield each piece of work on each database."""
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


def memory_cases() -> Iterator[MemoryCase]:
    """Yield the cases of a million rows, on each database."""
    for engine in ENGINES:
        for name, work, who in (
            ("stream", "stream", ("driver", "tablewright", "orm")),
            ("insert-many", "insert_many", ("driver", "tablewright")),
        ):
            yield MemoryCase(
                id=f"memory/{engine}/{name}",
                title="memory over the start, for 1,000,000 rows one by one",
                unit="MB",
                contenders=who,
                baseline="driver",
                goals=(at_most("tablewright", 60),),
                rounds=2,
                also=("µs/row",),
                warm=False,
                engine=engine,
                work=work,
            )


OPAQUE_WORKS = {
    "insert": "insert 100,000 records into an opaque table",
    "ensure": "ensure 100,000 records that are there",
    "replace": "replace 100,000 records that are there",
    "fetch-all": "fetch all of 100,000 records",
    "fetch-ids": "fetch 100,000 records by their ids",
    "delete": "delete 50,000 of 100,000 records by their ids",
}


def opaque_cases() -> Iterator[OpaqueCase]:
    """Yield the cases of opaque tables, on each database."""
    for engine in ENGINES:
        for work, title in OPAQUE_WORKS.items():
            yield OpaqueCase(
                id=f"opaque/{engine}/{work}",
                title=title,
                unit="s",
                contenders=STORAGES,
                baseline="driver",
                goals=(at_least("butler", 4, "tablewright"),),
                rounds=7,
                engine=engine,
                work=work,
            )


PEERS = ("tablewright", "sqlacodegen", "datamodel-codegen", "sqlc")
THIRD = (at_least("sqlacodegen", 3, "tablewright"), at_least("sqlc", 3, "tablewright"))
SIZES = {f"{tables:,} tables": tables for tables in (10, 100, 1000)}


def generation_cases() -> Iterator[Case]:
    """Yield the cases of generation."""
    for tables, rounds, who, goals in (
        (10, 7, PEERS, ()),
        (100, 5, PEERS, ()),
        (1000, 3, ("tablewright, one file", *PEERS), (at_most("tablewright", 4), *THIRD)),
    ):
        yield GenerationCase(
            id=f"generate/{tables}/cold",
            title=f"generate from {tables:,} tables of 11 columns, nothing being there",
            unit="s CPU",
            contenders=who,
            baseline="tablewright",
            goals=goals,
            rounds=rounds,
            also=("s",),
            warm=False,
            tables=tables,
        )
    yield GrowthCase(
        id="generate/3000/cold",
        title="the same from three times as many tables",
        unit="s CPU",
        contenders=("1,000 tables", "3,000 tables"),
        baseline="1,000 tables",
        goals=(at_most("3,000 tables", 3.3, "1,000 tables"),),
        rounds=2,
        also=("s",),
        warm=False,
        sizes={"1,000 tables": 1000, "3,000 tables": 3000},
    )
    for state, title, limit in (
        ("unchanged", "generate again, nothing having changed", 0.35),
        ("one-changed", "generate again, one table of {tables} having changed", 0.8),
    ):
        for tables in (10, 100, 1000):
            yield GenerationCase(
                id=f"generate/{tables}/{state}",
                title=title.format(tables=f"{tables:,}"),
                unit="s",
                contenders=("tablewright",),
                baseline="tablewright",
                goals=(at_most("tablewright", limit),) if tables == 1000 else (),
                rounds=7,
                also=("s CPU",),
                tables=tables,
                state=state.replace("-", " "),
            )


def import_cases() -> Iterator[Case]:
    """Yield the cases of import, first use and type check."""
    for tables in (10, 100, 1000):
        yield ImportCase(
            id=f"import/{tables}/package",
            title=f"import a package of {tables:,} tables and its Database",
            unit="ms CPU",
            contenders=("import sqlalchemy.orm", "tablewright", "import sqlmodel"),
            baseline="import sqlalchemy.orm",
            goals=(at_most("tablewright", 1.15, "import sqlalchemy.orm"),) if tables == 1000 else (),
            rounds=11,
            also=("ms", "MB"),
            what="package",
            tables=tables,
        )
    yield PartsCase(
        id="import/parts",
        title="what the import of a package of 1,000 tables consists of",
        unit="ms",
        contenders=("SQLAlchemy", "Python's own", "msgspec", "tablewright", "the package"),
        baseline="SQLAlchemy",
        rounds=3,
        tables=1000,
    )
    yield SizesCase(
        id="import/first-rows",
        title="the first session, and the first use of one table's rows",
        unit="ms CPU",
        contenders=tuple(SIZES),
        baseline="10 tables",
        rounds=7,
        also=("ms", "MB"),
        what="first-rows",
        sizes=SIZES,
    )
    for tables, rounds in ((10, 7), (100, 5), (1000, 3)):
        yield ImportCase(
            id=f"import/{tables}/first-entity",
            title=f"import and configure {tables:,} mapped classes",
            unit="ms CPU",
            contenders=("by hand", "tablewright", "sqlacodegen"),
            baseline="by hand",
            goals=(at_most("tablewright", 1.03, "by hand"),) if tables == 1000 else (),
            rounds=rounds,
            also=("ms", "MB"),
            what="first-entity",
            tables=tables,
        )
    yield ImportCase(
        id="import/1000/create",
        title="create 1,000 tables in SQLite",
        unit="ms CPU",
        contenders=("metadata.create_all", "tablewright"),
        baseline="metadata.create_all",
        rounds=3,
        also=("ms",),
        what="create",
        tables=1000,
    )
    yield ImportCase(
        id="import/1000/first-session",
        title="the first session of a process, the package being imported",
        unit="ms CPU",
        contenders=("SQLAlchemy", "tablewright"),
        baseline="SQLAlchemy",
        rounds=7,
        also=("ms",),
        what="first-session",
        tables=1000,
    )
    for tables, rounds, who in (
        (100, 3, ("by hand", "tablewright", "sqlacodegen")),
        (1000, 1, ("tablewright",)),
    ):
        yield TypecheckCase(
            id=f"mypy/{tables}",
            title=f"mypy --strict on {tables:,} tables, its cache being empty",
            unit="s CPU",
            contenders=who,
            baseline=who[0],
            rounds=rounds,
            also=("s",),
            warm=False,
            tables=tables,
        )
    yield HelpCase(
        id="start/help",
        title="the command line's first answer",
        unit="s",
        contenders=("python -c pass", "tablewright --help"),
        baseline="python -c pass",
        goals=(at_most("tablewright --help", 0.25),),
        rounds=11,
        also=("s CPU",),
    )


CASES: tuple[Case, ...] = (*row_cases(), *memory_cases(), *opaque_cases(), *generation_cases(), *import_cases())
