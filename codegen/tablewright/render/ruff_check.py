"""Finds what Python would refuse in generated source, and what it would trip over."""

from __future__ import annotations

from tablewright.render.ruff import Scratch

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


def faults(scratch: Scratch) -> str:
    """What is wrong with the sources in *scratch*: a line for each fault; empty if nothing is."""
    options = ("--select", ",".join(_RULES), "--ignore-noqa", "--output-format", "concise", "--quiet")
    code, said = scratch.run("check", *options)
    return said if code else ""
