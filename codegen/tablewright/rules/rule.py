"""`Rule` and `Violation`: a check of a schema, and one result of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass

from tablewright.schema.definition import Dialect
from tablewright.spec.diagnostic import Severity
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.yaml_reader import Path


@dataclass(frozen=True)
class Violation:
    """One violation of a rule, at the path of the spec where it is written."""

    path: Path
    message: str
    suggestion: str | None = None
    on_key: bool = False
    """Whether the last key of *path* is wrong, rather than the value."""


@dataclass(frozen=True)
class Rule:
    """One condition that a schema must or should meet."""

    id: str
    purpose: str
    severity: Severity
    check: Callable[[ExpandedSchema], Iterator[Violation]]
    dialect: Dialect | None = None
    """The dialect that the rule is about; `None` for a rule that always applies."""


def rule(
    check: Callable[[ExpandedSchema], Iterator[Violation]],
    severity: Severity = "error",
    *,
    dialect: Dialect | None = None,
) -> Rule:
    """Return the rule of the function *check*: its name is the id, its docstring the purpose."""
    return Rule(check.__name__.replace("_", "-"), inspect.getdoc(check) or "", severity, check, dialect)
