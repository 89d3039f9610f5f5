"""Fingerprints: what changes them."""

from __future__ import annotations

import importlib.machinery
import importlib.util
import os
import shutil
import sys
from pathlib import Path

import pytest

from tablewright.cache import fingerprint
from tablewright.cache.fingerprint import digest, environment_fingerprint, generator_fingerprint


def test_a_digest_is_of_the_list() -> None:
    """Parts that join to the same text are different lists."""
    assert digest("ab", "c") != digest("a", "bc") != digest("abc")
    assert digest("ab", "c") == digest(b"ab", "c")
    assert digest() != digest("")


def test_the_generator_has_a_stamp() -> None:
    """The fingerprint is stable while nothing changes."""
    assert generator_fingerprint() is not None
    assert generator_fingerprint() == generator_fingerprint()
    assert environment_fingerprint() == environment_fingerprint()


@pytest.fixture
def source(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A copy of tablewright's source, which the fingerprint is computed from."""
    copy = tmp_path / "tablewright"
    shutil.copytree(fingerprint.SOURCE, copy, ignore=shutil.ignore_patterns("__pycache__"))
    monkeypatch.setattr(fingerprint, "SOURCE", str(copy))
    return copy


@pytest.mark.parametrize("name", ["pipeline.py", "render/templates/table.py.jinja", "runtime/table.py"])
def test_the_source_counts(source: Path, name: str) -> None:
    """Changing, adding or deleting any file of tablewright, templates too, changes the fingerprint."""
    stamps = [generator_fingerprint()]
    (source / name).write_text((source / name).read_text() + "\n")
    stamps.append(generator_fingerprint())
    os.utime(source / name, (1_000_000_000, 1_000_000_000))
    stamps.append(generator_fingerprint())
    (source / name).unlink()
    stamps.append(generator_fingerprint())
    (source / "new.py").touch()
    stamps.append(generator_fingerprint())
    assert None not in stamps
    assert len(set(stamps)) == 5
    (source / "__pycache__").mkdir()
    (source / "__pycache__" / "new.pyc").touch()
    assert generator_fingerprint() == stamps[-1]


def test_versions_count(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Another version of a library changes the fingerprint; other distributions change the environment's only."""
    stamp, environment = generator_fingerprint(), environment_fingerprint()
    monkeypatch.syspath_prepend(str(tmp_path))
    (tmp_path / "unrelated-1.0.dist-info").mkdir()
    assert generator_fingerprint() == stamp
    assert environment_fingerprint() != environment
    (tmp_path / "pydantic-99.0.dist-info").mkdir()
    assert generator_fingerprint() not in (None, stamp)


def test_python_counts(monkeypatch: pytest.MonkeyPatch) -> None:
    """Another Python, or another SQLite, has another fingerprint."""
    stamps = {generator_fingerprint()}
    monkeypatch.setattr(sys, "version", "3.99")
    stamps.add(generator_fingerprint())
    monkeypatch.setattr("_sqlite3.sqlite_version", "9.9.9")
    stamps.add(generator_fingerprint())
    assert len(stamps) == 3


def test_what_cannot_be_told_has_no_stamp(monkeypatch: pytest.MonkeyPatch) -> None:
    """If a library is missing or cannot be identified, there is no fingerprint, and nothing is cached."""
    stock = importlib.util.find_spec

    def without_yaml(name: str) -> importlib.machinery.ModuleSpec | None:
        return None if name == "yaml" else stock(name)

    monkeypatch.setattr(importlib.util, "find_spec", without_yaml)
    assert generator_fingerprint() is None
