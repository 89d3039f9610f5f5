"""Runs the rules over a schema, or over a few of its tables."""

from __future__ import annotations

from collections.abc import Iterable, Iterator

from tablewright.rules.registry import RULES
from tablewright.rules.rule import Finding, Rule
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.load import Catalog, Located
from tablewright.spec.problem import Place, Problem


def judge(catalog: Catalog, dialects: Iterable[str] = ("sqlite", "postgresql")) -> list[Problem]:
    """All problems of *catalog*, the reader's too, in the order of the files.

    What only concerns a database that is not among *dialects* is left out.
    """
    found = [] if catalog.expanded is None else findings(catalog.expanded, dialects)
    return in_order([*catalog.problems, *(as_problem(rule, finding, catalog.places) for rule, finding in found)])


def findings(
    schema: ExpandedSchema, dialects: Iterable[str] = ("sqlite", "postgresql")
) -> Iterator[tuple[Rule, Finding]]:
    """All that the rules find in *schema*, but what may come of what the reader left out."""
    dialects = frozenset(dialects)
    for rule in RULES:
        if rule.dialect is not None and rule.dialect not in dialects:
            continue
        for found in rule.check(schema):
            if not schema.is_incomplete(found.path):
                yield rule, found


def as_problem(rule: Rule, found: Finding, places: Located) -> Problem:
    """What a *rule* found, where it is written."""
    return Problem(rule.id, place_of(found, places), found.message, found.suggestion, rule.severity)


def in_order(problems: Iterable[Problem]) -> list[Problem]:
    """The *problems*, each once, in the order of the files."""
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.place, problem.rule, problem.message))


def place_of(found: Finding, places: Located) -> Place:
    """Where what was found is written."""
    find = places.key if found.on_key else places.value
    place = find(found.path)
    for number, step in enumerate(found.path):
        # A bare list is short for a mapping with these: what is not found there is found without them.
        if step in ("columns", "values") and isinstance(found.path[-1], int) and number == len(found.path) - 2:
            place = max(place, find((*found.path[:number], found.path[-1])))
    return place
