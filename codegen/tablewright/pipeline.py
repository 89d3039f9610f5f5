"""The whole story, top to bottom: load, judge, resolve, plan, render, format, compile, write, type-check."""

from __future__ import annotations

import difflib
import os
import sys
from collections.abc import Generator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path, PurePath
from typing import Literal, Protocol, TypeAlias

from tablewright.plan.package import plan_package
from tablewright.render.package import render_package
from tablewright.render.ruff_check import faults
from tablewright.render.ruff_format import format_files
from tablewright.rules.judge import judge
from tablewright.schema.definition import Schema
from tablewright.settings import Settings
from tablewright.spec.load import load_catalog
from tablewright.spec.problem import Problem
from tablewright.spec.resolve import resolve
from tablewright.typecheck import Finding, check_types
from tablewright.write import Changes, compare, publish

Stage: TypeAlias = Literal["load", "render", "format", "compile", "write", "type-check"]


class SchemaChoiceError(Exception):
    """The schemas asked for are absent, or two of them would be one package."""


class GeneratorBugError(Exception):
    """The generator made something that cannot be right; the message says what."""


class Progress(Protocol):
    """What is told of every step as it begins; *subject* is a schema, or empty for all of them."""

    def __call__(self, stage: Stage, subject: str, /) -> None: ...


@dataclass(frozen=True)
class Package:
    """What became of one package."""

    name: str
    folder: Path
    changes: Changes


@dataclass(frozen=True)
class Outcome:
    """What a run found and did."""

    problems: tuple[Problem, ...] = ()
    packages: tuple[Package, ...] = ()
    findings: tuple[Finding, ...] = ()
    checked: bool = False
    """Whether packages were compared rather than written."""

    @property
    def clean(self) -> bool:
        """Whether nothing is left to mend: no error, no type error, and in a comparison no difference."""
        differs = self.checked and any(package.changes for package in self.packages)
        return not (has_errors(self.problems) or self.findings or differs)


def generate(
    settings: Settings,
    names: Sequence[str] = (),
    *,
    check: bool = False,
    typecheck: bool = True,
    progress: Progress | None = None,
) -> Outcome:
    """Generates the packages of the schemas *names*, of all when empty; with *check*, only compares them.

    Nothing is written before everything is rendered. Errors are `SchemaChoiceError`, `GeneratorBugError`
    and those of writing (`OutputRefusedError`, `OutputFailedError`), formatting and type-checking.
    """
    tell = progress or _silent
    schemas, problems = understand(settings, names, tell)
    if has_errors(problems):
        return Outcome(problems=tuple(problems), checked=check)

    put = compare if check else publish
    packages: list[Package] = []
    for name, files in _render(schemas, settings, tell).items():
        tell("write", name)
        packages.append(Package(name, settings.output / name, put(settings.output / name, files)))

    findings: list[Finding] = []
    if typecheck and not check:
        tell("type-check", "")
        written = [package.name for package in packages]
        findings = check_types(settings.output, written, root=settings.root, targets=settings.targets)
    return Outcome(tuple(problems), tuple(packages), tuple(findings), check)


def lint(settings: Settings, names: Sequence[str] = (), *, progress: Progress | None = None) -> list[Problem]:
    """Every problem of the schemas *names*, of all when empty; `SchemaChoiceError` for a name that is none."""
    return understand(settings, names, progress or _silent)[1]


def understand(
    settings: Settings, names: Sequence[str], progress: Progress
) -> tuple[dict[Path, Schema], list[Problem]]:
    """The resolved schemas that have no error, by folder, and every problem of all of them."""
    schemas: dict[Path, Schema] = {}
    problems: list[Problem] = []
    folders = find_schemas(settings, names)
    with _importable(settings.root):
        for folder in folders:
            progress("load", folder.name)
            catalog = load_catalog(folder, root=settings.root)
            found = judge(catalog, settings.dialects)
            problems += found
            if not has_errors(found):
                schemas[folder] = resolve(catalog)
    return schemas, problems


def find_schemas(settings: Settings, names: Sequence[str] = ()) -> list[Path]:
    """The folders of the schemas *names*, of all when empty; `SchemaChoiceError` if there is none."""
    if not settings.specs.is_dir():
        raise SchemaChoiceError(
            f"{settings.specs}: error[settings]: there is no such folder; "
            "make it, with one folder a schema, or set 'specs' in [tool.tablewright]."
        )
    folders = {folder.name: folder for folder in sorted(settings.specs.iterdir()) if _may_be_schema(folder)}
    known = [name for name, folder in folders.items() if _has_specs(folder)]
    if not names and not known:
        raise SchemaChoiceError(
            f"{settings.specs}: error[settings]: no schema here; write one to {settings.specs.name}/NAME/schema.yaml."
        )
    for name in names:
        if name not in folders:
            near = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"there are {', '.join(known) or 'none'}."
            raise SchemaChoiceError(f"{settings.specs}: error[settings]: no schema '{name}'; {hint}")
    return [folders[name] for name in dict.fromkeys(names or known)]


def has_errors(problems: Sequence[Problem]) -> bool:
    """Whether any of *problems* is more than a warning."""
    return any(problem.severity == "error" for problem in problems)


@contextmanager
def _importable(root: Path) -> Generator[None, None, None]:
    # A spec may name types of the project's own modules, to which defaults have to be converted.
    sys.path.insert(0, str(root))
    try:
        yield
    finally:
        sys.path.remove(str(root))


def _may_be_schema(folder: Path) -> bool:
    return folder.is_dir() and not folder.name.startswith((".", "_"))


def _has_specs(folder: Path) -> bool:
    return any(file.suffix in (".yaml", ".yml", ".py") for file in folder.iterdir())


def _render(schemas: Mapping[Path, Schema], settings: Settings, progress: Progress) -> dict[str, dict[str, str]]:
    """The files of every package, by package and path; formatted together, and known to compile."""
    packages: dict[str, dict[str, str]] = {}
    texts: dict[str, str] = {}
    for folder, schema in schemas.items():
        if schema.name in packages:
            raise SchemaChoiceError(f"{folder}: error[settings]: another folder makes the package '{schema.name}' too.")
        packages[schema.name] = {}
        progress("render", schema.name)
        source = PurePath(os.path.relpath(folder, settings.root)).as_posix()
        rendered = render_package(plan_package(schema, source=source, base=settings.base))
        texts |= {f"{schema.name}/{path}": text for path, text in rendered.items()}
    progress("format", "")
    texts = format_files(texts)
    progress("compile", "")
    _compile(texts)
    for path, text in texts.items():
        package, _, name = path.partition("/")
        packages[package][name] = text
    return packages


def _compile(texts: Mapping[str, str]) -> None:
    found = faults(texts)
    if found:
        raise GeneratorBugError(f"the generated text is not right:\n{found}")


def _silent(_stage: Stage, _subject: str, /) -> None:
    """The progress of a run that nobody watches."""
