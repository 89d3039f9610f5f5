"""`Snapshot`: what a run stores about a schema, so that the next one analyses only the tables that changed."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, cast

import msgspec

from tablewright.analysis.impact import TableInterface
from tablewright.cache.fingerprint import digest
from tablewright.rules.rule import Violation
from tablewright.schema.definition import Schema
from tablewright.spec.diagnostic import Diagnostic
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.yaml_reader import Document

SECTIONS: Final = ("tables", "opaque_tables")


class FileSnapshot(msgspec.Struct, frozen=True):
    """The digests of a spec file."""

    content: str
    """The digest of its whole content."""
    rest: str | None
    """The digest of everything but the tables; `None` if there is nothing else."""
    tables: tuple[tuple[str, str, str], ...]
    """Its tables in order: the section, the name, and the digest of the definition."""


class CachedWarning(msgspec.Struct, frozen=True):
    """A warning, and the violation that it reports."""

    diagnostic: Diagnostic
    violation: Violation


class Snapshot(msgspec.Struct, frozen=True):
    """A schema without an error, and what it was computed from."""

    schema: Schema
    dialects: tuple[str, ...]
    files: dict[str, FileSnapshot]
    """The spec files by name."""
    interfaces: dict[str, TableInterface]
    """The interface of each table by name."""
    warnings: tuple[CachedWarning, ...]
    literals: dict[str, str]
    """`resolve_literal.PROVED`: the literals that are proved to fit their types."""


@dataclass(frozen=True)
class Result:
    """The result of a full or incremental analysis."""

    diagnostics: list[Diagnostic]
    schema: Schema | None
    """`None` if there are errors."""
    snapshot: Snapshot | None
    """`None` if the schema may depend on more than the spec files."""


def file_snapshot(content: bytes, document: Document) -> FileSnapshot:
    """Return the digests of a file with the given *content*, parsed as *document*."""
    rest = {key: value for key, value in top_level(document).items() if key not in SECTIONS}
    return FileSnapshot(
        digest(content),
        digest(repr(rest)) if rest else None,
        # Not as JSON, which has no NaN and does not distinguish 1.0 from 1.
        tuple((section, name, digest(repr(body))) for section, name, body in tables_of(document)),
    )


def top_level(document: Document) -> Mapping[str, object]:
    """Return the top-level mapping of a file; an empty one if the file is not a mapping."""
    return document.value if isinstance(document.value, dict) else {}


def tables_of(document: Document) -> Iterator[tuple[str, str, object]]:
    """Yield the section, the name and the definition of each table of a file."""
    for section in SECTIONS:
        tables = top_level(document).get(section)
        if isinstance(tables, dict):
            for name, body in cast("dict[str, object]", tables).items():
                yield section, name, body


def is_closed(schema: ExpandedSchema) -> bool:
    """Return True if *schema* names no code of the user's, whose effects the specs do not show."""
    return not any(
        item.values.get("codec") is not None or ":" in (item.values.get("python") or "") for item in schema.types
    )
