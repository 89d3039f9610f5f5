"""The figures in the README, written from the results: `python -m tests.benchmarks.readme`."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from pathlib import Path

from tests.benchmarks import results
from tests.benchmarks.report import number
from tests.benchmarks.results import Report, Result

README = Path(__file__).parents[2] / "README.md"
START = "<!-- from tests/benchmarks/results.json, by `make bench` -->"
END = "<!-- end of the figures -->"

TABLE = {
    "bulk-read": "read 100,000 rows of 7 columns, a row",
    "bulk-read-rich": "decimal, uuid, JSON, enum, array, timestamptz, a row",
    "point-read": "get a row by its key",
    "insert-returning": "insert a row and get it as stored",
    "update-by-key": "update a row and get it as stored",
    "delete-by-key": "delete a row",
    "insert-many": "insert 50,000 rows, a row",
    "upsert-many": "upsert 10,000 rows, a row",
}
OPAQUE = {
    "insert": "insert 100,000 records into an opaque table",
    "ensure": "ensure them where they are there",
    "replace": "replace them",
    "fetch-all": "fetch all, and look at every value",
    "fetch-ids": "fetch them by 100,000 ids",
    "delete": "delete 50,000 by their ids",
}
LIMITS = {
    "rows/sqlite/insert-many-rich": "A decimal is proved to be exact, and JSON to have its type when it is read again, "
    "which takes a microsecond a row; the driver's rows are not looked at.",
    "rows/postgresql/insert-many-rich": "Values are proved to fit before they are copied; the ORM takes five times "
    "as long as the driver's own COPY.",
    "rows/postgresql/upsert-many": "Most of it is the server's, COPY into a temporary table and one statement that "
    "merges it, as in the driver by hand, of whose time the ORM takes little more than three times.",
    "rows/postgresql/upsert-many-rich": "The same, of values that are encoded.",
    "entities/postgresql/get": "What is over is one pass of the gate, about two microseconds of eighty: a call at a "
    "time, and none in a broken transaction.",
    "generate/1000/cold": "The profile is flat: ruff, the imports, reading YAML, judging and resolving, planning and "
    "rendering take between a tenth and a fifth each. Where many files were deleted a while ago, ext4 takes up to a "
    "second more to make 2,009 new ones.",
    "import/1000/first-entity": "Rows and accessors are made together with the tables, and there are 2,000 modules. "
    "Most of what is over is the garbage collector's, which goes through 1.06 million objects rather than 0.92.",
}
"""The reason that a case misses its goal, shown while it does."""
COLUMNS = {"tablewright": "tablewright", "core": "Core", "orm": "ORM"}
STORAGES = {"tablewright": "tablewright", "butler": "Butler"}
ENGINES = {"sqlite": "SQLite", "postgresql": "Postgres"}


def figures(report: Report) -> str:
    """Return the text between the markers."""
    tables = [_table(report, "rows", TABLE, COLUMNS, "µs"), _table(report, "opaque", OPAQUE, STORAGES, "s")]
    parts = [*tables, *_sentences(report), _goals(report), _machine(report)]
    return "\n\n".join(part for part in parts if part)


def with_figures(text: str, report: Report) -> str:
    """Return the README's *text* with the figures of *report*."""
    before, _, rest = text.partition(START)
    _, found, after = rest.partition(END)
    if not found:
        raise ValueError(f"README.md must contain the lines {START!r} and {END!r}.")
    return f"{before}{START}\n\n{figures(report)}\n\n{END}{after}"


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
        f"{_value(unchanged)} s when nothing has changed since, and {_value(changed)} s when one table has."
    )


def _imports(report: Report) -> str:
    package, entities = report.of("import/1000/package"), report.of("import/1000/first-entity")
    rows, parts = report.of("import/first-rows"), report.of("import/parts")
    if not (package and entities and rows and parts):
        return ""
    shares = ", ".join(f"{name} {number(value.median)}" for name, value in parts.values.items())
    return (
        f"Importing that package takes {_ratio(package)} × `import sqlalchemy.orm`; the first session and one table's "
        f"rows {_value(rows, '1,000 tables')} ms more, {_value(rows, '10 tables')} ms where there are ten tables. The "
        "first touch of an entity imports and configures all of them, in "
        f"{_ratio(entities)} × the time of the same classes written by hand in one module. "
        f"Of the milliseconds of the import, `python -X importtime` gives: {shares}."
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
        f"`{result.id}`: {goal.goal}; it is {number(goal.value.median)} {goal.unit}{_limit(result)}"
        for result, goal in judged
        if not goal.met and not result.id.startswith("opaque/")
    ]
    missed += _opaque_missed(report)
    met = sum(goal.met for _, goal in judged)
    summary = f"{met} of the {len(judged)} goals that the suite judges are met."
    return summary + (" Not met:\n\n" + "\n".join(f"- {goal}" for goal in missed) if missed else "")


def _opaque_missed(report: Report) -> list[str]:
    results = [result for result in report.results if result.id.startswith("opaque/")]
    missed = [result for result in results if not all(goal.met for goal in result.goals)]
    if not missed:
        return []
    values = sorted(goal.value.median for result in missed for goal in result.goals)
    beyond = sum(result.ratios["butler"].median < 4 for result in missed)
    return [
        f"`opaque/…`: {missed[0].goals[0].goal}, in {len(missed)} of {len(results)} cases; it is {number(values[0])} "
        f"to {number(values[-1])} ×. In {beyond} of them Butler takes less than four times as long as the bare driver: "
        "what is left there is the work of the driver and of the database."
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
    README.write_text(with_figures(README.read_text(encoding="utf-8"), results.read()), encoding="utf-8")
