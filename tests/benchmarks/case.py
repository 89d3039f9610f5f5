"""`Case`: one comparison, its contenders, and the goals it is held to."""

from __future__ import annotations

import time
from abc import ABC, abstractmethod
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Protocol

from tests.benchmarks.bench import QUICK, Bench
from tests.benchmarks.measure import Run, Spread, alternate, ratio, spread
from tests.benchmarks.results import Judged, Result

UNJUDGED = 3
"""In how many rounds at most a contender runs of which no goal speaks: enough to see where it stands."""


class UnequalError(Exception):
    """Contenders that should do the same do not."""


@dataclass(frozen=True)
class Goal:
    """What a contender is to reach: at most (or at *least*) *limit*, in the case's unit or as a multiple of *than*."""

    of: str
    limit: float
    than: str | None = None
    least: bool = False

    def text(self, unit: str) -> str:
        """The goal in words."""
        sign = "≥" if self.least else "≤"
        return f"{self.of} {sign} {self.limit:g} " + (f"× {self.than}" if self.than else unit)

    def judge(self, figures: Mapping[str, Sequence[float]], unit: str) -> Judged | None:
        """Whether *figures* reach the goal; None where one of the two did not run."""
        if self.of not in figures or (self.than is not None and self.than not in figures):
            return None
        value = spread(figures[self.of]) if self.than is None else ratio(figures, self.of, self.than)
        met = value.median >= self.limit if self.least else value.median <= self.limit
        return Judged(self.text(unit), value, "×" if self.than else unit, met)


def at_most(of: str, limit: float, than: str | None = None) -> Goal:
    """*of* needs at most *limit*, or *limit* times what *than* needs."""
    return Goal(of, limit, than)


def at_least(of: str, limit: float, than: str) -> Goal:
    """*of* needs at least *limit* times what *than* needs."""
    return Goal(of, limit, than, least=True)


class Tell(Protocol):
    """Is told which step is begun, and how many measurements are *finished* by it."""

    def __call__(self, step: str, finished: int = 0, /) -> None: ...


@dataclass(frozen=True)
class Case(ABC):
    """One comparison: contenders that do the same, in rounds."""

    id: str
    """`what/engine/work`, as `--only` asks for it."""
    title: str
    unit: str
    contenders: tuple[str, ...]
    baseline: str
    """Whose multiple the others are said to be."""
    goals: tuple[Goal, ...] = ()
    rounds: int = 9
    also: tuple[str, ...] = ()
    """Other units in which the costs are told."""
    warm: bool = True
    """Whether each contender runs once before it counts."""

    @abstractmethod
    def runs(self, bench: Bench) -> tuple[dict[str, Run], dict[str, str]]:
        """A run for each contender, proved to do the same as the others; why those that are missing are."""

    def measure(self, bench: Bench, tell: Tell) -> Result:
        """What each contender needed in each round; `UnequalError` where they do not do the same."""
        started = time.perf_counter()
        tell("preparing")
        runs, missing = self.runs(bench)
        if self.warm:
            tell("warming up")
            for run in runs.values():
                run()
        tell("measuring")
        rounds = {name: self.rounds_of(name, bench) for name in runs}
        costs = alternate(runs, rounds, tell=lambda: tell("measuring", 1))
        return self.result(costs, missing, time.perf_counter() - started)

    def result(
        self, costs: Mapping[str, Sequence[Mapping[str, float]]], missing: dict[str, str], seconds: float
    ) -> Result:
        """The *costs* of each round, with what they say."""
        figures = {name: [cost[self.unit] for cost in rounds] for name, rounds in costs.items()}
        against = self.baseline if self.baseline in figures else None
        ratios: dict[str, Spread] = {name: ratio(figures, name, against) for name in figures} if against else {}
        judged = [goal.judge(figures, self.unit) for goal in self.goals]
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
        """How many measurements `measure` tells of, if nobody is missing."""
        return sum(self.rounds_of(name, bench) for name in self.contenders)

    def scaled(self, bench: Bench, count: int) -> int:
        """*count*, or a little of it where quickness is asked for."""
        return max(count // QUICK, 5) if bench.quick else count

    def rounds_of(self, name: str, bench: Bench) -> int:
        """In how many rounds the contender *name* runs."""
        rounds = bench.rounds or (2 if bench.quick else self.rounds)
        judged = {self.baseline} | {named for goal in self.goals for named in (goal.of, goal.than)}
        return rounds if name in judged or name.startswith("tablewright") else min(rounds, UNJUDGED)
