"""Programs that are measured from outside: what they and their children cost."""

from __future__ import annotations

import os
import subprocess
import sys
import time
from collections.abc import Mapping, Sequence
from pathlib import Path

import msgspec

ROOT = Path(__file__).parents[2]


class Cost(msgspec.Struct, frozen=True):
    """What a program needed."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of all its processes together."""
    memory: float | None = None
    """Megabytes at its largest, where the program has said it: its parent is told of itself too."""

    def figures(self) -> dict[str, float]:
        """The same by unit."""
        times = {"s": self.wall, "s CPU": self.cpu, "ms": self.wall * 1e3, "ms CPU": self.cpu * 1e3}
        return times if self.memory is None else times | {"MB": self.memory}


class ProgramFailedError(Exception):
    """A program that is to be measured has failed."""


def environment(**more: str) -> dict[str, str]:
    """The environment of this process, in which tablewright is the one beside these benchmarks."""
    paths = [str(ROOT / "codegen"), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": ""} | more


def run(command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str] | None = None) -> Cost:
    """Runs *command*; what it cost. `ProgramFailedError` with what it said, if it fails."""
    said = cwd / "said.txt"
    with said.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command], cwd=cwd, env=env or environment(), stdout=output, stderr=subprocess.STDOUT
        )
        # Its children are counted with it once it has waited for them.
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        text = said.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise ProgramFailedError(f"{' '.join(map(str, command))[:200]} ended with {process.returncode}:\n{text}")
    return Cost(wall, used.ru_utime + used.ru_stime)


def python(source: str, *arguments: str, cwd: Path, paths: Sequence[Path] = ()) -> Cost:
    """Runs a program that measures itself: *source* prints the seconds, the seconds of CPU and the megabytes."""
    path = os.pathsep.join([*map(str, paths), str(ROOT), environment()["PYTHONPATH"]])
    run([sys.executable, "-c", source, *arguments], cwd=cwd, env=environment(PYTHONPATH=path))
    wall, cpu, memory = (cwd / "said.txt").read_text().split()[-3:]
    return Cost(float(wall), float(cpu), float(memory))


def tool(name: str) -> str | None:
    """The path of a command of this environment; None if it is not installed."""
    path = Path(sys.executable).with_name(name)
    return str(path) if path.exists() else None
