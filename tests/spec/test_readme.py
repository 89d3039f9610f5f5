from __future__ import annotations

import re
from pathlib import Path

import pytest

from tablewright.rules.lint import lint
from tablewright.schema.build import build_metadata
from tablewright.spec.expanded_type import KINDS
from tablewright.spec.load import load_folder
from tablewright.spec.models import ColumnSpec, TableSpec
from tablewright.spec.pydantic_errors import keys
from tablewright.spec.resolve import resolve

ROOT = Path(__file__).parents[2]
TEXT = "\n".join(
    (ROOT / path).read_text(encoding="utf-8") for path in ("docs/reference/spec-language.md", "specs/README.md")
)
BLOCKS = re.findall(r"^```(yaml|python)\n(.*?)^```$", TEXT, re.MULTILINE | re.DOTALL)


def test_there_are_examples() -> None:
    """The reference of the language has examples in both forms."""
    assert {language for language, _ in BLOCKS} == {"yaml", "python"}
    assert len(BLOCKS) == TEXT.count("\n```") / 2


@pytest.mark.parametrize(
    ("language", "text"), BLOCKS, ids=[text.strip().splitlines()[-1].strip() for _, text in BLOCKS]
)
def test_an_example_is_a_schema(language: str, text: str, tmp_path: Path) -> None:
    """Each example loads and resolves, alone or beside a file that states `schema` and `version`."""
    (tmp_path / ("a.yaml" if language == "yaml" else "a.py")).write_text(text, encoding="utf-8")
    if "version" not in text:
        (tmp_path / "b.yaml").write_text("schema: example\nversion: 1.0.0\n", encoding="utf-8")
    specs = load_folder(tmp_path)
    assert [str(diagnostic) for diagnostic in lint(specs) if diagnostic.severity == "error"] == []
    build_metadata(resolve(specs))


def test_every_type_and_key_is_named() -> None:
    """The reference names every type, every key of a column and every key of a table."""
    words = set(re.findall(r"`([a-z_0-9]+)`", TEXT))
    assert KINDS - words == set()
    assert set(keys(ColumnSpec)) - words == set()
    assert set(keys(TableSpec)) - words == set()
