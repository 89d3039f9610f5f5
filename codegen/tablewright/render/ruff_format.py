"""Formats generated source with ruff: all files of a run in one process."""

from __future__ import annotations

import subprocess
import sys
import tempfile
from collections.abc import Mapping
from pathlib import Path

LINE_LENGTH = 120


class FormatterMissingError(RuntimeError):
    """Ruff is not installed beside tablewright."""


class FormatError(RuntimeError):
    """Ruff refused generated source: a defect of the generator; carries ruff's own message."""


def format_files(files: Mapping[str, str]) -> dict[str, str]:
    """*files* with every Python file formatted, at the generated code's own line length."""
    python = {path: text for path, text in files.items() if path.endswith(".py")}
    with tempfile.TemporaryDirectory(prefix="tablewright-") as folder:
        root = Path(folder)
        for path, text in python.items():
            target = root / path
            target.parent.mkdir(parents=True, exist_ok=True)
            target.write_text(text, encoding="utf-8", newline="\n")
        command = [sys.executable, "-m", "ruff", "format", "--isolated", "--no-cache"]
        command += ["--line-length", str(LINE_LENGTH), "--target-version", "py311", folder]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        if "No module named ruff" in done.stderr:
            raise FormatterMissingError("ruff is not installed: pip install 'tablewright[codegen]'")
        if done.returncode != 0:
            raise FormatError(done.stderr.replace(folder, "").strip())
        return {path: (root / path).read_text(encoding="utf-8") if path in python else files[path] for path in files}
