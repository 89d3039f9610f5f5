"""Incremental runs: if one of many tables changes, little is analysed, with the outcome of a full run."""

from __future__ import annotations

import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tablewright import pipeline
from tablewright.analysis import full, incremental
from tablewright.pipeline import generate
from tablewright.render.ruff import Scratch
from tablewright.settings import Settings, load_settings
from tests.build.package_files import contents

TABLE = """\
tables:
  {name}:
    columns:
      id: {{type: bigint, primary_key: true, autoincrement: true}}
      above: {{type: bigint, references: {above}.id, nullable: true, relationship: parent, inverse: children}}
      label: {{type: string, length: 50, default: none}}
      done: {{type: boolean, default: false}}
    unique:
      - {{columns: [label, above], nulls_not_distinct: true}}
"""
NUMBER = 40


@pytest.fixture(params=["one file", "a file each"])
def settings(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Settings:
    """Generate a project of forty tables in a ring: each references the previous one and has a warning."""
    monkeypatch.delenv("TABLEWRIGHT_CACHE_DIR", raising=False)
    (tmp_path / "pyproject.toml").write_text("[tool.tablewright]\n")
    specs = tmp_path / "specs" / "chain"
    specs.mkdir(parents=True)
    tables = [TABLE.format(name=f"t{n}", above=f"t{(n - 1) % NUMBER}") for n in range(NUMBER)]
    head = "schema: chain\nversion: 1.0.0\n"
    if request.param == "one file":
        (specs / "all.yaml").write_text(head + "tables:\n" + "".join(table.partition("\n")[2] for table in tables))
    else:
        (specs / "a.yaml").write_text(head)
        for number, table in enumerate(tables):
            (specs / f"t{number}.yaml").write_text(table)
    settings = load_settings(tmp_path)
    generate(settings, typecheck=False)
    return settings


def edit(settings: Settings, old: str, new: str) -> None:
    """Replace the first *old* after the start of table `t7`."""
    path = next(path for path in sorted((settings.specs / "chain").iterdir()) if "\n  t7:\n" in path.read_text())
    head, name, tail = path.read_text().partition("\n  t7:\n")
    assert old in tail
    path.write_text(head + name + tail.replace(old, new, 1))


@pytest.fixture
def never_whole(monkeypatch: pytest.MonkeyPatch) -> None:
    """Forbid full analyses of runs with a cache."""
    stock = full.analyze_all

    def without_cache_only(folder: Path, settings: Settings, sources: object) -> object:
        assert sources is None
        return stock(folder, settings, None)

    monkeypatch.setattr(full, "analyze_all", without_cache_only)


def rendered(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Record the files that are formatted from now on."""
    from tablewright.render import ruff_format

    seen: list[str] = []
    stock = ruff_format.format_files

    def watched(scratch: Scratch) -> dict[str, str]:
        seen.extend(scratch.files)
        return stock(scratch)

    monkeypatch.setattr(ruff_format, "format_files", watched)
    return seen


def test_little_is_read_and_made(settings: Settings, never_whole: None, monkeypatch: pytest.MonkeyPatch) -> None:
    """If a column changes, its table is checked and rendered, with the schema-wide files that name it."""
    seen = rendered(monkeypatch)
    edit(settings, "length: 50", "length: 60")
    outcome = generate(settings, typecheck=False)
    assert sorted(outcome.packages[0].changes.changed) == ["schema.json", "schema.py", "tables/t7.py"]
    assert sorted(seen) == ["chain/entities/t7.py", "chain/schema.json", "chain/schema.py", "chain/tables/t7.py"]
    compared = generate(settings, check=True, cache=False)
    assert compared.clean
    assert outcome.diagnostics == compared.diagnostics
    assert len(outcome.diagnostics) == NUMBER


def test_warnings_move_along(settings: Settings, never_whole: None) -> None:
    """Warnings of tables below a change have their new locations, and none is lost."""
    edit(settings, "      label", "\n\n      label")
    outcome = generate(settings, typecheck=False)
    assert outcome.diagnostics == generate(settings, check=True, cache=False).diagnostics
    edit(settings, "nulls_not_distinct: true}", "nulls_not_distinct: true}\n# the end")
    assert generate(settings, typecheck=False).diagnostics == generate(settings, check=True, cache=False).diagnostics


def test_what_others_see_has_all_read(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> None:
    """A change of keys, a schema-wide change or an error needs a full analysis."""
    asked: list[bool] = []
    stock = incremental.analyze_changes

    def watched(*arguments: object) -> object:
        read = stock(*arguments)  # type: ignore[arg-type]  # handed on
        asked.append(read is not None)
        return read

    monkeypatch.setattr(incremental, "analyze_changes", watched)
    for old, new, fits in (
        ("      label", "      other: {type: text, index: true}\n      label", True),
        ("type: string, length: 50", "type: strin, length: 50", False),
        ("type: strin, length: 50", "type: string, length: 55", True),
        ("nullable: true", "nullable: true, on_delete: cascade", True),
        ("label", "id", False),
    ):
        edit(settings, old, new)
        ours, theirs = generate(settings, check=True), generate(settings, check=True, cache=False)
        assert ours == theirs
        assert bool(ours.packages) == fits
    # Back from the mistake, the last right run is what the change is compared with.
    assert asked == [False, False, True, False, False]


def test_sqlalchemy_is_not_loaded(settings: Settings) -> None:
    """Proved literals need no SQLAlchemy, which takes a quarter of the time of such a run."""
    edit(settings, "default: false", "default: false, doc: Whether it is.")
    script = (
        "import sys\nfrom pathlib import Path\nfrom tablewright.pipeline import generate\n"
        "from tablewright.settings import load_settings\n"
        "assert len(generate(load_settings(Path.cwd()), typecheck=False).packages[0].changes.changed) == 3\n"
        "print(*sys.modules)"
    )
    environment = os.environ | {"PYTHONPATH": str(Path(pipeline.__file__).parent.parent)}
    ran = subprocess.run(
        [sys.executable, "-c", script],
        cwd=settings.root, env=environment, capture_output=True, text=True, check=True,
    )  # fmt: skip
    assert "pydantic" in ran.stdout.split()
    assert "sqlalchemy" not in ran.stdout.split()


def break_output(path: Path) -> None:
    """Edit an output file."""
    with path.open("a") as file:
        file.write("x = 1\n")


@pytest.mark.parametrize("spoil", [break_output, Path.unlink])
@pytest.mark.parametrize("name", ["tables/t20.py", "entities/t20.py", "session.py"])
def test_spoilt_output_is_mended(
    settings: Settings, never_whole: None, spoil: Callable[[Path], None], name: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    """A file that differs from the cache is generated again, and no other."""
    before = contents(settings.output)
    spoil(settings.output / "chain" / name)
    seen = rendered(monkeypatch)
    generate(settings, typecheck=False)
    assert contents(settings.output) == before
    assert seen == [f"chain/{name}"]


@pytest.mark.parametrize("kind", ["SchemaEntry", "Snapshot", "PackageEntry"])
def test_a_ledger_that_lost_an_entry(settings: Settings, kind: str) -> None:
    """Any cache entry may be missing or from another run; the other entries do not rely on it."""
    (entry,) = (settings.root / ".tablewright_cache").glob(f"chain-{kind}-*.json")
    first = entry.read_bytes()
    entry.unlink()
    edit(settings, "length: 50", "length: 60")
    assert generate(settings, typecheck=False).clean
    assert generate(settings, check=True, cache=False).clean
    entry.write_bytes(first)
    for length in (60, 70):
        edit(settings, f"length: {length}", f"length: {length + 10}")
        assert generate(settings, typecheck=False).clean
        assert generate(settings, check=True, cache=False).clean
    break_output(settings.output / "chain" / "tables" / "t20.py")
    entry.write_bytes(first)
    assert generate(settings, typecheck=False).packages[0].changes.changed == ("tables/t20.py",)
    assert generate(settings, check=True, cache=False).clean
