"""The type check of generated packages: strict mypy in a subprocess."""

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
"""mypy's exit code for an error that stops it, such as a syntax error."""


class CheckerMissingError(Exception):
    """mypy is not installed; the message contains the command that installs it."""


class CheckerFailedError(Exception):
    """mypy stopped before it had checked the packages; the message is mypy's own."""


@dataclass(frozen=True)
class TypeCheckError:
    """An error that mypy reports in a generated package."""

    file: str
    line: int
    column: int
    code: str
    message: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}:{self.column}: error[{self.code}]: {self.message}"


def check_types(
    output: Path, packages: Sequence[str], *, root: Path, targets: Sequence[str] = ()
) -> list[TypeCheckError]:
    """Run mypy on *packages* of the source root *output*, for each Python version of *targets*.

    Return each error once. Modules that the packages import are searched in *root* too.
    Raise `CheckerMissingError` or `CheckerFailedError` if mypy does not run to its end.
    """
    if importlib.util.find_spec("mypy") is None:
        raise CheckerMissingError(
            "error[environment]: mypy is not installed, so the output cannot be type-checked; "
            "run pip install 'tablewright[codegen]', or pass --no-typecheck."
        )
    errors: dict[TypeCheckError, None] = {}
    for target in targets or (None,):
        errors |= dict.fromkeys(_run(output, packages, root, target))
    return list(errors)


def sees_only_libraries(output: Path, root: Path) -> bool:
    """Return True if no module of the project hides a library that the packages in *output* import."""
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


def _run(output: Path, packages: Sequence[str], root: Path, target: str | None) -> Iterator[TypeCheckError]:
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
    messages = [json.loads(line) for line in ran.stdout.splitlines() if line.startswith("{")]
    errors = [_error(item) for item in messages if item["severity"] == "error"]
    if not errors or ran.returncode not in (1, _BLOCKED):
        raise CheckerFailedError(f"error[environment]: mypy failed: {_output(ran)}")
    for error in errors:
        if ran.returncode == _BLOCKED or _is_checked((root / error.file).resolve(), output.resolve(), packages):
            yield error


def _is_checked(file: Path, output: Path, packages: Sequence[str]) -> bool:
    """Return True if *file* is part of the packages and the libraries that it imports are installed."""
    if not any(file.is_relative_to(output / package) for package in packages):
        return False
    # The fixtures need pytest, which generating does not.
    return file.name != "testing.py" or importlib.util.find_spec("pytest") is not None


def _search_path(output: Path, root: Path) -> Iterator[str]:
    """Yield mypy's search path: the packages, the project's modules, then a tablewright that is not installed."""
    yield str(output)
    yield str(root)
    yield from filter(None, os.environ.get("MYPYPATH", "").split(os.pathsep))
    ours = Path(tablewright.__path__[0]).parent
    if ours not in (Path(sysconfig.get_path("purelib")), Path(sysconfig.get_path("platlib"))):
        yield str(ours)


def _error(message: dict[str, Any]) -> TypeCheckError:
    text = message["message"] + (f" ({message['hint']})" if message.get("hint") else "")
    return TypeCheckError(message["file"], message["line"], message["column"] + 1, message["code"] or "mypy", text)


def _output(ran: subprocess.CompletedProcess[str]) -> str:
    return "\n".join(part.strip() for part in (ran.stderr, ran.stdout) if part.strip()) or f"exit {ran.returncode}"
