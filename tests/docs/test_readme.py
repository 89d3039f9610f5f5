"""The README is short, and what it shows is a part of what the project has."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

import pytest
import yaml

from tests.docs.page import CODE, GENERATED, PAGES, ROOT, Page

README = Page(ROOT / "README.md")


def test_it_is_short() -> None:
    """The README has at most 150 lines."""
    assert len(README.path.read_text(encoding="utf-8").splitlines()) <= 150


def test_the_schema_is_a_part_of_the_bookstore() -> None:
    """The tables and columns of its schema are some of those of the bookstore."""
    shown = yaml.safe_load(README.files["specs/bookstore/schema.yaml"])["tables"]
    whole = yaml.safe_load((ROOT / "specs/bookstore/schema.yaml").read_text(encoding="utf-8"))["tables"]
    assert all(table["columns"].keys() <= whole[name]["columns"].keys() for name, table in shown.items())


def test_the_walkthrough_runs() -> None:
    """`make demo`'s walk through the bookstore runs to its end."""
    script = ROOT / "tests" / "demo" / "walkthrough.py"
    command = [sys.executable, str(script)]
    paths = {"PYTHONPATH": f"{CODE}:{GENERATED}"}
    done = subprocess.run(command, capture_output=True, text=True, env=paths, check=True)
    assert "The same runs on Postgres" in done.stdout


def test_the_front_door_to_more_is_open() -> None:
    """Every page of docs/ can be reached from the README by links."""
    reached: set[Path] = set()
    waiting = [README.path]
    while waiting:
        path = waiting.pop()
        if path in reached or path.suffix != ".md" or not path.exists():
            continue
        reached.add(path)
        waiting += [(path.parent / link).resolve() for link in links(path)]
    assert set((ROOT / "docs").rglob("*.md")) <= reached


@pytest.mark.parametrize("page", PAGES, ids=lambda page: page.name)
def test_anchors_exist(page: Page) -> None:
    """A link to a heading of a page names one that the page has."""
    found = re.findall(r"\]\(([^)#:]*)#([^)]+)\)", page.path.read_text(encoding="utf-8"))
    missing = [
        anchor for link, anchor in found if anchor not in anchors(page.path.parent / link if link else page.path)
    ]
    assert missing == []


def anchors(path: Path) -> set[str]:
    """Return the anchors of a document's headings, as GitHub forms them."""
    headings = re.findall(r"^#+ (.*)$", path.read_text(encoding="utf-8"), re.MULTILINE)
    return {re.sub(r"[^\w\- ]", "", heading).lower().replace(" ", "-") for heading in headings}


def links(path: Path) -> list[str]:
    """Return the files of the project to which a document links."""
    found = re.findall(r"\]\(([^)#]+)[^)]*\)", path.read_text(encoding="utf-8"))
    return [link for link in found if "://" not in link]
