"""`Rule`: what one rule is, and `Finding`: what it says."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tablewright.schema.definition import Dialect
from tablewright.spec.expand import ExpandedSchema
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
    dialect: Dialect | None = None
    """The dialect that the rule is about; `None` for a rule that always applies."""


def rule(
    check: Callable[[ExpandedSchema], Iterator[Finding]],
    severity: Severity = "error",
    *,
    dialect: Dialect | None = None,
) -> Rule:
    """Return the rule of the function *check*: its name is the id, its docstring the purpose."""
    return Rule(check.__name__.replace("_", "-"), inspect.getdoc(check) or "", severity, check, dialect)
