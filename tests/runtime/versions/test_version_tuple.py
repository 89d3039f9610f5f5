"""`VersionTuple`: parsing, text, order and compatibility of versions."""

from __future__ import annotations

import pytest

from tablewright.runtime.versions.version_tuple import VersionTuple


@pytest.mark.parametrize("text", ["0.0.0", "1.0.0", "10.20.30"])
def test_text_round_trip(text: str) -> None:
    """A version is parsed from three numbers, and its text is the same."""
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
def test_invalid_text_is_refused(text: str) -> None:
    """Text other than exactly three numbers is a ValueError that quotes it."""
    with pytest.raises(ValueError, match=r"such as 1\.0\.0") as caught:
        VersionTuple.from_string(text)
    assert repr(text) in str(caught.value)


def test_order() -> None:
    """Versions are compared as numbers, from left to right."""
    ordered = ["0.9.9", "1.0.0", "1.0.2", "1.0.10", "1.2.0", "1.10.0", "2.0.0", "10.0.0"]
    assert sorted(map(VersionTuple.from_string, reversed(ordered))) == list(map(VersionTuple.from_string, ordered))


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
    """Patches are compatible, an older minor version is readable, and another major version is incompatible."""
    mine, theirs = VersionTuple.from_string(code), VersionTuple.from_string(stored)
    assert mine.check_compatibility(theirs, update=False) is reads
    assert mine.check_compatibility(theirs, update=True) is writes
