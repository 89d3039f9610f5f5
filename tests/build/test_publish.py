"""Publishing a package: what is written, kept and refused."""

from __future__ import annotations

import os
import threading
from pathlib import Path

import pytest

from tablewright.build import write
from tablewright.build.write import Changes, OutputRefusedError, compare, publish
from tests.build.package_files import FIRST, HEADER, SECOND, contents, stamps


@pytest.fixture(params=["exchange", "two renames"])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A missing folder, on a disk that can exchange two folders and on one that cannot."""
    if request.param == "two renames":
        monkeypatch.setattr(write, "_exchange", lambda one, other: False)
    return tmp_path / "generated" / "shop"


def test_a_new_package_is_written_whole(folder: Path) -> None:
    """The first run creates the folder with exactly the given files, and nothing else."""
    changes = publish(folder, FIRST)
    assert changes.added == tuple(sorted(FIRST))
    assert contents(folder) == FIRST
    assert [path.name for path in folder.parent.iterdir()] == ["shop"]


def test_a_second_run_touches_nothing(folder: Path) -> None:
    """If nothing differs, no inode and no modification time changes."""
    publish(folder, FIRST)
    before = stamps(folder)
    assert not publish(folder, FIRST)
    assert stamps(folder) == before


def test_only_what_differs_is_written(folder: Path) -> None:
    """A changed package has the new files, not the stale ones, and the unchanged ones with their times."""
    publish(folder, FIRST)
    for path in folder.rglob("*.py"):
        os.utime(path, (1_000_000_000, 1_000_000_000))
    changes = publish(folder, SECOND)
    assert contents(folder) == SECOND
    assert changes.added == ("tables/order.py",)
    assert changes.changed == ("schema.json", "tables/book.py")
    assert changes.removed == ("tables/author.py",)
    assert changes.unchanged == ("__init__.py", "py.typed", "tables/__init__.py")
    assert (folder / "tables/__init__.py").stat().st_mtime == 1_000_000_000
    assert (folder / "tables/book.py").stat().st_mtime > 1_000_000_000
    assert [path.name for path in folder.parent.iterdir()] == ["shop"]


def test_a_folder_that_becomes_empty_goes(folder: Path) -> None:
    """Removing the last file of a folder removes the folder."""
    publish(folder, FIRST)
    publish(folder, {"__init__.py": HEADER})
    assert [path.name for path in folder.iterdir()] == ["__init__.py"]


def test_a_file_may_become_a_folder(folder: Path) -> None:
    """A module can become a folder of modules."""
    publish(folder, {"tables": HEADER})
    publish(folder, FIRST)
    assert contents(folder) == FIRST


def test_text_is_written_exactly(folder: Path) -> None:
    """Text outside ASCII and odd line ends reach the disk byte for byte, in UTF-8."""
    publish(folder, {"__init__.py": HEADER + "# Müller 漢\r\n\x0b\n"})
    assert (folder / "__init__.py").read_bytes() == (HEADER + "# Müller 漢\r\n\x0b\n").encode()


def test_compiled_modules_are_no_obstacle(folder: Path) -> None:
    """`__pycache__` is ignored."""
    publish(folder, FIRST)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "book.cpython-311.pyc").write_bytes(b"x")
    assert not publish(folder, FIRST)
    assert publish(folder, SECOND)


@pytest.mark.parametrize("name", ["mine.py", "tables/notes.txt", "tables/deep/mine.py", ".env"])
def test_a_foreign_file_is_never_lost(folder: Path, name: str) -> None:
    """A foreign file stops the run and is named; it and the old package are kept."""
    publish(folder, FIRST)
    (folder / name).parent.mkdir(parents=True, exist_ok=True)
    (folder / name).write_text("precious")
    before = stamps(folder)
    with pytest.raises(OutputRefusedError, match=f"did not generate: {name}"):
        publish(folder, SECOND)
    with pytest.raises(OutputRefusedError):
        compare(folder, SECOND)
    assert stamps(folder) == before
    assert (folder / name).read_text() == "precious"


def test_a_hand_written_package_is_not_overwritten(folder: Path) -> None:
    """A folder of foreign modules with the same names is refused, schema.json included."""
    folder.mkdir(parents=True)
    for name in ("__init__.py", "schema.json"):
        (folder / name).write_text("mine = 1\n")
    with pytest.raises(OutputRefusedError, match=r"__init__\.py, schema\.json"):
        publish(folder, FIRST)
    assert (folder / "schema.json").read_text() == "mine = 1\n"


def test_a_link_to_a_file_is_foreign(folder: Path, tmp_path: Path) -> None:
    """A symbolic link in the package is refused, even to a file that looks generated."""
    publish(folder, FIRST)
    (tmp_path / "elsewhere.py").write_text(HEADER)
    (folder / "linked.py").symlink_to(tmp_path / "elsewhere.py")
    with pytest.raises(OutputRefusedError, match="did not generate: linked"):
        publish(folder, SECOND)


def test_many_foreign_files_are_counted(folder: Path) -> None:
    """The message names five foreign files and counts the rest."""
    folder.mkdir(parents=True)
    for number in range(9):
        (folder / f"f{number}").write_text("x")
    with pytest.raises(OutputRefusedError, match="f4 and 4 more"):
        publish(folder, FIRST)


def test_a_file_in_the_place_of_a_folder(folder: Path) -> None:
    """An output folder, or a parent of it, that is a file is refused and not changed."""
    folder.parent.parent.mkdir(exist_ok=True)
    folder.parent.write_text("a file")
    for act in (publish, compare):
        with pytest.raises(OutputRefusedError, match="is a file, not a folder"):
            act(folder, FIRST)
    folder.parent.unlink()
    folder.parent.mkdir()
    folder.write_text("a file")
    with pytest.raises(OutputRefusedError, match="is a file, not a folder"):
        publish(folder, FIRST)
    assert folder.read_text() == "a file"


def test_a_link_in_the_place_of_the_package(folder: Path, tmp_path: Path) -> None:
    """A package folder that is a symbolic link, valid or dangling, is refused and not changed."""
    folder.parent.mkdir()
    for target in (tmp_path, tmp_path / "absent"):
        folder.symlink_to(target)
        with pytest.raises(OutputRefusedError, match="symbolic link"):
            publish(folder, FIRST)
        assert folder.is_symlink()
        folder.unlink()


def test_an_output_root_may_be_a_link(folder: Path, tmp_path: Path) -> None:
    """A source root that is a link to a real folder is followed."""
    (tmp_path / "elsewhere").mkdir()
    folder.parent.symlink_to(tmp_path / "elsewhere")
    publish(folder, FIRST)
    assert contents(tmp_path / "elsewhere" / "shop") == FIRST


@pytest.mark.parametrize("path", ["../out.py", "/out.py", "a/../../out.py", "", ".", "a//b.py"])
def test_a_path_outside_the_package_is_a_bug(folder: Path, path: str) -> None:
    """A path out of the package, or not in its plain form, is refused before anything is written."""
    with pytest.raises(ValueError, match="not a path inside"):
        publish(folder, {path: HEADER})
    assert not folder.parent.exists()


def test_the_mode_of_the_folder_stays(folder: Path) -> None:
    """A package folder keeps its permissions."""
    publish(folder, FIRST)
    folder.chmod(0o775)
    publish(folder, SECOND)
    assert folder.stat().st_mode & 0o777 == 0o775


def test_runs_at_once_take_turns(folder: Path) -> None:
    """Concurrent runs on one folder end in one package, never in a mix, and leave nothing else."""
    failures: list[Exception] = []

    def work(files: dict[str, str]) -> None:
        try:
            for _ in range(5):
                publish(folder, files)
        except Exception as error:
            failures.append(error)

    threads = [threading.Thread(target=work, args=(files,)) for files in (FIRST, SECOND, FIRST, SECOND)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert not failures
    assert contents(folder) in (FIRST, SECOND)
    assert [path.name for path in folder.parent.iterdir()] == ["shop"]


def test_comparing_writes_nothing(folder: Path) -> None:
    """`compare` returns a diff for each file that differs, and creates nothing."""
    changes = compare(folder, FIRST)
    assert changes.added == tuple(sorted(FIRST))
    assert not folder.parent.exists()

    publish(folder, FIRST)
    before = stamps(folder)
    changes = compare(folder, SECOND)
    assert stamps(folder) == before
    assert "--- a/shop/tables/book.py\n+++ b/shop/tables/book.py\n" in "".join(changes.diffs)
    assert "-book = 1\n+book = 2\n" in "".join(changes.diffs)
    assert "--- a/shop/tables/author.py\n+++ /dev/null\n" in "".join(changes.diffs)
    assert "--- /dev/null\n+++ b/shop/tables/order.py\n" in "".join(changes.diffs)
    assert len(changes.diffs) == 4


def test_comparing_what_is_fresh(folder: Path) -> None:
    """If nothing differs there is no diff, and the changes are false."""
    publish(folder, FIRST)
    assert compare(folder, FIRST) == Changes(unchanged=tuple(sorted(FIRST)))


@pytest.mark.parametrize("name", sorted(FIRST))
def test_any_changed_byte_is_seen(folder: Path, name: str) -> None:
    """An additional byte in any generated file is a difference, and generating again removes it."""
    publish(folder, FIRST)
    with (folder / name).open("a") as file:
        file.write(" ")
    changes = compare(folder, FIRST)
    assert changes.changed == (name,)
    assert len(changes.diffs) == 1
    assert publish(folder, FIRST).changed == (name,)
    assert contents(folder) == FIRST


def test_an_empty_file_has_a_diff(folder: Path) -> None:
    """A missing empty file is shown too, although it has no line."""
    publish(folder, FIRST)
    (folder / "py.typed").unlink()
    assert compare(folder, FIRST).diffs == ("--- /dev/null\n+++ b/shop/py.typed\n",)
