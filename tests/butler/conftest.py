"""The databases on which Butler's own tests are restated: a SQLite file, SQLite in memory, Postgres."""

from __future__ import annotations

import importlib
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tablewright.pipeline import generate
from tablewright.settings import Settings

SPECS = Path(__file__).parent / "specs"


@pytest.fixture(scope="session")
def case(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """Generate the package `butler_case` from the spec in this folder."""
    output = tmp_path_factory.mktemp("butler")
    outcome = generate(Settings(root=SPECS.parent, specs=SPECS, output=output), typecheck=False, cache=False)
    assert [problem for problem in outcome.diagnostics if problem.severity == "error"] == []
    sys.path.insert(0, str(output))
    try:
        yield importlib.import_module("butler_case")
    finally:
        sys.path.remove(str(output))
        for name in [name for name in sys.modules if name.split(".")[0] == "butler_case"]:
            del sys.modules[name]


@pytest.fixture(params=["file", "memory", "postgresql"])
def place(request: pytest.FixtureRequest) -> str:
    """Return the URL of an empty database, on each of the three."""
    if request.param == "memory":
        return "sqlite://"
    address: str = request.getfixturevalue("sqlite_url" if request.param == "file" else "postgres_url")
    return address
