"""What is wrong with a spec, and where."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

Severity: TypeAlias = Literal["error", "warning"]

_LONGEST_COMPARED = 120


class Place(NamedTuple):
    """A position in a spec file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Problem:
    """One thing that a rule refuses or warns of."""

    rule: str
    place: Place
    message: str
    suggestion: str | None = None
    """A whole sentence that says what to do instead."""
    severity: Severity = "error"

    def __str__(self) -> str:
        text = self.message if self.suggestion is None else f"{self.message} {self.suggestion}"
        return f"{self.place}: {self.severity}[{self.rule}]: {one_line(text)}"


class SpecError(ValueError):
    """A spec that Python code said on its own is wrong; the message has every problem, each with its place."""

    def __init__(self, problems: Iterable[Problem]) -> None:
        self.problems = tuple(problems)
        super().__init__("\n".join(map(str, self.problems)))


class ResolveError(ValueError):
    """A spec that cannot be resolved: it has errors that the rules report, with their places."""


def one_line(text: str) -> str:
    """*text* with every line break and control character escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def shown(text: str) -> str:
    """*text* as messages quote it: a long one is cut."""
    return text if len(text) <= 60 else f"{text[:60]}…"


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """The candidate that *name* was probably meant to be; `None` if none is near."""
    names = list(dict.fromkeys(candidates))
    if len(name) > _LONGEST_COMPARED:
        return None
    folded = {candidate.casefold(): candidate for candidate in reversed(names)}
    if name.casefold() in folded:
        return folded[name.casefold()]
    found = difflib.get_close_matches(name.casefold(), [n for n in folded if len(n) <= _LONGEST_COMPARED], 1, 0.6)
    return folded[found[0]] if found else None


def did_you_mean(name: str, candidates: Iterable[str]) -> str | None:
    """The sentence that suggests the nearest of the *candidates*, if one is near."""
    found = nearest(name, candidates)
    return None if found is None else f"Did you mean `{found}`?"
