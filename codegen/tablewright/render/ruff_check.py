"""Checks generated source for errors that Python would raise, with ruff."""

from __future__ import annotations

from tablewright.render.ruff import Scratch

# Ruff always reports what Python's parser and compiler refuse. Besides:
_RULES = (
    "E9",  # source that cannot be read
    "F404",  # a late `from __future__`
    "F406",  # `import *` in a function
    "F407",  # an unknown `__future__`
    "F6",  # comparisons, assertions and literals that are always wrong
    "F7",  # statements in places where they are invalid
    "F82",  # undefined names
    "PLE01",  # `global` and `nonlocal` that bind nothing
    "PLE1142",  # `await` outside of async functions
    "PLE2514",  # NUL
    "W605",  # invalid escapes
)


def find_faults(scratch: Scratch) -> str:
    """Return the faults of the sources in *scratch*, one line each; empty if there is none."""
    options = ("--select", ",".join(_RULES), "--ignore-noqa", "--output-format", "concise", "--quiet")
    code, output = scratch.run("check", *options)
    return output if code else ""
