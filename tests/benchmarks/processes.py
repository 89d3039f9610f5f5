"""Programs run as processes, and the cost of each with its children."""

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
    """The cost of one program."""

    wall: float
    """Seconds."""
    cpu: float
    """Seconds of CPU, all processes together."""
    memory: float | None = None
    """Peak in megabytes if the program printed it: what the kernel reports includes the parent."""

    def figures(self) -> dict[str, float]:
        """Return the cost by unit."""
        times = {"s": self.wall, "s CPU": self.cpu, "ms": self.wall * 1e3, "ms CPU": self.cpu * 1e3}
        return times if self.memory is None else times | {"MB": self.memory}


class ProgramFailedError(Exception):
    """A measured program failed."""


def environment(**more: str) -> dict[str, str]:
    """Return the environment of this process, with this repository's tablewright first on the path."""
    paths = [str(ROOT / "codegen"), *filter(None, os.environ.get("PYTHONPATH", "").split(os.pathsep))]
    return os.environ | {"PYTHONPATH": os.pathsep.join(paths), "PYTHONDONTWRITEBYTECODE": ""} | more


def run(command: Sequence[str | Path], *, cwd: Path, env: Mapping[str, str] | None = None) -> Cost:
    """Run *command*. Return its cost, or raise `ProgramFailedError` with its output."""
    path = cwd / "output.txt"
    with path.open("wb") as output:
        started = time.perf_counter()
        process = subprocess.Popen(
            [str(word) for word in command], cwd=cwd, env=env or environment(), stdout=output, stderr=subprocess.STDOUT
        )
        # Includes the children that it has waited for.
        _, status, used = os.wait4(process.pid, 0)
        wall = time.perf_counter() - started
    process.returncode = os.waitstatus_to_exitcode(status)
    if process.returncode != 0:
        text = path.read_text(encoding="utf-8", errors="replace")[-2000:]
        raise ProgramFailedError(f"{' '.join(map(str, command))[:200]} ended with {process.returncode}:\n{text}")
    return Cost(wall, used.ru_utime + used.ru_stime)


def python(source: str, *arguments: str, cwd: Path, paths: Sequence[Path] = ()) -> Cost:
    """Run *source*, which measures itself and prints seconds, seconds of CPU and megabytes. Return its cost."""
    path = os.pathsep.join([*map(str, paths), str(ROOT), environment()["PYTHONPATH"]])
    run([sys.executable, "-c", source, *arguments], cwd=cwd, env=environment(PYTHONPATH=path))
    wall, cpu, memory = (cwd / "output.txt").read_text().split()[-3:]
    return Cost(float(wall), float(cpu), float(memory))


def tool(name: str) -> str | None:
    """Return the path of a command in this environment, or None if it is not installed."""
    path = Path(sys.executable).with_name(name)
    return str(path) if path.exists() else None
