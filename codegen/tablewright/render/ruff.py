"""Ruff, run over sources that are on no disk yet: all of them in one process."""

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
    """Ruff is not installed beside tablewright."""


@dataclass(frozen=True)
class Scratch:
    """A folder with the Python sources of a run, under numbers, for as long as ruff needs them."""

    folder: str
    files: Mapping[str, str]
    """All files of the run as they came, by path."""
    paths: Mapping[str, str]
    """The sources' own paths, by the names they have in the folder."""

    def run(self, command: str, *options: str) -> tuple[int, str]:
        """The exit code of a *command* of ruff, and what it says, where each source has its own path."""
        called = [_program(), command, *options, "--isolated", "--no-cache", "--no-respect-gitignore"]
        called += ["--line-length", str(LINE_LENGTH), "--target-version", "py311", "."]
        done = subprocess.run(called, cwd=self.folder, capture_output=True, encoding="utf-8", check=False)
        said = (done.stderr + done.stdout).strip()
        said = re.sub(r"\b\d+\.py\b", lambda name: self.paths.get(name.group(), name.group()), said)
        return done.returncode, said

    def read(self) -> dict[str, str]:
        """The sources as they are now, by their own paths."""
        return {path: _read(f"{self.folder}/{name}") for name, path in self.paths.items()}


@contextmanager
def laid_out(files: Mapping[str, str]) -> Generator[Scratch]:
    """The Python files among *files*, by path, where ruff can read and format them."""
    python = [(path, text.encode()) for path, text in files.items() if path.endswith(".py")]
    # Numbers in one folder: ruff passes over folders such as `dist`, and a schema may be called that.
    paths = {f"{number}.py": path for number, (path, _) in enumerate(python)}
    needed = sum(len(source) + 8192 for _, source in python)
    with tempfile.TemporaryDirectory(prefix="tablewright-", dir=_memory(needed)) as folder:
        for name, (_, source) in zip(paths, python, strict=True):
            with open(f"{folder}/{name}", "xb") as file:
                file.write(source)
        yield Scratch(folder, files, paths)


def _program() -> str:
    # Ruff itself: `python -m ruff` starts a Python first, only to look for it.
    try:
        return os.fsdecode(importlib.import_module("ruff.__main__").find_ruff_bin())
    except (ImportError, FileNotFoundError):
        raise FormatterMissingError("ruff is not installed: pip install 'tablewright[codegen]'") from None


def _read(path: str) -> str:
    with open(path, "rb", buffering=0) as file:
        return file.read().decode()


def _memory(needed: int) -> str | None:
    # To make thousands of files on a disk takes longer than to format them. A container may have little of it.
    try:
        return _MEMORY if shutil.disk_usage(_MEMORY).free > 4 * needed else None
    except OSError:
        return None
