"""The message and the exit code of a failed command."""

from __future__ import annotations

import errno
import sys
import traceback
from typing import Final

WRONG_USE: Final = 2
ENVIRONMENT: Final = 3
BUG: Final = 70

_REFUSALS: Final = (errno.ENOSPC, errno.EDQUOT, errno.EROFS, errno.EACCES, errno.EPERM, errno.EMFILE, errno.ENFILE)
"""The system's error numbers for a disk that is full, read-only or not accessible."""


class Debugging:
    """Whether errors are printed with a traceback."""

    on: bool = False


def exit_code(error: Exception) -> int:
    """Print *error* to stderr. Return the exit code."""
    code = _code(error)
    if code == BUG or Debugging.on:
        traceback.print_exception(error)
    if code == BUG:
        print(f"This is a bug in tablewright, not in your specs: {type(error).__name__}: {error}", file=sys.stderr)
    elif isinstance(error, ModuleNotFoundError):
        print(
            f"error[environment]: {error.name} is not installed; run pip install 'tablewright[codegen]'.",
            file=sys.stderr,
        )
    else:
        print(error, file=sys.stderr)
    return code


def _code(error: Exception) -> int:
    if isinstance(error, ModuleNotFoundError):
        return BUG if (error.name or "tablewright").partition(".")[0] == "tablewright" else ENVIRONMENT
    if isinstance(error, OSError):
        return ENVIRONMENT if error.errno in _REFUSALS else BUG

    from tablewright.build.typecheck import CheckerFailedError, CheckerMissingError
    from tablewright.build.write import OutputFailedError, OutputRefusedError
    from tablewright.pipeline import SchemaChoiceError
    from tablewright.render.ruff import FormatterMissingError
    from tablewright.settings import SettingsError

    if isinstance(error, SettingsError | SchemaChoiceError | OutputRefusedError):
        return WRONG_USE
    if isinstance(error, OutputFailedError | CheckerMissingError | CheckerFailedError | FormatterMissingError):
        return ENVIRONMENT
    return BUG
