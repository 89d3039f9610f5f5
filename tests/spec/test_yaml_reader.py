"""The YAML reader: accepted values, refused values, and locations."""

from __future__ import annotations

from pathlib import Path

import pytest
import yaml
from hypothesis import given, settings, strategies as st

from tablewright.spec import yaml_reader
from tablewright.spec.diagnostic import Diagnostic, Location, did_you_mean, nearest
from tablewright.spec.yaml_reader import Document, read_yaml, read_yaml_file

ROOT = Path(__file__).parents[2]
BOOKSTORE = (ROOT / "specs" / "bookstore" / "schema.yaml").read_text(encoding="utf-8")


@pytest.fixture(params=["c", "pure"])
def either_parser(request: pytest.FixtureRequest, monkeypatch: pytest.MonkeyPatch) -> None:
    """Run a test with the parser of libyaml and with the pure Python one."""
    if request.param == "pure":
        monkeypatch.setattr(yaml_reader, "_LOADER", yaml.SafeLoader)
    elif not hasattr(yaml, "CSafeLoader"):
        pytest.skip("this PyYAML was built without libyaml")


def lines(document: Document) -> list[str]:
    """Return the diagnostics of *document*, without their messages."""
    return [
        f"{diagnostic.location.line}:{diagnostic.location.column} {diagnostic.rule}"
        for diagnostic in document.diagnostics
    ]


@pytest.mark.parametrize(
    ("text", "value"),
    [
        ("no", "no"),
        ("on", "on"),
        ("y", "y"),
        ("Yes", "Yes"),
        ("1:30", "1:30"),
        ("2024-01-01", "2024-01-01"),
        ("2024-01-01T08:30:00Z", "2024-01-01T08:30:00Z"),
        ("1_000", "1_000"),
        ("0b11", "0b11"),
        ("=", "="),
        ("truE", "truE"),
        ("0o17", 15),
        ("0x1F", 31),
        ("012", 12),
        ("-7", -7),
        ("+7", 7),
        ("1.50", 1.5),
        (".5", 0.5),
        ("1e3", 1000.0),
        ("1.0.0", "1.0.0"),
        ("true", True),
        ("FALSE", False),
        ("~", None),
        ("null", None),
        ("", None),
        ("-.inf", float("-inf")),
        ("'12'", "12"),
        ('"true"', "true"),
        ("'<<'", "<<"),
    ],
)
@pytest.mark.usefixtures("either_parser")
def test_scalars_are_those_of_yaml_1_2(text: str, value: object) -> None:
    """Only true, false, null and the numbers of YAML 1.2 are not text."""
    document = read_yaml(f"a: {text}\n", "f.yaml")
    assert document.diagnostics == []
    assert document.value == {"a": value}
    assert isinstance(document.value, dict)
    assert type(document.value["a"]) is type(value)


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        ("a: [1, 2", ["1:9 yaml-syntax"]),
        ("a: b: c", ["1:5 yaml-syntax"]),
        ("a: *b", ["1:4 yaml-syntax"]),
        ("a:\n\tb: 1", ["2:1 yaml-tab"]),
        ("a: {b: 1,\n\tc: 2}", ["2:1 yaml-tab"]),
        ("a: 1\nb: {c: 1, c: 2}\na: 3", ["2:11 yaml-duplicate-key", "3:1 yaml-duplicate-key"]),
        ("a: !!python/object:os.system x", ["1:4 yaml-tag"]),
        ("a: !own {b: 1}", ["1:4 yaml-tag"]),
        ("1: a\ntrue: b\n~: c", ["1:1 yaml-key", "2:1 yaml-key", "3:1 yaml-key"]),
        ("{[a]: b}", ["1:2 yaml-key"]),
        ("<<: {a: 1}", ["1:1 yaml-merge-key"]),
        ("a: 1\n---\nb: 2", ["2:1 yaml-several-documents"]),
        ("[" * 60 + "]" * 60, ["1:51 yaml-too-deep"]),
        ("a: &x [*x]", ["1:8 yaml-alias-bomb"]),
        ("a: \x00", ["1:4 yaml-character"]),
        ("a: x\x1by", ["1:5 yaml-character"]),
        ("a: \ud800", ["1:4 yaml-character"]),
        ("a: 'x\u2028y'", ["1:6 yaml-character"]),
        ('a: "\\0"', ["1:4 yaml-character"]),
        ("a: 1e999", ["1:4 yaml-number"]),
        ("a: 0.1234567890123456789", ["1:4 yaml-number"]),
        ("a: " + "9" * 5000, ["1:4 yaml-number"]),
    ],
)
def test_refuses(text: str, expected: list[str], either_parser: None) -> None:
    """YAML that a spec must not contain is an error with its location."""
    if "c: 2}" in text and "\t" in text and yaml_reader._LOADER is yaml.SafeLoader:
        # Where libyaml goes on, the parser in Python stops: the diagnostic is the same.
        assert not read_yaml(text, "f.yaml").complete
    assert lines(read_yaml(text, "f.yaml")) == expected


