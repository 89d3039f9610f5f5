"""Progress: on a terminal only, and gone at the end."""

from __future__ import annotations

import os
import pty
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tests.cli.project import write_project

SOURCE = Path(__file__).parents[2] / "codegen"


def generate(folder: Path, **environment: str) -> tuple[str, str]:
    """Run `generate` on a terminal. Return its stdout and stderr."""
    ours, theirs = pty.openpty()
    ran = subprocess.Popen(
        [sys.executable, "-m", "tablewright.cli", "generate", "--no-typecheck"],
        cwd=folder,
        env=os.environ | {"PYTHONPATH": str(SOURCE), "TERM": "xterm"} | environment,
        stdout=subprocess.PIPE,
        stderr=theirs,
    )
    os.close(theirs)
    seen = bytearray()
    while True:
        try:
            chunk = os.read(ours, 1024)
        except OSError:  # how Linux says that the other side is closed
            break
        if not chunk:
            break
        seen += chunk
    os.close(ours)
    out, _ = ran.communicate()
    assert ran.returncode == 0
    return out.decode(), seen.decode()


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_a_terminal_sees_progress(tmp_path: Path) -> None:
    """On a terminal stderr shows the progress in a line that is cleared at the end; stdout has the result."""
    out, seen = generate(write_project(tmp_path, "shop"))
    assert re.search("(Reading|Rendering|Formatting|Compiling|Writing) (shop|all packages) …", seen)
    assert seen.endswith("\x1b[2K")
    assert out.startswith("shop: ")
    assert "\x1b" not in out


@pytest.mark.skipif(sys.platform == "win32", reason="Windows has no pseudo-terminals")
def test_no_colour_on_request(tmp_path: Path) -> None:
    """NO_COLOR turns colours off; a dumb terminal gets no progress."""
    coloured = "\x1b[32m"
    folder = write_project(tmp_path, "shop")
    assert coloured in generate(folder)[1]
    assert coloured not in generate(folder, NO_COLOR="1")[1]
    assert generate(folder, TERM="dumb")[1] == ""


def test_a_pipe_sees_nothing(tmp_path: Path) -> None:
    """If stderr is no terminal, a successful run prints nothing to it."""
    ran = subprocess.run(
        [sys.executable, "-m", "tablewright.cli", "generate", "--no-typecheck"],
        cwd=write_project(tmp_path, "shop"),
        env=os.environ | {"PYTHONPATH": str(SOURCE)},
        capture_output=True,
        text=True,
        check=True,
    )
    assert ran.stderr == ""
    assert ran.stdout.startswith("shop: ")
