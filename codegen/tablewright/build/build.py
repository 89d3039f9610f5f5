"""The build of packages: plan and render the files whose inputs changed since the last run."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import msgspec

from tablewright.analysis.analysis import Analysis
from tablewright.build.write import contents, fingerprint, matches
from tablewright.cache.cache import BuildCache
from tablewright.cache.fingerprint import digest
from tablewright.settings import Settings


class PackageEntry(msgspec.Struct, frozen=True):
    """The cache entry of a package: its files and the digests of their inputs."""

    key: str | None
    """The digest of the whole package's inputs; None if some cannot be seen in the specs."""
    files: dict[str, str]
    """The fingerprint of each file, by path."""
    inputs: dict[str, str]
    """The digest of each file's inputs, by path."""


@dataclass(frozen=True)
class PackageBuild:
    """A package that is being built."""

    rendered: dict[str, str]
    """The text of the files that were rendered, not yet formatted, by path."""
    reused: dict[str, str]
    """The text of the files on disk whose inputs are unchanged, by path."""
    inputs: dict[str, str]
    """The digest of each file's inputs, by path, without files whose inputs cannot all be seen in the specs."""


def find_up_to_date(
    analyses: Sequence[Analysis], settings: Settings, cache: BuildCache
) -> dict[str, Mapping[str, str]]:
    """Return the packages that are up to date on disk: the fingerprint of each file, by package name."""
    up_to_date: dict[str, Mapping[str, str]] = {}
    for analysis in analyses:
        key, folder = _key(analysis, settings), settings.output / analysis.package
        entry = None if key is None else cache.get(folder, PackageEntry)
        if entry is not None and entry.key == key and matches(folder, entry.files):
            up_to_date[analysis.package] = entry.files
    return up_to_date


def build_package(analysis: Analysis, settings: Settings, cache: BuildCache) -> PackageBuild:
    """Plan and render the package of *analysis*, except for files on disk whose inputs are unchanged."""
    # Loaded only when something has changed: Jinja2 takes longer than a run with nothing to do.
    from tablewright.build.inputs import table_inputs
    from tablewright.plan.package import plan_package
    from tablewright.plan.table_graph import TableGraph
    from tablewright.render.outputs import table_files
    from tablewright.render.package import render_package

    schema = analysis.schema
    graph = TableGraph(schema)
    previous = _PreviousBuild(settings.output / analysis.package, cache)
    files = table_files(schema)
    inputs: dict[str, str] = {}
    for table, inputs_digest in table_inputs(schema, graph).items():
        inputs |= dict.fromkeys(files[table], inputs_digest)
    reused = {path: text for path, key in inputs.items() if (text := previous.text(path, key)) is not None}
    changed = {table for table, paths in files.items() if not reused.keys() >= set(paths)}

    source = PurePath(os.path.relpath(analysis.folder, settings.root)).as_posix()
    plan = plan_package(schema, source=source, base=settings.base, graph=graph, only=changed)
    rendered = render_package(plan)
    for path in rendered.keys() - {path for paths in files.values() for path in paths}:
        # Files about the whole package render fast; formatting them is what takes time.
        inputs[path] = digest(rendered[path])
        text = previous.text(path, inputs[path])
        if text is not None:
            reused[path] = text
    return PackageBuild({path: text for path, text in rendered.items() if path not in reused}, reused, inputs)


def record(
    analysis: Analysis, files: Mapping[str, str], inputs: Mapping[str, str], settings: Settings, cache: BuildCache
) -> Mapping[str, str]:
    """Record in the *cache* that *files*, text by path, were built from *inputs*. Return their fingerprints."""
    fingerprints = {path: fingerprint(text.encode()) for path, text in files.items()}
    entry = PackageEntry(_key(analysis, settings), fingerprints, dict(inputs))
    cache.put(settings.output / analysis.package, entry)
    return fingerprints


class _PreviousBuild:
    """The files in a folder that an earlier run wrote and that have not been edited since."""

    def __init__(self, folder: Path, cache: BuildCache) -> None:
        self._entry = cache.get(folder, PackageEntry)
        self._present = {} if self._entry is None else contents(folder)

    def text(self, path: str, inputs_digest: str) -> str | None:
        """Return the text of the file at *path* if it was built from inputs with this digest."""
        content = self._present.get(path)
        if self._entry is None or content is None or self._entry.inputs.get(path) != inputs_digest:
            return None
        return content.decode() if fingerprint(content) == self._entry.files.get(path) else None


def _key(analysis: Analysis, settings: Settings) -> str | None:
    return None if analysis.key is None else digest(analysis.key, settings.base or "")
