"""The reading of specs: load, judge, resolve; or what an earlier run made of the very same."""

from __future__ import annotations

import os
import sys
from collections.abc import Callable, Generator, Iterable, Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from functools import cached_property
from pathlib import Path

import msgspec

from tablewright.ledger.ledger import Ledger
from tablewright.ledger.stamp import digest
from tablewright.schema.definition import Schema, Table, Type
from tablewright.settings import Settings
from tablewright.spec.problem import Problem
from tablewright.spec.sources import read_sources


class SchemaEntry(msgspec.Struct, frozen=True):
    """What the specs of a folder mean, as the ledger has it: only of specs without an error."""

    key: str
    package: str
    problems: tuple[Problem, ...]
    schema: msgspec.Raw


@dataclass(frozen=True)
class Reading:
    """What the specs of a folder mean, and what is wrong with them."""

    folder: Path
    package: str
    """The name of the package; empty where the specs have errors."""
    problems: Sequence[Problem]
    key: str | None
    """What stands for everything that the schema came from; `None` where that is more than can be told."""
    resolve: Callable[[], Schema]

    @cached_property
    def schema(self) -> Schema:
        """The schema itself; decoded only if something is to be made of it."""
        return self.resolve()


def read_schema(folder: Path, settings: Settings, ledger: Ledger) -> Reading:
    """What the specs in *folder* mean; only what changed since *ledger* was written is read as YAML."""
    sources = None if ledger.generator is None else read_sources(folder)
    key = None
    if sources is not None:
        place = os.path.relpath(folder, settings.root)
        parts = [part for name, content in sources.items() for part in (name, content)]
        key = digest(ledger.generator or "", place, ",".join(settings.dialects), *parts)
        known = ledger.recall(folder, SchemaEntry)
        if known is not None and known.key == key:
            return Reading(folder, known.package, known.problems, key, lambda: _decode(known.schema))
    return _read_anew(folder, settings, ledger, sources, key)


def has_errors(problems: Iterable[Problem]) -> bool:
    """Whether any of *problems* is more than a warning."""
    return any(problem.severity == "error" for problem in problems)


def _read_anew(
    folder: Path, settings: Settings, ledger: Ledger, sources: dict[str, bytes] | None, key: str | None
) -> Reading:
    # Loaded only when something has changed: pydantic and YAML take longer than a run that finds nothing to do.
    from tablewright.rules.judge import judge
    from tablewright.spec.load import load_catalog
    from tablewright.spec.resolve import resolve

    with _importable(settings.root):
        catalog = load_catalog(folder, root=settings.root, sources=sources)
        problems = judge(catalog, settings.dialects)
        if has_errors(problems):
            return Reading(folder, "", problems, None, lambda: resolve(catalog))
        schema = resolve(catalog)
    if key is None or any(_is_foreign(type_) for type_ in _types(schema)):
        return Reading(folder, schema.name, problems, None, lambda: schema)
    entry = SchemaEntry(key, schema.name, tuple(problems), msgspec.Raw(msgspec.json.encode(schema)))
    ledger.remember(folder, entry)
    return Reading(folder, schema.name, problems, key, lambda: schema)


def _decode(schema: msgspec.Raw) -> Schema:
    return msgspec.json.decode(schema, type=Schema)


def _types(schema: Schema) -> Iterator[Type]:
    for table in (*schema.tables, *schema.opaque_tables):
        yield from _types_of(table)


def _types_of(table: Table) -> Iterator[Type]:
    for column in table.columns:
        found: Type | None = column.type
        while found is not None:
            yield found
            found = found.of


def _is_foreign(type_: Type) -> bool:
    # What a module of the user's makes of a default is not seen in the specs.
    return type_.codec is not None or ":" in (type_.python or "")


@contextmanager
def _importable(root: Path) -> Generator[None, None, None]:
    # A spec may name types of the project's own modules, to which defaults have to be converted.
    sys.path.insert(0, str(root))
    try:
        yield
    finally:
        sys.path.remove(str(root))
