"""Alternating rounds, and their ratios."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec

Run = Callable[[], Mapping[str, float]]
"""One run of one contender. It returns its cost by unit, and does what must not count outside its clock."""


class Spread(msgspec.Struct, frozen=True):
    """Median, lowest and highest value of several rounds."""

    median: float
    low: float
    high: float


class Stopwatch:
    """The duration of the last timed block, in seconds."""

    seconds = 0.0


@contextmanager
def timed(clock: Callable[[], float] = time.perf_counter) -> Iterator[Stopwatch]:
    """Time a block. Objects created earlier are frozen, so that the collector does not visit them within it."""
    watch = Stopwatch()
    gc.collect()
    gc.freeze()
    try:
        start = clock()
        yield watch
        watch.seconds = clock() - start
    finally:
        gc.unfreeze()


def alternate(
    runs: Mapping[str, Run], rounds: Mapping[str, int], *, on_run: Callable[[], None] = lambda: None
) -> dict[str, list[Mapping[str, float]]]:
    """Run each of *runs* in as many *rounds* as given, in a changing order. Return the costs by run."""
    figures: dict[str, list[Mapping[str, float]]] = {name: [] for name in runs}
    for number in range(max(rounds[name] for name in runs)):
        for name in turn([name for name in runs if rounds[name] > number], number):
            figures[name].append(runs[name]())
            on_run()
    return figures


def turn(names: Sequence[str], number: int) -> tuple[str, ...]:
    """Return the order of *names* in round *number*. Each comes first equally often, after either neighbour."""
    start = number % len(names)
    rotated = (*names[start:], *names[:start])
    return rotated if number // len(names) % 2 == 0 else rotated[::-1]


def spread(values: Sequence[float]) -> Spread:
    """Return the median, the lowest and the highest of *values*."""
    return Spread(statistics.median(values), min(values), max(values))


def ratio(figures: Mapping[str, Sequence[float]], name: str, of: str) -> Spread:
    """Return the spread of the ratios of *name* to *of* in each round; not the ratio of two medians."""
    # One of them may have run in the first rounds only.
    return spread([mine / theirs for mine, theirs in zip(figures[name], figures[of], strict=False)])
