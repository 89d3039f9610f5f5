"""`Rule` and `Violation`: a check of a schema, and one result of it."""

from __future__ import annotations

import inspect
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from typing import Literal, TypeAlias

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


Check: TypeAlias = "Callable[[ExpandedSchema], Iterator[Violation]]"


@dataclass(frozen=True)
class Rule:
    """One condition that a schema must or should meet."""

    id: str
    purpose: str
    severity: Severity
    check: Check
    dialect: Dialect | None = None
    """The dialect that the rule is about; `None` for a rule that always applies."""
    schema_wide: bool = False
    """Whether a warning depends on all tables together rather than on one table."""


def error(check: Check, *, dialect: Dialect | None = None) -> Rule:
    """Return the rule that refuses what *check* reports: its name is the id, its docstring the purpose."""
    return _rule(check, "error", dialect, schema_wide=False)


def warning(check: Check, *, about: Literal["table", "schema"], dialect: Dialect | None = None) -> Rule:
    """Return the rule that warns of what *check* reports. After a change, warnings *about* one table are kept."""
    return _rule(check, "warning", dialect, schema_wide=about == "schema")


def _rule(check: Check, severity: Severity, dialect: Dialect | None, *, schema_wide: bool) -> Rule:
    rule_id = check.__name__.replace("_", "-")
    return Rule(rule_id, inspect.getdoc(check) or "", severity, check, dialect, schema_wide)
