"""Type checks of programs that use a generated package: mypy and basedpyright, both strict."""

from __future__ import annotations

import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]
PROGRAMS = Path(__file__).parent / "programs"
FINDING = re.compile(r"^(?P<file>.+?):(?P<line>\d+)(?::\d+)?: error: (?P<message>.*)$")


def mypy(program: Path) -> dict[int, str]:
    """Return the lines that mypy refuses."""
    command = [sys.executable, "-m", "mypy", "--strict", "--no-error-summary", "--hide-error-context", str(program)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stderr
    matches = [match for line in done.stdout.splitlines() if (match := FINDING.match(line))]
    return {int(match["line"]): match["message"] for match in matches if match["file"].endswith(program.name)}


def basedpyright(program: Path) -> dict[int, str]:
    """Return the lines that basedpyright refuses."""
    command = [sys.executable, "-m", "basedpyright", "--outputjson", "--pythonpath", sys.executable, str(program)]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode in (0, 1), done.stdout + done.stderr
    diagnostics = json.loads(done.stdout)["generalDiagnostics"]
    return {item["range"]["start"]["line"] + 1: item["message"] for item in diagnostics if item["severity"] == "error"}


@pytest.mark.parametrize("program", ["right.py", "star.py"])
@pytest.mark.parametrize("checker", [mypy, basedpyright])
def test_right_programs_pass(checker: object, program: str) -> None:
    """Neither checker refuses a line of the right programs."""
    assert callable(checker)
    assert checker(PROGRAMS / program) == {}


@pytest.mark.parametrize("checker", [mypy, basedpyright])
def test_wrong_lines_are_refused(checker: object) -> None:
    """Each checker refuses exactly the marked lines."""
    assert callable(checker)
    program = PROGRAMS / "wrong.py"
    marked = {
        number: line.strip() for number, line in enumerate(program.read_text().splitlines(), 1) if "# refused" in line
    }
    refused = checker(program)
    assert {number: refused[number] for number in refused.keys() - marked.keys()} == {}
    assert {number: marked[number] for number in marked.keys() - refused.keys()} == {}
    assert len(marked) >= 40
