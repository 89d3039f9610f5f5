"""YAML 1.2 text as plain Python values, with the place of everything in it."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, TypeAlias, cast

import yaml
from yaml import events

from tablewright.spec.problem import Place, Problem, shown
from tablewright.spec.sources import MAX_BYTES
from tablewright.spec.yaml_scalar import resolve

Path: TypeAlias = tuple[str | int, ...]
Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"

MAX_DEPTH = 50
MAX_NODES = 1_000_000
MAX_ALIASED_NODES = 10_000
"""How many nodes all aliases of a file may stand for."""
MAX_PROBLEMS = 200

# Pure Python where the wheel was built without libyaml: the same events, slower.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_TABBED = re.compile(r" *\t[ \t]*")
_BREAK = re.compile(r"\r\n|\r|\n")


class Node:
    """The place of a value, and of the values in it."""

    __slots__ = ("children", "column", "line")

    def __init__(self, line: int, column: int) -> None:
        self.line = line
        self.column = column
        self.children: dict[str | int, tuple[int, int, Node]] | None = None


class Places:
    """Where each key and each value of a file stands."""

    def __init__(self, file: str, root: Node | None = None) -> None:
        self.file = file
        self.root = root or Node(1, 1)

    def key(self, path: Path) -> Place:
        """Where the last key of *path* is written; of a list's item, where the item starts."""
        return self._find(path)[0]

    def value(self, path: Path) -> Place:
        """Where the value at *path* starts; the nearest ancestor's key if there is none."""
        key, value, exact = self._find(path)
        return value if exact else key

    def _find(self, path: Path) -> tuple[Place, Place, bool]:
        node = self.root
        key = (node.line, node.column)
        for step in path:
            found = (node.children or {}).get(step)
            if found is None:
                place = Place(self.file, *key)
                return place, place, False
            key, node = found[:2], found[2]
        return Place(self.file, *key), Place(self.file, node.line, node.column), True


@dataclass
class Document:
    """What a YAML file says."""

    places: Places
    value: Value = None
    problems: list[Problem] = field(default_factory=list)
    complete: bool = True
    """False if reading had to stop: *value* is then `None` and the first problem says why."""


