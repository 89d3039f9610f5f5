"""`python -m tests.benchmarks`: runs the cases, prints their table, writes their JSON."""

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
Compares tablewright with others, side by side: the same work, data and settings on the same machine, in alternating
rounds. Of every case it prints what each contender needs and which multiple of the baseline that is: the median of
the rounds, and between brackets the lowest and the highest. ✓ and ✗ say whether a goal is met.

A contender that is not installed is named as missing; `make bench` installs all. Postgres comes from a wheel;
TABLEWRIGHT_TEST_POSTGRES_URL points to another server.
"""
EXAMPLES = """\
examples:
  make bench                                             everything; writes results, chart and README
  python -m tests.benchmarks --list                      what there is
  python -m tests.benchmarks --only 'rows/sqlite/*'      a part of it
  python -m tests.benchmarks --only '*/point-read' --rounds 31
  python -m tests.benchmarks --quick                     does it work? small sizes, two rounds, no meaning

exit codes:
  0 done, goals met or not    1 contenders differ in what they read or write    2 wrong use
"""


def main(arguments: Sequence[str] | None = None) -> int:
    """Runs what *arguments* ask for; the exit code."""
    parser = argparse.ArgumentParser(
        prog="python -m tests.benchmarks",
        description=HELP,
        epilog=EXAMPLES,
        formatter_class=argparse.RawDescriptionHelpFormatter,
    )
    parser.add_argument("--list", action="store_true", help="list the cases, with their goals, and measure nothing")
    parser.add_argument(
        "--only", metavar="GLOB", action="append", default=[], help="only the cases whose id fits; may be repeated"
    )
    parser.add_argument("--quick", action="store_true", help="small sizes and few rounds")
    parser.add_argument("--rounds", type=int, metavar="N", help="as many rounds of each case, whatever its own")
    parser.add_argument("--json", type=Path, metavar="FILE", help="write all figures there")
    options = parser.parse_args(arguments)
    chosen = [
        case for case in CASES if not options.only or any(fnmatch.fnmatch(case.id, glob) for glob in options.only)
    ]
    if not chosen:
        parser.error(f"no case fits {', '.join(options.only)}; --list shows all of them")
    if options.rounds is not None and options.rounds < 1:
        parser.error("--rounds takes a number from 1")
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
    found: list[results.Result] = []
    failed = 0
    columns = TextColumn("{task.description}"), BarColumn(), MofNCompleteColumn(), TimeElapsedColumn()
    # Not by itself: the thread that does it would run within the clock.
    shown = Progress(*columns, console=console, auto_refresh=False, transient=True, disable=not console.is_terminal)
    with shown as progress:
        task = progress.add_task("", total=sum(case.steps(bench) for case in cases))
        for number, case in enumerate(cases, 1):
            if not console.is_terminal:
                print(f"{number}/{len(cases)} {case.id}", file=sys.stderr, flush=True)

            def tell(step: str, finished: int = 0, /, *, case: Case = case) -> None:
                progress.update(task, description=f"{case.id} · {step}", advance=finished)
                progress.refresh()

            try:
                result = case.measure(bench, tell)
            except UnequalError as error:
                console.print(f"✗ {case.id}: {error}", style="bold red", markup=False)
                failed = 1
                continue
            except Exception:
                # The other cases are worth their minutes all the same.
                console.print(f"✗ {case.id}: a contender failed", style="bold red", markup=False)
                console.print(traceback.format_exc(), markup=False)
                failed = 1
                continue
            found.append(result)
            print_result(console, result)
    machine = bench.machine()
    print_summary(console, found)
    print_machine(console, machine)
    if path is not None:
        minutes = (time.monotonic() - started) / 60
        results.write(results.Report(machine, bench.quick, minutes, found), path)
    return failed


if __name__ == "__main__":
    sys.exit(main())
