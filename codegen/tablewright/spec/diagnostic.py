"""Diagnostics of specs with their locations, and the errors raised from them."""

from __future__ import annotations

import difflib
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal, NamedTuple, TypeAlias

Severity: TypeAlias = Literal["error", "warning"]

_LONGEST_COMPARED = 120


class Location(NamedTuple):
    """A location in a spec file; lines and columns count from 1."""

    file: str
    line: int
    column: int

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}"


@dataclass(frozen=True)
class Diagnostic:
    """An error or warning about a spec, with its location."""

    rule: str
    location: Location
    message: str
    suggestion: str | None = None
    """How to fix it: a whole sentence."""
    severity: Severity = "error"

    def __str__(self) -> str:
        text = self.message if self.suggestion is None else f"{self.message} {self.suggestion}"
        return f"{self.location}: {self.severity}[{self.rule}]: {one_line(text)}"


class SpecError(ValueError):
    """A table spec in Python has errors; the message has every diagnostic, one a line."""

    def __init__(self, diagnostics: Iterable[Diagnostic]) -> None:
        self.diagnostics = tuple(diagnostics)
        super().__init__("\n".join(map(str, self.diagnostics)))


class ResolveError(ValueError):
    """A spec cannot be resolved: it has errors, which the rules report with their locations."""


def one_line(text: str) -> str:
    """Return *text* with every line break and control character escaped."""
    if text.isprintable():
        return text
    return "".join(c if c.isprintable() else c.encode("unicode_escape").decode("ascii") for c in text)


def shown(text: str) -> str:
    """Return *text* for a message, cut if it is long."""
    return text if len(text) <= 60 else f"{text[:60]}…"


def nearest(name: str, candidates: Iterable[str]) -> str | None:
    """Return the candidate closest to *name*; `None` if none is close."""
    names = list(dict.fromkeys(candidates))
    if len(name) > _LONGEST_COMPARED:
        return None
    folded = {candidate.casefold(): candidate for candidate in reversed(names)}
    if name.casefold() in folded:
        return folded[name.casefold()]
    matches = difflib.get_close_matches(name.casefold(), [n for n in folded if len(n) <= _LONGEST_COMPARED], 1, 0.6)
    return folded[matches[0]] if matches else None


def did_you_mean(name: str, candidates: Iterable[str]) -> str | None:
    """Return the sentence that suggests the closest of the *candidates*; `None` if none is close."""
    match = nearest(name, candidates)
    return None if match is None else f"Did you mean `{match}`?"
