"""Runs without changes: their result is that of the first run, and they load almost nothing."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tablewright import pipeline
from tablewright.analysis import full
from tablewright.build import typecheck
from tablewright.build.write import OutputRefusedError
from tablewright.pipeline import Outcome, generate, lint
from tablewright.settings import Settings, load_settings
from tablewright.spec.load import load_folder
from tests.build.package_files import contents, stamps
from tests.cli.project import write_project

WARNED = """\
schema: shop
version: 1.0.0
types:
  unused: {type: text}
tables:
  log:
    columns:
      line: {type: text}
"""


@pytest.fixture
def settings(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """A project of two schemas, one of which has warnings."""
    monkeypatch.delenv("TABLEWRIGHT_CACHE_DIR", raising=False)
    settings = load_settings(write_project(tmp_path, "depot", "shop"))
    (settings.specs / "shop" / "schema.yaml").write_text(WARNED)
    return settings


@pytest.fixture
def read(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """The schemas that were read as YAML and linted."""
    seen: list[str] = []
    stock = load_folder

    def watched(folder: Path, **options: object) -> object:
        seen.append(folder.name)
        return stock(folder, **options)  # type: ignore[arg-type]  # handed on

    monkeypatch.setattr(full, "load_folder", watched)
    return seen


def test_it_says_the_same(settings: Settings, read: list[str]) -> None:
    """The second run has the outcome of a run without a cache, warnings included, and reads no spec as YAML."""
    first = generate(settings, typecheck=False)
    assert [problem.rule for problem in first.diagnostics] == ["unused-definition", "no-primary-key"]
    assert read == ["depot", "shop"]
    second = generate(settings, typecheck=False)
    assert read == ["depot", "shop"]
    assert second == generate(settings, typecheck=False, cache=False)
    assert [len(package.changes.unchanged) for package in second.packages] == [11, 10]
    assert lint(settings) == list(first.diagnostics) == lint(settings, cache=False)
    compared = generate(settings, check=True)
    assert compared.clean
    assert compared.diagnostics == first.diagnostics


def test_it_loads_next_to_nothing(settings: Settings) -> None:
    """Neither the spec language nor the templates are imported."""
    generate(settings, typecheck=False)
    script = (
        "import sys\nfrom pathlib import Path\nfrom tablewright.pipeline import generate, lint\n"
        "from tablewright.settings import load_settings\nsettings = load_settings(Path.cwd())\n"
        "assert len(generate(settings, typecheck=False).packages) == 2\n"
        "assert generate(settings, check=True).clean\nassert len(lint(settings)) == 2\n"
        "print(*sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(pipeline.__file__).parent.parent)}
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=settings.root, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    loaded = {name.partition(".")[0] for name in ran.stdout.split()}
    assert loaded & {"jinja2", "mypy", "pydantic", "pydantic_core", "sqlalchemy", "yaml", "rich", "typer"} == set()


def break_file(settings: Settings) -> None:
    """Edit an output by hand."""
    with (settings.output / "shop" / "tables" / "log.py").open("a") as file:
        file.write("# mine\n")


def drop_file(settings: Settings) -> None:
    """Delete an output."""
    (settings.output / "shop" / "tables" / "log.py").unlink()


def drop_folder(settings: Settings) -> None:
    """Delete a package."""
    shutil.rmtree(settings.output / "shop")


def stale_file(settings: Settings) -> None:
    """Add a file that looks generated."""
    shutil.copy(settings.output / "shop" / "tables" / "log.py", settings.output / "shop" / "tables" / "gone.py")


def kept_times(settings: Settings) -> None:
    """Edit an output, but keep its size and times."""
    path = settings.output / "shop" / "tables" / "log.py"
    before = path.stat()
    path.write_bytes(path.read_bytes().replace(b"line", b"lime"))
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


@pytest.mark.parametrize("spoil", [break_file, drop_file, drop_folder, stale_file, kept_times])
def test_output_is_looked_at(settings: Settings, spoil: Callable[[Settings], None]) -> None:
    """Any edit of the output is reported as without a cache, and undone."""
    generate(settings, typecheck=False)
    full = contents(settings.output)
    spoil(settings)
    seen = [generate(settings, check=True, cache=cache) for cache in (True, False)]
    assert seen[0] == seen[1]
    assert not seen[0].clean
    assert seen[0].packages[1].changes.diffs == seen[1].packages[1].changes.diffs
    mended = generate(settings, typecheck=False)
    assert mended.packages[1].changes
    assert not mended.packages[0].changes
    assert contents(settings.output) == full


def test_foreign_files_are_seen(settings: Settings) -> None:
    """A foreign file stops the run, whether specs changed or not."""
    generate(settings, typecheck=False)
    (settings.output / "shop" / "mine.py").write_text("precious = 1\n")
    with pytest.raises(OutputRefusedError, match=r"mine\.py"):
        generate(settings, typecheck=False)
    (settings.output / "shop" / "mine.py").unlink()
    (settings.output / "shop").rename(settings.root / "elsewhere")
    (settings.output / "shop").symlink_to(settings.root / "elsewhere")
    with pytest.raises(OutputRefusedError, match="symbolic link"):
        generate(settings, typecheck=False)


def test_what_a_killed_run_left_goes(settings: Settings) -> None:
    """A folder that a killed run left is removed."""
    generate(settings, typecheck=False)
    (settings.output / ".shop.tablewright-new").mkdir()
    generate(settings, typecheck=False)
    assert sorted(path.name for path in settings.output.iterdir()) == ["depot", "shop"]


@pytest.mark.parametrize("name", ["other.yaml", "_shared.yaml"])
def test_files_are_counted(settings: Settings, name: str, read: list[str]) -> None:
    """An added or deleted spec file is a change; a file that is not part of the schema is not."""
    generate(settings, typecheck=False)
    read.clear()
    (settings.specs / "shop" / name).write_text("tables: {extra: {columns: {id: {type: bigint, primary_key: true}}}}")
    more = generate(settings, typecheck=False)
    assert bool(more.packages[1].changes) == (name == "other.yaml") == bool(read)
    (settings.specs / "shop" / name).unlink()
    assert bool(generate(settings, typecheck=False).packages[1].changes) == (name == "other.yaml")
    assert not list(settings.output.rglob("extra.py"))


def test_settings_count(settings: Settings) -> None:
    """Other dialects, another base or another output are a change; the first result stays in the cache."""
    import dataclasses

    for changed in (
        dataclasses.replace(settings, dialects=("postgresql",)),
        dataclasses.replace(settings, base="app.db:Base"),
        dataclasses.replace(settings, output=settings.root / "src"),
        settings,
    ):
        outcome = generate(changed, typecheck=False)
        compared = generate(changed, check=True, cache=False)
        assert compared.clean
        assert outcome.diagnostics == compared.diagnostics


def test_specs_that_run_code_are_run(settings: Settings, read: list[str]) -> None:
    """A spec in Python, or one with the user's types, is run each time: its imports may have changed."""
    (settings.specs / "shop" / "more.py").write_text(
        "import _names\nfrom tablewright.spec.models import ColumnSpec, TableSpec\n"
        "TABLES = [TableSpec(name=_names.NAME, columns={'id': ColumnSpec(type='bigint', primary_key=True)})]\n"
    )
    (settings.specs / "shop" / "_names.py").write_text("NAME = 'first'\n")
    assert "tables/first.py" in generate(settings, typecheck=False).packages[1].changes.added
    (settings.specs / "shop" / "_names.py").write_text("NAME = 'second'\n")
    assert "tables/second.py" in generate(settings, typecheck=False).packages[1].changes.added
    assert read == ["depot", "shop", "shop"]


