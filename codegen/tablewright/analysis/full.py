"""The full analysis of a schema: load, lint, resolve."""

from __future__ import annotations

import sys
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from pathlib import Path

from tablewright.analysis.impact import interfaces
from tablewright.analysis.snapshot import CachedWarning, Result, Snapshot, file_snapshot, is_closed
from tablewright.rules.lint import as_diagnostic, in_order, violations
from tablewright.settings import Settings
from tablewright.spec.load import display_paths, load_folder
from tablewright.spec.resolve import resolve
from tablewright.spec.resolve_literal import PROVED
from tablewright.spec.yaml_reader import Document, read_yaml_bytes


def analyze_all(folder: Path, settings: Settings, sources: Mapping[str, bytes] | None) -> Result:
    """Analyse all specs in *folder*. *sources* has the content of every file by name, if it was read already."""
    documents = None if sources is None else read_documents(folder, settings, sources)
    with _importable(settings.root):
        specs = load_folder(folder, root=settings.root, documents=documents)
        schema = specs.expanded
        found = [] if schema is None else list(violations(schema, settings.dialects))
        warnings = tuple(CachedWarning(as_diagnostic(rule, item, specs.locations), item) for rule, item in found)
        diagnostics = in_order([*specs.diagnostics, *(warning.diagnostic for warning in warnings)])
        if schema is None or any(diagnostic.severity == "error" for diagnostic in diagnostics):
            return Result(diagnostics, None, None)
        resolved = resolve(specs)
    if documents is None or sources is None or not is_closed(schema):
        return Result(diagnostics, resolved, None)
    snapshot = Snapshot(
        schema=resolved,
        dialects=tuple(settings.dialects),
        files={name: file_snapshot(sources[name], document) for name, document in documents.items()},
        interfaces=interfaces(schema),
        warnings=warnings,
        literals=dict(PROVED),
    )
    return Result(diagnostics, resolved, snapshot)


def read_documents(folder: Path, settings: Settings, sources: Mapping[str, bytes]) -> dict[str, Document]:
    """Parse the YAML of *sources*. Return the documents by file name."""
    files = display_paths(sources, folder, settings.root)
    return {name: read_yaml_bytes(content, files[name]) for name, content in sources.items()}


@contextmanager
def _importable(root: Path) -> Generator[None, None, None]:
    # A spec may name types of the project's own modules, to which defaults are converted.
    sys.path.insert(0, str(root))
    try:
        yield
    finally:
        sys.path.remove(str(root))
