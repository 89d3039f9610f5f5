"""Output of the commands: results to stdout, problems to stderr, progress to a terminal only."""

from __future__ import annotations

import os
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from typing import TYPE_CHECKING, TextIO

from tablewright.pipeline import Outcome, Package, Progress, Stage
from tablewright.settings import Settings

if TYPE_CHECKING:
    from rich.console import Console

    from tablewright.spec.diagnostic import Diagnostic, Severity

_STAGES: dict[Stage, str] = {
    "load": "Reading",
    "render": "Rendering",
    "format": "Formatting",
    "compile": "Compiling",
    "write": "Writing",
    "type-check": "Type-checking",
}


@contextmanager
def progress() -> Generator[Progress | None]:
    """Yield a function that shows each step on a line of the terminal; None if stderr is no terminal."""
    if not _is_terminal(sys.stderr):
        yield None
        return
    with _console(sys.stderr).status("Starting …") as status:
        yield lambda stage, subject: status.update(f"{_STAGES[stage]} {subject or 'all packages'} …")


def outcome(result: Outcome, settings: Settings) -> None:
    """Print the result of a run of the generator."""
    diagnostics(result.diagnostics, to_stderr=True)
    for package in result.packages:
        for diff in package.changes.diffs:
            _print_diff(diff)
        print(_summary(package, settings, result.checked))
    for error in result.type_errors:
        print(error, file=sys.stderr)
    if result.type_errors:
        print(f"{_count(len(result.type_errors), 'type error')} in the generated code.", file=sys.stderr)
    elif result.checked and not result.clean and result.packages:
        print("Generated files are out of date: run `tablewright generate`.", file=sys.stderr)


def diagnostics(problems: Sequence[Diagnostic], *, to_stderr: bool) -> None:
    """Print *problems*, one line each, and their number."""
    stream = sys.stderr if to_stderr else sys.stdout
    for diagnostic in problems:
        _print_coloured(str(diagnostic), "red" if diagnostic.severity == "error" else "yellow", stream)
    if problems:
        errors = sum(diagnostic.severity == "error" for diagnostic in problems)
        counts = [_count(errors, "error")] * (errors > 0)
        counts += [_count(len(problems) - errors, "warning")] * (len(problems) > errors)
        print(f"{', '.join(counts)}.", file=sys.stderr)


def rules(purposes: Mapping[str, str]) -> None:
    """Print a line for each rule: id, severity, and the first line of its purpose."""
    width = max(len(name) for name in purposes)
    for name, purpose in purposes.items():
        print(f"{name:{width}}  {_severity(name):7}  {purpose.splitlines()[0]}")


def rule(name: str, purpose: str) -> None:
    """Print one rule with its whole purpose."""
    stops = _severity(name) == "error"
    effect = "an error, which must be fixed before anything is generated" if stops else "a warning"
    print(f"{name}\n\n{purpose}\n\nBreaking the rule is {effect}.")


def _severity(name: str) -> Severity:
    from tablewright.rules.registry import RULES

    severities: dict[str, Severity] = {rule.id: rule.severity for rule in RULES}
    return severities.get(name, "error")


def _summary(package: Package, settings: Settings, checked: bool) -> str:
    changes = package.changes
    place = os.path.relpath(package.folder, settings.root)
    if not changes:
        return f"{package.name}: {_count(len(changes.unchanged), 'file')} up to date ({place})"
    verb = "would be " if checked else ""
    parts = [
        f"{_count(len(paths), 'file')} {verb}{what}"
        for paths, what in ((changes.added, "added"), (changes.changed, "changed"), (changes.removed, "removed"))
        if paths
    ]
    return f"{package.name}: {', '.join(parts)} ({place})"


def _count(number: int, noun: str) -> str:
    return f"{number} {noun}{'' if number == 1 else 's'}"


def _print_diff(diff: str) -> None:
    colours = {"+": "green", "-": "red", "@": "cyan"}
    for line in diff.splitlines():
        _print_coloured(line, colours.get(line[:1], ""), sys.stdout)


def _print_coloured(line: str, colour: str, stream: TextIO) -> None:
    if not colour or not _is_terminal(stream):
        print(line, file=stream)
        return
    _console(stream).print(line, style=colour, markup=False, highlight=False, soft_wrap=True)


def _is_terminal(stream: TextIO) -> bool:
    return stream.isatty() and os.environ.get("TERM") != "dumb"


def _console(stream: TextIO) -> Console:
    from rich.console import Console

    return Console(file=stream)
