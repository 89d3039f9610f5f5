"""`Reading`: what the specs of a folder mean, found out anew only where they have changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from tablewright.ledger.ledger import Ledger
from tablewright.ledger.stamp import digest
from tablewright.schema.definition import Schema
from tablewright.settings import Settings
from tablewright.spec.problem import Problem
from tablewright.spec.sources import read_sources


class SchemaEntry(msgspec.Struct, frozen=True):
    """What the specs of a folder mean, as the ledger has it: only of specs without an error."""

    key: str
    package: str
    problems: tuple[Problem, ...]
    knowledge: msgspec.Raw
    """A `Knowledge`, which takes long to decode and is seldom asked for."""


@dataclass(frozen=True)
class Reading:
    """What the specs of a folder mean, and what is wrong with them."""

    folder: Path
    package: str
    """The name of the package; empty where the specs have errors."""
    problems: Sequence[Problem]
    key: str | None
    """What stands for everything that the schema came from; `None` where that is more than can be told."""
    resolve: Callable[[], Schema]

    @cached_property
    def schema(self) -> Schema:
        """The schema itself; decoded only if something is to be made of it."""
        return self.resolve()


def read_schema(folder: Path, settings: Settings, ledger: Ledger) -> Reading:
    """What the specs in *folder* mean; what *ledger* knows of them is not found out again."""
    sources = None if ledger.generator is None else read_sources(folder)
    if sources is None:
        return _read_whole(folder, settings, ledger)
    parts = [part for name, content in sources.items() for part in (name, content)]
    key = digest(os.path.relpath(folder, settings.root), ",".join(settings.dialects), *parts)
    known = ledger.recall(folder, SchemaEntry)
    if known is not None and known.key == key:
        return Reading(folder, known.package, known.problems, key, lambda: _schema(known))
    return _read_whole(folder, settings, ledger, sources, key, known)


def has_errors(problems: Iterable[Problem]) -> bool:
    """Whether any of *problems* is more than a warning."""
    return any(problem.severity == "error" for problem in problems)


def _read_whole(
    folder: Path,
    settings: Settings,
    ledger: Ledger,
    sources: dict[str, bytes] | None = None,
    key: str | None = None,
    known: SchemaEntry | None = None,
) -> Reading:
    # Loaded only when something has changed: pydantic and YAML take longer than a run that finds nothing to do.
    from tablewright.reading.changes import read_changes
    from tablewright.reading.knowledge import Knowledge
    from tablewright.reading.whole import read_whole

    learnt = None
    if known is not None and sources is not None:
        learnt = read_changes(folder, settings, sources, msgspec.json.decode(known.knowledge, type=Knowledge))
    read = learnt or read_whole(folder, settings, sources)
    schema = read.schema
    if schema is None:
        return Reading(folder, "", read.problems, None, _no_schema)
    if key is None or read.knowledge is None:
        return Reading(folder, schema.name, read.problems, None, lambda: schema)
    entry = SchemaEntry(key, schema.name, tuple(read.problems), msgspec.Raw(msgspec.json.encode(read.knowledge)))
    ledger.remember(folder, entry)
    return Reading(folder, schema.name, read.problems, key, lambda: schema)


def _schema(entry: SchemaEntry) -> Schema:
    from tablewright.reading.knowledge import Knowledge

    return msgspec.json.decode(entry.knowledge, type=Knowledge).schema


def _no_schema() -> Schema:
    raise ValueError("the specs have errors")
