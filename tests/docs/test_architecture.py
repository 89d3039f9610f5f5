"""codegen/README.md is true: its files exist, and its rooms and floors are those of the import contracts."""

from __future__ import annotations

import re
import tomllib

from tests.docs.page import ROOT

SOURCE = ROOT / "codegen" / "tablewright"
TEXT = (ROOT / "codegen" / "README.md").read_text(encoding="utf-8")
PATH = re.compile(r"`((?:[\w.]+/)*[\w.]+(?:/|\.py|\.jinja|\.toml|\.md))`")


def layers(contract: str) -> list[set[str]]:
    """Return the layers of an import contract that exist, from top to bottom."""
    project = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))
    (found,) = (item for item in project["tool"]["importlinter"]["contracts"] if item["id"] == contract)
    return [set(re.split(r" \| ", layer)) for layer in found["layers"] if not layer.startswith("(")]


def table(heading: str) -> list[str]:
    """Return the modules in the first column of the table below *heading*, in order."""
    section = TEXT.split(f"## {heading}\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    return [name.removesuffix("/").removesuffix(".py") for cell in cells for name in re.findall(r"`([\w./]+)`", cell)]


def is_in_order(names: list[str], contract: str) -> bool:
    """Return True if *names* are those of the contract, and none is above a layer that it belongs below."""
    floors = layers(contract)
    heights = [next(height for height, floor in enumerate(floors) if name in floor) for name in names]
    return set(names) == set().union(*floors) and heights == sorted(heights)


def test_the_rooms_are_those_of_the_contract() -> None:
    """The table of rooms has every room of the contract of layers, in its order."""
    assert is_in_order(table("Rooms"), "layers")


def test_the_floors_are_those_of_the_contract() -> None:
    """The table of floors has every room of the run time, in the order of its contract."""
    assert is_in_order(table("Floors of the run time"), "floors")


def test_files_exist() -> None:
    """Every file and folder that the page names exists."""
    # Written by a run, and not in the repository.
    generated = {"tables/book.py", ".tablewright_cache/"}
    names = set(PATH.findall(TEXT)) - generated
    assert len(names) > 40
    assert [
        name for name in names if not any((root / name).exists() for root in (SOURCE, ROOT, SOURCE / "runtime"))
    ] == []
