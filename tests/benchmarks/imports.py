"""Cases of generated packages: import, first use and type check."""

from __future__ import annotations

import os
import shutil
import sys
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks import many_tables
from tests.benchmarks.bench import Bench
from tests.benchmarks.case import Case
from tests.benchmarks.generation import Program, big_package, figures, sqlacodegen
from tests.benchmarks.measure import Run
from tests.benchmarks.processes import Cost, environment, python, run, tool

MEASURED = """
import sys, time
from tests.benchmarks.resident import peak_megabytes
{before}
wall, cpu = time.perf_counter(), time.process_time()
{timed}
wall, cpu = time.perf_counter() - wall, time.process_time() - cpu
print(wall, cpu, peak_megabytes())
"""
# This table alone, and its version: SQLite reads its whole schema first, which the package does not control.
ONE_TABLE = """
from tablewright.runtime.versions.stamp import Stamp
from tablewright.runtime.versions.compatibility import Versions
with big.Database("sqlite:///big.db").engine.begin() as connection:
    big.metadata.tables["{table}"].create(connection)
    Stamp(Versions(big.SCHEMA, ()), connection).write({{}})
"""
# By case and contender, the code before the clock starts and the timed code. `{some}` is a table in the middle.
PROGRAMS: Mapping[str, Mapping[str, tuple[str, str]]] = {
    "package": {
        "import sqlalchemy.orm": ("", "import sqlalchemy.orm"),
        "tablewright": ("", "import big; big.Database"),
        "import sqlmodel": ("", "import sqlmodel"),
    },
    "first-rows": {
        "tablewright": (
            "import big; db = big.Database('sqlite:///big.db')",
            "with db.session() as session: assert session.{some}.get(1) is None",
        ),
    },
    "first-entity": {
        "tablewright": (
            "import sqlalchemy.orm as orm, big; big.Database",
            "big.{Some}; orm.configure_mappers()",
        ),
        "by hand": ("import sqlalchemy.orm as orm", "import by_hand; by_hand.{Some}; orm.configure_mappers()"),
        "sqlacodegen": ("import sqlalchemy.orm as orm", "import models; models.{Some}; orm.configure_mappers()"),
    },
    "create": {
        "tablewright": (
            "import big; db = big.Database('sqlite:///new.db'); big.metadata",
            "db.create()",
        ),
        "metadata.create_all": (
            "import big; db = big.Database('sqlite:///new.db'); metadata = big.metadata\n"
            "connection = db.engine.raw_connection(); connection.cursor().execute('PRAGMA journal_mode = WAL')\n"
            "connection.close()",
            "with db.engine.begin() as connection: metadata.create_all(connection)",
        ),
    },
    "first-session": {
        "tablewright": ("import big; big.Database", "with big.Database('sqlite:///big.db').session(): pass"),
        "SQLAlchemy": (
            "from sqlalchemy import create_engine; from sqlalchemy.orm import Session",
            "with Session(create_engine('sqlite:///big.db')) as s, s.begin(): s.connection()",
        ),
    },
}


