"""The command `python -m tests.benchmarks`: run cases, print their results, write JSON."""

from __future__ import annotations

import argparse
import fnmatch
import sys
import time
import traceback
from collections.abc import Sequence
from pathlib import Path

from rich.console import Console
from rich.progress import BarColumn, MofNCompleteColumn, Progress, TextColumn, TimeElapsedColumn

from tests.benchmarks import results
from tests.benchmarks.bench import Bench, open_bench
from tests.benchmarks.case import Case, UnequalError
from tests.benchmarks.cases import CASES
from tests.benchmarks.report import print_machine, print_result, print_summary

HELP = """\
Compare tablewright with other libraries: the same work, data and settings on the same machine, in alternating rounds.
For every case, print the cost of each contender and its ratio to the baseline: the median of the rounds, and the lowest
and the highest in brackets. ✓ marks a goal that is met, ✗ one that is missed.

Contenders that are not installed are listed as missing; `make bench` installs all. Postgres comes from a wheel;
set TABLEWRIGHT_TEST_POSTGRES_URL to use another server.
"""
EXAMPLES = """\
examples:
  make bench                                             all cases; writes results, chart and README
  python -m tests.benchmarks --list                      list the cases
  python -m tests.benchmarks --only 'rows/sqlite/*'      some of them
  python -m tests.benchmarks --only '*/point-read' --rounds 31
  python -m tests.benchmarks --quick                     small sizes and two rounds, to see that it works

exit codes:
  0 done, goals met or not    1 a contender failed or returned different data    2 wrong arguments
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Run the command with *arguments*. Return the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=HELP,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--list", action="store_true", help="list the cases, with their goals, and measure nothing")
    parser.add_argument(
        "--only", metavar="GLOB", action="append", default=[], help="only the cases whose id matches; may be repeated"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes and few rounds")
    parser.add_argument("--rounds", type=int, metavar="N", help="the number of rounds of each case")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all results to this file")
    options = parser.parse_args(arguments)
    chosen = [
        case for case in CASES if not options.only or any(fnmatch.fnmatch(case.id, glob) for glob in options.only)
    ]
    if not chosen:
        parser.error(f"no case matches {', '.join(options.only)}; --list shows all of them")
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds must be at least 1")
    console = Console(highlight=False, soft_wrap=True)
    if options.list:
        for case in chosen:
            console.print(f"[bold]{case.id}[/]  {case.title}")
            for goal in case.goals:
                console.print(f"    {goal.text(case.unit)}", style="dim")
        return 0
    with open_bench(quick=options.quick, rounds=options.rounds) as bench:
        return _run(bench, chosen, console, options.json)


def _run(bench: Bench, cases: Sequence[Case], console: Console, path: Path | None) -> int:
    started = time.monotonic()
    finished_cases: list[results.Result] = []
    failed = 0
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    # Refreshed by hand: the thread of auto_refresh would run while the clock does.
    bar = Progress(*columns, console=console, auto_refresh=False, transient=True, disable=not console.is_terminal)
    with bar as progress:
        task = progress.add_task("", total=sum(case.steps(bench) for case in cases))
        for number, case in enumerate(cases, 1):
            if not console.is_terminal:
                print(f"{number}/{len(cases)} {case.id}", file=sys.stderr, flush=True)

            def show(step: str, finished: int = 0, /, *, case: Case = case) -> None:
                progress.update(task, description=f"{case.id} · {step}", advance=finished)
                progress.refresh()

            try:
                result = case.measure(bench, show)
            except UnequalError as error:
                console.print(f"✗ {case.id}: {error}", style="bold red", markup=False)
                failed = 1
                continue
            except Exception:
                # Go on with the other cases.
                console.print(f"✗ {case.id}: a contender failed", style="bold red", markup=False)
                console.print(traceback.format_exc(), markup=False)
                failed = 1
                continue
            finished_cases.append(result)
            print_result(console, result)
    machine = bench.machine()
    print_summary(console, finished_cases)
    print_machine(console, machine)
    if path is not None:
        minutes = (time.monotonic() - started) / 60
        results.write(results.Report(machine, bench.quick, minutes, finished_cases), path)
    return failed


if __name__ == "__main__":
    sys.exit(main())
