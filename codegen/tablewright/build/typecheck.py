"""The type check of what was written: mypy, strict, in a process of its own."""

from __future__ import annotations

import importlib.util
import json
import os
import subprocess
import sys
import sysconfig
from collections.abc import Iterator, Sequence
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any, Final

import tablewright

_BLOCKED: Final = 2
"""mypy's exit code for a mistake, such as a syntax error, that stops it."""


class CheckerMissingError(Exception):
    """mypy cannot be run; the message says how to get it."""


class CheckerFailedError(Exception):
    """mypy gave up before it had judged the packages; the message is its own."""


@dataclass(frozen=True)
class Finding:
    """One thing that mypy refuses in a generated package."""

    file: str
    line: int
    column: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: error[{self.code}]: {self.message}"


def check_types(output: Path, packages: Sequence[str], *, root: Path, targets: Sequence[str] = ()) -> list[Finding]:
    """What mypy finds in *packages* of the source root *output*, for each Python version of *targets*, each thing once.

    Modules that the packages name are looked for in *root* too.
    `CheckerMissingError` or `CheckerFailedError` if there is no verdict.
    """
    if importlib.util.find_spec("mypy") is None:
        raise CheckerMissingError(
            "error[environment]: mypy is not installed, so the output cannot be type-checked; "
            "run pip install 'tablewright[codegen]', or say --no-typecheck."
        )
    found: dict[Finding, None] = {}
    for target in targets or (None,):
        found |= dict.fromkeys(_run(output, packages, root, target))
    return list(found)


def sees_only_libraries(output: Path, root: Path) -> bool:
    """Whether packages in *output* that name no module of the project cannot come upon one in a library's place."""
    libraries = sys.stdlib_module_names | {
        name for key in ("purelib", "platlib") for name in _modules(Path(sysconfig.get_path(key)))
    }
    return not any(
        name in libraries and Path(folder, name) != Path(tablewright.__path__[0])
        for folder in _search_path(output, root)
        for name in _modules(Path(folder))
    )


def _modules(folder: Path) -> Iterator[str]:
    with suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            name, _, suffix = entry.name.partition(".")
            if suffix in ("", "py", "pyi") and name != "__pycache__":
                yield name.removesuffix("-stubs")


def _run(output: Path, packages: Sequence[str], root: Path, target: str | None) -> Iterator[Finding]:
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", "--output=json"]
    cache = os.environ.get("MYPY_CACHE_DIR") or root / ".mypy_cache"
    command += [f"--cache-dir={cache}", "--no-error-summary", "--no-color-output"]
    command += [f"--python-version={target}"] if target else []
    for package in packages:
        command += ["-p", package]
    environment = os.environ | {"MYPYPATH": os.pathsep.join(_search_path(output, root))}
    ran = subprocess.run(command, cwd=root, env=environment, capture_output=True, text=True, check=False)
    if ran.returncode == 0:
        return
    said = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    errors = [_finding(item) for item in said if item["severity"] == "error"]
    if not errors or ran.returncode not in (1, _BLOCKED):
        raise CheckerFailedError(f"error[environment]: mypy gave up: {_said(ran)}")
    for error in errors:
        if ran.returncode == _BLOCKED or _is_judged((root / error.file).resolve(), output.resolve(), packages):
            yield error


def _is_judged(file: Path, output: Path, packages: Sequence[str]) -> bool:
    """Whether *file* is part of the packages, and of those parts whose libraries are here."""
    if not any(file.is_relative_to(output / package) for package in packages):
        return False
    # The fixtures are for those who have pytest, which generating does not ask for.
    return file.name != "testing.py" or importlib.util.find_spec("pytest") is not None


def _search_path(output: Path, root: Path) -> Iterator[str]:
    """Where mypy looks: the packages first, then the project's modules, then a tablewright that is not installed."""
    yield str(output)
    yield str(root)
    yield from filter(None, os.environ.get("MYPYPATH", "").split(os.pathsep))
    ours = Path(tablewright.__path__[0]).parent
    if ours not in (Path(sysconfig.get_path("purelib")), Path(sysconfig.get_path("platlib"))):
        yield str(ours)


def _finding(said: dict[str, Any]) -> Finding:
    message = said["message"] + (f" ({said['hint']})" if said.get("hint") else "")
    return Finding(said["file"], said["line"], said["column"] + 1, said["code"] or "mypy", message)


def _said(ran: subprocess.CompletedProcess[str]) -> str:
    return "\n".join(part.strip() for part in (ran.stderr, ran.stdout) if part.strip()) or f"exit {ran.returncode}"
