"""Killed runs: the package is the intact old one or the intact new one."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

from tablewright.build import write
from tablewright.build.write import publish
from tests.build.package_files import FIRST, SECOND, contents

STEPS = ("open", "os.mkdir", "os.chmod", "os.link", "os.rename", "os.remove", "os.rmdir", "os.scandir", "ctypes.dlsym")
"""The audit events that Python raises before system calls."""


def publish_until(step: int, folder: Path) -> bool:
    """Publish SECOND in a child that is killed at its *step*th step. Return True if it reached the end."""
    child = os.fork()
    if child == 0:
        seen = 0

        def count(event: str, _arguments: tuple[object, ...]) -> None:
            nonlocal seen
            if event in STEPS:
                seen += 1
                if seen == step:
                    os.kill(os.getpid(), signal.SIGKILL)

        sys.addaudithook(count)
        try:
            publish(folder, SECOND)
        finally:
            os._exit(0)
    _, status = os.waitpid(child, 0)
    return os.WIFEXITED(status)


@pytest.mark.filterwarnings("ignore:This process:DeprecationWarning")
@pytest.mark.parametrize("exchange", [True, False])
def test_a_killed_run_leaves_a_whole_package(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, exchange: bool) -> None:
    """Killed at any step, the old or the new package is intact; the next run removes what remains.

    Where folders cannot be exchanged there is an instant without either; the next run brings the old one back.
    """
    if not exchange:
        monkeypatch.setattr(write, "_exchange", lambda one, other: False)
    seen: set[str] = set()
    for step in range(1, 1000):
        folder = tmp_path / f"run-{step}" / "shop"
        publish(folder, FIRST)
        lived = publish_until(step, folder)
        if folder.exists() or exchange:
            found = contents(folder)
            assert found in (FIRST, SECOND), f"a mix after step {step}"
            seen.add("old" if found == FIRST else "new")
        else:
            seen.add("neither")
            publish(folder, FIRST)
            assert contents(folder) == FIRST
        publish(folder, SECOND)
        assert contents(folder) == SECOND
        assert [path.name for path in folder.parent.iterdir()] == ["shop"]
        if lived:
            break
    else:
        pytest.fail("the run never came to its end")
    assert step > 20
    assert seen == ({"old", "new"} if exchange else {"old", "new", "neither"})


def test_the_old_package_comes_back(tmp_path: Path) -> None:
    """The next run restores a package that a killed run had moved aside, with unchanged files and times."""
    folder = tmp_path / "shop"
    publish(folder, FIRST)
    os.utime(folder / "__init__.py", (1_000_000_000, 1_000_000_000))
    folder.rename(tmp_path / ".shop.tablewright-old")
    assert not publish(folder, FIRST)
    assert (folder / "__init__.py").stat().st_mtime == 1_000_000_000