KIND = "kind: {type: json, python: 'app_kinds:Kind', default: a}\n"


@pytest.mark.parametrize("said", [f"      {KIND}", f"mixins:\n  unused:\n    columns:\n      {KIND}"])
def test_types_of_the_project_are_imported(settings: Settings, read: list[str], said: str) -> None:
    """A schema with a type of the project is read each time: its defaults may have become invalid."""
    (settings.specs / "shop" / "schema.yaml").write_text(WARNED + said)
    (settings.root / "app_kinds.py").write_text("from typing import Literal\n\nKind = Literal['a']\n")
    sys.modules.pop("app_kinds", None)
    try:
        for _ in range(2):
            assert not [problem for problem in lint(settings) if problem.severity == "error"]
    finally:
        sys.modules.pop("app_kinds", None)
    assert read == ["depot", "shop", "shop"]


@pytest.mark.parametrize("damage", ["deleted", "truncated", "garbage", "swapped", "a file"])
def test_the_cache_may_be_anything(settings: Settings, damage: str) -> None:
    """A missing, damaged or invalid cache is created again, and the run is like any other."""
    first = generate(settings, typecheck=False)
    cache = settings.root / ".tablewright_cache"
    entries = sorted(cache.glob("*.json"))
    assert len(entries) == 6
    if damage in ("deleted", "a file"):
        shutil.rmtree(cache)
    elif damage == "swapped":
        texts = [path.read_bytes() for path in entries]
        for path, text in zip(entries, reversed(texts), strict=True):
            path.write_bytes(text)
    else:
        for path in entries:
            path.write_bytes(b"\0garbage" if damage == "garbage" else path.read_bytes()[:-10])
    if damage == "a file":
        cache.write_text("")
    before = stamps(settings.output / "shop")
    again = generate(settings, typecheck=False)
    assert again == generate(settings, typecheck=False) == generate(settings, typecheck=False, cache=False)
    assert again.diagnostics == first.diagnostics
    assert stamps(settings.output / "shop") == before
    assert damage == "a file" or len(list(cache.glob("*.json"))) == 6


