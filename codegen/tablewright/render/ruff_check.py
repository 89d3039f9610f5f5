"""Finds what Python would refuse in generated source, and what it would trip over."""

from __future__ import annotations

from collections.abc import Mapping

from tablewright.render.ruff import laid_out

# What Python's parser and compiler refuse, ruff refuses unasked. Besides:
_RULES = (
    "E9",  # what cannot be read at all
    "F404",  # `from __future__` that comes late
    "F406",  # `import *` in a function
    "F407",  # a `__future__` that is none
    "F6",  # comparisons, assertions and literals that cannot be meant
    "F7",  # statements where they mean nothing
    "F82",  # names that are nowhere defined
    "PLE01",  # `global` and `nonlocal` that bind nothing
    "PLE1142",  # `await` outside of what is async
    "PLE2514",  # NUL
    "W605",  # escapes that are none
)


def faults(files: Mapping[str, str]) -> str:
    """What is wrong with the Python files among *files*: a line for each fault; empty if nothing is."""
    with laid_out(files) as scratch:
        options = ("--select", ",".join(_RULES), "--ignore-noqa", "--output-format", "concise", "--quiet")
        code, said = scratch.run("check", *options)
        return said if code else ""
