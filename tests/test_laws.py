"""The laws of the house: the direction of imports, the content of output, and the names of files."""

from __future__ import annotations

import ast
import functools
import os
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

import grimp
import pytest

ROOT = Path(__file__).parent.parent
SOURCE = ROOT / "codegen" / "tablewright"
GENERATED = ROOT / "generated"

PACKAGES = sorted(path.parent.name for path in GENERATED.glob("*/__init__.py"))
WRITTEN_BY_HAND = sorted([*SOURCE.rglob("*.py"), *(ROOT / "tests").rglob("*.py")])
OUTPUT = sorted(GENERATED.rglob("*.py"))


def named(path: Path) -> str:
    """Return the name of a test case: the path from the root of the project."""
    return path.relative_to(ROOT).as_posix()


def parse(path: Path) -> ast.Module:
    """Return the syntax tree of the file at *path*."""
    return ast.parse(path.read_text(encoding="utf-8"))


def run(*command: str) -> subprocess.CompletedProcess[str]:
    """Run Python with *command* at the root of the project, where source and output can be imported."""
    paths = os.pathsep.join([str(ROOT / "codegen"), str(GENERATED)])
    return subprocess.run(
        [sys.executable, *command],
        cwd=ROOT,
        env=os.environ | {"PYTHONPATH": paths},
        capture_output=True,
        text=True,
        check=False,
    )


# Law 1. The comments in pyproject.toml give the reason for each contract.


def test_imports_point_one_way() -> None:
    """Every import contract of pyproject.toml is kept: layers, no circles, and the libraries of each module."""
    ran = run("-c", "from importlinter.cli import lint_imports_command as run; run()", "--no-cache", "--no-logo")
    assert ran.returncode == 0, ran.stdout + ran.stderr
    assert "0 broken" in ran.stdout


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=named)
def test_imports_are_absolute(path: Path) -> None:
    """A module uses absolute imports, so that a search finds every import."""
    assert [node for node in ast.walk(parse(path)) if isinstance(node, ast.ImportFrom) and node.level] == []


def runtime_box(module: str) -> str:
    """Return the file or folder of the run time that contains *module*."""
    return ".".join(module.split(".")[:3])


def test_the_size_of_the_run_time() -> None:
    """The run time has 19 boxes (files and folders) on 13 floors, with 81 arrows at most, and no arrow points up."""
    root = "tablewright.runtime"
    graph = grimp.build_graph("tablewright")
    boxes = graph.find_children(root)
    arrows = {
        (runtime_box(module), runtime_box(imported))
        for module in graph.find_descendants(root)
        for imported in graph.find_modules_directly_imported_by(module)
        if imported.startswith(f"{root}.") and runtime_box(module) != runtime_box(imported)
    }

    @functools.cache
    def floor(box: str) -> int:
        return 1 + max((floor(below) for above, below in arrows if above == box), default=0)

    assert len(boxes) == 19
    assert max(map(floor, boxes)) == 13
    assert len(arrows) <= 81


NAMES_MODULES = {
    "__init__.py": "the front door: the modules of the public names, each loaded on first use",
    "codegen.py": "the front door: the modules of the public names, each loaded on first use",
    "errors.py": "the front door: the modules of the public names, each loaded on first use",
    "lazy_names.py": "the front door: which rooms an installation without extras has",
    "plan/core_table.py": "generated code imports the run time",
    "plan/opaque.py": "generated code imports the run time",
    "plan/spelling.py": "generated code imports the run time",
    "plan/table.py": "generated code imports the run time",
    "render/package.py": "Jinja2 finds its templates by the name of their package",
    "runtime/engine/sqlite.py": "SQLAlchemy loads dialects by name, when an engine is created",
    "spec/models_node.py": "compares the name of a calling module, and imports nothing",
}
"""The modules with a string that names another module of tablewright, and the reason."""
COMPUTED_IMPORTS = {
    "lazy_names.py": "the front door: loads the module of a public name",
    "cache/fingerprint.py": "finds the files of the libraries that the output depends on",
    "runtime/package.py": "loads the modules of a generated package when they are used",
    "schema/build.py": "loads the user's codecs",
    "schema/python_types.py": "loads the user's types",
}
"""The modules that import or look for a module with a computed name, and the reason."""


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=named)
def test_no_import_is_a_string(path: Path) -> None:
    """No module imports another module of tablewright by a string, which import contracts cannot see."""
    nodes = list(ast.walk(parse(path)))
    strings = [node.value for node in nodes if isinstance(node, ast.Constant) and isinstance(node.value, str)]
    modules = [text for text in strings if text.startswith("tablewright.") and is_module(text)]
    calls = [node for node in nodes if isinstance(node, ast.Call)]
    imports = [call for call in calls if ast.unparse(call.func).split(".")[-1] in IMPORTING]
    computed = [call for call in imports if not isinstance(call.args[0], ast.Constant)]
    name = path.relative_to(SOURCE).as_posix()
    assert bool(modules) == (name in NAMES_MODULES), modules
    assert bool(computed) == (name in COMPUTED_IMPORTS), [ast.unparse(call) for call in computed]


