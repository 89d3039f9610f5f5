"""Alternating rounds, and what their ratios say."""

from __future__ import annotations

import gc
import statistics
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager

import msgspec

Run = Callable[[], Mapping[str, float]]
"""One run of one contender; what it cost, by unit. What is not to be counted it does outside its clock."""


class Spread(msgspec.Struct, frozen=True):
    """Where the values of several rounds lie."""

    median: float
    low: float
    high: float


class Stopwatch:
    """What was measured last, in seconds."""

    seconds = 0.0


@contextmanager
def timed(clock: Callable[[], float] = time.perf_counter) -> Iterator[Stopwatch]:
    """Times a block, garbage of others out of the way: what the process holds already is not looked at within."""
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
    runs: Mapping[str, Run], rounds: Mapping[str, int], *, tell: Callable[[], None] = lambda: None
) -> dict[str, list[Mapping[str, float]]]:
    """What each of *runs* cost in each of its *rounds*; in a round they run one after the other, in changing order."""
    figures: dict[str, list[Mapping[str, float]]] = {name: [] for name in runs}
    for number in range(max(rounds[name] for name in runs)):
        for name in turn([name for name in runs if rounds[name] > number], number):
            figures[name].append(runs[name]())
            tell()
    return figures


def turn(names: Sequence[str], number: int) -> tuple[str, ...]:
    """The order of *names* in round *number*: each goes first as often as the others, after either neighbour."""
    start = number % len(names)
    rotated = (*names[start:], *names[:start])
    return rotated if number // len(names) % 2 == 0 else rotated[::-1]


def spread(values: Sequence[float]) -> Spread:
    """The median, the lowest and the highest of *values*."""
    return Spread(statistics.median(values), min(values), max(values))


def ratio(figures: Mapping[str, Sequence[float]], name: str, of: str) -> Spread:
    """How many times *of* the contender *name* takes: of the ratios of each round, not the ratio of two medians."""
    # One of them may have run in the first rounds only.
    return spread([mine / theirs for mine, theirs in zip(figures[name], figures[of], strict=False)])
