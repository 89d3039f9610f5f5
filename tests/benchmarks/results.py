"""What a run of the benchmarks found, and its JSON."""

from __future__ import annotations

import hashlib
from pathlib import Path

import msgspec

from tests.benchmarks.machine import Machine
from tests.benchmarks.measure import Spread

RESULTS = Path(__file__).parent / "results.json"
"""Of the last whole run, which README and chart are made from."""


class Judged(msgspec.Struct, frozen=True):
    """A goal, and whether it is met: by the median of the rounds."""

    goal: str
    value: Spread
    unit: str
    """`×`, or that of the case."""
    met: bool


class Result(msgspec.Struct, frozen=True):
    """The figures of one case."""

    id: str
    title: str
    unit: str
    baseline: str
    rounds: dict[str, list[float]]
    """By contender, what each round cost, in *unit*."""
    values: dict[str, Spread]
    ratios: dict[str, Spread]
    """By contender, of the ratios to *baseline* in each round."""
    also: dict[str, dict[str, Spread]]
    """What else was measured: by unit, by contender."""
    goals: list[Judged]
    unjudged: list[str]
    """Goals of contenders that are missing."""
    missing: dict[str, str]
    """By contender, why it did not run."""
    seconds: float
    """How long all of it took, with what is not counted."""


class Report(msgspec.Struct, frozen=True):
    """A run of the benchmarks."""

    machine: Machine
    quick: bool
    """With small sizes and few rounds: to see that it works."""
    minutes: float
    results: list[Result]

    def of(self, id: str) -> Result | None:
        """The result of the case *id*."""
        return next((result for result in self.results if result.id == id), None)


def write(report: Report, path: Path) -> None:
    """Writes *report* to *path*."""
    # Four digits: more would be noise, and a diff of nothing else.
    rounded = msgspec.to_builtins(report)
    text = msgspec.json.format(msgspec.json.encode(_short(rounded)), indent=1)
    path.write_bytes(text + b"\n")


def read(path: Path = RESULTS) -> Report:
    """The report at *path*."""
    return msgspec.json.decode(path.read_bytes(), type=Report)


def digest() -> str:
    """What tells the results of one run from those of another."""
    return hashlib.sha256(RESULTS.read_bytes()).hexdigest()


def _short(value: object) -> object:
    match value:
        case float():
            return float(f"{value:.4g}")
        case dict():
            return {key: _short(item) for key, item in value.items()}
        case list():
            return [_short(item) for item in value]
        case _:
            return value
