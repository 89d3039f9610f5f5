"""The house: the README, the Makefile, the CI script and the files of the project agree."""

from __future__ import annotations

import re
import subprocess
import sys
import tomllib
from pathlib import Path

import pytest

from tablewright.cli.main import app
from tests.conftest import SLOW

ROOT = Path(__file__).parent.parent
MAKEFILE = (ROOT / "Makefile").read_text(encoding="utf-8")
PYPROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
TARGETS = set(re.findall(r"^([a-z][a-z-]*):", MAKEFILE, re.MULTILINE))
DOCUMENTS = sorted(
    [
        *ROOT.glob("*.md"),
        ROOT / "changelog.d" / "README.md",
        ROOT / "codegen" / "README.md",
        ROOT / "specs" / "README.md",
        *(ROOT / "docs").rglob("*.md"),
    ]
)


def named(path: Path) -> str:
    """Return the name of a test case: the path from the root of the project."""
    return path.relative_to(ROOT).as_posix()


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_the_make_commands_exist(path: Path) -> None:
    """Every `make …` command in a document is a target of the Makefile."""
    text = path.read_text(encoding="utf-8")
    named = {word for words in re.findall(r"(?:`|\$ )make ((?:[a-z-]+ ?)+)", text) for word in words.split()}
    assert named <= TARGETS


@pytest.mark.parametrize("path", DOCUMENTS, ids=named)
def test_links_name_existing_files(path: Path) -> None:
    """Every link from a document to a file of the project names an existing file."""
    links = re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8"))
    missing = [link for link in links if "://" not in link and not (path.parent / link).exists()]
    assert missing == []


def test_make_help_lists_every_target() -> None:
    """`make help` shows each target that is a command, with a description."""
    phony = re.search(r"^\.PHONY: (.*)$", MAKEFILE, re.MULTILINE)
    assert phony
    output = subprocess.run(["make", "help"], cwd=ROOT, capture_output=True, text=True, check=True).stdout
    for target in phony[1].split():
        assert re.search(rf"^  make {target} +\w", output, re.MULTILINE)


def test_every_command_is_in_the_reference() -> None:
    """The reference of the command line lists every command of tablewright."""
    text = (ROOT / "docs" / "reference" / "cli.md").read_text(encoding="utf-8")
    commands = [command.name or (command.callback and command.callback.__name__) for command in app.registered_commands]
    assert len(commands) == 5
    assert [command for command in commands if f"tablewright {command}" not in text] == []


def test_changelog_fragments() -> None:
    """Every fragment has a name that towncrier reads, and contains an entry that its draft shows."""
    kinds = [kind["directory"] for kind in PYPROJECT["tool"]["towncrier"]["type"]]
    name = re.compile(rf"(\+[a-z0-9-]+|[0-9]+)\.({'|'.join(kinds)})\.md")
    fragments = [path for path in (ROOT / "changelog.d").iterdir() if path.name != "README.md"]
    assert [path.name for path in fragments if not name.fullmatch(path.name)] == []
    command = [sys.executable, "-m", "towncrier", "build", "--draft", "--version", "99.0"]
    draft = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=True).stdout
    assert draft.startswith("## [99.0] - ")
    for path in fragments:
        entry = path.read_text(encoding="utf-8").split()
        assert entry, path.name
        assert " ".join(entry) in " ".join(draft.split())
    assert PYPROJECT["tool"]["towncrier"]["start_string"] in (ROOT / "CHANGELOG.md").read_text(encoding="utf-8")


def test_every_dependency_is_pinned() -> None:
    """Each library that pyproject.toml requires has a version in constraints.txt, which names no package index."""
    project = PYPROJECT["project"]
    wanted = [
        *project["dependencies"],
        *(item for items in project["optional-dependencies"].values() for item in items),
    ]
    names = {re.split(r"[\[<>=!~ ]", item)[0].lower() for item in wanted} - {"tablewright"}
    lines = [line for line in (ROOT / "constraints.txt").read_text().splitlines() if not line.startswith("#")]
    assert all(re.fullmatch(r"[A-Za-z0-9._-]+==[A-Za-z0-9.]+", line) for line in lines)
    assert names <= {line.partition("==")[0].lower() for line in lines}


def test_output_is_marked_as_generated() -> None:
    """`.gitattributes` marks everything below generated/ as generated, and no other file."""
    marked = [
        line.split()[0]
        for line in (ROOT / ".gitattributes").read_text().splitlines()
        if "linguist-generated=true" in line
    ]
    assert marked == ["generated/**"]


def test_ci_runs_every_check() -> None:
    """`.ci/run` runs `make check`, `make test` and `make coverage`, and sets CI so that no test can be skipped."""
    text = (ROOT / ".ci" / "run").read_text(encoding="utf-8")
    assert re.search(r"export CI=true.*step check\nstep test\nstep coverage\n", text, re.DOTALL)
    assert (ROOT / ".ci" / "run").stat().st_mode & 0o111


def test_slow_tests_exist() -> None:
    """Each folder and file that `make test-fast` leaves out exists."""
    assert [path for path in SLOW if not (ROOT / "tests" / path.partition("::")[0]).exists()] == []
