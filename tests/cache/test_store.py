"""The cache folder: what is read back, what is rejected, and what happens if it cannot be written."""

from __future__ import annotations

import os
import sys
import threading
import time
from pathlib import Path

import msgspec
import pytest

from tablewright.cache.store import FOLDER, Store


class Entry(msgspec.Struct, frozen=True):
    """A cache entry."""

    word: str
    numbers: tuple[int, ...] = ()


@pytest.fixture
def store(tmp_path: Path) -> Store:
    """A store with one entry."""
    store = Store(tmp_path / FOLDER)
    store.write("one", Entry("so", (1, 2)))
    return store


def file_of(store: Store, name: str) -> Path:
    """The file of an entry."""
    assert store.folder is not None
    return store.folder / f"{name}.json"


def test_an_entry_is_read_back(store: Store) -> None:
    """The latest entry written is read; others are absent."""
    assert store.read("one", Entry) == Entry("so", (1, 2))
    store.write("one", Entry("other"))
    assert store.read("one", Entry) == Entry("other")
    assert store.read("two", Entry) is None


def test_the_folder_says_what_it_is(store: Store) -> None:
    """Git and backups ignore the folder, and no unfinished file remains."""
    assert store.folder is not None
    assert sorted(path.name for path in store.folder.iterdir()) == [".gitignore", "CACHEDIR.TAG", "one.json"]
    assert (store.folder / ".gitignore").read_text() == "*\n"
    assert (store.folder / "CACHEDIR.TAG").read_text().startswith("Signature: 8a477f597d28d172789f06886806bc55\n")


def test_a_folder_of_others_is_left_as_it_is(tmp_path: Path) -> None:
    """An existing folder gets entries, but no file that makes tools ignore the whole folder."""
    Store(tmp_path).write("one", Entry("so"))
    assert [path.name for path in tmp_path.iterdir()] == ["one.json"]


@pytest.mark.parametrize(
    "content",
    [b"", b"\n", b"garbage", b'{"word":"so"}', b"0" * 64 + b'\n{"word":"so"}', bytes(range(256)) * 9],
    ids=["empty", "a line end", "a word", "no checksum", "a wrong checksum", "bytes"],
)
def test_a_damaged_entry_is_none(store: Store, content: bytes) -> None:
    """Anything else in the place of an entry is not read, and the next write replaces it."""
    file_of(store, "one").write_bytes(content)
    assert store.read("one", Entry) is None
    store.write("one", Entry("again"))
    assert store.read("one", Entry) == Entry("again")


def test_every_byte_counts(store: Store) -> None:
    """An entry that is truncated, or has one byte changed, is not read."""
    whole = file_of(store, "one").read_bytes()
    for number in range(len(whole)):
        file_of(store, "one").write_bytes(whole[:number])
        assert store.read("one", Entry) is None
        file_of(store, "one").write_bytes(whole[:number] + bytes([whole[number] ^ 1]) + whole[number + 1 :])
        assert store.read("one", Entry) is None


def test_an_entry_of_another_kind_is_none(store: Store) -> None:
    """An entry of another form, such as another version's, is not read."""

    class Wider(msgspec.Struct):
        word: str
        more: int

    assert store.read("one", Wider) is None


def test_the_seal_counts(store: Store) -> None:
    """An entry under another seal is not read, and is replaced."""
    assert store.folder is not None
    other = Store(store.folder, "another")
    assert other.read("one", Entry) is None
    other.write("one", Entry("theirs"))
    assert store.read("one", Entry) is None
    assert other.read("one", Entry) == Entry("theirs")


def test_where_nothing_can_be_written(tmp_path: Path) -> None:
    """A file, a dangling link or an impossible path is no failure: there is nothing to read."""
    (tmp_path / "file").write_text("")
    (tmp_path / "dangling").symlink_to(tmp_path / "absent" / "deeper")
    for folder in (tmp_path / "file", tmp_path / "file" / "deeper", tmp_path / "dangling"):
        store = Store(folder)
        store.write("one", Entry("so"))
        assert store.read("one", Entry) is None
    assert not (tmp_path / "absent").exists()


def test_a_full_disk_keeps_the_old(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """A write that fails leaves the old entry, and no other file."""

    def full(self: Path, content: bytes) -> int:
        with self.open("wb") as file:
            file.write(content[:5])
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    store.write("one", Entry("new"))
    monkeypatch.undo()
    assert store.read("one", Entry) == Entry("so", (1, 2))
    assert store.folder is not None
    assert sorted(path.name for path in store.folder.iterdir()) == [".gitignore", "CACHEDIR.TAG", "one.json"]


@pytest.mark.skipif(sys.platform == "win32", reason="Windows does not replace a file that is being read")
def test_runs_at_once(store: Store) -> None:
    """A reader finds one intact entry while other processes write."""
    found: list[Entry | None] = []

    def work(number: int) -> None:
        for _ in range(30):
            store.write("one", Entry(str(number), tuple(range(number * 100))))
            found.append(store.read("one", Entry))

    threads = [threading.Thread(target=work, args=(number,)) for number in range(4)]
    for thread in threads:
        thread.start()
    for thread in threads:
        thread.join()
    assert len(found) == 120
    assert all(entry is not None and len(entry.numbers) == 100 * int(entry.word) for entry in found)


def test_what_is_old_goes(store: Store) -> None:
    """Entries older than a month and files of killed runs are deleted; other files stay."""
    assert store.folder is not None
    month_ago = time.time() - 40 * 24 * 3600
    for name in ("old.json", "killed.1-2.tmp", "notes.txt"):
        (store.folder / name).write_text("")
        os.utime(store.folder / name, (month_ago, month_ago))
    store.write("two", Entry("new"))
    names = {path.name for path in store.folder.iterdir()}
    assert names == {".gitignore", "CACHEDIR.TAG", "one.json", "two.json", "notes.txt"}


def test_there_is_an_end_of_entries(store: Store, monkeypatch: pytest.MonkeyPatch) -> None:
    """The latest of many entries are kept."""
    monkeypatch.setattr("tablewright.cache.store._MOST_ENTRIES", 3)
    os.utime(file_of(store, "one"), (time.time() - 99, time.time() - 99))
    for number in range(3):
        store.write(f"entry-{number}", Entry("so"))
    assert store.read("one", Entry) is None
    assert all(store.read(f"entry-{number}", Entry) for number in range(3))


def test_the_environment_names_the_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """`TABLEWRIGHT_CACHE_DIR` names the folder, relative to the project."""
    monkeypatch.delenv("TABLEWRIGHT_CACHE_DIR", raising=False)
    assert Store.of(tmp_path, "").folder == tmp_path / ".tablewright_cache"
    monkeypatch.setenv("TABLEWRIGHT_CACHE_DIR", "build/cache")
    assert Store.of(tmp_path, "").folder == tmp_path / "build" / "cache"
    monkeypatch.setenv("TABLEWRIGHT_CACHE_DIR", "/var/cache/x")
    assert Store.of(tmp_path, "").folder == Path("/var/cache/x")
