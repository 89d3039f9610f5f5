"""`analyze`: the schema and the diagnostics of a folder of specs, computed again only if the specs changed."""

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
from tablewright.spec.diagnostic import Diagnostic
from tablewright.spec.sources import read_sources


class SchemaEntry(msgspec.Struct, frozen=True):
    """The cached result for a folder of specs without an error."""

    key: str
    package: str
    diagnostics: tuple[Diagnostic, ...]


@dataclass(frozen=True)
class Analysis:
    """The schema of a folder of specs, and the diagnostics."""

    folder: Path
    package: str
    """The name of the package; empty if the specs have errors."""
    diagnostics: Sequence[Diagnostic]
    key: str | None
    """A digest of everything that the schema came from; `None` if the specs run code, which no digest covers."""
    load: Callable[[], Schema]

    @cached_property
    def schema(self) -> Schema:
        """The schema, loaded on first use."""
        return self.load()


def analyze(folder: Path, settings: Settings, cache: BuildCache) -> Analysis:
    """Analyse the specs in *folder*, reusing what *cache* has of them."""
    sources = None if cache.generator is None else read_sources(folder)
    key = None
    if sources is not None:
        parts = [part for name, content in sources.items() for part in (name, content)]
        key = digest(os.path.relpath(folder, settings.root), ",".join(settings.dialects), *parts)
        cached = cache.get(folder, SchemaEntry)
        if cached is not None and cached.key == key:
            again = partial(_analyze, folder, settings, cache, sources, key)
            return Analysis(folder, cached.package, cached.diagnostics, key, lambda: again().schema)
    return _analyze(folder, settings, cache, sources, key)


def has_errors(diagnostics: Iterable[Diagnostic]) -> bool:
    """Return True if any of *diagnostics* is an error rather than a warning."""
    return any(diagnostic.severity == "error" for diagnostic in diagnostics)


def _analyze(
    folder: Path, settings: Settings, cache: BuildCache, sources: dict[str, bytes] | None, key: str | None
) -> Analysis:
    # Imported only if something changed: pydantic and YAML take longer to load than a run with nothing to do.
    from tablewright.analysis.full import analyze_all
    from tablewright.analysis.incremental import analyze_changes
    from tablewright.analysis.snapshot import Snapshot

    snapshot = None if sources is None else cache.get(folder, Snapshot)
    changes = None if sources is None or snapshot is None else analyze_changes(folder, settings, sources, snapshot)
    result = changes or analyze_all(folder, settings, sources)
    schema = result.schema
    if schema is None:
        return Analysis(folder, "", result.diagnostics, None, _no_schema)
    if key is None or result.snapshot is None:
        return Analysis(folder, schema.name, result.diagnostics, None, lambda: schema)
    cache.put(folder, SchemaEntry(key, schema.name, tuple(result.diagnostics)))
    cache.put(folder, result.snapshot)
    return Analysis(folder, schema.name, result.diagnostics, key, lambda: schema)


def _no_schema() -> Schema:
    raise ValueError("the specs have errors")