def read_yaml_file(path: FilePath, file: str) -> Document:
    """What the file at *path* says; *file* is its name in problems."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return _refused(file, "unreadable-file", Place(file, 1, 1), f"cannot be read: {error.strerror or error}.")
    return read_yaml_bytes(raw, file)


def read_yaml_bytes(raw: bytes, file: str) -> Document:
    """What the file whose content is *raw* says; *file* is its name in problems."""
    if len(raw) > MAX_BYTES:
        return _too_large(file)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        place = _place_of(before, len(before), file)
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8."
        return _refused(file, "yaml-character", place, message, "Save the file as UTF-8.")
    return read_yaml(text, file)


def read_yaml(text: str, file: str) -> Document:
    """What *text* says; *file* is its name in problems."""
    if len(text) > MAX_BYTES:
        return _too_large(file)
    text = text.removeprefix("\ufeff")
    if bad := _FORBIDDEN.search(text):
        place = _place_of(text, bad.start(), file)
        message = f"character U+{ord(bad.group()):04X} must not stand in a YAML file."
        return _refused(file, "yaml-character", place, message, "Write it as an escape in double quotes, or remove it.")
    reader = _Reader(text, file)
    try:
        reader.read()
    except _Refusal as refusal:
        reader.document.problems.append(refusal.problem)
        return Document(Places(file), None, reader.document.problems, complete=False)
    except yaml.MarkedYAMLError as error:
        return _syntax_error(error, text, file, reader.document.problems)
    except (yaml.YAMLError, ValueError) as error:
        # The pure parser's own slips, such as chr() of an escape beyond Unicode.
        problem = Problem("yaml-syntax", Place(file, *reader.position), f"not YAML: {error}.")
        return Document(Places(file), None, [*reader.document.problems, problem], complete=False)
    return reader.document


def _refused(file: str, rule: str, place: Place, message: str, suggestion: str | None = None) -> Document:
    return Document(Places(file), None, [Problem(rule, place, message, suggestion)], complete=False)


def _too_large(file: str) -> Document:
    message = f"the file is larger than {MAX_BYTES:,} bytes."
    return _refused(file, "yaml-too-large", Place(file, 1, 1), message, "Split the schema into several files.")


def _place_of(text: str, index: int, file: str) -> Place:
    line, start = 1, 0
    for found in _BREAK.finditer(text, 0, index):
        line, start = line + 1, found.end()
    return Place(file, line, index - start + 1)


def _syntax_error(error: yaml.MarkedYAMLError, text: str, file: str, problems: list[Problem]) -> Document:
    mark = error.problem_mark or error.context_mark
    end = _place_of(text, len(text), file)
    # libyaml puts the end of a file that lacks its last line break on a line that is not there.
    place = end if mark is None else min(end, Place(file, mark.line + 1, mark.column + 1))
    if place.line in _tabbed_lines(text):
        return Document(Places(file), None, [*problems, _tab(Place(file, place.line, 1))], complete=False)
    said = error.problem or "cannot be read"
    if error.context and error.context_mark is not None and error.context != said:
        said = f"{said} {error.context} that starts at line {error.context_mark.line + 1}"
    problem = Problem("yaml-syntax", place, f"not YAML: {said}.")
    return Document(Places(file), None, [*problems, problem], complete=False)


def _tab(place: Place) -> Problem:
    return Problem("yaml-tab", place, "the line is indented with a tab.", "Indent with spaces.")


class _Refusal(Exception):
    def __init__(self, rule: str, place: Place, message: str, suggestion: str | None = None) -> None:
        self.problem = Problem(rule, place, message, suggestion)


class _Frame:
    """A mapping or list that is being read."""

    __slots__ = ("anchor", "height", "key", "key_place", "mapping", "node", "places", "size", "value", "waiting")

    def __init__(self, value: Any, node: Node, anchor: str | None) -> None:
        self.value = value
        self.node = node
        self.anchor = anchor
        self.mapping = isinstance(value, dict)
        self.key: str | None = None
        self.key_place = (node.line, node.column)
        self.waiting = False
        self.size = 1
        self.height = 1
        self.places: dict[str | int, tuple[int, int, Node]] = {}
        node.children = self.places


class _Reader:
    """Builds one document from the parser's events, without recursion."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.document = Document(Places(file))
        self.position = (1, 1)
        self.frames: list[_Frame] = []
        # value, expanded size, height; None while the anchored node is still open.
        self.anchors: dict[str, tuple[Value, int, int] | None] = {}
        self.nodes = 0
        self.aliased = 0
        self.ended = False

    def read(self) -> None:
        tabbed = _tabbed_lines(self.text)
        for event in _events(self.text):
            mark: Any = event.start_mark
            self.position = line, column = mark.line + 1, mark.column + 1
            if tabbed and tabbed.get(line) == column - 1 and isinstance(event, events.NodeEvent):
                self.document.problems.append(_tab(Place(self.file, line, 1)))
                del tabbed[line]
            if isinstance(event, events.ScalarEvent):
                self.scalar(event)
            elif isinstance(event, events.CollectionStartEvent):
                self.open(event)
            elif isinstance(event, events.CollectionEndEvent):
                self.close()
            elif isinstance(event, events.AliasEvent):
                self.alias(event)
            elif isinstance(event, events.DocumentStartEvent) and self.ended:
                message = "a second document starts here; a spec file is one document."
                self.problem("yaml-several-documents", message, "Move it to a file of its own.")
                return
            elif isinstance(event, events.DocumentEndEvent):
                self.ended = True

    def here(self) -> Place:
        return Place(self.file, *self.position)

    def problem(self, rule: str, message: str, suggestion: str | None = None) -> None:
        self.document.problems.append(Problem(rule, self.here(), message, suggestion))
        if len(self.document.problems) >= MAX_PROBLEMS:
            raise _Refusal("yaml-too-large", self.here(), "reading stops here: there are too many problems.")

    def count(self, size: int = 1) -> None:
        self.nodes += size
        if self.nodes > MAX_NODES:
            message = f"the file has more than {MAX_NODES:,} values."
            raise _Refusal("yaml-too-large", self.here(), message, "Split the schema into several files.")

    def too_deep(self, depth: int) -> None:
        if depth > MAX_DEPTH:
            raise _Refusal("yaml-too-deep", self.here(), f"values are nested more than {MAX_DEPTH} deep.")

    def tagged(self, tag: str) -> None:
        short = shown(tag.replace("tag:yaml.org,2002:", "!!"))
        message = f"the tag `{short}` is not allowed; a spec has plain values only."
        self.problem("yaml-tag", message, "Remove it; put a string in quotes.")

    def scalar(self, event: events.ScalarEvent) -> None:
        self.count()
        text: str = event.value
        value: Value = text
        if event.tag is not None:
            self.tagged(event.tag)
        elif not event.style:
            try:
                value = resolve(text)
            except ValueError as error:
                self.problem("yaml-number", str(error), "Put it in quotes.")
                value = 0
        if event.style == '"' and ("\0" in text or _has_surrogates(text)):
            message = "the string has an escape for NUL or for half a surrogate pair."
            self.problem("yaml-character", message, "Remove it.")
            value = text = "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text)
        if not self.expects_key():
            self.take(value, Node(*self.position), 1, 1)
        elif text == "<<" and not event.style and event.tag is None:
            message = "`<<` does not merge mappings in YAML 1.2."
            self.problem("yaml-merge-key", message, "Use `include` and a mixin.")
            self.take_key(text)
            self.frames[-1].key = None
            return
        else:
            if not isinstance(value, str):
                self.not_a_string(text)
            self.take_key(text)
        if event.anchor is not None:
            self.anchors[event.anchor] = (value, 1, 1)

    def open(self, event: events.CollectionStartEvent) -> None:
        self.count()
        if event.tag is not None:
            self.tagged(event.tag)
        self.too_deep(len(self.frames) + 1)
        if self.expects_key():
            raise _Refusal("yaml-key", self.here(), "a mapping or list cannot be a key; a key is a string.")
        if event.anchor is not None:
            self.anchors[event.anchor] = None
        value: Any = {} if isinstance(event, events.MappingStartEvent) else []
        self.frames.append(_Frame(value, Node(*self.position), event.anchor))

    def close(self) -> None:
        frame = self.frames.pop()
        if frame.anchor is not None:
            self.anchors[frame.anchor] = (frame.value, frame.size, frame.height)
        self.take(frame.value, frame.node, frame.size, frame.height)

    def alias(self, event: events.AliasEvent) -> None:
        name = str(event.anchor)
        if name not in self.anchors:
            raise _Refusal("yaml-syntax", self.here(), f"there is no anchor `&{shown(name)}` before this alias.")
        anchored = self.anchors[name]
        if anchored is None:
            raise _Refusal("yaml-alias-bomb", self.here(), f"the alias `*{shown(name)}` stands inside its own anchor.")
        value, size, height = anchored
        self.aliased += size
        if self.aliased > MAX_ALIASED_NODES:
            message = f"the aliases of this file stand for more than {MAX_ALIASED_NODES:,} values."
            raise _Refusal("yaml-alias-bomb", self.here(), message, "Use `types` and `mixins` instead.")
        self.count(size)
        self.too_deep(len(self.frames) + height - 1)
        if self.expects_key():
            if not isinstance(value, str):
                self.not_a_string(f"*{name}")
            self.take_key(value if isinstance(value, str) else f"*{name}")
        else:
            self.take(value, Node(*self.position), size, height)

    def expects_key(self) -> bool:
        if not self.frames:
            return False
        frame = self.frames[-1]
        return frame.mapping and not frame.waiting

    def not_a_string(self, text: str) -> None:
        message = f"the key `{shown(text)}` is not a string."
        self.problem("yaml-key", message, f'Put it in quotes: "{shown(text)}".')

    def take_key(self, key: str) -> None:
        frame = self.frames[-1]
        frame.waiting = True
        frame.key = key
        frame.key_place = self.position
        frame.size += 1
        if first := frame.places.get(key):
            message = f"the key `{shown(key)}` is given twice; the first is at line {first[0]}, column {first[1]}."
            self.problem("yaml-duplicate-key", message)
            frame.key = None

    def take(self, value: Value, node: Node, size: int, height: int) -> None:
        if not self.frames:
            self.document.value = value
            self.document.places = Places(self.file, node)
            return
        frame = self.frames[-1]
        frame.size += size
        if frame.height <= height:
            frame.height = height + 1
        frame.waiting = False
        if not frame.mapping:
            frame.places[len(frame.value)] = (node.line, node.column, node)
            frame.value.append(value)
        elif frame.key is not None:
            frame.places[frame.key] = (*frame.key_place, node)
            frame.value[frame.key] = value


def _events(text: str) -> Iterator[events.Event]:
    # What `yaml.parse` does, without a Python generator between.
    following = cast("Callable[[], events.Event | None]", _LOADER(text).get_event)
    return iter(following, None)


def _tabbed_lines(text: str) -> dict[int, int]:
    # The lines that begin with white space that has a tab in it, and how much of it.
    if "\t" not in text:
        return {}
    found = ((number, _TABBED.match(line)) for number, line in enumerate(_BREAK.split(text), 1))
    return {number: match.end() for number, match in found if match}


def _has_surrogates(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text)