def test_duplicate_key_names_both_places_and_keeps_the_first() -> None:
    """A duplicate key is reported at the second one, with the location of the first."""
    document = read_yaml("a: 1\nb: 2\na: {c: 3}\n", "f.yaml")
    assert document.value == {"a": 1, "b": 2}
    assert [str(diagnostic) for diagnostic in document.diagnostics] == [
        "f.yaml:3:1: error[yaml-duplicate-key]: the key `a` is given twice; the first is at line 1, column 1."
    ]


@pytest.mark.usefixtures("either_parser")
def test_alias_bomb_is_refused_before_it_is_unfolded() -> None:
    """Aliases of aliases count as the number of values that they expand to."""
    text = "a: &a [x, x, x, x, x, x, x, x, x, x]\n"
    for before, name in zip("abcdefgh", "bcdefghi", strict=True):
        text += f"{name}: &{name} [{', '.join([f'*{before}'] * 10)}]\n"
    document = read_yaml(text, "f.yaml")
    assert [diagnostic.rule for diagnostic in document.diagnostics] == ["yaml-alias-bomb"]
    assert document.value is None
    assert not document.complete


def test_aliases_do_not_add_up_to_more_depth() -> None:
    """The depth includes that of aliased values."""
    text = f"a: &a {'[' * 30}{']' * 30}\nb: {'[' * 30}*a{']' * 30}\n"
    assert lines(read_yaml(text, "f.yaml")) == ["2:34 yaml-too-deep"]


def test_small_aliases_are_values() -> None:
    """An alias has the value of its anchor, but its own location."""
    document = read_yaml("a: &x {b: 1}\nc: *x\n", "f.yaml")
    assert document.diagnostics == []
    assert document.value == {"a": {"b": 1}, "c": {"b": 1}}
    assert document.locations.value(("c", "b")) == Location("f.yaml", 2, 1)
    assert document.locations.value(("c",)) == Location("f.yaml", 2, 4)


def test_places() -> None:
    """Keys and values have locations; a missing one has that of the key of its nearest ancestor."""
    locations = read_yaml("\ufeffa:\n  b: [x, {c: 1}]\n", "f.yaml").locations
    assert locations.key(("a",)) == Location("f.yaml", 1, 1)
    assert locations.key(("a", "b")) == Location("f.yaml", 2, 3)
    assert locations.value(("a", "b")) == Location("f.yaml", 2, 6)
    assert locations.value(("a", "b", 1)) == Location("f.yaml", 2, 10)
    assert locations.key(("a", "b", 1, "c")) == Location("f.yaml", 2, 11)
    assert locations.value(("a", "b", 1, "c")) == Location("f.yaml", 2, 14)
    assert locations.value(("a", "b", 7, "c")) == Location("f.yaml", 2, 3)
    assert locations.value(("a", "z")) == Location("f.yaml", 1, 1)
    assert locations.key(()) == Location("f.yaml", 1, 1)


def test_empty_file_says_nothing() -> None:
    """An empty file has no value and no diagnostics."""
    for text in ("", "\n\n", "# nothing\n", "---\n"):
        document = read_yaml(text, "f.yaml")
        assert document.diagnostics == []
        assert document.value is None
        assert document.complete


