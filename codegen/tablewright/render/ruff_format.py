"""Formats generated source, with ruff."""

from __future__ import annotations

from tablewright.render.ruff import Scratch


class FormatError(RuntimeError):
    """Ruff cannot format generated source: a defect of the generator. The message is ruff's."""


def format_files(scratch: Scratch) -> dict[str, str]:
    """Format every Python file in *scratch*, in place. Return all files."""
    code, output = scratch.run("format")
    if code != 0:
        raise FormatError(output)
    return {**scratch.files, **scratch.read()}
