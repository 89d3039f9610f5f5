"""The whole story, top to bottom: load, judge, resolve, plan, render, format, compile, write, type-check.

What an earlier run did is not done again: the ledger remembers it, and no step asks it without knowing that
nothing has changed from which its part came.
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
from tablewright.build.typecheck import Finding, check_types, sees_only_libraries
from tablewright.build.typecheck_cache import is_clean, remember_clean
from tablewright.build.write import Changes, compare, holds, publish
from tablewright.cache.cache import Ledger
from tablewright.cache.fingerprint import digest, environment_stamp
from tablewright.settings import Settings
from tablewright.spec.diagnostic import Diagnostic

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

    diagnostics: tuple[Diagnostic, ...] = ()
    packages: tuple[Package, ...] = ()
    findings: tuple[Finding, ...] = ()
    checked: bool = False
    """Whether packages were compared rather than written."""

    @property
    def clean(self) -> bool:
        """Whether nothing is left to mend: no error, no type error, and in a comparison no difference."""
        differs = self.checked and any(package.changes for package in self.packages)
        return not (has_errors(self.diagnostics) or self.findings or differs)


def generate(
    settings: Settings,
    names: Sequence[str] = (),
    *,
    check: bool = False,
    typecheck: bool = True,
    cache: bool = True,
    progress: Progress | None = None,
) -> Outcome:
    """Generates the packages of the schemas *names*, of all when empty; with *check*, only compares them.

    Nothing is written before everything is rendered. Without *cache*, nothing of earlier runs is used or kept.
    Errors are `SchemaChoiceError`, `GeneratorBugError` and those of writing (`OutputRefusedError`,
    `OutputFailedError`), formatting and type-checking.
    """
    tell = progress or _silent
    ledger = Ledger(settings.root, used=cache)
    analyses = understand(settings, names, ledger, tell)
    diagnostics = _diagnostics(analyses)
    if has_errors(diagnostics):
        return Outcome(diagnostics=tuple(diagnostics), checked=check)

    made = build.find_made(_distinct(analyses), settings, ledger)
    drafts = _draft([analysis for analysis in analyses if analysis.package not in made], settings, ledger, tell)
    texts = _finish(drafts, tell)
    packages: list[Package] = []
    for analysis in analyses:
        name, folder = analysis.package, settings.output / analysis.package
        tell("write", name)
        if name in made:
            changes = Changes(unchanged=tuple(sorted(made[name])))
        else:
            changes = (compare if check else publish)(folder, texts[name])
            made[name] = build.remember(analysis, texts[name], drafts[name].inputs, settings, ledger)
        packages.append(Package(name, folder, changes))
    if drafts:
        # A program that generates may import what it made: Python must not go by how its folders were before.
        importlib.invalidate_caches()

    findings: list[Finding] = []
    if typecheck and not check:
        tell("type-check", "")
        findings = _check_types(analyses, made, settings, ledger)
    return Outcome(tuple(diagnostics), tuple(packages), tuple(findings), check)


def lint(
    settings: Settings, names: Sequence[str] = (), *, cache: bool = True, progress: Progress | None = None
) -> list[Diagnostic]:
    """Every problem of the schemas *names*, of all when empty; `SchemaChoiceError` for a name that is none."""
    return _diagnostics(understand(settings, names, Ledger(settings.root, used=cache), progress or _silent))


def understand(settings: Settings, names: Sequence[str], ledger: Ledger, progress: Progress) -> list[Analysis]:
    """What the specs of each of the schemas mean, and every problem of theirs."""
    analyses: list[Analysis] = []
    for folder in find_schemas(settings, names):
        progress("load", folder.name)
        analyses.append(analyze(folder, settings, ledger))
    return analyses


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


def _diagnostics(analyses: Sequence[Analysis]) -> list[Diagnostic]:
    return [diagnostic for analysis in analyses for diagnostic in analysis.diagnostics]


def _distinct(analyses: Sequence[Analysis]) -> Sequence[Analysis]:
    """The *readings*, of which no two make the same package."""
    seen: set[str] = set()
    for analysis in analyses:
        if analysis.package in seen:
            raise SchemaChoiceError(
                f"{analysis.folder}: error[settings]: another folder makes the package '{analysis.package}' too."
            )
        seen.add(analysis.package)
    return analyses


def _may_be_schema(folder: Path) -> bool:
    return folder.is_dir() and not folder.name.startswith((".", "_"))


def _has_specs(folder: Path) -> bool:
    return any(file.suffix in (".yaml", ".yml", ".py") for file in folder.iterdir())


def _draft(
    analyses: Sequence[Analysis], settings: Settings, ledger: Ledger, progress: Progress
) -> dict[str, build.Draft]:
    """The packages by name, planned and rendered."""
    drafts: dict[str, build.Draft] = {}
    for analysis in analyses:
        progress("render", analysis.package)
        drafts[analysis.package] = build.draft(analysis, settings, ledger)
    return drafts


def _finish(drafts: Mapping[str, build.Draft], progress: Progress) -> dict[str, dict[str, str]]:
    """The files of every package, by package and path; formatted together, and known to compile."""
    packages = {name: dict(draft.finished) for name, draft in drafts.items()}
    texts = {f"{name}/{path}": text for name, draft in drafts.items() for path, text in draft.rendered.items()}
    if not texts:
        return packages
    from tablewright.render.ruff import laid_out
    from tablewright.render.ruff_check import faults
    from tablewright.render.ruff_format import format_files

    with laid_out(texts) as scratch:
        progress("format", "")
        texts = format_files(scratch)
        progress("compile", "")
        found = faults(scratch)
    if found:
        raise GeneratorBugError(f"the generated text is not right:\n{found}")
    for path, text in texts.items():
        package, _, name = path.partition("/")
        packages[package][name] = text
    return packages


def _check_types(
    analyses: Sequence[Analysis], made: Mapping[str, Mapping[str, str]], settings: Settings, ledger: Ledger
) -> list[Finding]:
    """What mypy finds in the packages; it is not asked again about what it found nothing in."""
    key = _seen_by_checker(analyses, made, settings, ledger)
    if key is not None and is_clean(settings.output, key, ledger):
        return []
    findings = check_types(settings.output, list(made), root=settings.root, targets=settings.targets)
    # Only if all is as it was: while mypy ran, someone may have edited what it was reading.
    same = all(holds(settings.output / name, files) for name, files in made.items())
    if key is not None and not findings and same and key == _seen_by_checker(analyses, made, settings, ledger):
        remember_clean(settings.output, key, ledger)
    return findings


def _seen_by_checker(
    analyses: Sequence[Analysis], made: Mapping[str, Mapping[str, str]], settings: Settings, ledger: Ledger
) -> str | None:
    """What stands for everything that mypy sees; `None` where modules of the project may be among it."""
    own = settings.base is not None or any(analysis.key is None for analysis in analyses)
    if own or ledger.generator is None or not sees_only_libraries(settings.output, settings.root):
        return None
    parts = [ledger.generator, environment_stamp(), os.environ.get("MYPYPATH", ""), ",".join(settings.targets)]
    for name, files in made.items():
        parts += [name, *(part for item in sorted(files.items()) for part in item)]
    return digest(*parts)


def _silent(_stage: Stage, _subject: str, /) -> None:
    """The progress of a run that nobody watches."""
