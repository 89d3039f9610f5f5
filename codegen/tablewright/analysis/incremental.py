"""The reading of a few tables that changed, with as much of their schema as it takes to find what all of it would."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path

import msgspec

from tablewright.analysis.full import read_documents
from tablewright.analysis.impact import WHOLE, affected, face, surroundings
from tablewright.analysis.snapshot import SECTIONS, Knowledge, KnownFile, Read, Warned, is_closed, known_file
from tablewright.cache.fingerprint import digest
from tablewright.rules.lint import as_problem, findings, in_order, place_of
from tablewright.schema.definition import Schema, Table
from tablewright.settings import Settings
from tablewright.spec.load import Catalog, load_catalog
from tablewright.spec.problem import ResolveError
from tablewright.spec.resolve import resolve_tables
from tablewright.spec.resolve_literal import PROVED
from tablewright.spec.yaml_reader import Document

_FEW = 0.25
"""The part of a schema's tables of which it pays to leave the others out."""


def read_changes(folder: Path, settings: Settings, sources: Mapping[str, bytes], known: Knowledge) -> Read | None:
    """What the specs in *folder* mean, whose files are *sources*, given what was *known* of them before.

    `None` where that takes a reading of the whole: because the change may be felt anywhere, or is a mistake.
    """
    if list(known.files) != list(sources) or known.dialects != tuple(settings.dialects):
        return None
    changed = {name: content for name, content in sources.items() if digest(content) != known.files[name].content}
    PROVED.update(known.literals)
    documents = read_documents(folder, settings, changed)
    if any(document.problems or not document.complete for document in documents.values()):
        return None
    files = {name: known_file(changed[name], document) for name, document in documents.items()}
    if any(_frame(file) != _frame(known.files[name]) for name, file in files.items()):
        return None
    tables = {name for file in files for name in _differing(files[file], known.files[file])}
    judged = affected(tables, known.outlines)
    needed = surroundings(judged, known.outlines)
    if len(needed) > max(_FEW * len(known.outlines), 1):
        return None

    for name, file in known.files.items():
        if name not in documents and (file.rest or any(table in needed for _, table, _ in file.tables)):
            documents |= read_documents(folder, settings, {name: sources[name]})
    few = {name: _cut(documents[name], needed) for name in sources if name in documents}
    catalog = load_catalog(folder, root=settings.root, documents=few)
    warnings = _judge(catalog, tables, judged, documents, set(changed), known, settings)
    if warnings is None:
        return None
    try:
        resolved = resolve_tables(catalog, judged)
    except ResolveError:
        return None
    schema = _with(known.schema, resolved)
    learnt = Knowledge(
        schema, known.dialects, known.files | files, known.outlines, tuple(warnings), known.literals | PROVED
    )
    return Read(in_order(warned.problem for warned in warnings), schema, learnt)


def _frame(file: KnownFile) -> object:
    # What must be as it was: the rest of the schema, and which tables there are, in which order.
    return file.rest, [(section, name) for section, name, _ in file.tables]


def _differing(file: KnownFile, before: KnownFile) -> Iterable[str]:
    return (now[1] for now, then in zip(file.tables, before.tables, strict=True) if now != then)


def _cut(document: Document, tables: set[str]) -> Document:
    """The *document* with no other tables than these; what is left is where it was."""
    if not isinstance(document.value, dict):
        return document
    value = dict(document.value)
    for section in SECTIONS:
        found = value.get(section)
        if isinstance(found, dict):
            value[section] = {name: body for name, body in found.items() if name in tables}
    return replace(document, value=value)


def _judge(
    catalog: Catalog,
    tables: set[str],
    judged: set[str],
    documents: Mapping[str, Document],
    changed: set[str],
    known: Knowledge,
    settings: Settings,
) -> list[Warned] | None:
    """The warnings of the whole schema; `None` if there is an error, or a table has another face than before."""
    schema = catalog.expanded
    if schema is None or catalog.problems or not is_closed(schema):
        return None
    if any(face(schema.by_name[name], schema) != known.outlines[name].face for name in tables):
        return None

    def is_judged(path: tuple[str | int, ...]) -> bool:
        return path[0] in SECTIONS and path[1] in judged

    # What is found in a mixin comes of the tables that include it, and is not told apart by table.
    kept = [warned for warned in known.warnings if warned.problem.rule in WHOLE or not is_judged(warned.finding.path)]
    if any(item.finding.path[0] == "mixins" and item.problem.rule not in WHOLE for item in kept):
        return None
    fresh: list[Warned] = []
    for rule, finding in findings(schema, settings.dialects):
        if rule.id in WHOLE:
            continue
        if finding.path[0] == "mixins" or (is_judged(finding.path) and rule.severity == "error"):
            return None
        if is_judged(finding.path):
            fresh.append(Warned(as_problem(rule, finding, catalog.places), finding))
    places = {documents[name].places.file: documents[name].places for name in changed}
    moved = [
        msgspec.structs.replace(
            item, problem=replace(item.problem, place=place_of(item.finding, places[item.problem.place.file]))
        )
        if item.problem.place.file in places
        else item
        for item in kept
    ]
    return [*moved, *fresh]


def _with(schema: Schema, tables: Mapping[str, Table]) -> Schema:
    return msgspec.structs.replace(
        schema,
        tables=tuple(tables.get(table.name, table) for table in schema.tables),
        opaque_tables=tuple(tables.get(table.name, table) for table in schema.opaque_tables),
    )
