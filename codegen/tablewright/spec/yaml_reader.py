"""Reads YAML 1.2 as plain Python values, with the location of every key and value."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from pathlib import Path as FilePath
from typing import Any, TypeAlias, cast

import yaml
from yaml import events

from tablewright.spec.diagnostic import Diagnostic, Location, shown
from tablewright.spec.sources import MAX_BYTES
from tablewright.spec.yaml_scalar import resolve

Path: TypeAlias = tuple[str | int, ...]
Value: TypeAlias = "bool | int | float | str | list[Value] | dict[str, Value] | None"

MAX_DEPTH = 50
MAX_NODES = 1_000_000
MAX_ALIASED_NODES = 10_000
"""The largest number of nodes that all aliases of a file may expand to."""
MAX_DIAGNOSTICS = 200

# Pure Python if the wheel was built without libyaml: the same events, slower.
_LOADER: Any = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_FORBIDDEN = re.compile("[^\t\n\r\x20-\x7e\xa0-\u2027\u202a-\ud7ff\ue000-\ufefe\uff00-\ufffd\U00010000-\U0010ffff]")
_TABBED = re.compile(r" *\t[ \t]*")
_BREAK = re.compile(r"\r\n|\r|\n")


class Node:
    """The location of a value, and of the values in it."""

    __slots__ = ("children", "column", "line")

    def __init__(self, line: int, column: int) -> None:
        self.line = line
        self.column = column
        self.children: dict[str | int, tuple[int, int, Node]] | None = None


class Locations:
    """The locations of the keys and values of a file."""

    def __init__(self, file: str, root: Node | None = None) -> None:
        self.file = file
        self.root = root or Node(1, 1)

    def key(self, path: Path) -> Location:
        """Return the location of the last key of *path*; for an item of a list, its start."""
        return self._find(path)[0]

    def value(self, path: Path) -> Location:
        """Return the location of the value at *path*; that of the nearest ancestor's key if it does not exist."""
        key, value, exact = self._find(path)
        return value if exact else key

    def _find(self, path: Path) -> tuple[Location, Location, bool]:
        node = self.root
        key = (node.line, node.column)
        for step in path:
            child = (node.children or {}).get(step)
            if child is None:
                location = Location(self.file, *key)
                return location, location, False
            key, node = child[:2], child[2]
        return Location(self.file, *key), Location(self.file, node.line, node.column), True


@dataclass
class Document:
    """The content of a YAML file."""

    locations: Locations
    value: Value = None
    diagnostics: list[Diagnostic] = field(default_factory=list)
    complete: bool = True
    """False if reading had to stop: *value* is then `None`, and the diagnostics have the reason."""


def read_yaml_file(path: FilePath, file: str) -> Document:
    """Read the YAML file at *path*; *file* is its name in diagnostics."""
    try:
        with path.open("rb") as stream:
            raw = stream.read(MAX_BYTES + 1)
    except OSError as error:
        return _refused(file, "unreadable-file", Location(file, 1, 1), f"cannot be read: {error.strerror or error}.")
    return read_yaml_bytes(raw, file)


def read_yaml_bytes(raw: bytes, file: str) -> Document:
    """Read *raw*, the content of a YAML file; *file* is its name in diagnostics."""
    if len(raw) > MAX_BYTES:
        return _too_large(file)
    try:
        text = raw.decode("utf-8")
    except UnicodeDecodeError as error:
        before = raw[: error.start].decode("utf-8")
        location = _location_of(before, len(before), file)
        message = f"byte 0x{raw[error.start]:02x} is not UTF-8."
        return _refused(file, "yaml-character", location, message, "Save the file as UTF-8.")
    return read_yaml(text, file)


def read_yaml(text: str, file: str) -> Document:
    """Read the YAML *text*; *file* is its name in diagnostics."""
    if len(text) > MAX_BYTES:
        return _too_large(file)
    text = text.removeprefix("\ufeff")
    if bad := _FORBIDDEN.search(text):
        location = _location_of(text, bad.start(), file)
        message = f"character U+{ord(bad.group()):04X} is not allowed in a YAML file."
        return _refused(
            file, "yaml-character", location, message, "Write it as an escape in double quotes, or remove it."
        )
    reader = _Reader(text, file)
    try:
        reader.read()
    except _Refusal as refusal:
        reader.document.diagnostics.append(refusal.diagnostic)
        return Document(Locations(file), None, reader.document.diagnostics, complete=False)
    except yaml.MarkedYAMLError as error:
        return _syntax_error(error, text, file, reader.document.diagnostics)
    except (yaml.YAMLError, ValueError) as error:
        # Errors of the pure Python parser itself, such as chr() of an escape beyond Unicode.
        diagnostic = Diagnostic("yaml-syntax", Location(file, *reader.position), f"not YAML: {error}.")
        return Document(Locations(file), None, [*reader.document.diagnostics, diagnostic], complete=False)
    return reader.document


def _refused(file: str, rule: str, location: Location, message: str, suggestion: str | None = None) -> Document:
    return Document(Locations(file), None, [Diagnostic(rule, location, message, suggestion)], complete=False)


def _too_large(file: str) -> Document:
    message = f"the file is larger than {MAX_BYTES:,} bytes."
    return _refused(file, "yaml-too-large", Location(file, 1, 1), message, "Split the schema into several files.")


def _location_of(text: str, index: int, file: str) -> Location:
    line, start = 1, 0
    for match in _BREAK.finditer(text, 0, index):
        line, start = line + 1, match.end()
    return Location(file, line, index - start + 1)


