"""The commands: their output and their exit codes."""

from __future__ import annotations

import importlib.util
import json
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tablewright.rules.registry import PURPOSES, RULES
from tests.build.package_files import contents, stamps
from tests.cli.project import Project, write_project


@pytest.fixture(scope="session")
def checker_cache(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Share mypy's cache among the tests of this worker: only the first one waits for SQLAlchemy."""
    return tmp_path_factory.mktemp("mypy")


@pytest.fixture
def project(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str], checker_cache: Path
) -> Project:
    """A project of one schema, as the current folder."""
    monkeypatch.setenv("MYPY_CACHE_DIR", str(checker_cache))
    monkeypatch.chdir(write_project(tmp_path, "shop"))
    monkeypatch.delenv("TABLEWRIGHT_DEBUG", raising=False)
    return Project(tmp_path, capsys)


def test_generate_says_what_it_did(project: Project) -> None:
    """The first run adds files, the second changes none; both print a summary on stdout and nothing on stderr."""
    said = project.run("generate", "--no-typecheck")
    assert (said.code, said.err) == (0, "")
    assert re.fullmatch(r"shop: \d+ files added \(generated/shop\)\n", said.out)
    said = project.run("generate", "--no-typecheck")
    assert (said.code, said.err) == (0, "")
    assert re.fullmatch(r"shop: \d+ files up to date \(generated/shop\)\n", said.out)


def test_generate_type_checks(project: Project, checker_cache: Path) -> None:
    """By default the output is type-checked, and valid output passes."""
    said = project.run("generate")
    assert (said.code, said.err) == (0, "")
    assert list(checker_cache.iterdir())


def test_a_type_error_is_a_finding(project: Project) -> None:
    """A package that does not type-check fails the run: each error with its location on stderr, exit 1."""
    project.replace("shop", "length: 50}", "length: 50}\n      extra: {type: json, python: 'no_such_module:Thing'}")
    said = project.run("generate")
    assert said.code == 1
    assert re.search(r"generated/shop/tables/item\.py:\d+:\d+: error\[import-not-found\]: ", said.err)
    assert re.search(r"\d+ type errors? in the generated code\.", said.err)
    assert project.run("generate", "--no-typecheck").code == 0


