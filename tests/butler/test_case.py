"""The tables that the cases use, and the list of the tests that cover them."""

from __future__ import annotations

import ast
import re
from pathlib import Path
from typing import Any

ROOT = Path(__file__).parents[2]
TABLE = Path(__file__).parent / "README.md"


def test_foreign_keys_of_the_tables(case: Any, place: str) -> None:
    """A deleted `b` sets the reference of its `c` to NULL; a deleted `c` deletes its `d`."""
    with case.Database(place) as db:
        db.create()
        with db.session() as session:
            session.a.insert(name="a1", region=b"\x00\x01")
            b = session.b.insert(name="b1")
            c = session.c.insert(b_id=b.id)
            session.d.insert(c_id=c.id, a_name="a1")
            session.b.delete(b.id)
            assert session.c.get_one(c.id).b_id is None
            session.c.delete(c.id)
            assert session.d.count() == 0


def test_every_case_names_existing_tests() -> None:
    """Each line of the list names tests, and those exist."""
    lines = [line for line in TABLE.read_text().splitlines() if line.startswith("| ") and "test here" not in line]
    named = [re.findall(r"`(tests/\S+\.py)::(\w+)`", line) for line in lines]
    assert len(lines) > 50
    assert all(named)
    listed = {(path, name) for tests in named for path, name in tests}
    existing = {(path, name) for path in {path for path, _ in listed} for name in names_of_tests(ROOT / path)}
    assert listed <= existing


def names_of_tests(path: Path) -> set[str]:
    """Return the names of the tests in a file."""
    tree = ast.parse(path.read_text())
    return {node.name for node in ast.walk(tree) if isinstance(node, ast.FunctionDef) and node.name[:5] == "test_"}
