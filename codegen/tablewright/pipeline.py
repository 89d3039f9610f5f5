"""The whole pipeline, top to bottom: load, lint, resolve, plan, render, format, compile, write, type-check.

The build cache lets a run skip each step whose inputs are unchanged since an earlier run.
"""

from __future__ import annotations

import difflib
import importlib
import os
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Literal, Protocol, TypeAlias

from tablewright.analysis.analysis import Analysis, analyze, has_errors
from tablewright.build import build
from tablewright.build.typecheck import TypeCheckError, check_types, sees_only_libraries
from tablewright.build.typecheck_cache import is_clean, record_clean
from tablewright.build.write import Changes, compare, matches, publish
from tablewright.cache.cache import BuildCache
from tablewright.cache.fingerprint import digest, environment_fingerprint
from tablewright.settings import Settings
from tablewright.spec.diagnostic import Diagnostic

Stage: TypeAlias = Literal["load", "render", "format", "compile", "write", "type-check"]


class SchemaChoiceError(Exception):
    """A requested schema does not exist, or two schemas would generate one package."""


class GeneratorBugError(Exception):
    """The generated source is not valid Python: a defect of the generator."""


class Progress(Protocol):
    """A function that is called as each step begins; *subject* is a schema, or empty for all of them."""

    def __call__(self, stage: Stage, subject: str, /) -> None: ...


@dataclass(frozen=True)
class Package:
    """A generated package, and the changes to its files."""

    name: str
    folder: Path
    changes: Changes


@dataclass(frozen=True)
class Outcome:
    """The result of a run."""

    diagnostics: tuple[Diagnostic, ...] = ()
    packages: tuple[Package, ...] = ()
    type_errors: tuple[TypeCheckError, ...] = ()
    checked: bool = False
    """Whether packages were compared rather than written."""

    @property
    def clean(self) -> bool:
        """Whether nothing has to be fixed: no error, no type error, and in a comparison no difference."""
        differs = self.checked and any(package.changes for package in self.packages)
        return not (has_errors(self.diagnostics) or self.type_errors or differs)


def generate(
    settings: Settings,
    names: Sequence[str] = (),
    *,
    check: bool = False,
    typecheck: bool = True,
    cache: bool = True,
    progress: Progress | None = None,
) -> Outcome:
    """Generate the packages of the schemas *names*, or of all schemas; with *check*, only compare them.

    Nothing is written before everything is rendered. Without *cache*, no results of earlier runs are used or stored.
    Raise `SchemaChoiceError`, `GeneratorBugError`, or an error of writing (`OutputRefusedError`,
    `OutputFailedError`), formatting or type-checking.
    """
    report = progress or _silent
    build_cache = BuildCache(settings.root, used=cache)
    analyses = understand(settings, names, build_cache, report)
    diagnostics = _diagnostics(analyses)
    if has_errors(diagnostics):
        return Outcome(diagnostics=tuple(diagnostics), checked=check)

    built = build.find_up_to_date(_distinct(analyses), settings, build_cache)
    outdated = [analysis for analysis in analyses if analysis.package not in built]
    builds = _build(outdated, settings, build_cache, report)
    texts = _finish(builds, report)
    packages: list[Package] = []
    for analysis in analyses:
        name, folder = analysis.package, settings.output / analysis.package
        report("write", name)
        if name in built:
            changes = Changes(unchanged=tuple(sorted(built[name])))
        else:
            changes = (compare if check else publish)(folder, texts[name])
            built[name] = build.record(analysis, texts[name], builds[name].inputs, settings, build_cache)
        packages.append(Package(name, folder, changes))
    if builds:
        # The program may import what it generated: Python must not use its cached folder listings.
        importlib.invalidate_caches()

    type_errors: list[TypeCheckError] = []
    if typecheck and not check:
        report("type-check", "")
        type_errors = _check_types(analyses, built, settings, build_cache)
    return Outcome(tuple(diagnostics), tuple(packages), tuple(type_errors), check)


def lint(
    settings: Settings, names: Sequence[str] = (), *, cache: bool = True, progress: Progress | None = None
) -> list[Diagnostic]:
    """Return every diagnostic of the schemas *names*, or of all; raise `SchemaChoiceError` for an unknown name."""
    return _diagnostics(understand(settings, names, BuildCache(settings.root, used=cache), progress or _silent))


def understand(settings: Settings, names: Sequence[str], build_cache: BuildCache, progress: Progress) -> list[Analysis]:
    """Analyse the specs of each schema. Return its definition and its diagnostics."""
    analyses: list[Analysis] = []
    for folder in find_schemas(settings, names):
        progress("load", folder.name)
        analyses.append(analyze(folder, settings, build_cache))
    return analyses


