"""`VersionTuple`: how versions are read and said, which is newer, and what fits what."""

from __future__ import annotations

import pytest

from tablewright.runtime.versions.version_tuple import VersionTuple


@pytest.mark.parametrize("text", ["0.0.0", "1.0.0", "10.20.30"])
def test_said_as_it_was_read(text: str) -> None:
    """A version is read from three numbers, and is said as they were."""
    version = VersionTuple.from_string(text)
    assert str(version) == text
    assert f"{version}" == text
    assert tuple(map(int, text.split("."))) == version


@pytest.mark.parametrize(
    "text",
    [
        "",
        "1",
        "1.2",
        "1.2.3.4",
        "a.b.c",
        " 1.2.3",
        "1.2.3\n",
        "-1.2.3",
        "+1.2.3",
        "1_0.2.3",
        "1..3",
        "01.2.3",
        "\u0661.2.3",
    ],
)
def test_anything_else_is_refused(text: str) -> None:
    """What is not exactly three numbers is a ValueError that quotes it."""
    with pytest.raises(ValueError, match=r"such as 1\.0\.0") as caught:
        VersionTuple.from_string(text)
    assert repr(text) in str(caught.value)


def test_order() -> None:
    """Versions are ordered as numbers, from left to right."""
    said = ["0.9.9", "1.0.0", "1.0.2", "1.0.10", "1.2.0", "1.10.0", "2.0.0", "10.0.0"]
    assert sorted(map(VersionTuple.from_string, reversed(said))) == list(map(VersionTuple.from_string, said))


@pytest.mark.parametrize(
    ("code", "stored", "reads", "writes"),
    [
        ("1.1.1", "1.1.1", True, True),
        ("1.1.1", "1.1.0", True, True),
        ("1.1.1", "1.1.2", True, True),
        ("1.1.1", "1.0.9", True, False),
        ("1.1.1", "1.2.0", False, False),
        ("1.1.1", "0.1.1", False, False),
        ("1.1.1", "2.1.1", False, False),
    ],
)
def test_compatibility(code: str, stored: str, reads: bool, writes: bool) -> None:
    """A patch is of no matter, an older minor version may be read, another major one fits nothing."""
    mine, theirs = VersionTuple.from_string(code), VersionTuple.from_string(stored)
    assert mine.check_compatibility(theirs, update=False) is reads
    assert mine.check_compatibility(theirs, update=True) is writes
