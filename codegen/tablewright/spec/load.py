"""Reads a schema's folder: all its files, merged into one spec."""

from __future__ import annotations

import os
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import cached_property
from pathlib import Path as FilePath
from typing import Any, Protocol, cast

from pydantic import ValidationError

from tablewright.spec.expand import ExpandedSchema
from tablewright.spec.misfits import pruned, yaml_problems
from tablewright.spec.models import SchemaSpec
from tablewright.spec.models_node import FROM_YAML
from tablewright.spec.problem import Place, Problem
from tablewright.spec.python_files import read_python
from tablewright.spec.sources import spec_files
from tablewright.spec.yaml_reader import Document, Path, read_yaml_file

_NAMED = ("enums", "types", "mixins", "tables", "opaque_tables")
_ONCE = {"schema": "name", "version": "version", "doc": "doc"}
_ARTICLES = {
    "enums": "the enum",
    "types": "the type",
    "mixins": "the mixin",
    "tables": "the table",
    "opaque_tables": "the opaque table",
}


class Located(Protocol):
    """Anything that knows where the parts of a spec are written."""

    def key(self, path: Path) -> Place: ...

    def value(self, path: Path) -> Place: ...


@dataclass(frozen=True)
class Part:
    """What one file says."""

    spec: SchemaSpec
    places: Located


class CatalogPlaces:
    """Where each part of a schema is written, over all its files."""

    def __init__(self, default: Place) -> None:
        self.default = default
        self.origins: dict[Path, Located] = {}

    def key(self, path: Path) -> Place:
        """Where the last key of *path* is written; where its nearest known ancestor is if it is not."""
        origin = self._origin(path)
        return self.default if origin is None else origin.key(path)

    def value(self, path: Path) -> Place:
        """Where the value at *path* starts; where its nearest known ancestor is if there is none."""
        origin = self._origin(path)
        return self.default if origin is None else origin.value(path)

    def _origin(self, path: Path) -> Located | None:
        return self.origins.get(path[:2]) or self.origins.get(path[:1])


@dataclass(frozen=True)
class Catalog:
    """A schema's spec, whole, and what is wrong with it so far."""

    spec: SchemaSpec | None
    """`None` if a file could not be read at all. What was refused is left out."""
    places: CatalogPlaces
    problems: tuple[Problem, ...] = ()
    files: tuple[str, ...] = ()
    incomplete: frozenset[Path] = field(default_factory=frozenset)
    """Tables, columns and other named things of which something was left out."""

    @cached_property
    def expanded(self) -> ExpandedSchema | None:
        """The expanded spec, which the rules check and `resolve` translates."""
        return None if self.spec is None else ExpandedSchema(self.spec, self.incomplete)

    @property
    def failed(self) -> bool:
        """Whether any of the problems is an error."""
        return any(problem.severity == "error" for problem in self.problems)


def load_catalog(
    folder: FilePath, *, root: FilePath | None = None, documents: Mapping[str, Document] | None = None
) -> Catalog:
    """The schema whose files stand in *folder*; places name files relative to *root*.

    Reads `*.yaml`, `*.yml` and `*.py`, except those whose name starts with `_`, and no folder within;
    or none of them where *documents* gives what its files say, by name.
    """
    folder = folder.absolute()
    root = (root or folder.parent).absolute()
    default = Place(relative(folder, root), 1, 1)
    problems: list[Problem] = []
    parts: list[Part] = []
    incomplete: set[Path] = set()
    files = in_places(_files(folder, default, problems) if documents is None else documents, folder, root)
    readable = not problems
    for name, file in files.items():
        if name.endswith(".py"):
            found = read_python(root / file, lambda path: relative(FilePath(path), root), problems)
            if found is not None:
                parts.append(Part(*found))
        else:
            document = read_yaml_file(root / file, file) if documents is None else documents[name]
            found_yaml = _part(document, problems, incomplete)
            if found_yaml is not None:
                parts.append(found_yaml)
    places = CatalogPlaces(default)
    spec = _merged(parts, places, problems) if readable and len(parts) == len(files) else None
    if spec is not None:
        for key, name in _ONCE.items():
            if key != "doc" and not getattr(spec, name) and (key,) not in incomplete:
                where = parts[0].places.key(())
                problems.append(Problem("missing-key", where, f"a schema must have `{key}`; no file states it."))
    problems.sort(key=lambda problem: problem.place)
    return Catalog(spec, places, tuple(problems), tuple(files.values()), frozenset(incomplete))


