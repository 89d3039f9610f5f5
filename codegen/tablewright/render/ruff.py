"""Ruff, run over sources that are not written yet, all in one process."""

from __future__ import annotations

import importlib
import os
import re
import shutil
import subprocess
import tempfile
from collections.abc import Generator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass

LINE_LENGTH = 120

_MEMORY = "/dev/shm"


class FormatterMissingError(RuntimeError):
    """Ruff is not installed."""


@dataclass(frozen=True)
class Scratch:
    """A temporary folder with the Python sources of a run, named by numbers."""

    folder: str
    files: Mapping[str, str]
    """All files of the run, unformatted, by path."""
    paths: Mapping[str, str]
    """The sources' paths in their packages, by their names in the folder."""

    def run(self, command: str, *options: str) -> tuple[int, str]:
        """Run a *command* of ruff. Return its exit code and its output, with the sources' own paths."""
        arguments = [_program(), command, *options, "--isolated", "--no-cache", "--no-respect-gitignore"]
        arguments += ["--line-length", str(LINE_LENGTH), "--target-version", "py311", "."]
        completed = subprocess.run(arguments, cwd=self.folder, capture_output=True, encoding="utf-8", check=False)
        output = (completed.stderr + completed.stdout).strip()
        output = re.sub(r"\b\d+\.py\b", lambda name: self.paths.get(name.group(), name.group()), output)
        return completed.returncode, output

    def read(self) -> dict[str, str]:
        """Return the sources as they are now, by their paths in the packages."""
        return {path: _read(f"{self.folder}/{name}") for name, path in self.paths.items()}


@contextmanager
def laid_out(files: Mapping[str, str]) -> Generator[Scratch]:
    """Write the Python files among *files*, by path, to a temporary folder for ruff."""
    python = [(path, text.encode()) for path, text in files.items() if path.endswith(".py")]
    # Numbers in one folder: ruff skips folders such as `dist`, which may be the name of a schema.
    paths = {f"{number}.py": path for number, (path, _) in enumerate(python)}
    needed = sum(len(source) + 8192 for _, source in python)
    with tempfile.TemporaryDirectory(prefix="tablewright-", dir=_memory(needed)) as folder:
        for name, (_, source) in zip(paths, python, strict=True):
            with open(f"{folder}/{name}", "xb") as file:
                file.write(source)
        yield Scratch(folder, files, paths)


def _program() -> str:
    # Ruff's binary: `python -m ruff` would start Python first.
    try:
        return os.fsdecode(importlib.import_module("ruff.__main__").find_ruff_bin())
    except (ImportError, FileNotFoundError):
        raise FormatterMissingError("ruff is not installed: pip install 'tablewright[codegen]'") from None


def _read(path: str) -> str:
    with open(path, "rb", buffering=0) as file:
        return file.read().decode()


def _memory(needed: int) -> str | None:
    # Creating thousands of files on a disk takes longer than formatting them. A container may have little memory.
    try:
        return _MEMORY if shutil.disk_usage(_MEMORY).free > 4 * needed else None
    except OSError:
        return None
