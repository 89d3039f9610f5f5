"""Formats generated source with ruff."""

from __future__ import annotations

from tablewright.render.ruff import Scratch


class FormatError(RuntimeError):
    """Ruff refused generated source: a defect of the generator; carries ruff's own message."""


def format_files(scratch: Scratch) -> dict[str, str]:
    """The files in *scratch* with every Python file formatted, there too, at the generated code's own line length."""
    code, said = scratch.run("format")
    if code != 0:
        raise FormatError(said)
    return {**scratch.files, **scratch.read()}
