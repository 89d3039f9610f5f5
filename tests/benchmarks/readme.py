"""The figures in the documentation, written from the results: `python -m tests.benchmarks.readme`."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from pathlib import Path

from tests.benchmarks import results
from tests.benchmarks.report import number
from tests.benchmarks.results import Report, Result

ROOT = Path(__file__).parents[2]
README = ROOT / "README.md"
REFERENCE = ROOT / "docs" / "reference" / "benchmarks.md"
START = "<!-- from tests/benchmarks/results.json, by `make bench` -->"
END = "<!-- end of the figures -->"

HIGHLIGHTS = {
    "bulk-read": "Read 100,000 rows",
    "point-read": "Get a row by its key",
    "insert-many": "Insert 50,000 rows",
}
TABLE = {
    "bulk-read": "read 100,000 rows of 7 columns, a row",
    "bulk-read-rich": "decimal, uuid, JSON, enum, array, timestamptz, a row",
    "point-read": "get a row by its key",
    "insert-returning": "insert a row and return it",
    "update-by-key": "update a row and return it",
    "delete-by-key": "delete a row",
    "insert-many": "insert 50,000 rows, a row",
    "upsert-many": "upsert 10,000 rows, a row",
}
OPAQUE = {
    "insert": "insert 100,000 records into an opaque table",
    "ensure": "ensure records that exist",
    "replace": "replace them",
    "fetch-all": "fetch all, and read every value",
    "fetch-ids": "fetch them by 100,000 ids",
    "delete": "delete 50,000 by their ids",
}
LIMITS = {
    "rows/sqlite/insert-many-rich": "Decimals are checked to be exact, and JSON to have its type, which takes a "
    "microsecond a row. The driver's rows are not checked.",
    "rows/postgresql/insert-many-rich": "Values are checked before they are copied. The ORM takes five times as "
    "long as the driver's own COPY.",
    "rows/postgresql/upsert-many": "Most of the time is the server's: COPY into a temporary table, and one statement "
    "that merges it. The driver by hand does the same, and the ORM takes little more than three times as long as that.",
    "rows/postgresql/upsert-many-rich": "The same, with values that are encoded.",
    "entities/postgresql/get": "The rest is one pass of the gate, about two microseconds of eighty. The gate allows "
    "one call at a time, and none in a broken transaction.",
    "generate/1000/cold": "The profile is flat: ruff, imports, reading YAML, checking and resolving, planning and "
    "rendering take between a tenth and a fifth each. After many files were deleted, ext4 takes up to a second more to "
    "create 2,009 new ones.",
    "import/1000/first-entity": "Rows and accessors are created with the tables, in 2,000 modules. Most of the rest "
    "is the garbage collector, which visits 1.06 million objects instead of 0.92.",
}
"""Why a case misses its goal. Shown only while it does."""
COLUMNS = {"tablewright": "tablewright", "core": "Core", "orm": "ORM"}
STORAGES = {"tablewright": "tablewright", "butler": "Butler"}
ENGINES = {"sqlite": "SQLite", "postgresql": "Postgres"}


def highlights(report: Report) -> str:
    """Return the five figures of the README."""
    works = {
        "bulk-read": "Read 100,000 rows",
        "point-read": "Get a row by its key",
        "insert-many": "Insert 50,000 rows",
    }
    found = [f"- {title}: {_compared(report, work)}." for work, title in works.items()]
    cold, unchanged = report.of("generate/1000/cold"), report.of("generate/1000/unchanged")
    if cold and unchanged:
        seconds = f"{_value(cold)} s of CPU, {_value(unchanged)} s if nothing has changed"
        found.append(f"- Generate a package of 1,000 tables: {seconds}.")
    package = report.of("import/1000/package")
    if package:
        found.append(f"- Import that package: {_ratio(package)} × the time of `import sqlalchemy.orm`.")
    return "\n".join(found)


def figures(report: Report) -> str:
    """Return the tables, sentences and goals of docs/reference/benchmarks.md."""
    tables = [_table(report, "rows", TABLE, COLUMNS, "µs"), _table(report, "opaque", OPAQUE, STORAGES, "s")]
    parts = [*tables, *_sentences(report), _goals(report), _machine(report)]
    return "\n\n".join(part for part in parts if part)


DOCUMENTS: dict[Path, Callable[[Report], str]] = {README: highlights, REFERENCE: figures}
"""The documents with figures, and the function that writes those of each."""


def with_figures(path: Path, report: Report) -> str:
    """Return the text of the document at *path* with the figures of *report*."""
    before, _, rest = path.read_text(encoding="utf-8").partition(START)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"{path.name} needs the lines {START!r} and {END!r}.")
    return f"{before}{START}\n\n{DOCUMENTS[path](report)}\n\n{END}{after}"


def _compared(report: Report, work: str) -> str:
    found = {name: report.of(f"rows/{engine}/{work}") for engine, name in ENGINES.items()}
    ratios = {name: result.ratios for name, result in found.items() if result is not None}
    own = " and ".join(f"{number(ratio['tablewright'].median)} × on {name}" for name, ratio in ratios.items())
    orm = " and ".join(f"{number(ratio['orm'].median)} ×" for ratio in ratios.values())
    return f"{own} (SQLAlchemy's ORM: {orm})"


def _table(report: Report, kind: str, works: Mapping[str, str], columns: Mapping[str, str], unit: str) -> str:
    heads = [head for engine in ENGINES.values() for head in (f"{engine}: driver", *columns.values())]
    lines = [f"| | {' | '.join(heads)} |", "|---|" + "--:|" * len(heads)]
    for work, title in works.items():
        found = [report.of(f"{kind}/{engine}/{work}") for engine in ENGINES]
        cells = [cell for result in found for cell in _cells(result, columns, unit)]
        lines.append(f"| {title} | {' | '.join(cells)} |")
    return "\n".join(lines)


def _cells(result: Result | None, columns: Iterable[str], unit: str) -> list[str]:
    if result is None:
        return ["–", *("–" for _ in columns)]
    driver = result.values.get("driver")
    ratios = [f"{number(result.ratios[name].median)} ×" if name in result.ratios else "–" for name in columns]
    return ["–" if driver is None else f"{number(driver.median)} {unit}", *ratios]


def _sentences(report: Report) -> list[str]:
    sentences = [_generation(report), _imports(report), _memory(report)]
    return [" ".join(filter(None, sentences))]


def _generation(report: Report) -> str:
    cold, unchanged, changed = (report.of(f"generate/1000/{state}") for state in ("cold", "unchanged", "one-changed"))
    if not (cold and unchanged and changed):
        return ""
    peers = ", ".join(f"{name} {_value(cold, name)} s" for name in ("sqlacodegen", "sqlc") if name in cold.values)
    return (
        f"Generating from 1,000 tables of 11 columns takes {_value(cold)} s of CPU ({peers}); "
        f"{_value(unchanged)} s if nothing has changed, and {_value(changed)} s if one table has."
    )


def _imports(report: Report) -> str:
    package, entities = report.of("import/1000/package"), report.of("import/1000/first-entity")
    rows, parts = report.of("import/first-rows"), report.of("import/parts")
    if not (package and entities and rows and parts):
        return ""
    shares = ", ".join(f"{name} {number(value.median)}" for name, value in parts.values.items())
    return (
        f"Importing that package takes {_ratio(package)} × the time of `import sqlalchemy.orm`. The first session and "
        f"one table's rows take {_value(rows, '1,000 tables')} ms more, or {_value(rows, '10 tables')} ms in a package "
        "of ten tables. The first use of an entity imports and configures all entities, in "
        f"{_ratio(entities)} × the time of the same classes written by hand in one module. "
        f"The milliseconds of the import, by `python -X importtime`: {shares}."
    )


def _memory(report: Report) -> str:
    cases = [report.of(f"memory/{engine}/{work}") for engine in ENGINES for work in ("stream", "insert-many")]
    most = max((case.values["tablewright"].median for case in cases if case), default=None)
    if most is None:
        return ""
    return f"Reading or writing a million rows one by one takes at most {number(most)} MB of memory."


def _value(result: Result, name: str = "tablewright") -> str:
    return number(result.values[name].median)


def _ratio(result: Result) -> str:
    return number(result.ratios["tablewright"].median)


def _goals(report: Report) -> str:
    judged = [(result, goal) for result in report.results for goal in result.goals]
    missed = [
        f"`{result.id}`: {goal.goal}; measured: {number(goal.value.median)} {goal.unit}{_limit(result)}"
        for result, goal in judged
        if not goal.met and not result.id.startswith("opaque/")
    ]
    missed += _opaque_missed(report)
    met = sum(goal.met for _, goal in judged)
    said = f"{met} of the {len(judged)} goals of the suite are met."
    return said + (" Not met:\n\n" + "\n".join(f"- {goal}" for goal in missed) if missed else "")


def _opaque_missed(report: Report) -> list[str]:
    results = [result for result in report.results if result.id.startswith("opaque/")]
    missed = [result for result in results if not all(goal.met for goal in result.goals)]
    if not missed:
        return []
    values = sorted(goal.value.median for result in missed for goal in result.goals)
    beyond = sum(result.ratios["butler"].median < 4 for result in missed)
    return [
        f"`opaque/…`: {missed[0].goals[0].goal}, in {len(missed)} of {len(results)} cases; measured: "
        f"{number(values[0])} to {number(values[-1])} ×. In {beyond} of them Butler takes less than four times as "
        "long as the bare driver: "
        "the rest is the work of the driver and of the database."
    ]


def _limit(result: Result) -> str:
    limit = LIMITS.get(result.id)
    return "" if limit is None else f". {limit}"


def _machine(report: Report) -> str:
    machine = report.machine
    libraries = ", ".join(f"{name} {version}" for name, version in machine.libraries.items())
    return (
        f"Measured with {machine.python}, SQLite {machine.sqlite} and Postgres {machine.postgres} on {machine.cores} "
        f"cores ({machine.system}); {libraries}."
    )


if __name__ == "__main__":
    for document in DOCUMENTS:
        document.write_text(with_figures(document, results.read()), encoding="utf-8")
