"""The results of a run of the benchmarks, and their JSON file."""

from __future__ import annotations

import hashlib
from pathlib import Path
from typing import Any

import msgspec

from tests.benchmarks.machine import Machine
from tests.benchmarks.measure import Spread

RESULTS = Path(__file__).parent / "results.json"
"""The last whole run, from which the README's figures and the chart are written."""


class GoalResult(msgspec.Struct, frozen=True):
    """A goal, and whether the median of the rounds meets it."""

    goal: str
    value: Spread
    unit: str
    """`×`, or the unit of the case."""
    met: bool


class Result(msgspec.Struct, frozen=True):
    """The figures of one case."""

    id: str
    title: str
    unit: str
    baseline: str
    rounds: dict[str, list[float]]
    """By contender, the cost of each round in *unit*."""
    values: dict[str, Spread]
    ratios: dict[str, Spread]
    """By contender, the ratios to *baseline* of the rounds."""
    also: dict[str, dict[str, Spread]]
    """Other measurements, by unit and contender."""
    goals: list[GoalResult]
    unjudged: list[str]
    """Goals that could not be judged because a contender is missing."""
    missing: dict[str, str]
    """By contender, the reason that it did not run."""
    seconds: float
    """Duration of the case, with preparation and warm-up."""


class Report(msgspec.Struct, frozen=True):
    """A run of the benchmarks."""

    machine: Machine
    quick: bool
    """True if sizes were small and rounds few, to see that everything works."""
    minutes: float
    results: list[Result]

    def of(self, id: str) -> Result | None:
        """Return the result of the case *id*, or None."""
        return next((result for result in self.results if result.id == id), None)


def write(report: Report, path: Path) -> None:
    """Write *report* to *path*, one line a case."""
    # Four digits: more would be noise, and would change every line of a diff.
    fields = _short(msgspec.to_builtins(report))
    cases = [_json(case) for case in fields.pop("results")]
    head = [f"{_json(name)}: {_json(value)}," for name, value in fields.items()]
    path.write_text("\n".join(["{", *head, '"results": [', ",\n".join(cases), "]", "}", ""]), encoding="utf-8")


def read(path: Path = RESULTS) -> Report:
    """Read the report at *path*."""
    return msgspec.json.decode(path.read_bytes(), type=Report)


def digest() -> str:
    """Return a digest of the results file, which the chart quotes."""
    return hashlib.sha256(RESULTS.read_bytes()).hexdigest()


def _json(value: object) -> str:
    return msgspec.json.format(msgspec.json.encode(value), indent=0).decode()


def _short(value: Any) -> Any:
    match value:
        case float():
            return float(f"{value:.4g}")
        case dict():
            return {key: _short(item) for key, item in value.items()}
        case list():
            return [_short(item) for item in value]
        case _:
            return value
