"""Formats generated source with ruff."""

from __future__ import annotations

from collections.abc import Mapping

from tablewright.render.ruff import laid_out


class FormatError(RuntimeError):
    """Ruff refused generated source: a defect of the generator; carries ruff's own message."""


def format_files(files: Mapping[str, str]) -> dict[str, str]:
    """*files* with every Python file formatted, at the generated code's own line length."""
    with laid_out(files) as scratch:
        code, said = scratch.run("format")
        if code != 0:
            raise FormatError(said)
        return {**files, **scratch.read()}
