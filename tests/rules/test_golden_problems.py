"""Every rule against its golden case: a wrong spec, and the exact diagnostics."""

from __future__ import annotations

import json
import re
from pathlib import Path

import pytest

from tablewright.rules.lint import lint
from tablewright.rules.registry import PURPOSES, RULES, explain
from tablewright.spec import yaml_reader
from tablewright.spec.load import load_folder

ROOT = Path(__file__).parents[2]
CASES = ROOT / "tests" / "golden" / "problems"
NAMES = sorted(path.name for path in CASES.iterdir() if path.is_dir())


@pytest.mark.parametrize("name", NAMES)
def test_case_draws_exactly_its_problems(name: str, regen: bool, monkeypatch: pytest.MonkeyPatch) -> None:
    """The diagnostics of a case are the lines of its problems.txt, and one is of the rule of the case."""
    folder = CASES / name
    options = json.loads((folder / "case.json").read_text()) if (folder / "case.json").exists() else {}
    for limit, value in options.get("limits", {}).items():
        monkeypatch.setattr(yaml_reader, limit, value)
    diagnostics = lint(load_folder(folder / options.get("folder", ""), root=CASES))
    actual = "".join(f"{diagnostic}\n" for diagnostic in diagnostics)
    if regen:
        (folder / "problems.txt").write_text(actual, encoding="utf-8")
    assert actual == (folder / "problems.txt").read_text(encoding="utf-8")
    assert f"[{name}]: " in actual


def test_every_rule_has_a_case() -> None:
    """Every rule has a case, and every case has a rule."""
    assert sorted(PURPOSES) == NAMES


def test_ids_are_kebab_case_and_purposes_are_one_sentence() -> None:
    """Every rule has a unique id and a purpose of one sentence."""
    ids = [rule.id for rule in RULES]
    assert len(ids) == len(set(ids))
    for rule_id, purpose in PURPOSES.items():
        assert re.fullmatch(r"[a-z]+(-[a-z]+)*", rule_id)
        assert re.fullmatch(r"[^\n]+\.", purpose), rule_id


def test_every_id_in_the_reader_is_catalogued() -> None:
    """Every id that the reader reports has a purpose."""
    room = ROOT / "codegen" / "tablewright" / "spec"
    source = "\n".join(path.read_text(encoding="utf-8") for path in room.glob("*.py"))
    used = set(re.findall(r"(?:Diagnostic|_Refusal|diagnostic)\(\s*\"([a-z-]+)\"", source))
    used |= set(re.findall(r"_refused\(\s*\w+,\s*\"([a-z-]+)\"", source))
    assert "yaml-tab" in used
    assert "unreadable-file" in used
    assert sorted(used - set(PURPOSES)) == []


@pytest.mark.parametrize("schema", ["bookstore", "observatory"])
def test_good_spec_draws_no_problem(schema: str) -> None:
    """The schemas of this repository have no errors."""
    folder = ROOT / "specs" / schema
    assert [
        str(diagnostic) for diagnostic in lint(load_folder(folder, root=ROOT)) if diagnostic.severity == "error"
    ] == []


def test_explain_gives_the_purpose_and_the_nearest_id() -> None:
    """`explain` returns the purpose of a rule, and suggests an id for a misspelt one."""
    assert explain("unknown-type").startswith("A type is one of the language")
    with pytest.raises(KeyError, match="Did you mean `unknown-type`"):
        explain("unknown-typ")


def test_problems_of_one_engine_only() -> None:
    """A rule about SQLite is skipped if SQLite is not one of the dialects."""
    specs = load_folder(CASES / "exclusion-sqlite", root=CASES)
    assert [diagnostic.rule for diagnostic in lint(specs)] == ["exclusion-sqlite"] * 3
    assert lint(specs, ["postgresql"]) == []
