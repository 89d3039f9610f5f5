"""The pipeline: from specs to packages or diagnostics; everything is rendered before the first write."""

from __future__ import annotations

import importlib
import sys
from pathlib import Path

import pytest

from tablewright import pipeline
from tablewright.pipeline import GeneratorBugError, SchemaChoiceError, generate, lint
from tablewright.plan.plans import PackagePlan
from tablewright.render.package import render_package
from tablewright.render.ruff import Scratch
from tablewright.settings import Settings, load_settings
from tests.build.package_files import contents, stamps
from tests.cli.project import write_project


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """A project of two schemas."""
    return load_settings(write_project(tmp_path, "depot", "shop"))


def replace_in_spec(settings: Settings, schema: str, old: str, new: str) -> None:
    """Change the spec of *schema*."""
    path = settings.specs / schema / "schema.yaml"
    path.write_text(path.read_text(encoding="utf-8").replace(old, new), encoding="utf-8")


def test_the_packages_work(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A generated package can be imported, creates its tables, and writes and reads a row."""
    outcome = generate(settings, typecheck=False)
    assert outcome.clean
    assert [package.name for package in outcome.packages] == ["depot", "shop"]
    monkeypatch.syspath_prepend(str(settings.output))
    shop = importlib.import_module("shop")
    try:
        with shop.Database(f"sqlite:///{settings.root / 'shop.db'}") as db:
            db.create()
            with db.session() as session:
                assert session.item.insert(title="A lamp").title == "A lamp"
    finally:
        for name in [name for name in sys.modules if name.partition(".")[0] == "shop"]:
            del sys.modules[name]


def test_steps_are_reported_in_order(settings: Settings) -> None:
    """Each step is reported when it begins, and all schemas are rendered before the first write."""
    reported: list[tuple[str, str]] = []
    generate(settings, typecheck=False, progress=lambda stage, subject: reported.append((stage, subject)))
    assert reported == [
        ("load", "depot"),
        ("load", "shop"),
        ("render", "depot"),
        ("render", "shop"),
        ("format", ""),
        ("compile", ""),
        ("write", "depot"),
        ("write", "shop"),
    ]


def test_a_second_run_touches_nothing(settings: Settings) -> None:
    """A second run changes no byte, no inode and no modification time."""
    generate(settings, typecheck=False)
    before = stamps(settings.output)
    outcome = generate(settings, typecheck=False)
    assert outcome.clean
    assert not any(package.changes for package in outcome.packages)
    assert stamps(settings.output) == before


def test_one_invalid_schema_stops_all(settings: Settings) -> None:
    """An error in one schema leaves all packages unchanged, and the problems of all schemas are reported."""
    generate(settings, typecheck=False)
    before = stamps(settings.output)
    replace_in_spec(settings, "depot", "length: 50", "length: 60")
    replace_in_spec(settings, "shop", "length: 50", "length: many")
    outcome = generate(settings, typecheck=False)
    assert not outcome.clean
    assert [problem.location.file for problem in outcome.diagnostics] == ["specs/shop/schema.yaml"]
    assert outcome.packages == ()
    assert stamps(settings.output) == before
    assert lint(settings) == list(outcome.diagnostics)


def test_a_removed_table_has_no_files(settings: Settings) -> None:
    """A renamed table has its new files, and the old ones are removed."""
    generate(settings, typecheck=False)
    replace_in_spec(settings, "shop", "  item:", "  article:")
    outcome = generate(settings, ["shop"], typecheck=False)
    assert "tables/item.py" in outcome.packages[0].changes.removed
    assert "tables/article.py" in outcome.packages[0].changes.added
    assert not list((settings.output / "shop").rglob("item.py"))


@pytest.mark.parametrize(
    ("text", "message"),
    [("def broken(:\n", "Expected"), ("x = '\\d'\n", "W605 .* escape"), ("x = unknown\n", "F821 .* `unknown`")],
)
def test_invalid_output_is_a_bug(settings: Settings, monkeypatch: pytest.MonkeyPatch, text: str, message: str) -> None:
    """Output that is not valid Python is reported as a bug of the generator, and is not written."""

    def invalid_text(scratch: Scratch) -> dict[str, str]:
        [name] = [name for name, path in scratch.paths.items() if path == "shop/tables/item.py"]
        Path(scratch.folder, name).write_text(text, encoding="utf-8")
        return scratch.read()

    monkeypatch.setattr("tablewright.render.ruff_format.format_files", invalid_text)
    with pytest.raises(GeneratorBugError, match=rf"not valid:\nshop/tables/item\.py:1:.*{message}"):
        generate(settings, typecheck=False)
    assert not settings.output.exists()


def test_a_failed_run_leaves_the_old_output(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """An error during the rendering of the second schema leaves both packages unchanged."""
    generate(settings, typecheck=False)
    before = stamps(settings.output)
    replace_in_spec(settings, "depot", "length: 50", "length: 60")
    replace_in_spec(settings, "shop", "length: 50", "length: 60")

    def fail_for_shop(plan: PackagePlan) -> dict[str, str]:
        if plan.name == "shop":
            raise MemoryError
        return render_package(plan)

    monkeypatch.setattr("tablewright.render.package.render_package", fail_for_shop)
    with pytest.raises(MemoryError):
        generate(settings, typecheck=False)
    assert stamps(settings.output) == before


def test_two_folders_one_package(settings: Settings) -> None:
    """Two folders whose specs define the same package are refused, and neither is written."""
    replace_in_spec(settings, "shop", "schema: shop", "schema: depot")
    with pytest.raises(SchemaChoiceError, match="another folder also generates the package 'depot'"):
        generate(settings, typecheck=False)
    assert not settings.output.exists()


def test_ignored_folders(settings: Settings) -> None:
    """Hidden folders, folders that begin with `_`, and folders without a spec are ignored unless named."""
    for name in (".hidden", "_shared", "__pycache__", "notes"):
        (settings.specs / name).mkdir()
    (settings.specs / "_shared" / "mixins.yaml").write_text("")
    assert [folder.name for folder in pipeline.find_schemas(settings)] == ["depot", "shop"]
    assert [problem.rule for problem in lint(settings, ["notes"])] == ["no-spec-files"]


def test_an_own_base_reaches_the_entities(tmp_path: Path) -> None:
    """The setting `base` is the base class of entities."""
    write_project(tmp_path, "shop")
    (tmp_path / "pyproject.toml").write_text('[tool.tablewright]\nbase = "app.db:Base"\n')
    generate(load_settings(tmp_path), typecheck=False)
    assert "from app.db import Base" in "".join(contents(tmp_path / "generated" / "shop").values())
