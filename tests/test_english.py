"""Plain technical English: phrases that must not come back, and docstrings of functions that begin with a verb."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

ROOT = Path(__file__).parent.parent
ROOMS = (
    "CHANGELOG.md",
    "CONTRIBUTING.md",
    "README.md",
    "changelog.d",
    "codegen",
    "docs",
    "pyproject.toml",
    "specs",
    "tests",
)
"""Files and folders, from the root of the project."""
TEXTS = {".py", ".pyi", ".md", ".jinja", ".j2", ".toml", ".yaml"}
PHRASES = {
    r"\balike\b": "the same",
    r"\banew\b": "again",
    r"\bcannot be it\b": "state what is not allowed",
    r"\bgoes by\b": "uses, depends on",
    r"\bis none of\b": "is not in",
    r"\blacks\b": "is missing, does not have",
    r"\bmended\b": "fixed",
    r"(?<!\")\bnobody\b": "name the subject",
    r"\botherwise than\b": "different from",
    r"\bsaid of\b": "declared for, documented",
    r"\bsomebody\b": "name the subject",
    r"\bthe very\b": "the same",
    r"\bwhoever\b": "name the subject",
    r"; as stored\.": "Return … as stored.",
    r"; how many\.": "Return the number …",
    r"; whether ": "Return True if …",
}
"""What to write instead, by pattern."""
VERBS = frozenset(
    """
    Accept Add Allow Analyse Append Apply Attach Begin Bind Block Build Cache Call Cancel Cast Change Check
    Clear Close Collect Combine Commit Compare Compile Compute Configure Connect Convert Copy Count Create
    Declare Decode Defer Define Delete Describe Detach Discard Dispose Draw Drop Emit Emulate Encode End Ensure
    Enter Escape Exchange Execute Expand Expire Explain Extend Fetch Fill Filter Find Fix Flush Forget Format
    Generate Get Handle Identify Import Infer Initialize Insert Install Invoke Iterate Join Keep Let Limit Link
    Lint List Listen Load Lock Log Map Mark Match Measure Merge Migrate Move Name Normalise Normalize Notify
    Open Order Parse Pass Patch Plan Prepare Print Process Propose Publish Put Quote Raise Rank Read Rebuild
    Record Refresh Refuse Register Release Remember Remove Rename Render Repeat Replace Report Represent Require
    Reserve Reset Resolve Restore Retry Return Roll Run Save Scan Search Select Send Serialize Set Show Skip
    Sort Split Stage Stamp Start Stop Store Stream Strip Suggest Swap Synchronize Take Test Track Translate Trim
    Truncate Undo Unlock Unwrap Update Upsert Use Validate Verify Wait Walk Warn Watch Wrap Write Yield
    """.split()  # noqa: SIM905  # a list of one word a line is not readable
)
NOT_FUNCTIONS = {"property", "cached_property", "hybrid_property", "setter", "memoized_attribute"}


def files(room: str) -> list[Path]:
    """Return the files of *room* that contain text."""
    path = ROOT / room
    paths = [path] if path.is_file() else path.rglob("*")
    return sorted(file for file in paths if file.suffix in TEXTS and file != Path(__file__))


def phrases(text: str) -> Iterator[str]:
    """Yield a message for each phrase in *text* that must not come back."""
    for number, line in enumerate(text.splitlines(), 1):
        for pattern, instead in PHRASES.items():
            match = re.search(pattern, line, re.IGNORECASE)
            if match is not None:
                yield f"{number}: {match[0]!r}: {instead}"


def openings(source: str) -> Iterator[str]:
    """Yield a message for each public function of *source* whose docstring does not begin with one of `VERBS`."""
    for node in ast.walk(ast.parse(source)):
        if not isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef) or node.name.startswith("_"):
            continue
        # `tablewright explain` prints the docstring of a rule, which states what a spec must be.
        if node.returns is not None and ast.unparse(node.returns) == "Iterator[Violation]":
            continue
        decorators = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
        first = (ast.get_docstring(node) or "").partition(" ")[0].rstrip(".,:")
        if first and first not in VERBS and not decorators & NOT_FUNCTIONS:
            yield f"{node.lineno}: {node.name} begins with {first!r}"


@pytest.mark.parametrize("room", ROOMS)
def test_phrases(room: str) -> None:
    """Docstrings, comments, messages, documents and templates contain none of `PHRASES`."""
    messages = [f"{file.relative_to(ROOT)}:{text}" for file in files(room) for text in phrases(file.read_text("utf-8"))]
    assert messages == []


@pytest.mark.parametrize("room", ["codegen"])
def test_docstrings_begin_with_a_verb(room: str) -> None:
    """The docstring of a public function or method begins with an imperative verb; properties are noun phrases."""
    messages = [
        f"{file.relative_to(ROOT)}:{text}"
        for file in files(room)
        if file.suffix == ".py"
        for text in openings(file.read_text("utf-8"))
    ]
    assert messages == []


def test_every_room_exists() -> None:
    """Each room of the list exists and contains text."""
    assert [room for room in ROOMS if not files(room)] == []


def test_the_checks_find_violations() -> None:
    """A phrase is found in any case. So is a docstring that begins with a noun, except that of a property."""
    assert list(phrases("fine\n# Made Anew.")) == ["2: 'Anew': again"]
    source = """
def rows(self): '''The rows.'''
def get(self): '''Return the row.'''
@property
def name(self): '''The name.'''
"""
    assert list(openings(source)) == ["2: rows begins with 'The'"]
