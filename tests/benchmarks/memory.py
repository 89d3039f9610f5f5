"""Cases of memory: the growth of a process that reads or writes a million rows one by one."""

from __future__ import annotations

import sys
from dataclasses import dataclass
from pathlib import Path

from tests.benchmarks.bench import Bench
from tests.benchmarks.case import Case
from tests.benchmarks.contenders.registry import missing_reason
from tests.benchmarks.measure import Run
from tests.benchmarks.processes import ROOT, environment, run
from tests.benchmarks.targets import Sizes, create_target

ROWS = 1_000_000


@dataclass(frozen=True, kw_only=True)
class MemoryCase(Case):
    """One piece of work on one database, in a new process for each contender and round."""

    engine: str
    work: str
    """`stream` or `insert_many`; the rows come from an iterator."""

    def runs(self, bench: Bench) -> tuple[dict[str, Run], dict[str, str]]:
        count = self.scaled(bench, ROWS)
        folder = bench.new_folder(self.id.replace("/", "-"))
        sizes = Sizes(plain=count if self.work == "stream" else 10, rich=10, authors=1, books=1)
        target = create_target(bench.new_url(self.engine, self.id.replace("/", "-")), bench.package, sizes)
        generated = Path(bench.package.__file__).parents[1]
        missing = {name: reason for name in self.contenders if (reason := missing_reason(name))}

        def runner(name: str) -> Run:
            words = [self.work, name, target.text, str(generated), str(count)]
            return lambda: _measured(words, folder)

        return {name: runner(name) for name in self.contenders if name not in missing}, missing


def _measured(words: list[str], folder: Path) -> dict[str, float]:
    program = "tests.benchmarks.memory_program"
    path = environment()["PYTHONPATH"]
    run([sys.executable, "-m", program, *words], cwd=folder, env=environment(PYTHONPATH=f"{ROOT}:{path}"))
    megabytes, microseconds = (folder / "output.txt").read_text().split()[-2:]
    return {"MB": float(megabytes), "µs/row": float(microseconds)}