def test_generate_in_a_folder_below(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A command works in any folder of the project, and writes to the same place."""
    monkeypatch.chdir(project.folder / "specs" / "shop")
    assert project.run("generate", "--no-typecheck").code == 0
    assert (project.folder / "generated" / "shop" / "__init__.py").is_file()


def test_generate_one_of_several(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch, capsys: pytest.CaptureFixture[str]
) -> None:
    """Only the named schemas are generated, or all by default."""
    monkeypatch.chdir(write_project(tmp_path, "shop", "depot", "yard"))
    project = Project(tmp_path, capsys)
    assert project.run("generate", "--no-typecheck", "yard", "depot", "yard").code == 0
    assert sorted(path.name for path in (tmp_path / "generated").iterdir()) == ["depot", "yard"]
    assert project.run("generate", "--no-typecheck").code == 0
    assert sorted(path.name for path in (tmp_path / "generated").iterdir()) == ["depot", "shop", "yard"]


def test_check_shows_the_difference(project: Project) -> None:
    """--check exits 1 with the diff on stdout and the remedy on stderr, and writes nothing at all."""
    said = project.run("generate", "--check")
    assert said.code == 1
    assert "+++ b/shop/__init__.py\n" in said.out
    assert "files would be added (generated/shop)" in said.out
    assert said.err == "Generated files are out of date: run `tablewright generate`.\n"
    assert not (project.folder / "generated").exists()

    project.run("generate", "--no-typecheck")
    before = stamps(project.folder / "generated")
    assert project.run("generate", "--check").code == 0
    project.replace("shop", "length: 50", "length: 51")
    said = project.run("generate", "--check")
    assert said.code == 1
    assert re.search(r"^-.*\b50\b", said.out, re.MULTILINE)
    assert re.search(r"^\+.*\b51\b", said.out, re.MULTILINE)
    assert stamps(project.folder / "generated") == before


def test_a_wrong_spec_is_a_finding(project: Project) -> None:
    """Every problem is on stderr with its location and rule; the exit code is 1 and nothing is written."""
    project.replace("shop", "length: 50", "lenght: 50")
    project.replace("shop", "type: bigint", "type: bigit")
    for arguments in (("generate",), ("generate", "--check")):
        said = project.run(*arguments)
        assert said.code == 1
        assert said.out == ""
        assert re.search(r"^specs/shop/schema\.yaml:9:\d+: error\[unknown-key\]: .*length", said.err, re.MULTILINE)
        assert re.search(r"^specs/shop/schema\.yaml:8:\d+: error\[unknown-type\]: .*bigint", said.err, re.MULTILINE)
        assert said.err.endswith("2 errors.\n")
    assert not (project.folder / "generated").exists()


def test_lint_prints_to_stdout(project: Project) -> None:
    """lint prints the problems on stdout and their number on stderr."""
    said = project.run("lint")
    assert (said.code, said.out, said.err) == (0, "", "No problem found.\n")
    project.replace("shop", "length: 50", "lenght: 50")
    said = project.run("lint", "shop")
    assert said.code == 1
    assert said.out.startswith("specs/shop/schema.yaml:9:")
    assert said.err == "1 error.\n"


def test_a_warning_is_no_failure(project: Project) -> None:
    """A schema with only warnings is generated, and both commands exit 0."""
    project.replace("shop", ", primary_key: true, autoincrement: true", "")
    said = project.run("lint")
    assert said.code == 0
    assert "warning[no-primary-key]" in said.out
    assert said.err == "1 warning.\n"
    said = project.run("generate", "--no-typecheck")
    assert said.code == 0
    assert "warning[no-primary-key]" in said.err


@pytest.mark.parametrize("command", ["generate", "lint"])
def test_an_unknown_schema(project: Project, command: str) -> None:
    """An unknown schema is wrong usage: exit 2, with the nearest name."""
    said = project.run(command, "shp")
    assert said.code == 2
    assert said.err.endswith("specs: error[settings]: no schema 'shp'; did you mean 'shop'?\n")
    assert "the schemas are shop." in project.run(command, "zebra").err


def test_no_specs_at_all(project: Project) -> None:
    """Without a specs folder, or with an empty one, the message names the files to create."""
    (project.folder / "specs" / "shop" / "schema.yaml").unlink()
    (project.folder / "specs" / "shop").rmdir()
    said = project.run("generate")
    assert said.code == 2
    assert "write one to specs/NAME/schema.yaml" in said.err
    (project.folder / "specs").rmdir()
    said = project.run("generate")
    assert said.code == 2
    assert "the folder does not exist" in said.err


def test_wrong_settings(project: Project) -> None:
    """An error in pyproject.toml is wrong usage: exit 2, one line, no traceback."""
    (project.folder / "pyproject.toml").write_text("[tool.tablewright]\nouput = 'x'\n")
    said = project.run("generate")
    assert said.code == 2
    assert said.err.count("\n") == 1
    assert "pyproject.toml:2: error[settings]: unknown key 'ouput'; did you mean 'output'?" in said.err


def test_wrong_options(project: Project) -> None:
    """An unknown option is wrong usage: exit 2, with the nearest one."""
    said = project.run("generate", "--chek")
    assert said.code == 2
    assert "--check" in said.err


def test_a_foreign_file_is_wrong_use(project: Project) -> None:
    """A foreign file in the package's folder: exit 2, and the file is named."""
    (project.folder / "generated" / "shop").mkdir(parents=True)
    (project.folder / "generated" / "shop" / "mine.py").write_text("precious = 1\n")
    said = project.run("generate", "--no-typecheck")
    assert said.code == 2
    assert "mine.py" in said.err
    assert contents(project.folder / "generated" / "shop") == {"mine.py": "precious = 1\n"}


def test_a_missing_checker_is_a_lack(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """Without mypy the run exits 3; the message names the command that installs it and the option without it."""
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    said = project.run("generate")
    assert said.code == 3
    assert "pip install 'tablewright[codegen]'" in said.err
    assert "--no-typecheck" in said.err


def test_a_missing_library_is_a_lack(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """A missing library of the generator: exit 3, one line with the command to run."""

    def absent(*arguments: object, **options: object) -> None:
        raise ModuleNotFoundError("No module named 'jinja2'", name="jinja2")

    monkeypatch.setattr("tablewright.render.package.render_package", absent)
    said = project.run("generate")
    assert said.code == 3
    assert said.err == "error[environment]: jinja2 is not installed; run pip install 'tablewright[codegen]'.\n"


def test_a_full_disk_is_a_lack(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unwritable disk: exit 3, one line, and no partial package."""

    def full(self: Path, content: bytes) -> int:
        raise OSError(28, "No space left on device", str(self))

    monkeypatch.setattr(Path, "write_bytes", full)
    said = project.run("generate", "--no-typecheck")
    assert said.code == 3
    assert "No space left on device" in said.err
    assert said.err.count("\n") == 1
    assert list((project.folder / "generated").iterdir()) == []


def test_a_bug_is_called_one(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """An unexpected error prints its traceback and a note that it is a bug, and exits 70."""

    def broken(*arguments: object, **options: object) -> None:
        raise ZeroDivisionError("by zero")

    monkeypatch.setattr("tablewright.render.package.render_package", broken)
    said = project.run("generate")
    assert said.code == 70
    assert "Traceback" in said.err
    assert said.err.endswith("This is a bug in tablewright, not in your specs: ZeroDivisionError: by zero\n")


def test_a_traceback_on_request(project: Project, monkeypatch: pytest.MonkeyPatch) -> None:
    """An expected error has a traceback only with --traceback or TABLEWRIGHT_DEBUG."""
    assert "Traceback" not in project.run("lint", "zebra").err
    said = project.run("--traceback", "lint", "zebra")
    assert said.code == 2
    assert "Traceback" in said.err
    monkeypatch.setenv("TABLEWRIGHT_DEBUG", "1")
    assert "Traceback" in project.run("lint", "zebra").err


def test_rules_lists_all(project: Project) -> None:
    """`rules` prints a line for each rule, including the reader's, with its severity."""
    said = project.run("rules")
    assert said.code == 0
    assert [line.split()[0] for line in said.out.splitlines()] == list(PURPOSES)
    for rule in RULES:
        assert re.search(rf"^{rule.id} +{rule.severity} +\S", said.out, re.MULTILINE)


def test_explain_a_rule(project: Project) -> None:
    """`explain` prints the purpose and the severity of a rule; an unknown rule is wrong usage."""
    said = project.run("explain", "name-clash")
    assert said.code == 0
    assert PURPOSES["name-clash"] in said.out
    assert "an error" in said.out
    assert "a warning" in project.run("explain", "no-primary-key").out
    said = project.run("explain", "name-clas")
    assert said.code == 2
    assert "name-clash" in said.err


def test_json_schema_is_json(project: Project) -> None:
    """`json-schema` prints only the JSON Schema of the language."""
    said = project.run("json-schema")
    assert said.code == 0
    assert "tables" in json.loads(said.out)["properties"]


@pytest.mark.parametrize("command", ["generate", "lint", "rules", "explain", "json-schema"])
def test_every_command_has_help(project: Project, command: str) -> None:
    """The help of each command describes it and shows an example."""
    said = project.run(command, "--help")
    assert said.code == 0
    assert f"tablewright {command}" in said.out.split("Examples")[1]


def test_the_help_teaches(project: Project) -> None:
    """The help lists settings, commands and exit codes."""
    said = project.run("--help")
    assert said.code == 0
    for part in ("[tool.tablewright]", "specs =", "output =", "generate", "lint", "rules", "explain", "json-schema"):
        assert part in said.out
    for code in (0, 1, 2, 3):
        assert re.search(rf"^ +{code}  \w", said.out, re.MULTILINE)


def test_help_loads_little() -> None:
    """The help loads none of the generator's libraries, so that it is fast."""
    script = (
        "import sys\n"
        "from tablewright.cli.main import run\n"
        "try:\n    run(['--help'])\n"
        "except SystemExit:\n    print(*sorted(sys.modules), file=sys.stderr)\n"
    )
    ran = subprocess.run(
        [sys.executable, "-c", script], env={"PYTHONPATH": "codegen"}, capture_output=True, text=True, check=True
    )
    assert not {"pydantic", "yaml", "jinja2", "sqlalchemy", "msgspec", "mypy"} & set(ran.stderr.split())
