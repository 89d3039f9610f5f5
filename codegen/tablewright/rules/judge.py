"""Runs every rule over a schema."""

from __future__ import annotations

from collections.abc import Iterable

from tablewright.rules.expanded import ExpandedSchema
from tablewright.rules.registry import RULES
from tablewright.rules.rule import Finding
from tablewright.spec.load import Catalog
from tablewright.spec.problem import Place, Problem


def judge(catalog: Catalog, dialects: Iterable[str] = ("sqlite", "postgresql")) -> list[Problem]:
    """All problems of *catalog*, the reader's too, in the order of the files.

    What only concerns a database that is not among *dialects* is left out.
    """
    problems = list(catalog.problems)
    if catalog.spec is not None:
        schema = ExpandedSchema(catalog.spec, frozenset(dialects), catalog.doubtful)
        for rule in RULES:
            for found in rule.check(schema):
                if schema.is_doubtful(found.path):
                    continue
                problems.append(
                    Problem(rule.id, _place(catalog, found), found.message, found.suggestion, rule.severity)
                )
    return sorted(dict.fromkeys(problems), key=lambda problem: (problem.place, problem.rule, problem.message))


def _place(catalog: Catalog, found: Finding) -> Place:
    find = catalog.places.key if found.on_key else catalog.places.value
    place = find(found.path)
    for number, step in enumerate(found.path):
        # A bare list is short for a mapping with these: what is not found there is found without them.
        if step in ("columns", "values") and isinstance(found.path[-1], int) and number == len(found.path) - 2:
            place = max(place, find((*found.path[:number], found.path[-1])))
    return place
