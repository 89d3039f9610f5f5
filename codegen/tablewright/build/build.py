"""The making of packages: plan and render, of what an earlier run did not make already from the very same."""

from __future__ import annotations

import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path, PurePath

import msgspec

from tablewright.analysis.analysis import Analysis
from tablewright.build.write import contents, fingerprint, holds
from tablewright.cache.cache import Ledger
from tablewright.cache.fingerprint import digest
from tablewright.settings import Settings


class PackageEntry(msgspec.Struct, frozen=True):
    """What a package is and what it was made from, as the ledger has it."""

    key: str | None
    """What stands for all that the whole came from; `None` where that is more than can be told."""
    files: dict[str, str]
    """The fingerprint of each file, by path."""
    inputs: dict[str, str]
    """What stands for all that each file came from, by path."""


@dataclass(frozen=True)
class Draft:
    """A package on its way."""

    rendered: dict[str, str]
    """The text of files, by path, as yet unformatted."""
    finished: dict[str, str]
    """The text of the other files, as an earlier run made it and the disk still has it."""
    inputs: dict[str, str]
    """What stands for all that a file came from, by path; without those that come of more than can be told."""


def find_made(analyses: Sequence[Analysis], settings: Settings, ledger: Ledger) -> dict[str, Mapping[str, str]]:
    """The packages whose folders have just what the *readings* ask for: by name, the fingerprint of each file."""
    found: dict[str, Mapping[str, str]] = {}
    for analysis in analyses:
        key, folder = _key(analysis, settings), settings.output / analysis.package
        known = None if key is None else ledger.recall(folder, PackageEntry)
        if known is not None and known.key == key and holds(folder, known.files):
            found[analysis.package] = known.files
    return found


def draft(analysis: Analysis, settings: Settings, ledger: Ledger) -> Draft:
    """The package that the *reading* asks for, with the files on disk that came from the very same."""
    # Loaded only when something has changed: Jinja2 takes longer than a run that finds nothing to do.
    from tablewright.build.inputs import table_inputs
    from tablewright.plan.package import plan_package
    from tablewright.plan.table_graph import Links
    from tablewright.render.outputs import table_files
    from tablewright.render.package import render_package

    schema = analysis.schema
    links = Links(schema)
    made = _Made(settings.output / analysis.package, ledger)
    files = table_files(schema)
    inputs: dict[str, str] = {}
    for table, came_from in table_inputs(schema, links).items():
        inputs |= dict.fromkeys(files[table], came_from)
    finished = {path: text for path, came_from in inputs.items() if (text := made.text(path, came_from)) is not None}
    wanted = {table for table, paths in files.items() if not finished.keys() >= set(paths)}

    source = PurePath(os.path.relpath(analysis.folder, settings.root)).as_posix()
    plan = plan_package(schema, source=source, base=settings.base, links=links, wanted=wanted)
    rendered = render_package(plan)
    for path in rendered.keys() - {path for paths in files.values() for path in paths}:
        # A file about the whole package is soon rendered: it is the rest that takes its time.
        inputs[path] = digest(rendered[path])
        text = made.text(path, inputs[path])
        if text is not None:
            finished[path] = text
    return Draft({path: text for path, text in rendered.items() if path not in finished}, finished, inputs)


def remember(
    analysis: Analysis, files: Mapping[str, str], inputs: Mapping[str, str], settings: Settings, ledger: Ledger
) -> Mapping[str, str]:
    """Tells the *ledger* that *files*, text by path, come of the *reading* and *inputs*; gives their fingerprints."""
    fingerprints = {path: fingerprint(text.encode()) for path, text in files.items()}
    entry = PackageEntry(_key(analysis, settings), fingerprints, dict(inputs))
    ledger.remember(settings.output / analysis.package, entry)
    return fingerprints


class _Made:
    """The files in a folder that an earlier run made, and nobody has changed."""

    def __init__(self, folder: Path, ledger: Ledger) -> None:
        self._known = ledger.recall(folder, PackageEntry)
        self._present = {} if self._known is None else contents(folder)

    def text(self, path: str, came_from: str) -> str | None:
        """The text of the file at *path*, if it was made from what *came_from* stands for."""
        content = self._present.get(path)
        if self._known is None or content is None or self._known.inputs.get(path) != came_from:
            return None
        return content.decode() if fingerprint(content) == self._known.files.get(path) else None


def _key(analysis: Analysis, settings: Settings) -> str | None:
    return None if analysis.key is None else digest(analysis.key, settings.base or "")