def _syntax_error(error: yaml.MarkedYAMLError, text: str, file: str, diagnostics: list[Diagnostic]) -> Document:
    mark = error.problem_mark or error.context_mark
    end = _location_of(text, len(text), file)
    # If the last line break is missing, libyaml reports the end of the file on a line that does not exist.
    location = end if mark is None else min(end, Location(file, mark.line + 1, mark.column + 1))
    if location.line in _tabbed_lines(text):
        return Document(Locations(file), None, [*diagnostics, _tab(Location(file, location.line, 1))], complete=False)
    cause = error.problem or "cannot be read"
    if error.context and error.context_mark is not None and error.context != cause:
        cause = f"{cause} {error.context} that starts at line {error.context_mark.line + 1}"
    diagnostic = Diagnostic("yaml-syntax", location, f"not YAML: {cause}.")
    return Document(Locations(file), None, [*diagnostics, diagnostic], complete=False)


def _tab(location: Location) -> Diagnostic:
    return Diagnostic("yaml-tab", location, "the line is indented with a tab.", "Indent with spaces.")


class _Refusal(Exception):
    def __init__(self, rule: str, location: Location, message: str, suggestion: str | None = None) -> None:
        self.diagnostic = Diagnostic(rule, location, message, suggestion)


class _Frame:
    """A mapping or list that is being read."""

    __slots__ = ("anchor", "height", "key", "key_location", "locations", "mapping", "node", "size", "value", "waiting")

    def __init__(self, value: Any, node: Node, anchor: str | None) -> None:
        self.value = value
        self.node = node
        self.anchor = anchor
        self.mapping = isinstance(value, dict)
        self.key: str | None = None
        self.key_location = (node.line, node.column)
        self.waiting = False
        self.size = 1
        self.height = 1
        self.locations: dict[str | int, tuple[int, int, Node]] = {}
        node.children = self.locations


class _Reader:
    """Builds a document from the parser's events, without recursion."""

    def __init__(self, text: str, file: str) -> None:
        self.text = text
        self.file = file
        self.document = Document(Locations(file))
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
                self.document.diagnostics.append(_tab(Location(self.file, line, 1)))
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
                message = "a second document starts here; a spec file contains one document."
                self.diagnostic("yaml-several-documents", message, "Move it to a file of its own.")
                return
            elif isinstance(event, events.DocumentEndEvent):
                self.ended = True

    def here(self) -> Location:
        return Location(self.file, *self.position)

    def diagnostic(self, rule: str, message: str, suggestion: str | None = None) -> None:
        self.document.diagnostics.append(Diagnostic(rule, self.here(), message, suggestion))
        if len(self.document.diagnostics) >= MAX_DIAGNOSTICS:
            raise _Refusal("yaml-too-large", self.here(), "reading stops here: there are too many errors.")

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
        message = f"the tag `{short}` is not allowed; a spec contains plain values only."
        self.diagnostic("yaml-tag", message, "Remove it; put a string in quotes.")

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
                self.diagnostic("yaml-number", str(error), "Put it in quotes.")
                value = 0
        if event.style == '"' and ("\0" in text or _has_surrogates(text)):
            message = "the string has an escape for NUL or for half a surrogate pair."
            self.diagnostic("yaml-character", message, "Remove it.")
            value = text = "".join("\ufffd" if c == "\0" or "\ud800" <= c <= "\udfff" else c for c in text)
        if not self.expects_key():
            self.take(value, Node(*self.position), 1, 1)
        elif text == "<<" and not event.style and event.tag is None:
            message = "`<<` does not merge mappings in YAML 1.2."
            self.diagnostic("yaml-merge-key", message, "Use `include` and a mixin.")
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
            raise _Refusal("yaml-alias-bomb", self.here(), f"the alias `*{shown(name)}` is inside its own anchor.")
        value, size, height = anchored
        self.aliased += size
        if self.aliased > MAX_ALIASED_NODES:
            message = f"the aliases of this file expand to more than {MAX_ALIASED_NODES:,} values."
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
        self.diagnostic("yaml-key", message, f'Put it in quotes: "{shown(text)}".')

    def take_key(self, key: str) -> None:
        frame = self.frames[-1]
        frame.waiting = True
        frame.key = key
        frame.key_location = self.position
        frame.size += 1
        if first := frame.locations.get(key):
            message = f"the key `{shown(key)}` is given twice; the first is at line {first[0]}, column {first[1]}."
            self.diagnostic("yaml-duplicate-key", message)
            frame.key = None

    def take(self, value: Value, node: Node, size: int, height: int) -> None:
        if not self.frames:
            self.document.value = value
            self.document.locations = Locations(self.file, node)
            return
        frame = self.frames[-1]
        frame.size += size
        if frame.height <= height:
            frame.height = height + 1
        frame.waiting = False
        if not frame.mapping:
            frame.locations[len(frame.value)] = (node.line, node.column, node)
            frame.value.append(value)
        elif frame.key is not None:
            frame.locations[frame.key] = (*frame.key_location, node)
            frame.value[frame.key] = value


def _events(text: str) -> Iterator[events.Event]:
    # The same as `yaml.parse`, without a Python generator in between.
    following = cast("Callable[[], events.Event | None]", _LOADER(text).get_event)
    return iter(following, None)


def _tabbed_lines(text: str) -> dict[int, int]:
    # The numbers of the lines that are indented with a tab, and the widths of their indentation.
    if "\t" not in text:
        return {}
    matches = ((number, _TABBED.match(line)) for number, line in enumerate(_BREAK.split(text), 1))
    return {number: match.end() for number, match in matches if match}


def _has_surrogates(text: str) -> bool:
    return not text.isascii() and any("\ud800" <= c <= "\udfff" for c in text)
