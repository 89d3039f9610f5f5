"""`Reading`: what the specs of a folder mean, found out anew only where they have changed."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass
from functools import cached_property, partial
from pathlib import Path

import msgspec

from tablewright.cache.cache import BuildCache
from tablewright.cache.fingerprint import digest
from tablewright.schema.definition import Schema
from tablewright.settings import Settings
from tablewright.spec.problem import Problem
from tablewright.spec.sources import read_sources


class SchemaEntry(msgspec.Struct, frozen=True):
    """What there is to say of the specs in a folder, as the cache has it: only of specs without an error."""

    key: str
    package: str
    problems: tuple[Problem, ...]


@dataclass(frozen=True)
class Reading:
    """What the specs of a folder mean, and what is wrong with them."""

    folder: Path
    package: str
    """The name of the package; empty where the specs have errors."""
    problems: Sequence[Problem]
    key: str | None
    """What stands for everything that the schema came from; `None` where that is more than can be told."""
    find: Callable[[], Schema]

    @cached_property
    def schema(self) -> Schema:
        """The schema itself; found only if something is to be made of it."""
        return self.find()


def read_schema(folder: Path, settings: Settings, cache: BuildCache) -> Reading:
    """What the specs in *folder* mean; what *cache* knows of them is not found out again."""
    sources = None if cache.generator is None else read_sources(folder)
    key = None
    if sources is not None:
        parts = [part for name, content in sources.items() for part in (name, content)]
        key = digest(os.path.relpath(folder, settings.root), ",".join(settings.dialects), *parts)
        known = cache.get(folder, SchemaEntry)
        if known is not None and known.key == key:
            anew = partial(_read, folder, settings, cache, sources, key)
            return Reading(folder, known.package, known.problems, key, lambda: anew().schema)
    return _read(folder, settings, cache, sources, key)


def has_errors(problems: Iterable[Problem]) -> bool:
    """Whether any of *problems* is more than a warning."""
    return any(problem.severity == "error" for problem in problems)


def _read(
    folder: Path, settings: Settings, cache: BuildCache, sources: dict[str, bytes] | None, key: str | None
) -> Reading:
    # Loaded only when something has changed: pydantic and YAML take longer than a run that finds nothing to do.
    from tablewright.analysis.full import read_whole
    from tablewright.analysis.incremental import read_changes
    from tablewright.analysis.snapshot import Knowledge

    known = None if sources is None else cache.get(folder, Knowledge)
    learnt = None if sources is None or known is None else read_changes(folder, settings, sources, known)
    read = learnt or read_whole(folder, settings, sources)
    schema = read.schema
    if schema is None:
        return Reading(folder, "", read.problems, None, _no_schema)
    if key is None or read.knowledge is None:
        return Reading(folder, schema.name, read.problems, None, lambda: schema)
    cache.put(folder, SchemaEntry(key, schema.name, tuple(read.problems)))
    cache.put(folder, read.knowledge)
    return Reading(folder, schema.name, read.problems, key, lambda: schema)


def _no_schema() -> Schema:
    raise ValueError("the specs have errors")