@dataclass(frozen=True, kw_only=True)
class ImportCase(Case):
    """The first steps of a program that uses a package of *tables* tables, in a new process each time."""

    what: str
    tables: int

    def runs(self, bench: Bench) -> tuple[dict[str, Run], dict[str, str]]:
        count = self.scaled(bench, self.tables)
        folder = bench.new_folder(self.id.replace("/", "-"))
        paths = [folder, big_package(bench, count)]
        runs: dict[str, Run] = {}
        missing: dict[str, str] = {}
        for name in self.contenders:
            if name == "by hand":
                (folder / "by_hand.py").write_text(many_tables.hand_written(count))
            elif name in ("sqlacodegen", "import sqlmodel"):
                needed = name.removeprefix("import ")
                if not _has(needed):
                    missing[name] = f"{needed} is not installed"
                    continue
                if name == "sqlacodegen":
                    sqlacodegen(folder, count)()
            runs[name] = figures(self._program(name, folder, paths, count))
        if self.what in ("first-rows", "first-session"):
            create = ONE_TABLE.format(table=many_tables.table_name(count // 2))
            python(MEASURED.format(before="import big", timed=create), cwd=folder, paths=paths)
        return runs, missing

    def _program(self, name: str, folder: Path, paths: list[Path], count: int) -> Program:
        words = {"some": many_tables.table_name(count // 2), "Some": many_tables.class_name(count // 2)}
        before, timed = (part.format(**words) for part in PROGRAMS[self.what][name])

        def program() -> Cost:
            for file in folder.glob("new.db*"):
                file.unlink()
            return python(MEASURED.format(before=before, timed=timed), cwd=folder, paths=paths)

        return program


@dataclass(frozen=True, kw_only=True)
class SizesCase(Case):
    """The first steps of a program, for packages of different sizes."""

    what: str
    sizes: Mapping[str, int]
    """Numbers of tables by contender."""

    def runs(self, bench: Bench) -> tuple[dict[str, Run], dict[str, str]]:
        runs: dict[str, Run] = {}
        for name, tables in self.sizes.items():
            case = ImportCase(f"{self.id}-{tables}", "", self.unit, ("tablewright",), "", what=self.what, tables=tables)
            runs[name] = case.runs(bench)[0]["tablewright"]
        return runs, {}


@dataclass(frozen=True, kw_only=True)
class TypecheckCase(Case):
    """`mypy --strict` on the code generated from *tables* tables, with an empty cache."""

    tables: int

    def runs(self, bench: Bench) -> tuple[dict[str, Run], dict[str, str]]:
        count = self.scaled(bench, self.tables)
        folder = bench.new_folder(self.id.replace("/", "-"))
        package = big_package(bench, count)
        runs: dict[str, Run] = {"tablewright": figures(self._mypy(folder, "-p", many_tables.NAME, path=package))}
        missing: dict[str, str] = {}
        if "by hand" in self.contenders:
            (folder / "by_hand.py").write_text(many_tables.hand_written(count))
            runs["by hand"] = figures(self._mypy(folder, "by_hand.py"))
        if "sqlacodegen" in self.contenders:
            if _has("sqlacodegen"):
                sqlacodegen(folder, count)()
                runs["sqlacodegen"] = figures(self._mypy(folder, "models.py"))
            else:
                missing["sqlacodegen"] = "sqlacodegen is not installed"
        return runs, missing

    def _mypy(self, folder: Path, *what: str, path: Path | None = None) -> Program:
        def program() -> Cost:
            cache = folder / "mypy-cache"
            shutil.rmtree(cache, ignore_errors=True)
            command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", f"--cache-dir={cache}", *what]
            source = environment()["PYTHONPATH"].split(os.pathsep)[0]
            searched = f"{path}{os.pathsep}{source}" if path else source
            return run(command, cwd=folder, env=environment(MYPYPATH=searched))

        return program


@dataclass(frozen=True, kw_only=True)
class HelpCase(Case):
    """The duration of `tablewright --help`."""

    def runs(self, bench: Bench) -> tuple[dict[str, Run], dict[str, str]]:
        folder = bench.new_folder(self.id.replace("/", "-"))
        commands = {
            "python -c pass": [sys.executable, "-c", "pass"],
            "tablewright --help": [tool("tablewright") or "tablewright", "--help"],
        }
        return {name: figures(_runner(command, folder)) for name, command in commands.items()}, {}


PARTS = {
    "sqlalchemy": "SQLAlchemy",
    "msgspec": "msgspec",
    "tablewright": "tablewright",
    many_tables.NAME: "the package",
}
"""Contenders by top-level module; all other modules are Python's own."""


@dataclass(frozen=True, kw_only=True)
class PartsCase(Case):
    """The parts of the import of a package of *tables* tables, by `python -X importtime`, in milliseconds."""

    tables: int

    def runs(self, bench: Bench) -> tuple[dict[str, Run], dict[str, str]]:
        folder = bench.new_folder(self.id.replace("/", "-"))
        package = big_package(bench, self.scaled(bench, self.tables))
        idle = {module for module, _ in _import_times("pass", folder, package)}

        def part(name: str) -> Run:
            def run_once() -> dict[str, float]:
                times = _import_times("import big; big.Database", folder, package)
                return {self.unit: sum(time for module, time in times if module not in idle and _part(module) == name)}

            return run_once

        return {name: part(name) for name in self.contenders}, {}


def _part(module: str) -> str:
    return PARTS.get(module.partition(".")[0], "Python's own")


def _import_times(source: str, folder: Path, package: Path) -> list[tuple[str, float]]:
    path = os.pathsep.join([str(package), environment()["PYTHONPATH"]])
    run([sys.executable, "-X", "importtime", "-c", source], cwd=folder, env=environment(PYTHONPATH=path))
    lines = [
        line.split("|") for line in (folder / "output.txt").read_text().splitlines() if line.startswith("import time:")
    ]
    return [(name.strip(), int(own.split(":")[1]) / 1000) for own, _, name in lines[1:]]


def _runner(command: list[str], folder: Path) -> Program:
    return lambda: run(command, cwd=folder)


def _has(distribution: str) -> bool:
    from importlib.metadata import PackageNotFoundError, version

    try:
        version(distribution)
    except PackageNotFoundError:
        return False
    return True
