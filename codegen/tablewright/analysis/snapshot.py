"""`Knowledge`: all that one run has to tell the next of a schema, so that it need not read every table again."""

from __future__ import annotations

from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Final, cast

import msgspec

from tablewright.analysis.impact import Outline
from tablewright.cache.fingerprint import digest
from tablewright.rules.rule import Finding
from tablewright.schema.definition import Schema
from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.problem import Problem
from tablewright.spec.yaml_reader import Document

SECTIONS: Final = ("tables", "opaque_tables")


class KnownFile(msgspec.Struct, frozen=True):
    """A spec file."""

    content: str
    """What stands for its whole content."""
    rest: str | None
    """What stands for all that it says beside tables; `None` where that is nothing."""
    tables: tuple[tuple[str, str, str], ...]
    """Its tables in order: the section, the name, and what stands for all that is said there."""


class Warned(msgspec.Struct, frozen=True):
    """A warning, and what a rule found to give it."""

    problem: Problem
    finding: Finding


class Knowledge(msgspec.Struct, frozen=True):
    """A schema without an error, and where all of it came from."""

    schema: Schema
    dialects: tuple[str, ...]
    files: dict[str, KnownFile]
    """The spec files by name."""
    outlines: dict[str, Outline]
    """How each table looks to the others."""
    warnings: tuple[Warned, ...]
    literals: dict[str, str]
    """The literals that are proved to fit their types, as `resolve_literal` has them."""


@dataclass(frozen=True)
class Read:
    """What reading gave."""

    problems: list[Problem]
    schema: Schema | None
    """`None` where there are errors."""
    knowledge: Knowledge | None
    """`None` where the schema may come of more than the spec files."""


def known_file(content: bytes, document: Document) -> KnownFile:
    """What there is to know of a file: of its *content*, and what it says."""
    rest = {key: value for key, value in said(document).items() if key not in SECTIONS}
    return KnownFile(
        digest(content),
        digest(repr(rest)) if rest else None,
        # Not as JSON, which has no NaN: there text is text and 1.0 is not 1.
        tuple((section, name, digest(repr(body))) for section, name, body in tables_of(document)),
    )


def said(document: Document) -> Mapping[str, object]:
    """What a file says, by key; nothing if it is no mapping."""
    return document.value if isinstance(document.value, dict) else {}


def tables_of(document: Document) -> Iterator[tuple[str, str, object]]:
    """The tables of a file: the section, the name, what is said."""
    for section in SECTIONS:
        tables = said(document).get(section)
        if isinstance(tables, dict):
            for name, body in cast("dict[str, object]", tables).items():
                yield section, name, body


def is_closed(schema: ExpandedSchema) -> bool:
    """Whether *schema* names no code of the user's, whose doings are not to be seen in the specs."""
    return not any(
        item.values.get("codec") is not None or ":" in (item.values.get("python") or "") for item in schema.types
    )
