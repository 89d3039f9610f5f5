"""The settings of a project: where they are found, their defaults, and invalid ones."""

from __future__ import annotations

from pathlib import Path

import pytest

from tablewright.settings import SettingsError, load_settings


def project(folder: Path, text: str) -> Path:
    """Create a project in *folder* whose pyproject.toml is *text*. Return its settings."""
    (folder / "pyproject.toml").write_text(text, encoding="utf-8")
    return folder


def test_an_empty_section_means_the_defaults(tmp_path: Path) -> None:
    """`[tool.tablewright]` without a key is enough."""
    settings = load_settings(project(tmp_path, "[tool.tablewright]\n"))
    assert settings.root == tmp_path
    assert (settings.specs, settings.output) == (tmp_path / "specs", tmp_path / "generated")
    assert settings.dialects == ("sqlite", "postgresql")
    assert (settings.base, settings.targets) == (None, ())


def test_every_key_is_read(tmp_path: Path) -> None:
    """Each key of the section reaches its field."""
    settings = load_settings(
        project(
            tmp_path,
            '[tool.tablewright]\nspecs = "db/specs"\noutput = "src"\nbase = "app.db:Base"\n'
            'dialects = ["postgresql"]\ntargets = ["3.11", "3.13"]\n',
        )
    )
    assert (settings.specs, settings.output) == (tmp_path / "db/specs", tmp_path / "src")
    assert settings.base == "app.db:Base"
    assert settings.dialects == ("postgresql",)
    assert settings.targets == ("3.11", "3.13")


def test_the_nearest_project_above_counts(tmp_path: Path) -> None:
    """Settings are found from a folder inside the project; a pyproject.toml without the section is ignored."""
    project(tmp_path, "[tool.tablewright]\n")
    inner = tmp_path / "part" / "deeper"
    inner.mkdir(parents=True)
    project(inner.parent, "[project]\nname = 'part'\n")
    assert load_settings(inner).root == tmp_path


def test_no_section_anywhere(tmp_path: Path) -> None:
    """Without a section the error names the nearest pyproject.toml and the section to add."""
    with pytest.raises(SettingsError, match=r"no pyproject\.toml here"):
        load_settings(tmp_path)
    project(tmp_path, "[project]\nname = 'x'\n")
    with pytest.raises(SettingsError, match=r"no \[tool\.tablewright\] section; add one"):
        load_settings(tmp_path)


@pytest.mark.parametrize(
    ("line", "message"),
    [
        ("ouput = 'x'", "unknown key 'ouput'; did you mean 'output'?"),
        ("zebra = 1", "unknown key 'zebra'; the keys are specs, output, base, dialects, targets."),
        ("specs = 1", "'specs' is 1, expected the folder of the specs."),
        ("output = ''", "'output' is '', expected the folder of the generated packages."),
        ("base = 'app.db'", "'base' is 'app.db', expected 'module:Class' of a declarative base."),
        ("base = 'app db:Base'", "'base' is 'app db:Base', expected 'module:Class' of a declarative base."),
        ("dialects = ['mysql']", "'dialects' is ['mysql'], expected a list of sqlite and postgresql."),
        ("dialects = []", "'dialects' is [], expected a list of sqlite and postgresql."),
        ("dialects = 'sqlite'", "'dialects' is 'sqlite', expected a list of sqlite and postgresql."),
        (
            "targets = ['3.11', '4']",
            "'targets' is ['3.11', '4'], expected a list of Python versions such as [\"3.11\", \"3.13\"].",
        ),
        ("output = './specs/'", "'output' and 'specs' are the same folder; choose another one for packages."),
    ],
)
def test_a_wrong_setting_names_its_line(tmp_path: Path, line: str, message: str) -> None:
    """The error names the file, the line and the expected value."""
    project(tmp_path, f"[project]\nspecs = 0\n\n[tool.tablewright]\n# a comment\n{line}\n")
    with pytest.raises(SettingsError) as caught:
        load_settings(tmp_path)
    assert str(caught.value) == f"{tmp_path}/pyproject.toml:6: error[settings]: {message}"


def test_a_file_that_is_no_toml(tmp_path: Path) -> None:
    """A syntax error of pyproject.toml is reported at its line; bytes that are not UTF-8 are reported too."""
    project(tmp_path, "[tool.tablewright]\nspecs = \n")
    with pytest.raises(SettingsError, match=r"pyproject\.toml:2:9: error\[settings\]: not valid TOML"):
        load_settings(tmp_path)
    (tmp_path / "pyproject.toml").write_bytes(b"\xff\xfe")
    with pytest.raises(SettingsError, match="cannot be read"):
        load_settings(tmp_path)


@pytest.mark.parametrize("text", ["tool = 1\n", "[tool]\ntablewright = 3\n"])
def test_a_section_that_is_no_table(tmp_path: Path, text: str) -> None:
    """A `tool.tablewright` that is no table is an error; a `tool` that is no table has no settings."""
    with pytest.raises(SettingsError, match=r"expected a table|no \[tool"):
        load_settings(project(tmp_path, text))
