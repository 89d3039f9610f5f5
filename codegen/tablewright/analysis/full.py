"""The reading of a whole schema: load, judge, resolve."""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tablewright.analysis.impact import outlines
from tablewright.analysis.snapshot import Knowledge, Read, Warned, is_closed, known_file
from tablewright.rules.lint import as_problem, findings, in_order
from tablewright.settings import Settings
from tablewright.spec.load import in_places, load_catalog
from tablewright.spec.resolve import resolve
from tablewright.spec.resolve_literal import PROVED
from tablewright.spec.yaml_reader import Document, read_yaml_bytes


def read_whole(folder: Path, settings: Settings, sources: Mapping[str, bytes] | None) -> Read:
    """What the specs in *folder* mean; only *sources*, the content of all files by name, if they are given."""
    documents = None if sources is None else read_documents(folder, settings, sources)
    with _importable(settings.root):
        catalog = load_catalog(folder, root=settings.root, documents=documents)
        schema = catalog.expanded
        found = [] if schema is None else list(findings(schema, settings.dialects))
        told = [(as_problem(rule, finding, catalog.places), finding) for rule, finding in found]
        problems = in_order([*catalog.problems, *(problem for problem, _ in told)])
        if schema is None or any(problem.severity == "error" for problem in problems):
            return Read(problems, None, None)
        resolved = resolve(catalog)
    if documents is None or sources is None or not is_closed(schema):
        return Read(problems, resolved, None)
    knowledge = Knowledge(
        schema=resolved,
        dialects=tuple(settings.dialects),
        files={name: known_file(sources[name], document) for name, document in documents.items()},
        outlines=outlines(schema),
        warnings=tuple(Warned(problem, finding) for problem, finding in told),
        literals=dict(PROVED),
    )
    return Read(problems, resolved, knowledge)


def read_documents(folder: Path, settings: Settings, sources: Mapping[str, bytes]) -> dict[str, Document]:
    """What the files of *sources* say, by name."""
    files = in_places(sources, folder, settings.root)
    return {name: read_yaml_bytes(content, files[name]) for name, content in sources.items()}


@contextmanager
def _importable(root: Path) -> Generator[None, None, None]:
    # A spec may name types of the project's own modules, to which defaults have to be converted.
    sys.path.insert(0, str(root))
    try:
        yield
    finally:
        sys.path.remove(str(root))
