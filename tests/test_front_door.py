"""The front door: the public modules, what they load, and that documentation and code list the same names."""

from __future__ import annotations

import ast
import importlib
import re
import subprocess
import sys
from pathlib import Path

import pytest

from tablewright.lazy_names import EXTRA

ROOT = Path(__file__).parents[1]
MODULES = ["tablewright", "tablewright.codegen", "tablewright.errors", "tablewright.testing"]
SPECS = [name for name in importlib.import_module("tablewright").__all__ if name.endswith("Spec")]


def python(program: str) -> str:
    """Run *program* with source and output on its path. Return its standard output."""
    paths = {"PYTHONPATH": f"{ROOT / 'codegen'}:{ROOT / 'generated'}"}
    done = subprocess.run([sys.executable, "-c", program], env=paths, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    return done.stdout


def source(module: str) -> ast.Module:
    """Return the syntax tree of *module*."""
    path = importlib.import_module(module).__file__
    assert path is not None
    return ast.parse(Path(path).read_text(encoding="utf-8"))


def documented(module: str) -> set[str]:
    """Return the names in the first column of *module*'s table in the reference."""
    text = (ROOT / "docs/reference/api.md").read_text(encoding="utf-8")
    section = text.split(f"## `{module}`\n")[1].split("\n## ")[0]
    cells = re.findall(r"^\| (`.*?) \|", section, re.MULTILINE)
    return {name for cell in cells for name in re.findall(r"`(\w+)`", cell)}


@pytest.mark.parametrize("module", MODULES)
def test_the_reference_names_everything(module: str) -> None:
    """`__all__` of a public module is sorted and equals the names in its table in docs/reference/api.md."""
    names = importlib.import_module(module).__all__
    assert names == sorted(names)
    assert set(names) == documented(module)


@pytest.mark.parametrize("module", MODULES[:3])
def test_each_name_has_one_module(module: str) -> None:
    """The imports for type checkers, the table for run time and `__all__` have the same names and modules."""
    public = importlib.import_module(module)
    (block,) = [node for node in source(module).body if isinstance(node, ast.If)]
    checked = {
        alias.name: node.module for node in block.body if isinstance(node, ast.ImportFrom) for alias in node.names
    }
    assert checked == public._MODULES
    assert sorted(checked) == public.__all__


@pytest.mark.parametrize("module", MODULES)
def test_every_name_loads(module: str) -> None:
    """Each public name can be imported and is listed by `dir`."""
    public = importlib.import_module(module)
    assert [name for name in public.__all__ if getattr(public, name) is None] == []
    assert set(public.__all__) <= set(dir(public))


def test_a_misspelt_name_has_a_suggestion() -> None:
    """An unknown name is an `AttributeError` that suggests the nearest one."""
    with pytest.raises(
        AttributeError, match=r"module 'tablewright' has no attribute 'Databse'. Did you mean 'Database'"
    ):
        _ = importlib.import_module("tablewright").Databse


@pytest.mark.parametrize("module", MODULES[:3])
def test_a_public_module_loads_no_library(module: str) -> None:
    """Importing a public module loads no library, and only those modules of tablewright that an inversion needs."""
    loaded = python(f"import sys, {module}; print(*sys.modules)").split()
    assert {"sqlalchemy", "msgspec", "pydantic", "yaml", "jinja2"} & set(loaded) == set()
    assert {name for name in loaded if name.startswith("tablewright")} == {
        "tablewright",
        "tablewright.schema",
        "tablewright.schema.table_definer",
        module,
    }


def test_names_for_run_time_need_no_extra() -> None:
    """Every name for run time, and every exception of databases, can be imported without pydantic."""
    names = [name for name in importlib.import_module("tablewright").__all__ if name not in SPECS]
    block = "import sys; sys.modules.update(dict.fromkeys(['pydantic', 'yaml', 'jinja2', 'typer']))\n"
    python(
        f"{block}from tablewright import {', '.join(names)}\nfrom tablewright.errors import NotFoundError, SpecError"
    )


@pytest.mark.parametrize("name", SPECS)
def test_specs_name_the_extra(name: str) -> None:
    """Without pydantic, importing a spec class raises an error of one sentence that names the extra to install."""
    block = "import sys; sys.modules['pydantic'] = None\n"
    program = f"{block}try:\n    from tablewright import {name}\nexcept ImportError as error:\n    print(error)"
    assert python(program) == f"tablewright.{name} needs pydantic, which is not installed: run {EXTRA}.\n"


@pytest.mark.parametrize("package", ["bookstore", "observatory"])
def test_a_package_can_be_imported_whole(package: str) -> None:
    """`from bookstore import *` imports exactly the names in `__all__`, which equal those of `dir`."""
    program = f"""
from {package} import *
names = set(globals()) - {{"__annotations__"}}
import {package}
public = {{name for name in names if not name.startswith("_")}}
assert public == set({package}.__all__), public ^ set({package}.__all__)
assert public <= set(dir({package}))
assert Database.__module__ == "{package}.session"
"""
    python(program)


def test_users_code_imports_by_the_front_door() -> None:
    """Documents, specs and the demonstration import only the public modules of tablewright."""
    files = [
        *ROOT.glob("*.md"),
        *(ROOT / "docs").rglob("*.md"),
        *(ROOT / "specs").rglob("*.*"),
        *(ROOT / "tests/demo").iterdir(),
    ]
    inner = re.compile(r"(?:from|import) (tablewright\.[\w.]+)")
    imported = {name for file in files for name in inner.findall(file.read_text(encoding="utf-8"))}
    assert imported <= set(MODULES)
