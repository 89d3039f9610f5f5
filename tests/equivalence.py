"""Two projects of the same specs, one with a cache and one without, which must be equivalent."""

from __future__ import annotations

import copy
import dataclasses
import shutil
from collections.abc import Mapping
from pathlib import Path

import pytest
import yaml
from hypothesis import strategies as st

from tablewright.analysis import incremental
from tablewright.pipeline import generate, lint
from tablewright.render.ruff import Scratch
from tablewright.schema.definition import Dialect
from tablewright.settings import Settings
from tests.build.package_files import contents
from tests.random_edit import Spec


class EquivalentProjects:
    """A project with a cache and one without: the same specs, each with its own output."""

    def __init__(self, root: Path) -> None:
        self.root = root
        self.cached = Settings(root, root / "specs", root / "cached" / "generated")
        self.plain = Settings(root, root / "specs", root / "plain" / "generated")
        self.shift = 0

    def write(self, spec: Spec, files: Mapping[str, str]) -> None:
        """Write *spec*, each table to one of the *files*, in its order."""
        shutil.rmtree(self.root / "specs", ignore_errors=True)
        (self.root / "specs" / "zoo").mkdir(parents=True)
        parts: dict[str, Spec] = {"a": {key: value for key, value in spec.items() if not key.endswith("tables")}}
        for section in ("tables", "opaque_tables"):
            for name, body in spec[section].items():
                parts.setdefault(files.get(name, "a"), {}).setdefault(section, {})[name] = body
        for file, part in parts.items():
            text = "\n" * self.shift + yaml.safe_dump(copy.deepcopy(part), sort_keys=False)
            (self.root / "specs" / "zoo" / f"{file}.yaml").write_text(text, encoding="utf-8")

    def run(self) -> bool:
        """Run both and compare their results. Return True if there was no error."""
        assert lint(self.cached) == lint(self.plain, cache=False)
        checked = [generate(one, check=True, cache=cached) for one, cached in self.both()]
        generated = [generate(one, typecheck=False, cache=cached) for one, cached in self.both()]
        for ours, theirs in (checked, generated):
            assert ours.diagnostics == theirs.diagnostics
            assert ours.clean == theirs.clean
            assert [package.changes for package in ours.packages] == [package.changes for package in theirs.packages]
            for one, other in zip(ours.packages, theirs.packages, strict=True):
                assert one.changes.diffs == other.changes.diffs
        assert contents(self.cached.output) == contents(self.plain.output)
        return bool(generated[0].packages)

    def both(self) -> list[tuple[Settings, bool]]:
        """Return the two projects, each with True if it has a cache."""
        return [(self.cached, True), (self.plain, False)]

    def change_project(self, data: st.DataObject) -> None:
        """Change something of the project other than its specs."""
        match data.draw(st.sampled_from(["nothing"] * 6 + ["shift", "output", "cache", "dialects"])):
            case "shift":
                self.shift = data.draw(st.integers(0, 3))
            case "output":
                self.edit_output(data)
            case "cache":
                self.damage_cache(data)
            case "dialects":
                choices: list[tuple[Dialect, ...]] = [("sqlite",), ("sqlite", "postgresql")]
                some = data.draw(st.sampled_from(choices))
                self.cached = dataclasses.replace(self.cached, dialects=some)
                self.plain = dataclasses.replace(self.plain, dialects=some)
            case _:
                pass

    def edit_output(self, data: st.DataObject) -> None:
        """Edit, delete or add an output, in both projects."""
        outputs = sorted(contents(self.plain.output))
        if not outputs:
            return
        path, how = data.draw(st.sampled_from(outputs)), data.draw(st.sampled_from(["edit", "delete", "add"]))
        for one, _ in self.both():
            if how == "delete":
                (one.output / path).unlink()
            elif how == "edit":
                with (one.output / path).open("a") as file:
                    file.write("# by hand\n")
            elif path.endswith(".py"):
                shutil.copy(one.output / path, one.output / path.replace(".py", "_old.py"))

    def damage_cache(self, data: st.DataObject) -> None:
        """Delete or damage an entry of the cache."""
        entries = sorted((self.root / ".tablewright_cache").glob("*.json"))
        if entries:
            entry, how = data.draw(st.sampled_from(entries)), data.draw(st.sampled_from(["delete", "cut", "garbage"]))
            if how == "delete":
                entry.unlink()
            else:
                entry.write_bytes(entry.read_bytes()[:-7] if how == "cut" else b"{}\n{}")


def unformatted(scratch: Scratch) -> dict[str, str]:
    """Return the files unformatted."""
    return dict(scratch.files)


def no_faults(_scratch: Scratch) -> str:
    """Return no fault."""
    return ""


def speed_up(monkeypatch: pytest.MonkeyPatch) -> None:
    """Skip ruff, and let runs be incremental for small schemas too."""
    monkeypatch.setattr("tablewright.render.ruff_format.format_files", unformatted)
    monkeypatch.setattr("tablewright.render.ruff_check.find_faults", no_faults)
    monkeypatch.setattr(incremental, "_FEW", 1.0)
    monkeypatch.delenv("TABLEWRIGHT_CACHE_DIR", raising=False)
