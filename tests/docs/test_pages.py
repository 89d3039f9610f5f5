"""The README and the pages of docs/ are true: their projects generate, their programs run and type-check."""

from __future__ import annotations

import json
import os
import subprocess
import sys
from collections.abc import Callable
from pathlib import Path

import pytest

from tests.docs.page import NO_RUN, PAGES, ROOT, Page

PROGRAMS = [page for page in PAGES if page.program]
PROJECTS = [page for page in PAGES if page.files or page.commands]

Build = Callable[[Page], Path]


def by_name(page: Page) -> str:
    """Return the id of a test case."""
    return page.name


@pytest.fixture(scope="session")
def build(tmp_path_factory: pytest.TempPathFactory) -> Build:
    """Build the project of a page, once."""
    built: dict[str, Path] = {}

    def build(page: Page) -> Path:
        if page.name not in built:
            folder = tmp_path_factory.mktemp(page.path.stem)
            page.build(folder)
            built[page.name] = folder
        return built[page.name]

    return build


def test_there_are_pages() -> None:
    """The documentation has pages of each kind."""
    names = {page.name for page in PAGES}
    assert {"README.md", "docs/README.md", "docs/tutorial.md", "docs/reference/api.md"} <= names
    assert len(PROGRAMS) >= 10
    assert len(PROJECTS) >= 3


@pytest.mark.parametrize("page", PAGES, ids=by_name)
def test_blocks_are_for_something(page: Page) -> None:
    """Every Python block is run, is a file of the page's project, or has a reason not to be run."""
    python = [info for info, _ in page.blocks if info.split()[0] == "python"]
    known = [info for info in python if info == "python" or " file=" in info or NO_RUN.fullmatch(info)]
    assert python == known


@pytest.mark.parametrize("page", PROJECTS, ids=by_name)
def test_a_project_builds(page: Page, build: Build) -> None:
    """The files of a page and its commands work in an empty folder."""
    assert build(page).is_dir()


@pytest.mark.parametrize("page", PROGRAMS, ids=by_name)
def test_a_program_runs(page: Page, build: Build, url: str, tmp_path: Path) -> None:
    """A page's program runs as it stands, on SQLite, and with only its URL changed on Postgres."""
    if page.url is None and url.startswith("postgresql"):
        url = ""
    page.run(tmp_path, build(page), url)


def write(folder: Path, page: Page) -> Path:
    """Write the program of *page* to a file of its own below *folder*. Return its path."""
    path = folder / f"{page.name.removesuffix('.md').replace('/', '_').replace('-', '_').lower()}.py"
    path.write_text(page.program, encoding="utf-8")
    return path


def test_programs_pass_mypy(tmp_path: Path) -> None:
    """mypy, strict, accepts the programs that use the packages of this project."""
    files = [str(write(tmp_path, page)) for page in PROGRAMS if page not in PROJECTS]
    command = [sys.executable, "-m", "mypy", "--config-file", str(ROOT / "pyproject.toml"), *files]
    done = subprocess.run(command, cwd=ROOT, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


@pytest.mark.parametrize("page", [page for page in PROJECTS if page in PROGRAMS], ids=by_name)
def test_programs_of_projects_pass_mypy(page: Page, build: Build, tmp_path: Path) -> None:
    """So do those that generate packages of their own."""
    folder = build(page)
    environment = page.environment(folder) | {"MYPYPATH": os.pathsep.join(map(str, page.path_in(folder)))}
    command = [sys.executable, "-m", "mypy", "--strict", "--config-file=", str(write(tmp_path, page))]
    done = subprocess.run(command, cwd=folder, env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_programs_pass_basedpyright(build: Build, tmp_path: Path) -> None:
    """basedpyright, strict, accepts all programs."""
    environments: list[dict[str, object]] = []
    for page in PROGRAMS:
        folder = tmp_path / page.path.stem
        folder.mkdir()
        write(folder, page)
        project = build(page)
        paths = [str(path) for path in page.path_in(project)]
        # Generated modules import others too, by the same paths.
        environments += [{"root": str(root), "extraPaths": paths} for root in (folder, project)]
    configuration = {"typeCheckingMode": "strict", "include": [str(tmp_path)], "executionEnvironments": environments}
    (tmp_path / "pyrightconfig.json").write_text(json.dumps(configuration), encoding="utf-8")
    command = [sys.executable, "-m", "basedpyright", "--pythonpath", sys.executable, "--level", "error"]
    done = subprocess.run([*command, "--project", str(tmp_path)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
