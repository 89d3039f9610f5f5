"""A small project to run commands in, and their output."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path

import pytest

from tablewright.cli.main import run

SPEC = """\
schema: {name}
version: 1.0.0
doc: A small shop.
tables:
  item:
    doc: Something for sale.
    columns:
      id: {{type: bigint, primary_key: true, autoincrement: true}}
      title: {{type: string, length: 50}}
"""


def write_project(folder: Path, *schemas: str) -> Path:
    """Create a project in *folder* with a spec of each of *schemas*."""
    (folder / "pyproject.toml").write_text("[tool.tablewright]\n", encoding="utf-8")
    for name in schemas:
        (folder / "specs" / name).mkdir(parents=True)
        (folder / "specs" / name / "schema.yaml").write_text(SPEC.format(name=name), encoding="utf-8")
    return folder


@dataclass(frozen=True)
class Said:
    """The exit code and the output of a command."""

    code: int
    out: str
    err: str


@dataclass(frozen=True)
class Project:
    """A project, with a command line in it."""

    folder: Path
    capture: pytest.CaptureFixture[str]

    def run(self, *arguments: str) -> Said:
        """Run a command of tablewright here."""
        self.capture.readouterr()
        with pytest.raises(SystemExit) as exit:
            run(arguments)
        out, err = self.capture.readouterr()
        code = exit.value.code
        assert isinstance(code, int)
        return Said(code, out, err)

    def replace(self, schema: str, old: str, new: str) -> None:
        """Change the spec of *schema*."""
        path = self.folder / "specs" / schema / "schema.yaml"
        text = path.read_text(encoding="utf-8")
        assert old in text
        path.write_text(text.replace(old, new), encoding="utf-8")
