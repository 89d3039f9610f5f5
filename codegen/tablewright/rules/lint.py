"""Runs the rules over a schema, or over a few of its tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tablewright.rules.registry import RULES
from tablewright.rules.rule import Rule, Violation
from tablewright.spec.diagnostic import Diagnostic, Location
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.load import Located, SpecFolder

_DIALECTS = ("sqlite", "postgresql")


def lint(specs: SpecFolder, dialects: Iterable[str] = _DIALECTS) -> list[Diagnostic]:
    """Return all diagnostics of *specs*, including those of the reader, in the order of the files.

    Rules about a dialect that is not in *dialects* are skipped.
    """
    diagnostics = list(specs.diagnostics)
    if specs.expanded is not None:
        for rule, violation in violations(specs.expanded, dialects):
            diagnostics.append(as_diagnostic(rule, violation, specs.locations))
    return in_order(diagnostics)


def violations(schema: ExpandedSchema, dialects: Iterable[str] = _DIALECTS) -> Iterator[tuple[Rule, Violation]]:
    """Yield every violation in *schema*, except those that may be due to what the reader left out."""
    dialects = frozenset(dialects)
    for rule in RULES:
        if rule.dialect is not None and rule.dialect not in dialects:
            continue
        for violation in rule.check(schema):
            if not schema.is_incomplete(violation.path):
                yield rule, violation


def as_diagnostic(rule: Rule, violation: Violation, locations: Located) -> Diagnostic:
    """Return the *violation* of *rule* as a diagnostic with its location."""
    location = location_of(violation, locations)
    return Diagnostic(rule.id, location, violation.message, violation.suggestion, rule.severity)


def in_order(diagnostics: Iterable[Diagnostic]) -> list[Diagnostic]:
    """Return the *diagnostics* without duplicates, in the order of the files."""
    return sorted(dict.fromkeys(diagnostics), key=lambda item: (item.location, item.rule, item.message))


def location_of(violation: Violation, locations: Located) -> Location:
    """Return the location of *violation*."""
    find = locations.key if violation.on_key else locations.value
    path = violation.path
    location = find(path)
    for number, step in enumerate(path):
        # A bare list is a shorthand for a mapping with one of these keys: the file then has no such key.
        if step in ("columns", "values") and isinstance(path[-1], int) and number == len(path) - 2:
            location = max(location, find((*path[:number], path[-1])))
    return location