IMPORTING = {"__import__", "find_spec", "import_module"}


def is_module(name: str) -> bool:
    """Return True if *name* is the dotted name of a module or folder of tablewright."""
    path = SOURCE.joinpath(*name.split(".")[1:])
    return path.is_dir() or path.with_suffix(".py").is_file()


# Law 2. An application loads only what it needs; it runs without the libraries of the generator.

TOO_HEAVY = (
    "alembic",
    "greenlet",
    "jinja2",
    "pydantic",
    "pydantic_core",
    "rich",
    "sqlalchemy.ext.asyncio",
    "typer",
    "yaml",
)
LOAD = """
import importlib, pkgutil, sys
package = importlib.import_module(sys.argv[1])
for module in pkgutil.walk_packages(package.__path__, package.__name__ + "."):
    if module.name.rpartition(".")[2] not in ("asyncio", "testing"):
        importlib.import_module(module.name)
[getattr(package, name) for name in dir(package)]
print(*sorted(sys.modules))
"""


@pytest.mark.parametrize("package", PACKAGES)
def test_a_package_loads_no_generator(package: str) -> None:
    """The whole sync half of a generated package loads no library of the generator, and nothing async."""
    ran = run("-c", LOAD, package)
    assert ran.returncode == 0, ran.stderr
    loaded = ran.stdout.split()
    assert f"{package}.session" in loaded
    assert [name for name in TOO_HEAVY if name in loaded] == []
    rooms = {name.split(".")[1] for name in loaded if name.startswith("tablewright.")}
    assert rooms == {"runtime", "schema"}


# Law 3. Rows cost per table: an application with a thousand tables loads only the tables it uses.


@pytest.mark.parametrize("path", [path for path in OUTPUT if path.parent.name == "tables"], ids=named)
def test_a_table_module_imports_no_other(path: Path) -> None:
    """A generated table module imports only the schema and the enums of its package."""
    own = [node.module for node in ast.walk(parse(path)) if isinstance(node, ast.ImportFrom) and node.level]
    assert set(own) <= {"schema", "enums"}


@pytest.mark.parametrize("path", [path for path in OUTPUT if path.parent.name == "opaque"], ids=named)
def test_an_opaque_module_has_no_metadata(path: Path) -> None:
    """A generated opaque module has no part of the package's metadata, and the manager loads no storage."""
    tree = parse(path)
    checked = {id(node) for block in type_checking_blocks(tree) for node in ast.walk(block)}
    imports = [node for node in ast.walk(tree) if isinstance(node, ast.ImportFrom) and node.level]
    assert "metadata" not in {alias.name for node in imports for alias in node.names}
    own = {node.module for node in imports if node.level == 1 and id(node) not in checked}
    assert not own or path.name != "_manager.py"


@pytest.mark.parametrize("path", [path for path in OUTPUT if path.parent.name == "entities"], ids=named)
def test_an_entity_module_imports_no_other(path: Path) -> None:
    """A generated entity module imports other entities for the type checker only, so import order does not matter."""
    tree = parse(path)
    checked = {id(node) for block in type_checking_blocks(tree) for node in ast.walk(block)}
    own = [
        node.module
        for node in ast.walk(tree)
        if isinstance(node, ast.ImportFrom) and node.level == 1 and id(node) not in checked
    ]
    assert set(own) <= {"_base"} or path.name == "__init__.py"


def type_checking_blocks(tree: ast.AST) -> Iterator[ast.If]:
    """Yield the `if TYPE_CHECKING` blocks of a syntax tree."""
    for node in ast.walk(tree):
        if isinstance(node, ast.If) and "TYPE_CHECKING" in ast.unparse(node.test):
            yield node


# Law 4. A vague module name attracts unrelated code, and a file of more than a few screens is two things.

MEANINGLESS = {"base", "common", "core", "data", "helper", "helpers", "info", "misc", "util", "utils"}


@pytest.mark.parametrize("path", WRITTEN_BY_HAND, ids=named)
def test_names_and_lengths_of_files(path: Path) -> None:
    """No file is longer than 450 lines, and no module or folder has a vague name."""
    # The aim is 400 lines; a class that is one thing is not split for the last 50.
    assert len(path.read_text(encoding="utf-8").splitlines()) <= 450
    assert not MEANINGLESS & {path.stem.strip("_"), *path.relative_to(ROOT).parts[:-1]}


PUBLIC_INITS = {
    "codegen/tablewright/__init__.py",  # the public names, and what is above every room: schema/table_definer.py
    "codegen/tablewright/schema/types/__init__.py",  # generated code writes `types.String(13)`, whichever file has it
}


