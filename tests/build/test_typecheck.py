"""The type check of packages: errors, files that are not checked, and failures of mypy."""

from __future__ import annotations

import importlib.util
from collections.abc import Callable
from pathlib import Path

import pytest

from tablewright.build.typecheck import CheckerFailedError, CheckerMissingError, TypeCheckError, check_types


@pytest.fixture
def check(tmp_path: Path) -> Callable[..., list[TypeCheckError]]:
    """Check the package `shop`, given as text by path, together with other files of the project."""

    def check(files: dict[str, str], **options: list[str]) -> list[TypeCheckError]:
        for path, text in files.items():
            (tmp_path / path).parent.mkdir(parents=True, exist_ok=True)
            (tmp_path / path).write_text(text, encoding="utf-8")
        return check_types(tmp_path / "generated", ["shop"], root=tmp_path, **options)

    return check


def test_a_right_package_has_no_finding(check: Callable[..., list[TypeCheckError]]) -> None:
    """A package without an error passes; it may use modules of the project and of the runtime."""
    package = (
        "from app_types import Thing\n"
        "from tablewright.schema.range import Range\n\n"
        "things: list[Thing] = []\n"
        "span: Range[int] | None = None\n"
    )
    assert check({"app_types.py": "class Thing: ...\n", "generated/shop/__init__.py": package}) == []


def test_each_finding_has_its_place(check: Callable[..., list[TypeCheckError]]) -> None:
    """An error has a file, line, column, mypy's code and its message; the check is strict."""
    found = check(
        {
            "generated/shop/__init__.py": "",
            "generated/shop/tables/__init__.py": "",
            "generated/shop/tables/book.py": "price: int = 'much'\n\n\ndef untyped(x):\n    return x\n",
        }
    )
    assert [(finding.file, finding.line, finding.column, finding.code) for finding in found] == [
        ("generated/shop/tables/book.py", 1, 14, "assignment"),
        ("generated/shop/tables/book.py", 4, 1, "no-untyped-def"),
    ]
    assert str(found[0]).startswith("generated/shop/tables/book.py:1:14: error[assignment]: Incompatible types")


def test_the_targets_are_checked_one_by_one(check: Callable[..., list[TypeCheckError]]) -> None:
    """An error for one target is found, and an error for both is reported once."""
    text = "import sys\n\nif sys.version_info >= (3, 13):\n    new: int = ''\nboth: int = ''\n"
    files = {"generated/shop/__init__.py": text}
    assert [finding.line for finding in check(files, targets=["3.11"])] == [5]
    assert sorted(finding.line for finding in check(files, targets=["3.11", "3.13"])) == [4, 5]


def test_other_modules_are_not_judged(check: Callable[..., list[TypeCheckError]]) -> None:
    """An error in a module of the project that the package imports is not reported."""
    files = {
        "app_types.py": "class Thing: ...\n\n\ndef untyped(x):\n    return x\n",
        "generated/shop/__init__.py": "from app_types import Thing\n\nthings: list[Thing] = []\n",
    }
    assert check(files) == []


def test_what_stops_the_checker_is_told(check: Callable[..., list[TypeCheckError]]) -> None:
    """A syntax error in the package or in a module that it imports is an error, because it stops mypy."""
    files = {"app_types.py": "class Thing(:\n", "generated/shop/__init__.py": "from app_types import Thing\n"}
    assert {(finding.file, finding.code) for finding in check(files)} == {("app_types.py", "syntax")}


def test_fixtures_are_for_those_who_have_pytest(
    check: Callable[..., list[TypeCheckError]], monkeypatch: pytest.MonkeyPatch
) -> None:
    """`testing.py` is checked only if pytest is installed."""
    files = {"generated/shop/__init__.py": "", "generated/shop/testing.py": "x: int = ''\n"}
    assert [finding.file for finding in check(files)] == ["generated/shop/testing.py"]
    stock = importlib.util.find_spec
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None if name == "pytest" else stock(name))
    assert check(files) == []


def test_no_checker(check: Callable[..., list[TypeCheckError]], monkeypatch: pytest.MonkeyPatch) -> None:
    """Without mypy the error names the command that installs it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    with pytest.raises(CheckerMissingError, match="pip install"):
        check({"generated/shop/__init__.py": ""})


def test_a_checker_that_gives_up(check: Callable[..., list[TypeCheckError]]) -> None:
    """If mypy fails, the error contains its message."""
    with pytest.raises(CheckerFailedError, match="python-version"):
        check({"generated/shop/__init__.py": ""}, targets=["nonsense"])
