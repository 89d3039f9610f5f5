"""Results as text."""

from __future__ import annotations

from collections.abc import Sequence

from rich.console import Console
from rich.table import Table

from tests.benchmarks.machine import Machine
from tests.benchmarks.measure import Spread
from tests.benchmarks.results import Result


def number(value: float) -> str:
    """Return *value* with three significant digits."""
    if value >= 100:
        return f"{value:,.0f}"
    return f"{value:.1f}" if value >= 10 else f"{value:.2f}"


def with_spread(value: Spread, unit: str = "×") -> str:
    """Return a median with its spread."""
    return f"{number(value.median)} {unit} [{number(value.low)}–{number(value.high)}]"


def print_result(console: Console, result: Result) -> None:
    """Print one case: a line for each contender, then the goals."""
    console.print(f"[bold]{result.id}[/]  {result.title}")
    table = Table(box=None, pad_edge=False)
    table.add_column(justify="left", min_width=24)
    table.add_column(result.unit, justify="right", min_width=10)
    table.add_column(f"× {result.baseline}", justify="right", min_width=24)
    for name, value in sorted(result.values.items(), key=lambda item: item[1].median):
        text = with_spread(result.ratios[name]) if name in result.ratios and name != result.baseline else ""
        table.add_row(name, number(value.median), text)
    for name, reason in result.missing.items():
        table.add_row(name, "missing", reason, style="yellow")
    console.print(table)
    for unit, values in result.also.items():
        text = ", ".join(f"{name} {number(value.median)}" for name, value in values.items())
        console.print(f"{unit}: {text}", style="dim", markup=False)
    for goal in result.goals:
        mark, style = ("✓", "green") if goal.met else ("✗", "red")
        console.print(f"{mark} {goal.goal}: {with_spread(goal.value, goal.unit)}", style=style, markup=False)
    for text in result.unjudged:
        console.print(f"? {text}: not measured", style="yellow", markup=False)
    console.print()


def print_summary(console: Console, results: Sequence[Result]) -> None:
    """Print the number of goals met, and the goals missed."""
    judged = [(result, goal) for result in results for goal in result.goals]
    console.print(f"{sum(goal.met for _, goal in judged)} of {len(judged)} goals are met.", style="bold")
    for result, goal in judged:
        if not goal.met:
            console.print(
                f"✗ {result.id}: {goal.goal}: {with_spread(goal.value, goal.unit)}", style="red", markup=False
            )


def print_machine(console: Console, machine: Machine) -> None:
    """Print the machine and the versions."""
    libraries = ", ".join(f"{name} {version}" for name, version in machine.libraries.items())
    console.print(
        f"{machine.python}, SQLite {machine.sqlite}, Postgres {machine.postgres}, {machine.cores} cores, "
        f"{machine.system}; {libraries}",
        style="dim",
    )
