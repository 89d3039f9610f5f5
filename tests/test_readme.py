"""What the README shows runs as it is written."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tablewright.spec.load import load_folder
from tablewright.spec.resolve import resolve

ROOT = Path(__file__).parents[1]
README = (ROOT / "README.md").read_text()


def blocks(language: str) -> list[str]:
    """The fenced blocks of one language."""
    return re.findall(rf"```{language}\n(.*?)```", README, re.DOTALL)


SAMPLES = [block for block in blocks("python") if "db = Database(" in block]
"""The blocks that are programs: of the bookstore, and of opaque tables."""


def test_the_yaml_is_a_schema(tmp_path: Path) -> None:
    """The spec of the README is one, and a part of the bookstore's."""
    (text,) = blocks("yaml")
    (tmp_path / "schema.yaml").write_text(text)
    catalog = load_folder(tmp_path, root=tmp_path)
    assert not catalog.diagnostics
    shown = {table.name: {column.name for column in table.columns} for table in resolve(catalog).tables}
    whole = yaml.safe_load((ROOT / "specs/bookstore/schema.yaml").read_text())["tables"]
    assert all(columns <= set(whole[name]["columns"]) for name, columns in shown.items())


def test_the_sample_runs(tmp_path: Path, url: str) -> None:
    """The sample runs as it stands, on SQLite, and with only its URL changed on Postgres."""
    sample = SAMPLES[0].replace("sqlite:///books.db", url)
    sample += "\nassert author.name and [row.title for row in cheap] == ['The Dispossessed'] and book\n"
    sample += "with db.session() as session:\n    assert session.book.count() == 2\n"
    paths = {"PYTHONPATH": f"{ROOT / 'codegen'}:{ROOT / 'generated'}"}
    subprocess.run([sys.executable, "-c", sample], cwd=tmp_path, check=True, env=paths)


def test_the_sample_of_opaque_tables_runs(tmp_path: Path, url: str) -> None:
    """That of opaque tables runs likewise, and prints the path of the one row."""
    sample = SAMPLES[1].replace("sqlite:///observatory.db", url)
    sample += "\nassert list(records.fetch()) == []\n"
    paths = {"PYTHONPATH": f"{ROOT / 'codegen'}:{ROOT / 'generated'}"}
    command = [sys.executable, "-c", sample]
    done = subprocess.run(command, cwd=tmp_path, check=True, env=paths, capture_output=True, text=True)
    assert done.stdout == "raw/1.fits None\n"


@pytest.mark.parametrize("number", [0, 1])
@pytest.mark.parametrize("checker", [["mypy", "--strict"], ["basedpyright"]], ids=lambda item: item[0])
def test_the_samples_type_check(checker: list[str], number: int, tmp_path: Path) -> None:
    """Both checkers accept both samples."""
    program = tmp_path / "sample.py"
    program.write_text(SAMPLES[number])
    if checker[0] == "basedpyright":
        extra = [str(ROOT / "codegen"), str(ROOT / "generated")]
        (tmp_path / "pyrightconfig.json").write_text(
            f'{{"typeCheckingMode": "strict", "extraPaths": {extra!r}}}'.replace("'", '"')
        )
        checker = [*checker, "--pythonpath", sys.executable, "--level", "error", "--project", str(tmp_path)]
    else:
        checker = [*checker, "--config-file", str(ROOT / "pyproject.toml")]
    done = subprocess.run([sys.executable, "-m", *checker, str(program)], cwd=ROOT, capture_output=True, text=True)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_walkthrough_runs() -> None:
    """`make demo`'s walk through the bookstore runs to its end."""
    paths = {"PYTHONPATH": f"{ROOT / 'codegen'}:{ROOT / 'generated'}"}
    script = ROOT / "tests" / "demo" / "walkthrough.py"
    done = subprocess.run([sys.executable, str(script)], capture_output=True, text=True, env=paths, check=True)
    assert "The same runs on Postgres" in done.stdout