def find_schemas(settings: Settings, names: Sequence[str] = ()) -> list[Path]:
    """Return the folders of the schemas *names*, or of all; raise `SchemaChoiceError` if there is none."""
    if not settings.specs.is_dir():
        raise SchemaChoiceError(
            f"{settings.specs}: error[settings]: the folder does not exist; "
            "create it, with one folder for each schema, or set 'specs' in [tool.tablewright]."
        )
    folders = {folder.name: folder for folder in sorted(settings.specs.iterdir()) if _may_be_schema(folder)}
    existing = [name for name, folder in folders.items() if _has_specs(folder)]
    if not names and not existing:
        raise SchemaChoiceError(
            f"{settings.specs}: error[settings]: no schema found; write one to {settings.specs.name}/NAME/schema.yaml."
        )
    for name in names:
        if name not in folders:
            near = difflib.get_close_matches(name, existing, n=1)
            hint = f"did you mean '{near[0]}'?" if near else f"the schemas are {', '.join(existing) or 'missing'}."
            raise SchemaChoiceError(f"{settings.specs}: error[settings]: no schema '{name}'; {hint}")
    return [folders[name] for name in dict.fromkeys(names or existing)]


def _diagnostics(analyses: Sequence[Analysis]) -> list[Diagnostic]:
    return [diagnostic for analysis in analyses for diagnostic in analysis.diagnostics]


def _distinct(analyses: Sequence[Analysis]) -> Sequence[Analysis]:
    """Return the *analyses*; raise `SchemaChoiceError` if two have the same package."""
    seen: set[str] = set()
    for analysis in analyses:
        if analysis.package in seen:
            raise SchemaChoiceError(
                f"{analysis.folder}: error[settings]: another folder also generates the package '{analysis.package}'."
            )
        seen.add(analysis.package)
    return analyses


def _may_be_schema(folder: Path) -> bool:
    return folder.is_dir() and not folder.name.startswith((".", "_"))


def _has_specs(folder: Path) -> bool:
    return any(file.suffix in (".yaml", ".yml", ".py") for file in folder.iterdir())


def _build(
    analyses: Sequence[Analysis], settings: Settings, build_cache: BuildCache, progress: Progress
) -> dict[str, build.PackageBuild]:
    """Plan and render packages. Return them by name."""
    builds: dict[str, build.PackageBuild] = {}
    for analysis in analyses:
        progress("render", analysis.package)
        builds[analysis.package] = build.build_package(analysis, settings, build_cache)
    return builds


def _finish(builds: Mapping[str, build.PackageBuild], progress: Progress) -> dict[str, dict[str, str]]:
    """Format all files together and check that they compile. Return them by package and path."""
    packages = {name: dict(item.reused) for name, item in builds.items()}
    texts = {f"{name}/{path}": text for name, item in builds.items() for path, text in item.rendered.items()}
    if not texts:
        return packages
    from tablewright.render.ruff import laid_out
    from tablewright.render.ruff_check import find_faults
    from tablewright.render.ruff_format import format_files

    with laid_out(texts) as scratch:
        progress("format", "")
        texts = format_files(scratch)
        progress("compile", "")
        faults = find_faults(scratch)
    if faults:
        raise GeneratorBugError(f"the generated source is not valid:\n{faults}")
    for path, text in texts.items():
        package, _, name = path.partition("/")
        packages[package][name] = text
    return packages


def _check_types(
    analyses: Sequence[Analysis], built: Mapping[str, Mapping[str, str]], settings: Settings, build_cache: BuildCache
) -> list[TypeCheckError]:
    """Type-check the packages unless an earlier check of the same inputs was clean. Return the errors."""
    key = _typecheck_key(analyses, built, settings, build_cache)
    if key is not None and is_clean(settings.output, key, build_cache):
        return []
    errors = check_types(settings.output, list(built), root=settings.root, targets=settings.targets)
    # Only if nothing was edited while mypy was reading it.
    same = all(matches(settings.output / name, files) for name, files in built.items())
    if key is not None and not errors and same and key == _typecheck_key(analyses, built, settings, build_cache):
        record_clean(settings.output, key, build_cache)
    return errors


def _typecheck_key(
    analyses: Sequence[Analysis], built: Mapping[str, Mapping[str, str]], settings: Settings, build_cache: BuildCache
) -> str | None:
    """Return a digest of everything that mypy reads; None if that may include modules of the project."""
    uses_modules = settings.base is not None or any(analysis.key is None for analysis in analyses)
    if uses_modules or build_cache.generator is None or not sees_only_libraries(settings.output, settings.root):
        return None
    parts = [build_cache.generator, environment_fingerprint()]
    parts += [os.environ.get("MYPYPATH", ""), ",".join(settings.targets)]
    for name, files in built.items():
        parts += [name, *(part for item in sorted(files.items()) for part in item)]
    return digest(*parts)


def _silent(_stage: Stage, _subject: str, /) -> None:
    """Ignore the progress of a run."""
