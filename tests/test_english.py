"""Plain technical English: phrases that must not come back, and docstrings of functions that begin with a verb.

`ROOMS` lists what is clean already; a room is added when its last sentence is rewritten.
"""

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
    "codegen/tablewright/__init__.py",
    "codegen/tablewright/analysis",
    "codegen/tablewright/build",
    "codegen/tablewright/cache",
    "codegen/tablewright/cli",
    "codegen/tablewright/codegen.py",
    "codegen/tablewright/errors.py",
    "codegen/tablewright/lazy_names.py",
    "codegen/tablewright/pipeline.py",
    "codegen/tablewright/render",
    "codegen/tablewright/rules",
    "codegen/tablewright/runtime/__init__.py",
    "codegen/tablewright/runtime/database.py",
    "codegen/tablewright/runtime/errors.py",
    "codegen/tablewright/runtime/opaque",
    "codegen/tablewright/runtime/package.py",
    "codegen/tablewright/runtime/row.py",
    "codegen/tablewright/runtime/scopes",
    "codegen/tablewright/runtime/session.py",
    "codegen/tablewright/runtime/table.py",
    "codegen/tablewright/runtime/temporary",
    "codegen/tablewright/runtime/testing.py",
    "codegen/tablewright/settings.py",
    "codegen/tablewright/spec",
    "codegen/tablewright/testing.py",
    "pyproject.toml",
    "specs/README.md",
    "tests/analysis",
    "tests/benchmarks",
    "tests/conftest.py",
    "tests/postgres_server.py",
    "tests/random_edit.py",
    "tests/random_schema.py",
    "tests/rules",
    "tests/spec",
    "tests/test_extensions.py",
    "tests/test_house.py",
    "tests/test_postgres_server.py",
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
    r"\bnobody\b": "name the subject",
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
    Accept Add Allow Analyse Append Apply Attach Begin Bind Block Build Cache Call Cancel Cast Change Check Clear
    Close Collect Combine Commit Compare Compile Compute Configure Connect Convert Copy Count Create Declare Decode
    Defer Define Delete Describe Detach Discard Dispose Draw Drop Emit Encode End Ensure Enter Escape Exchange Execute
    Expand Expire Explain Extend Fetch Fill Filter Find Fix Flush Forget Format Generate Get Handle Identify Import
    Infer Initialize Insert Install Invoke Iterate Join Keep Let Limit Link Lint List Listen Load Lock Log Map Mark
    Match Measure Merge Migrate Move Name Normalise Normalize Notify Open Order Parse Pass Patch Plan Prepare Print
    Process Propose Publish Put Quote Raise Rank Read Rebuild Record Refresh Refuse Register Release Remember Remove
    Rename Render Repeat Replace Report Represent Require Reserve Reset Resolve Restore Retry Return Roll Run Save
    Scan Search Select Send Serialize Set Show Skip Sort Split Stage Stamp Start Stop Store Stream Strip Suggest
    Swap Synchronize Take Test Track Translate Trim Truncate Undo Unlock Unwrap Update Upsert Use Validate Verify
    Wait Walk Warn Watch Wrap Write Yield
    """.split()  # noqa: SIM905  # a list of one word a line is not readable
)
NOT_FUNCTIONS = {"property", "cached_property", "hybrid_property", "setter", "memoized_attribute"}


def files(room: str) -> list[Path]:
    """Return the files of *room* that contain text."""
    path = ROOT / room
    found = [path] if path.is_file() else path.rglob("*")
    return sorted(file for file in found if file.suffix in TEXTS and file != Path(__file__))


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
        if node.returns is not None and ast.unparse(node.returns) == "Iterator[Violation]":
            # The docstring of a rule states what it requires: it is the explanation that users read.
            continue
        decorators = {ast.unparse(decorator).rpartition(".")[2] for decorator in node.decorator_list}
        first = (ast.get_docstring(node) or "").partition(" ")[0].rstrip(".,:")
        if first and first not in VERBS and not decorators & NOT_FUNCTIONS:
            yield f"{node.lineno}: {node.name} begins with {first!r}"


@pytest.mark.parametrize("room", ROOMS)
def test_phrases(room: str) -> None:
    """Docstrings, comments, messages, documents and templates contain none of `PHRASES`."""
    found = [f"{file.relative_to(ROOT)}:{text}" for file in files(room) for text in phrases(file.read_text("utf-8"))]
    assert found == []


@pytest.mark.parametrize("room", [room for room in ROOMS if room.startswith("codegen")])
def test_docstrings_begin_with_a_verb(room: str) -> None:
    """The docstring of a public function or method begins with an imperative verb; properties are noun phrases."""
    found = [
        f"{file.relative_to(ROOT)}:{text}"
        for file in files(room)
        if file.suffix == ".py"
        for text in openings(file.read_text("utf-8"))
    ]
    assert found == []


def test_every_room_exists() -> None:
    """Each room of the list exists and contains text."""
    assert [room for room in ROOMS if not files(room)] == []


def test_the_tests_find_what_they_look_for() -> None:
    """A phrase is found in any case, and a docstring that begins with a noun; a property's is not."""
    assert list(phrases("fine\n# Made Anew.")) == ["2: 'Anew': again"]
    source = """
def rows(self): '''The rows.'''
def get(self): '''Return the row.'''
@property
def name(self): '''The name.'''
"""
    assert list(openings(source)) == ["2: rows begins with 'The'"]
