"""Cases of code generators on schemas of different sizes."""

from __future__ import annotations

import sqlite3
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import many_tables
from tests.benchmarks.bench import Bench
from tests.benchmarks.case import Case
from tests.benchmarks.measure import Run
from tests.benchmarks.processes import Cost, environment, run, tool

Program = Callable[[], Cost]
"""Runs a program once and returns its cost."""

CACHE = "TABLEWRIGHT_CACHE_DIR"
SQLC_CONFIG = """\
version: "2"
sql:
  - engine: postgresql
    schema: schema.sql
    queries: queries.sql
    gen: {go: {package: big, out: out, sql_package: pgx/v5}}
"""
# With the fastest of its formatters.
DATAMODEL = ("--input", "schema.json", "--input-file-type", "jsonschema", "--output", "models.py",
             "--output-model-type", "pydantic_v2.BaseModel", "--formatters", "builtin")  # fmt: skip


def figures(program: Program) -> Run:
    """Return a run that returns the cost of *program* by unit."""
    return lambda: program().figures()


def generate(project: Path, *, cache: Path) -> Cost:
    """Run `tablewright generate` in *project*. Return its cost."""
    command = tool("tablewright")
    assert command is not None
    return run([command, "generate", "--no-typecheck"], cwd=project, env=environment(**{CACHE: str(cache)}))


def big_package(bench: Bench, count: int) -> Path:
    """Return the folder with the generated package of *count* tables; generate it on the first call."""
    project = bench.folder / f"big-{count}"
    if not project.exists():
        many_tables.write_specs(project, count)
        generate(project, cache=bench.folder / "big-cache")
    return project / "generated"


def sqlacodegen(folder: Path, count: int) -> Callable[[], Cost]:
    """Create a SQLite file with *count* tables. Return the program that lets sqlacodegen write `models.py` from it."""
    command = tool("sqlacodegen")
    assert command is not None
    with sqlite3.connect(folder / "big.db") as connection:
        connection.executescript(many_tables.sql(count))
    return lambda: run([command, "sqlite:///big.db", "--outfile", "models.py"], cwd=folder)


@dataclass(frozen=True, kw_only=True)
class GenerationCase(Case):
    """Generation from *tables* tables: from nothing, with nothing to do, or with one table changed."""

    tables: int
    state: str = "cold"

    def runs(self, bench: Bench) -> tuple[dict[str, Run], dict[str, str]]:
        count = self.scaled(bench, self.tables)
        runs: dict[str, Run] = {}
        missing: dict[str, str] = {}
        for name in self.contenders:
            folder = bench.new_folder(f"{self.id.replace('/', '-')}-{name.replace(' ', '-')}")
            needed, prepare = PREPARATIONS[name]
            if tool(needed) is None:
                missing[name] = f"{needed} is not installed"
            else:
                runs[name] = figures(prepare(self, folder, count))
        return runs, missing


def tablewright(case: GenerationCase, folder: Path, count: int, *, one_file: bool = False) -> Program:
    """Prepare tablewright for the state of *case*. Return its program."""
    project = folder / "project"
    many_tables.write_specs(project, count, one_file=one_file)
    rounds = iter(range(1000))
    cache = folder / "cache"
    if case.state != "cold":
        generate(project, cache=cache)

    def cold() -> Cost:
        number = next(rounds)
        if number:
            # Renamed, not deleted: for minutes after a deletion, ext4 checks freed inodes whenever it creates a file.
            (project / "generated").rename(folder / f"generated-{number}")
        return generate(project, cache=folder / f"cache-{number}")

    def unchanged() -> Cost:
        return generate(project, cache=cache)

    def changed() -> Cost:
        number = next(rounds)
        many_tables.change_spec(project, count // 2, quantity=("bigint", "integer")[number % 2])
        cost = generate(project, cache=cache)
        output = (
            project / "generated" / many_tables.NAME / "tables" / f"{many_tables.table_name(count // 2)}.py"
        ).read_text()
        assert ("types.Integer()" in output) == bool(number % 2), "the change of the spec did not reach the output"
        return cost

    return {"cold": cold, "unchanged": unchanged, "one changed": changed}[case.state]


def _one_file(case: GenerationCase, folder: Path, count: int) -> Program:
    return tablewright(case, folder, count, one_file=True)


def _sqlacodegen(case: GenerationCase, folder: Path, count: int) -> Program:
    return sqlacodegen(folder, count)


def _datamodel(case: GenerationCase, folder: Path, count: int) -> Program:
    (folder / "schema.json").write_text(many_tables.json_schema(count))
    command = tool("datamodel-codegen")
    assert command is not None
    return lambda: run([command, *DATAMODEL], cwd=folder)


def _sqlc(case: GenerationCase, folder: Path, count: int) -> Program:
    (folder / "sqlc.yaml").write_text(SQLC_CONFIG)
    (folder / "schema.sql").write_text(many_tables.sql(count))
    (folder / "queries.sql").write_text(many_tables.queries(count))
    command = tool("sqlc")
    assert command is not None
    return lambda: run([command, "generate"], cwd=folder)


PREPARATIONS: Mapping[str, tuple[str, Callable[[GenerationCase, Path, int], Program]]] = {
    "tablewright": ("tablewright", tablewright),
    "tablewright, one file": ("tablewright", _one_file),
    "sqlacodegen": ("sqlacodegen", _sqlacodegen),
    "datamodel-codegen": ("datamodel-codegen", _datamodel),
    "sqlc": ("sqlc", _sqlc),
}


@dataclass(frozen=True, kw_only=True)
class GrowthCase(Case):
    """Generation from nothing, for schemas of different sizes."""

    sizes: Mapping[str, int]
    """Numbers of tables by contender."""

    def runs(self, bench: Bench) -> tuple[dict[str, Run], dict[str, str]]:
        runs: dict[str, Run] = {}
        for name, tables in self.sizes.items():
            case = GenerationCase(f"{self.id}-{tables}", "", self.unit, (), "", tables=tables)
            folder = bench.new_folder(case.id.replace("/", "-"))
            runs[name] = figures(tablewright(case, folder, self.scaled(bench, tables)))
        return runs, {}
