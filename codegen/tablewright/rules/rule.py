"""`Rule`: what one rule is, and `Finding`: what it says."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tablewright.rules.expanded import ExpandedSchema
from tablewright.spec.problem import Severity
from tablewright.spec.yaml_reader import Path


@dataclass(frozen=True)
class Finding:
    """One thing that a rule found, at the path of the spec where it is written."""

    path: Path
    message: str
    suggestion: str | None = None
    on_key: bool = False
    """Whether it is the last key of *path* that is wrong, rather than the value."""


@dataclass(frozen=True)
class Rule:
    """One thing that a schema must or should not do."""

    id: str
    purpose: str
    severity: Severity
    check: Callable[[ExpandedSchema], Iterator[Finding]]


def rule(check: Callable[[ExpandedSchema], Iterator[Finding]], severity: Severity = "error") -> Rule:
    """The rule whose id is the name and whose purpose is the docstring of the function *check*."""
    return Rule(check.__name__.replace("_", "-"), inspect.getdoc(check) or "", severity, check)
