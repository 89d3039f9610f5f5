"""The formatting of generated text."""

from __future__ import annotations

import shutil
import sys
import tempfile
from pathlib import Path
from types import SimpleNamespace
from typing import Any

import pytest

from tablewright.render.ruff import FormatterMissingError, laid_out
from tablewright.render.ruff_format import FormatError, format_files

LOOSE = {
    "shop/b.py": "x=[1,2]\n\n\n\ny  =   'é'",
    "dist/venv/a.py": '"""Doc."""\nimport os\nclass A:\n  x=1',
    "shop/schema.json": '{"a"  : 1}',
    "shop/py.typed": "",
    "shop/__init__.py": "",
}
TIDY = {
    "shop/b.py": 'x = [1, 2]\n\n\ny = "é"\n',
    "dist/venv/a.py": '"""Doc."""\n\nimport os\n\n\nclass A:\n    x = 1\n',
    "shop/schema.json": '{"a"  : 1}',
    "shop/py.typed": "",
    "shop/__init__.py": "",
}


def formatted(files: dict[str, str]) -> dict[str, str]:
    """Return *files* formatted."""
    with laid_out(files) as scratch:
        return format_files(scratch)


def test_every_python_file_is_formatted() -> None:
    """Python files are formatted, even in folders that ruff ignores; the order and other files stay."""
    assert list(formatted(LOOSE).items()) == list(TIDY.items())


@pytest.mark.parametrize("free", [None, 0, 10**12])
def test_memory_is_used_where_there_is_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int | None) -> None:
    """The files are written to memory if there is enough, else to the folder for temporary files."""
    used: list[str | None] = []
    made = tempfile.TemporaryDirectory

    def usage(_: str) -> Any:
        if free is None:
            raise FileNotFoundError
        return type("Usage", (), {"free": free})

    def folder(*, prefix: str, dir: str | None) -> Any:
        used.append(dir)
        return made(prefix=prefix, dir=dir and tmp_path)

    monkeypatch.setattr(shutil, "disk_usage", usage)
    monkeypatch.setattr(tempfile, "TemporaryDirectory", folder)
    assert formatted(LOOSE) == TIDY
    assert used == ["/dev/shm" if free else None]
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_names_the_file() -> None:
    """A syntax error is reported with the path of the file in its package and the line."""
    with pytest.raises(FormatError, match=r"shop/tables/item\.py:2:7"):
        formatted({"shop/a.py": "x = 1\n", "shop/tables/item.py": "x = 1\ny = (1"})


def test_what_is_formatted_is_what_is_judged_next() -> None:
    """The sources are formatted in place, for the next command of ruff."""
    with laid_out(LOOSE) as scratch:
        assert format_files(scratch) == {**scratch.files, **scratch.read()}


def test_a_missing_ruff_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    """Without ruff the error names the command that installs it: if its package or only its program is missing."""
    monkeypatch.setitem(sys.modules, "ruff.__main__", None)
    with pytest.raises(FormatterMissingError, match=r"pip install 'tablewright\[codegen\]'"):
        formatted(LOOSE)

    def absent() -> str:
        raise FileNotFoundError

    monkeypatch.setitem(sys.modules, "ruff.__main__", SimpleNamespace(find_ruff_bin=absent))
    with pytest.raises(FormatterMissingError, match=r"pip install 'tablewright\[codegen\]'"):
        formatted(LOOSE)