def relative(path: FilePath, root: FilePath) -> str:
    """*path* as places name it: relative to *root*, with forward slashes."""
    try:
        return FilePath(os.path.relpath(path, root)).as_posix()
    except ValueError:
        # Another drive.
        return path.as_posix()


def in_places(names: Iterable[str], folder: FilePath, root: FilePath) -> dict[str, str]:
    """The files *names* of *folder* as places name them, by name."""
    # The folder once: to ask for each of a thousand files takes as long as to read it.
    within = relative(folder, root)
    return {name: name if within == "." else f"{within}/{name}" for name in names}


def _files(folder: FilePath, default: Place, problems: list[Problem]) -> list[str]:
    try:
        found = [path.name for path in spec_files(folder)]
    except OSError as error:
        message = f"the folder of the schema cannot be read: {error.strerror or error}."
        problems.append(Problem("unreadable-file", default, message))
        return []
    if not found:
        problems.append(Problem("no-spec-files", default, "the folder has no `.yaml` and no `.py` file."))
    return found


def _part(document: Document, problems: list[Problem], incomplete: set[Path]) -> Part | None:
    problems += document.problems
    if not document.complete:
        return None
    # An empty file says nothing.
    said = {} if document.value is None else document.value
    if not isinstance(said, Mapping):
        place = document.places.value(())
        problems.append(Problem("wrong-type", place, "a spec file is a mapping of `schema`, `tables` and so on."))
        return None
    data = cast("object", said)
    first = True
    while True:
        try:
            spec = SchemaSpec.model_validate(data, by_alias=True, by_name=False, context=FROM_YAML)
        except ValidationError as error:
            refused = list(yaml_problems(error, data, document.places))
        else:
            return Part(spec, document.places)
        if first:
            problems += [problem for _, problem in refused]
        first = False
        paths = [path for path, _ in refused]
        incomplete.update(_thing(path) for path in paths)
        before, data = data, pruned(data, paths)
        if () in paths or data == before:
            return None


def _thing(path: Path) -> Path:
    # The smallest thing with a name: a column of a table, else the table.
    return path[:4] if len(path) >= 4 and path[0] in _NAMED and path[2] == "columns" else path[:2]


def _merged(parts: list[Part], places: CatalogPlaces, problems: list[Problem]) -> SchemaSpec:
    said: dict[str, str] = {}
    named: dict[str, dict[str, Any]] = {kind: {} for kind in _NAMED}
    for part in parts:
        for path, value in _statements(part.spec):
            here = part.places.key(path)
            earlier = places.origins.get(path)
            if earlier is not None:
                there = earlier.key(path)
                what = f"`{path[0]}`" if len(path) == 1 else f"{_ARTICLES[str(path[0])]} `{path[1]}`"
                message = f"{what} is given twice; the first is at {there}."
                problems.append(Problem("duplicate-name", here, message, "Keep one of them."))
                continue
            places.origins[path] = part.places
            if len(path) == 1:
                said[str(path[0])] = value
            else:
                named[str(path[0])][str(path[1])] = value
        places.origins.setdefault((), part.places)
    return SchemaSpec.model_construct(
        {_ONCE[key] for key in said} | {kind for kind in _NAMED if named[kind]},
        name=said.get("schema", ""),
        version=said.get("version", ""),
        doc=said.get("doc"),
        **named,
    )


def _statements(spec: SchemaSpec) -> Iterator[tuple[Path, Any]]:
    for key, name in _ONCE.items():
        if name in spec.model_fields_set:
            yield (key,), getattr(spec, name)
    for kind in _NAMED:
        for name, item in getattr(spec, kind).items():
            yield (kind, name), item