@pytest.mark.parametrize("path", sorted(SOURCE.rglob("*.py")), ids=named)
def test_a_module_has_one_line_about_itself(path: Path) -> None:
    """A module begins with one line that describes it; a folder's `__init__.py` contains that line only."""
    tree = parse(path)
    docstring = ast.get_docstring(tree)
    assert docstring
    assert "\n" not in docstring.split("\n\n")[0]
    if path.name == "__init__.py":
        assert len(tree.body) == 1 or named(path) in PUBLIC_INITS
    else:
        assert "from __future__ import annotations" in ast.unparse(tree)


@pytest.mark.parametrize("path", sorted((ROOT / "tests").rglob("test_*.py")), ids=named)
def test_every_test_states_its_behaviour(path: Path) -> None:
    """Every test has a docstring that states the behaviour."""
    tests = [node for node in ast.walk(parse(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef)]
    assert [test.name for test in tests if test.name.startswith("test_") and not ast.get_docstring(test)] == []


# Law 5. A failed run changes no file: everything is rendered in memory, and one module writes.

WRITES = {"write_text", "write_bytes", "mkdir", "unlink", "rename", "replace", "rmdir", "rmtree", "touch", "makedirs"}
WRITERS = {
    "build/write.py",
    "cache/store.py",  # a folder of its own, which can be deleted at any time
    "render/ruff.py",  # a folder for ruff, in the system's temporary folder
}


@pytest.mark.parametrize(
    "path",
    [path for path in sorted(SOURCE.rglob("*.py")) if not path.is_relative_to(SOURCE / "runtime")],
    ids=named,
)
def test_only_one_module_writes_files(path: Path) -> None:
    """In the generator, only `write` changes a file or a folder."""
    calls = [node.func for node in ast.walk(parse(path)) if isinstance(node, ast.Call)]
    methods = {call.attr for call in calls if isinstance(call, ast.Attribute) and not on_text(call)}
    writes = methods & WRITES or {"open"} & {call.id for call in calls if isinstance(call, ast.Name)}
    assert not writes or path.relative_to(SOURCE).as_posix() in WRITERS


def on_text(call: ast.Attribute) -> bool:
    """Return True if a method is `str.replace` or `dataclasses.replace`, which change no file."""
    return call.attr == "replace"


# Law 6. Thin output, thick run time: a diff of the output reads like a diff of the schema.

DECISIONS = (
    ast.For, ast.AsyncFor, ast.While, ast.Try, ast.Match, ast.IfExp, ast.Raise, ast.Lambda,
    ast.ListComp, ast.SetComp, ast.DictComp, ast.GeneratorExp,
)  # fmt: skip


@pytest.mark.parametrize("path", OUTPUT, ids=named)
def test_output_has_no_logic(path: Path) -> None:
    """A generated file has no loop, no branch except on `TYPE_CHECKING`, and no function of more than one statement."""
    tree = parse(path)
    assert [ast.unparse(node) for node in ast.walk(tree) if isinstance(node, DECISIONS)] == []
    branches = [node for node in ast.walk(tree) if isinstance(node, ast.If)]
    assert [ast.unparse(node.test) for node in branches if ast.unparse(node.test) != "TYPE_CHECKING"] == []
    for function in [node for node in ast.walk(tree) if isinstance(node, ast.FunctionDef)]:
        documented = ast.get_docstring(function) is not None
        assert len(function.body) - documented <= 1, function.name


@pytest.mark.parametrize("path", OUTPUT, ids=named)
def test_output_names_its_spec(path: Path) -> None:
    """The first line of a generated file names its spec, which exists."""
    first = path.read_text(encoding="utf-8").split("\n", 1)[0]
    source = first.removeprefix("# Generated by tablewright from ").removesuffix(". Do not edit.")
    assert source != first
    assert (ROOT / source).exists()


CONTRACT = {
    *(
        f"tablewright.runtime.{name}"
        for name in ("database", "errors", "package", "row", "session", "table", "testing")
    ),
    "tablewright.runtime.opaque.generated",
    "tablewright.runtime.opaque.storage",
    "tablewright.schema.range",
    "tablewright.schema.tables",
    "tablewright.schema.types",
}
"""The modules that generated code may import: what they offer it is what `INTERFACE` numbers."""


@pytest.mark.parametrize("path", OUTPUT, ids=named)
def test_output_imports_the_contract(path: Path) -> None:
    """A generated file imports from tablewright only the modules of `CONTRACT`; all else can be moved freely."""
    imports = [node for node in ast.walk(parse(path)) if isinstance(node, ast.ImportFrom) and not node.level]
    modules = {
        name
        for node in imports
        if node.module is not None and node.module.startswith("tablewright")
        for name in (
            [f"{node.module}.{alias.name}" for alias in node.names]
            if node.module == "tablewright.schema"
            else [node.module]
        )
    }
    assert modules <= CONTRACT
