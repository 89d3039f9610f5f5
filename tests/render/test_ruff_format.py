"""The formatting of generated text: every Python file, wherever there is room for the work."""

from __future__ import annotations

import shutil
import tempfile
from pathlib import Path
from typing import Any

import pytest

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


def test_every_python_file_is_formatted() -> None:
    """Python files are formatted, also those in folders that ruff would pass over; order and other files stay."""
    assert list(format_files(LOOSE).items()) == list(TIDY.items())


@pytest.mark.parametrize("free", [None, 0, 10**12])
def test_memory_is_used_where_there_is_room(monkeypatch: pytest.MonkeyPatch, tmp_path: Path, free: int | None) -> None:
    """The files are laid out in memory if it is there and large enough, else in the folder for temporary files."""
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
    assert format_files(LOOSE) == TIDY
    assert used == ["/dev/shm" if free else None]
    assert list(tmp_path.iterdir()) == []


def test_a_refusal_names_the_file() -> None:
    """What ruff cannot read is told with the path of the file in its package, and the place in it."""
    with pytest.raises(FormatError, match=r"shop/tables/item\.py:2:7"):
        format_files({"shop/a.py": "x = 1\n", "shop/tables/item.py": "x = 1\ny = (1"})
