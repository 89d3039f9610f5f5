"""The incremental analysis: checks and resolves only the tables that a change affects."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import msgspec

from tablewright.analysis.full import read_documents
from tablewright.analysis.impact import SCHEMA_WIDE, affected, context_tables, interface_digest
from tablewright.analysis.snapshot import (
    SECTIONS,
    CachedWarning,
    FileSnapshot,
    Result,
    Snapshot,
    file_snapshot,
    is_closed,
)
from tablewright.cache.fingerprint import digest
from tablewright.rules.lint import as_diagnostic, in_order, location_of, violations
from tablewright.schema.definition import Schema, Table
from tablewright.settings import Settings
from tablewright.spec.diagnostic import ResolveError
from tablewright.spec.load import SpecFolder, load_folder
from tablewright.spec.resolve import resolve_tables
from tablewright.spec.resolve_literal import PROVED
from tablewright.spec.yaml_reader import Document

_FEW = 0.25
"""The largest part of a schema's tables for which an incremental analysis is worth it."""


def analyze_changes(
    folder: Path, settings: Settings, sources: Mapping[str, bytes], snapshot: Snapshot
) -> Result | None:
    """Analyse the changed tables in *folder*, reusing the *snapshot* of the last run.

    *sources* has the content of every file by name. Return `None` if a full analysis is needed: the change may affect
    any table, or is a mistake.
    """
    if list(snapshot.files) != list(sources) or snapshot.dialects != tuple(settings.dialects):
        return None
    changed = {name: content for name, content in sources.items() if digest(content) != snapshot.files[name].content}
    PROVED.update(snapshot.literals)
    documents = read_documents(folder, settings, changed)
    if any(document.diagnostics or not document.complete for document in documents.values()):
        return None
    files = {name: file_snapshot(changed[name], document) for name, document in documents.items()}
    if any(_frame(file) != _frame(snapshot.files[name]) for name, file in files.items()):
        return None
    tables = {name for file in files for name in _changed_tables(files[file], snapshot.files[file])}
    linted = affected(tables, snapshot.interfaces)
    needed = context_tables(linted, snapshot.interfaces)
    if len(needed) > max(_FEW * len(snapshot.interfaces), 1):
        return None

    for name, file in snapshot.files.items():
        if name not in documents and (file.rest or any(table in needed for _, table, _ in file.tables)):
            documents |= read_documents(folder, settings, {name: sources[name]})
    few = {name: _with_tables(documents[name], needed) for name in sources if name in documents}
    specs = load_folder(folder, root=settings.root, documents=few)
    warnings = _lint(specs, tables, linted, documents, set(changed), snapshot, settings)
    if warnings is None:
        return None
    try:
        resolved = resolve_tables(specs, linted)
    except ResolveError:
        return None
    schema = _replace_tables(snapshot.schema, resolved)
    literals = snapshot.literals | PROVED
    new = Snapshot(schema, snapshot.dialects, snapshot.files | files, snapshot.interfaces, tuple(warnings), literals)
    return Result(in_order(warning.diagnostic for warning in warnings), schema, new)


def _frame(file: FileSnapshot) -> object:
    # What must not have changed: the rest of the schema, the names of the tables and their order.
    return file.rest, [(section, name) for section, name, _ in file.tables]


def _changed_tables(file: FileSnapshot, before: FileSnapshot) -> Iterable[str]:
    return (now[1] for now, then in zip(file.tables, before.tables, strict=True) if now != then)


def _with_tables(document: Document, tables: set[str]) -> Document:
    """Return *document* with only the given *tables*; what is left keeps its location."""
    if not isinstance(document.value, dict):
        return document
    value = dict(document.value)
    for section in SECTIONS:
        present = value.get(section)
        if isinstance(present, dict):
            value[section] = {name: body for name, body in present.items() if name in tables}
    return replace(document, value=value)


def _lint(
    specs: SpecFolder,
    tables: set[str],
    linted: set[str],
    documents: Mapping[str, Document],
    changed: set[str],
    snapshot: Snapshot,
    settings: Settings,
) -> list[CachedWarning] | None:
    """Return the warnings of the whole schema; `None` after an error or a change of a table's interface."""
    schema = specs.expanded
    if schema is None or specs.diagnostics or not is_closed(schema):
        return None
    if any(interface_digest(schema.by_name[name], schema) != snapshot.interfaces[name].digest for name in tables):
        return None

    def is_linted(path: tuple[str | int, ...]) -> bool:
        return path[0] in SECTIONS and path[1] in linted

    kept = [
        item for item in snapshot.warnings if item.diagnostic.rule in SCHEMA_WIDE or not is_linted(item.violation.path)
    ]
    # A violation in a mixin depends on the tables that include it, and cannot be attributed to one of them.
    if any(item.violation.path[0] == "mixins" and item.diagnostic.rule not in SCHEMA_WIDE for item in kept):
        return None
    fresh: list[CachedWarning] = []
    for rule, violation in violations(schema, settings.dialects):
        if rule.id in SCHEMA_WIDE:
            continue
        if violation.path[0] == "mixins" or (is_linted(violation.path) and rule.severity == "error"):
            return None
        if is_linted(violation.path):
            fresh.append(CachedWarning(as_diagnostic(rule, violation, specs.locations), violation))
    changed_files = {documents[name].locations.file: documents[name] for name in changed}
    return [*(_moved(item, changed_files) for item in kept), *fresh]


def _moved(warning: CachedWarning, changed_files: Mapping[str, Document]) -> CachedWarning:
    """Return *warning* with its location in the changed file."""
    document = changed_files.get(warning.diagnostic.location.file)
    if document is None:
        return warning
    location = location_of(warning.violation, document.locations)
    return msgspec.structs.replace(warning, diagnostic=replace(warning.diagnostic, location=location))


def _replace_tables(schema: Schema, tables: Mapping[str, Table]) -> Schema:
    return msgspec.structs.replace(
        schema,
        tables=tuple(tables.get(table.name, table) for table in schema.tables),
        opaque_tables=tuple(tables.get(table.name, table) for table in schema.opaque_tables),
    )
