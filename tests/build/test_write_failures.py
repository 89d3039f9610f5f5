"""Failures while writing: a full or read-only disk, a forbidden folder, a swap that fails half-way."""

from __future__ import annotations

import errno
import os
import shutil
import subprocess
import sys
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from tablewright.build import write
from tablewright.build.write import OutputFailedError, publish
from tests.build.package_files import FIRST, SECOND, contents, stamps

NOBODY = 65534


@pytest.fixture
def folder(tmp_path: Path) -> Path:
    """An existing package."""
    folder = tmp_path / "generated" / "shop"
    publish(folder, FIRST)
    return folder


def failing(method: str, number: int, after: int) -> Callable[..., object]:
    """Return a *method* of Path that fails with errno *number* after *after* calls."""
    stock = getattr(Path, method)
    calls = 0

    def call(self: Path, *arguments: object, **options: object) -> object:
        nonlocal calls
        calls += 1
        if calls > after:
            raise OSError(number, os.strerror(number), str(self))
        return stock(self, *arguments, **options)

    return call


@pytest.mark.parametrize("number", [errno.ENOSPC, errno.EROFS, errno.EDQUOT, errno.EIO])
@pytest.mark.parametrize(("method", "after"), [("mkdir", 1), ("mkdir", 2), ("write_bytes", 0), ("write_bytes", 2)])
def test_the_disk_fails_while_staging(
    folder: Path, monkeypatch: pytest.MonkeyPatch, method: str, after: int, number: int
) -> None:
    """If staging fails at any call, there is one error with the reason, and only the old package remains."""
    before = stamps(folder / "tables")
    monkeypatch.setattr(Path, method, failing(method, number, after))
    with pytest.raises(OutputFailedError, match=f"{os.strerror(number)}; nothing was changed"):
        publish(folder, SECOND)
    monkeypatch.undo()
    assert contents(folder) == FIRST
    assert stamps(folder / "tables") == before
    assert [path.name for path in folder.parent.iterdir()] == ["shop"]
    assert publish(folder, SECOND)


def refusing(number: int) -> Callable[[str, str], None]:
    """Return a function that fails with errno *number*."""

    def link(source: str, target: str) -> None:
        raise OSError(number, os.strerror(number), source, None, target)

    return link


def test_a_disk_without_hard_links(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Files that cannot be linked are copied with their times."""
    os.utime(folder / "__init__.py", (1_000_000_000, 1_000_000_000))
    monkeypatch.setattr(os, "link", refusing(errno.EPERM))
    publish(folder, SECOND)
    assert contents(folder) == SECOND
    assert (folder / "__init__.py").stat().st_mtime == 1_000_000_000


def test_a_full_disk_while_linking(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """A link that fails for lack of space is a failure, not a reason to copy."""
    monkeypatch.setattr(os, "link", refusing(errno.ENOSPC))
    with pytest.raises(OutputFailedError, match="No space left"):
        publish(folder, SECOND)
    assert contents(folder) == FIRST


def test_the_exchange_fails(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """An exchange that the system refuses leaves the old package; the next run succeeds."""

    def refuse(one: Path, other: Path) -> bool:
        raise OSError(errno.EIO, os.strerror(errno.EIO), str(other))

    monkeypatch.setattr(write, "_exchange", refuse)
    with pytest.raises(OutputFailedError):
        publish(folder, SECOND)
    assert contents(folder) == FIRST
    monkeypatch.undo()
    publish(folder, SECOND)
    assert contents(folder) == SECOND
    assert [path.name for path in folder.parent.iterdir()] == ["shop"]


@pytest.mark.parametrize("after", [0, 1])
def test_a_rename_fails(folder: Path, monkeypatch: pytest.MonkeyPatch, after: int) -> None:
    """If the first or the second of two renames fails, the old package is restored."""
    monkeypatch.setattr(write, "_exchange", lambda one, other: False)
    stock, calls = Path.rename, 0

    def rename(self: Path, target: Path) -> Path:
        nonlocal calls
        calls += 1
        if calls == after + 1:
            raise OSError(errno.EROFS, os.strerror(errno.EROFS), str(self))
        return stock(self, target)

    monkeypatch.setattr(Path, "rename", rename)
    with pytest.raises(OutputFailedError, match="Read-only file system"):
        publish(folder, SECOND)
    assert contents(folder) == FIRST
    monkeypatch.undo()
    publish(folder, SECOND)
    assert [path.name for path in folder.parent.iterdir()] == ["shop"]


def test_the_former_copy_cannot_be_removed(folder: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """After the swap the new package stays; the error names what remains, and the next run removes it."""

    def refuse(path: Path) -> None:
        raise PermissionError(errno.EACCES, os.strerror(errno.EACCES), str(path))

    monkeypatch.setattr(shutil, "rmtree", refuse)
    with pytest.raises(OutputFailedError, match="the new package is in place"):
        publish(folder, SECOND)
    assert contents(folder) == SECOND
    monkeypatch.undo()
    publish(folder, SECOND)
    assert [path.name for path in folder.parent.iterdir()] == ["shop"]


@pytest.fixture
def shared_folder() -> Iterator[Path]:
    """A package in a folder that another user can reach (pytest's own folders are closed to others)."""
    with tempfile.TemporaryDirectory(prefix="tablewright-write-") as top:
        Path(top).chmod(0o755)
        folder = Path(top) / "generated" / "shop"
        publish(folder, FIRST)
        yield folder
        folder.parent.chmod(0o755)


def publish_elsewhere(folder: Path, prepare: str) -> subprocess.CompletedProcess[str]:
    """Publish SECOND to *folder* in a subprocess after running *prepare*."""
    script = (
        "import fcntl, os, resource, signal, sys  # all imports before the user changes\n"
        "from pathlib import Path\n"
        "from tablewright.build.write import OutputFailedError, publish\n"
        "from tests.build.package_files import SECOND\n"
        f"{prepare}\n"
        "try:\n"
        "    publish(Path(sys.argv[1]), SECOND)\n"
        "except OutputFailedError as error:\n"
        "    sys.exit(str(error))\n"
    )
    environment = os.environ | {"PYTHONPATH": os.pathsep.join(path for path in sys.path if path)}
    return subprocess.run(
        [sys.executable, "-c", script, str(folder)], env=environment, capture_output=True, text=True, check=False
    )


def test_a_folder_that_may_not_be_written_to(shared_folder: Path) -> None:
    """A source root without write permission is one clear error, and the package is not changed."""
    shared_folder.parent.chmod(0o555)
    ran = publish_elsewhere(shared_folder, f"if os.geteuid() == 0: os.seteuid({NOBODY})")
    assert ran.returncode == 1
    assert "cannot be written" in ran.stderr
    assert "Permission denied" in ran.stderr
    assert "Traceback" not in ran.stderr
    assert contents(shared_folder) == FIRST


def test_a_disk_that_takes_no_more_bytes(shared_folder: Path) -> None:
    """A write that the system itself cuts off (here by a limit on file size) leaves the old package."""
    ran = publish_elsewhere(
        shared_folder,
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\nresource.setrlimit(resource.RLIMIT_FSIZE, (60, 60))",
    )
    assert ran.returncode == 1
    assert "File too large" in ran.stderr
    assert contents(shared_folder) == FIRST
    assert [path.name for path in shared_folder.parent.iterdir()] == ["shop"]
