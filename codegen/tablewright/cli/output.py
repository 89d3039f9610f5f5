"""What commands print: results to stdout, problems to stderr, progress to a terminal only."""

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
    """What to tell of each step: a line that comes and goes on a terminal; nothing where stderr is none."""
    if not _is_terminal(sys.stderr):
        yield None
        return
    with _console(sys.stderr).status("Starting …") as status:
        yield lambda stage, subject: status.update(f"{_STAGES[stage]} {subject or 'all packages'} …")


def outcome(made: Outcome, settings: Settings) -> None:
    """Prints what a run of the generator found and did."""
    diagnostics(made.diagnostics, to_stderr=True)
    for package in made.packages:
        for diff in package.changes.diffs:
            _print_diff(diff)
        print(_summary(package, settings, made.checked))
    for finding in made.findings:
        print(finding, file=sys.stderr)
    if made.findings:
        print(f"{_count(len(made.findings), 'type error')} in what was generated.", file=sys.stderr)
    elif made.checked and not made.clean and made.packages:
        print("The output is not fresh: run tablewright generate.", file=sys.stderr)


def diagnostics(found: Sequence[Diagnostic], *, to_stderr: bool) -> None:
    """Prints *found*, a line each, and how many there are."""
    stream = sys.stderr if to_stderr else sys.stdout
    for diagnostic in found:
        _print_coloured(str(diagnostic), "red" if diagnostic.severity == "error" else "yellow", stream)
    if found:
        errors = sum(diagnostic.severity == "error" for diagnostic in found)
        counts = [_count(errors, "error")] * (errors > 0)
        counts += [_count(len(found) - errors, "warning")] * (len(found) > errors)
        print(f"{', '.join(counts)}.", file=sys.stderr)


def rules(purposes: Mapping[str, str]) -> None:
    """Prints a line for each rule: id, severity, and the first line of its purpose."""
    width = max(len(name) for name in purposes)
    for name, purpose in purposes.items():
        print(f"{name:{width}}  {_severity(name):7}  {purpose.splitlines()[0]}")


def rule(name: str, purpose: str) -> None:
    """Prints one rule whole."""
    stops = _severity(name) == "error"
    effect = "an error: nothing is generated until it is mended" if stops else "a warning: generated all the same"
    print(f"{name}\n\n{purpose}\n\nA schema that breaks it has {effect}.")


def _severity(name: str) -> Severity:
    from tablewright.rules.registry import RULES

    severities: dict[str, Severity] = {rule.id: rule.severity for rule in RULES}
    return severities.get(name, "error")


def _summary(package: Package, settings: Settings, checked: bool) -> str:
    changes = package.changes
    place = os.path.relpath(package.folder, settings.root)
    if not changes:
        return f"{package.name}: {_count(len(changes.unchanged), 'file')} as they should be ({place})"
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
