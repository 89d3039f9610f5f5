"""`Case`: one comparison, with its contenders and goals."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.benchmarks.bench import QUICK, Bench
from tests.benchmarks.measure import Run, Spread, alternate, ratio, spread
from tests.benchmarks.results import GoalResult, Result

ROUNDS_WITHOUT_GOAL = 3
"""The most rounds for a contender that appears in no goal."""


class UnequalError(Exception):
    """Contenders returned or stored different data for the same work."""


@dataclass(frozen=True)
class Goal:
    """A limit for the contender *of*, in the unit of the case or as a multiple of *than*; a lower one if *least*."""

    of: str
    limit: float
    than: str | None = None
    least: bool = False

    def text(self, unit: str) -> str:
        """Return the goal as text."""
        sign = "≥" if self.least else "≤"
        return f"{self.of} {sign} {self.limit:g} " + (f"× {self.than}" if self.than else unit)

    def evaluate(self, figures: Mapping[str, Sequence[float]], unit: str) -> GoalResult | None:
        """Compare *figures* with the goal. Return None if a contender of the goal did not run."""
        if self.of not in figures or (self.than is not None and self.than not in figures):
            return None
        value = spread(figures[self.of]) if self.than is None else ratio(figures, self.of, self.than)
        met = value.median >= self.limit if self.least else value.median <= self.limit
        return GoalResult(self.text(unit), value, "×" if self.than else unit, met)


def at_most(of: str, limit: float, than: str | None = None) -> Goal:
    """Return the goal that *of* costs at most *limit*, or *limit* times as much as *than*."""
    return Goal(of, limit, than)


def at_least(of: str, limit: float, than: str) -> Goal:
    """Return the goal that *of* costs at least *limit* times as much as *than*."""
    return Goal(of, limit, than, least=True)


class ProgressCallback(Protocol):
    """Called at the beginning of each *step*, with the number of measurements just *finished*."""

    def __call__(self, step: str, finished: int = 0, /) -> None: ...


@dataclass(frozen=True)
class Case(ABC):
    """One comparison: contenders do the same work, in rounds."""

    id: str
    """`what/engine/work`, matched by `--only`."""
    title: str
    unit: str
    contenders: tuple[str, ...]
    baseline: str
    """The contender that the others are compared with."""
    goals: tuple[Goal, ...] = ()
    rounds: int = 9
    also: tuple[str, ...] = ()
    """Other units to report."""
    warm: bool = True
    """Whether each contender runs once before its rounds are counted."""

    @abstractmethod
    def runs(self, bench: Bench) -> tuple[dict[str, Run], dict[str, str]]:
        """Return a run for each installed contender, and the reason for each missing one.

        Raise `UnequalError` if contenders do not do the same.
        """

    def measure(self, bench: Bench, progress: ProgressCallback) -> Result:
        """Run all rounds. Raise `UnequalError` if contenders do not do the same."""
        started = time.perf_counter()
        progress("preparing")
        runs, missing = self.runs(bench)
        if self.warm:
            progress("warming up")
            for run in runs.values():
                run()
        progress("measuring")
        rounds = {name: self.rounds_of(name, bench) for name in runs}
        costs = alternate(runs, rounds, on_run=lambda: progress("measuring", 1))
        return self.result(costs, missing, time.perf_counter() - started)

    def result(
        self, costs: Mapping[str, Sequence[Mapping[str, float]]], missing: dict[str, str], seconds: float
    ) -> Result:
        """Return the *costs* of all rounds with their ratios and the goals."""
        figures = {name: [cost[self.unit] for cost in rounds] for name, rounds in costs.items()}
        against = self.baseline if self.baseline in figures else None
        ratios: dict[str, Spread] = {name: ratio(figures, name, against) for name in figures} if against else {}
        judged = [goal.evaluate(figures, self.unit) for goal in self.goals]
        return Result(
            id=self.id,
            title=self.title,
            unit=self.unit,
            baseline=self.baseline,
            rounds=figures,
            values={name: spread(values) for name, values in figures.items()},
            ratios=ratios,
            also={
                unit: {name: spread([cost[unit] for cost in rounds]) for name, rounds in costs.items()}
                for unit in self.also
            },
            goals=[item for item in judged if item is not None],
            unjudged=[goal.text(self.unit) for goal, item in zip(self.goals, judged, strict=True) if item is None],
            missing=missing,
            seconds=seconds,
        )

    def steps(self, bench: Bench) -> int:
        """Return the number of measurements if all contenders are installed."""
        return sum(self.rounds_of(name, bench) for name in self.contenders)

    def scaled(self, bench: Bench, count: int) -> int:
        """Return *count*, or a fraction of it under `--quick`."""
        return max(count // QUICK, 5) if bench.quick else count

    def rounds_of(self, name: str, bench: Bench) -> int:
        """Return the number of rounds of the contender *name*."""
        rounds = bench.rounds or (2 if bench.quick else self.rounds)
        judged = {self.baseline} | {named for goal in self.goals for named in (goal.of, goal.than)}
        return rounds if name in judged or name.startswith("tablewright") else min(rounds, ROUNDS_WITHOUT_GOAL)