def test_files_are_utf_8_and_bounded(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Bytes that are not UTF-8, a file that is too large and a missing file are errors."""
    path = tmp_path / "f.yaml"
    path.write_bytes("a: ä\nb: ".encode() + b"\xff\n")
    assert lines(read_yaml_file(path, "f.yaml")) == ["2:4 yaml-character"]
    path.write_bytes("a: ä\n".encode("utf-16"))
    assert lines(read_yaml_file(path, "f.yaml")) == ["1:1 yaml-character"]
    path.write_text("a: ä\r\nb: 1\r\n", encoding="utf-8", newline="")
    assert read_yaml_file(path, "f.yaml").value == {"a": "ä", "b": 1}
    assert lines(read_yaml_file(tmp_path, "f.yaml")) == ["1:1 unreadable-file"]
    assert lines(read_yaml_file(tmp_path / "none.yaml", "f.yaml")) == ["1:1 unreadable-file"]
    monkeypatch.setattr(yaml_reader, "MAX_BYTES", 10)
    path.write_text("a: 12345678", encoding="utf-8")
    assert lines(read_yaml_file(path, "f.yaml")) == ["1:1 yaml-too-large"]


def test_number_of_values_and_of_problems_is_bounded(monkeypatch: pytest.MonkeyPatch) -> None:
    """Reading stops after too many values, and after too many errors."""
    monkeypatch.setattr(yaml_reader, "MAX_NODES", 100)
    assert lines(read_yaml("[" + "1, " * 200 + "1]", "f.yaml")) == ["1:299 yaml-too-large"]
    document = read_yaml("k: v\n" * 5000, "f.yaml")
    assert len(document.diagnostics) <= yaml_reader.MAX_DIAGNOSTICS + 1
    assert not document.complete


@pytest.mark.parametrize(
    "text",
    [
        "a: " + "x" * 5_000_000,
        "a: '" + "x" * 5_000_000 + "'",
        "a: " + "9" * 5_000_000,
        "!" * 5_000_000,
        "- " * 2_500_000,
        "? " * 2_500_000,
        "[" * 5_000_000,
        "{" * 5_000_000,
        "a: " * 1_600_000,
        "\t" * 5_000_000,
        "&" * 5_000_000,
    ],
    ids=lambda text: repr(text[:6]),
)
def test_one_line_of_five_megabytes_is_read_or_refused(text: str) -> None:
    """A single huge line neither hangs nor exhausts the stack."""
    document = read_yaml(text, "f.yaml")
    assert document.value is not None or document.diagnostics
    assert all(len(str(diagnostic)) < 500 for diagnostic in document.diagnostics)


YAML_PIECES = st.sampled_from(
    [
        *"abc01:-?,[]{}#&*!|>'\"%@`~<. \n\t",
        "\r\n",
        "---\n",
        "...\n",
        ": ",
        "- ",
        "? ",
        "&a ",
        "*a",
        "!!str ",
        "<<: ",
        "null",
        "true",
        "1e9",
        "0x",
        "%YAML 1.1\n",
        "\\x",
        "\ufeff",
        "ä",
        "\U0001f600",
        "\x85",
        "\ud800",
        "\0",
    ]
)


def check_sane(document: Document, text: str) -> None:
    """Assert that *document* has a value, or diagnostics with locations in the text."""
    assert document.complete or document.diagnostics
    height = text.count("\n") + text.count("\r") + 1
    for diagnostic in document.diagnostics:
        assert 1 <= diagnostic.location.line <= height
        assert diagnostic.location.column >= 1
        assert "\n" not in str(diagnostic)
        str(diagnostic).encode("utf-8")


@given(st.lists(YAML_PIECES, max_size=60).map("".join) | st.text(max_size=80))
@settings(deadline=None, max_examples=300)
def test_any_text_is_read_or_refused(text: str) -> None:
    """No text makes the reader raise."""
    check_sane(read_yaml(text, "f.yaml"), text)


@given(st.lists(YAML_PIECES, max_size=40).map("".join))
@settings(deadline=None, max_examples=150)
def test_any_text_is_read_or_refused_without_libyaml(text: str) -> None:
    """The parser in Python does not make the reader raise either."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(yaml_reader, "_LOADER", yaml.SafeLoader)
        check_sane(read_yaml(text, "f.yaml"), text)


@given(
    st.integers(0, len(BOOKSTORE)),
    st.integers(0, 40),
    st.lists(YAML_PIECES, max_size=6).map("".join),
)
@settings(deadline=None, max_examples=200)
def test_a_damaged_spec_is_read_or_refused(start: int, cut: int, inserted: str) -> None:
    """A spec with one piece removed and another inserted does not make the reader raise."""
    text = BOOKSTORE[:start] + inserted + BOOKSTORE[start + cut :]
    check_sane(read_yaml(text, "f.yaml"), text)


def test_a_problem_is_one_line() -> None:
    """A diagnostic is one line: location, severity, rule, message and suggestion."""
    location = Location("specs/x/schema.yaml", 12, 5)
    diagnostic = Diagnostic("unknown-key", location, "`a\nb` is no key.", "Did you mean `ab`?", "warning")
    assert str(diagnostic) == ("specs/x/schema.yaml:12:5: warning[unknown-key]: `a\\nb` is no key. Did you mean `ab`?")


def test_nearest() -> None:
    """The nearest name is the one with the closest spelling, ignoring case; distant names are not suggested."""
    assert nearest("titel", ["isbn", "title"]) == "title"
    assert nearest("TITLE", ["titles", "title"]) == "title"
    assert nearest("price", ["isbn", "title"]) is None
    assert nearest("x" * 10_000, ["y" * 10_000]) is None
    assert did_you_mean("titel", ["title"]) == "Did you mean `title`?"
    assert did_you_mean("qqq", ["title"]) is None


@pytest.mark.parametrize("text", ['a: "\\U00110000"', "%YAML x\n--- a", "%YAML 2.0\n--- a", "a: &", "a: !<"])
@pytest.mark.usefixtures("either_parser")
def test_slips_of_either_parser_are_problems(text: str) -> None:
    """Any exception of the parser is reported as invalid YAML."""
    document = read_yaml(text, "f.yaml")
    assert [diagnostic.rule for diagnostic in document.diagnostics] == ["yaml-syntax"]
    assert not document.complete