def test_another_version_remembers_nothing(
    settings: Settings, read: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    """Entries of another version of the generator are not used."""
    generate(settings, typecheck=False)
    monkeypatch.setattr("tablewright.cache.cache.generator_fingerprint", lambda: "another")
    generate(settings, typecheck=False)
    assert read == ["depot", "shop"] * 2


@pytest.mark.skipif(sys.platform != "linux", reason="Other systems have no names that are no text")
def test_a_name_that_is_no_text(settings: Settings) -> None:
    """A file whose name is not UTF-8 is read each time, as without a cache."""
    os.rename(settings.specs / "shop" / "schema.yaml", os.fsencode(settings.specs) + b"/shop/\xff.yaml")
    assert lint(settings) == lint(settings, cache=False) == lint(settings)


def test_without_a_cache_nothing_is_kept(settings: Settings, read: list[str]) -> None:
    """A run without a cache neither uses nor writes one."""
    generate(settings, typecheck=False, cache=False)
    lint(settings, cache=False)
    assert not (settings.root / ".tablewright_cache").exists()
    assert read == ["depot", "shop"] * 2


def test_projects_may_share_a_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, read: list[str]) -> None:
    """Two projects whose schemas have the same name do not share entries."""
    monkeypatch.setenv("TABLEWRIGHT_CACHE_DIR", str(tmp_path / "cache"))
    both: list[Settings] = []
    for name in ("here", "there"):
        (tmp_path / name).mkdir()
        both.append(load_settings(write_project(tmp_path / name, "shop")))
    for _ in range(2):
        for settings in both:
            generate(settings, typecheck=False)
    assert read == ["shop", "shop"]
    assert not (both[0].root / ".tablewright_cache").exists()


def test_processes_at_once(settings: Settings) -> None:
    """Two concurrent runs on one project leave one valid output and a valid cache."""
    command = [sys.executable, "-m", "tablewright.cli", "generate", "--no-typecheck"]
    environment = os.environ | {"PYTHONPATH": str(Path(pipeline.__file__).parent.parent)}
    runs = [subprocess.Popen(command, cwd=settings.root, env=environment) for _ in range(3)]
    assert [run.wait() for run in runs] == [0, 0, 0]
    assert generate(settings, check=True, cache=False).clean
    assert generate(settings, check=True).clean


class Checker:
    """A substitute for mypy that counts its runs and returns given errors."""

    def __init__(self) -> None:
        self.asked = 0
        self.found: list[typecheck.TypeCheckError] = []
        self.meanwhile: Callable[[], object] = lambda: None

    def __call__(self, *arguments: object, **options: object) -> list[typecheck.TypeCheckError]:
        self.asked += 1
        self.meanwhile()
        return self.found


@pytest.fixture
def checker(monkeypatch: pytest.MonkeyPatch) -> Checker:
    """The substitute for mypy."""
    checker = Checker()
    monkeypatch.setattr(pipeline, "check_types", checker)
    return checker


def test_a_clean_verdict_is_remembered(settings: Settings, checker: Checker) -> None:
    """Clean packages are not checked again until they change, whichever schemas are generated."""
    for _ in range(2):
        assert generate(settings).clean
    assert checker.asked == 1
    for _ in range(2):
        assert generate(settings, ["shop"]).clean
    assert checker.asked == 2
    assert generate(settings).clean
    assert checker.asked == 2
    generate(settings, cache=False)
    assert checker.asked == 3
    break_file(settings)
    generate(settings)
    assert checker.asked == 3, "mended, it is what was checked"


def test_findings_are_found_again(settings: Settings, checker: Checker) -> None:
    """A run with type errors is not cached: the next one finds them again."""
    checker.found = [typecheck.TypeCheckError("generated/shop/schema.py", 1, 1, "misc", "no")]
    outcomes: list[Outcome] = [generate(settings) for _ in range(2)]
    assert checker.asked == 2
    assert outcomes[1].type_errors == tuple(checker.found)


def test_an_edit_while_mypy_runs(settings: Settings, checker: Checker) -> None:
    """A package that is edited during the check is not recorded as clean."""
    checker.meanwhile = lambda: break_file(settings)
    generate(settings)
    generate(settings)
    assert checker.asked == 2


def test_what_mypy_sees_counts(settings: Settings, checker: Checker, monkeypatch: pytest.MonkeyPatch) -> None:
    """Other targets, search paths, installed libraries or shadowing modules run mypy again."""
    import dataclasses

    generate(settings)
    generate(dataclasses.replace(settings, targets=("3.12",)))
    assert checker.asked == 2
    monkeypatch.setattr(pipeline, "environment_fingerprint", lambda: "another")
    generate(settings)
    assert checker.asked == 3
    monkeypatch.undo()
    monkeypatch.setattr(pipeline, "check_types", checker)
    monkeypatch.setenv("MYPYPATH", str(settings.root / "stubs"))
    generate(settings)
    assert checker.asked == 4
    (settings.root / "stubs" / "sqlalchemy").mkdir(parents=True)
    for number in (5, 6):
        generate(settings)
        assert checker.asked == number


@pytest.mark.parametrize("name", ["datetime.py", "uuid.pyi", "sqlalchemy-stubs", "msgspec"])
def test_a_module_in_the_place_of_a_library(settings: Settings, checker: Checker, name: str) -> None:
    """If the project has a module with a library's name, mypy runs each time."""
    (settings.root / name).mkdir()
    for _ in range(2):
        generate(settings)
    assert checker.asked == 2


def test_modules_of_the_project_are_checked(settings: Settings, checker: Checker) -> None:
    """Entities with the project's own base are checked each time: the base may have changed."""
    import dataclasses

    for _ in range(2):
        generate(dataclasses.replace(settings, base="app.db:Base"))
    assert checker.asked == 2
