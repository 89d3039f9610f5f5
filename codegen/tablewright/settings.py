"""The settings of a project: `[tool.tablewright]` in its pyproject.toml."""

from __future__ import annotations

import difflib
import re
import tomllib
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Final, TypeVar, cast

from tablewright.schema.definition import Dialect

DIALECTS: Final[tuple[Dialect, ...]] = ("sqlite", "postgresql")
KEYS: Final = ("specs", "output", "base", "dialects", "targets")

_Value = TypeVar("_Value")


class SettingsError(Exception):
    """The settings are missing or invalid."""


@dataclass(frozen=True)
class Settings:
    """The settings of a project."""

    root: Path
    """The folder of pyproject.toml; the other paths are absolute."""
    specs: Path
    """The folder that contains one folder for each schema."""
    output: Path
    """The source root of the generated packages."""
    base: str | None = None
    """`module:Class` of the declarative base of entities; by default each package has its own."""
    dialects: tuple[Dialect, ...] = DIALECTS
    """The databases that a schema must support."""
    targets: tuple[str, ...] = ()
    """The Python versions that output is type-checked for; by default the running one."""


def load_settings(start: Path) -> Settings:
    """Load `[tool.tablewright]` of the nearest pyproject.toml that has one, from *start* upwards."""
    path, section = _find(start.absolute())
    unknown = [key for key in section if key not in KEYS]
    if unknown:
        near = difflib.get_close_matches(unknown[0], KEYS, n=1)
        hint = f"did you mean '{near[0]}'?" if near else f"the keys are {', '.join(KEYS)}."
        raise _wrong(path, unknown[0], f"unknown key '{unknown[0]}'; {hint}")
    settings = Settings(
        root=path.parent,
        specs=path.parent / _take(path, section, "specs", _text, "the folder of the specs", "specs"),
        output=path.parent / _take(path, section, "output", _text, "the folder of the generated packages", "generated"),
        base=_take(path, section, "base", _base, "'module:Class' of a declarative base", None),
        dialects=_take(path, section, "dialects", _dialects, f"a list of {' and '.join(DIALECTS)}", DIALECTS),
        targets=_take(path, section, "targets", _targets, 'a list of Python versions such as ["3.11", "3.13"]', ()),
    )
    if settings.specs.resolve() == settings.output.resolve():
        raise _wrong(path, "output", "'output' and 'specs' are the same folder; choose another one for packages.")
    return settings


def _find(start: Path) -> tuple[Path, dict[str, object]]:
    without: Path | None = None
    for folder in (start, *start.parents):
        path = folder / "pyproject.toml"
        if not path.is_file():
            continue
        section = _read(path)
        if section is not None:
            return path, section
        without = without or path
    if without:
        raise SettingsError(f"{without}: error[settings]: no [tool.tablewright] section; add one (it may be empty).")
    raise SettingsError(
        f"{start}: error[settings]: no pyproject.toml here or in any folder above; "
        "create one with a [tool.tablewright] section."
    )


def _read(path: Path) -> dict[str, object] | None:
    try:
        document = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        at = re.search(r"\(at line (\d+), column (\d+)\)", str(error))
        place = f"{path}:{at[1]}:{at[2]}" if at else str(path)
        raise SettingsError(f"{place}: error[settings]: not valid TOML: {error}") from error
    except (OSError, UnicodeDecodeError) as error:
        raise SettingsError(f"{path}: error[settings]: cannot be read: {error}") from error
    section = (_table(document.get("tool")) or {}).get("tablewright")
    if section is not None and _table(section) is None:
        raise SettingsError(f"{path}: error[settings]: 'tool.tablewright' is {section!r}, expected a table.")
    return _table(section)


def _take(
    path: Path,
    section: Mapping[str, object],
    key: str,
    read: Callable[[object], _Value | None],
    expected: str,
    default: _Value,
) -> _Value:
    if key not in section:
        return default
    value = read(section[key])
    if value is None:
        raise _wrong(path, key, f"'{key}' is {section[key]!r}, expected {expected}.")
    return value


def _text(value: object) -> str | None:
    return value if isinstance(value, str) and value else None


def _base(value: object) -> str | None:
    if not isinstance(value, str):
        return None
    module, colon, name = value.partition(":")
    whole = colon and name.isidentifier() and all(part.isidentifier() for part in module.split("."))
    return value if whole else None


def _dialects(value: object) -> tuple[Dialect, ...] | None:
    names = _list(value)
    if not names or any(name not in DIALECTS for name in names):
        return None
    return tuple(dialect for dialect in DIALECTS if dialect in names)


def _targets(value: object) -> tuple[str, ...] | None:
    versions = _list(value)
    if versions is None:
        return None
    targets = [version for version in versions if isinstance(version, str) and re.fullmatch(r"3\.\d{2}", version)]
    return tuple(targets) if len(targets) == len(versions) else None


def _table(value: object) -> dict[str, object] | None:
    return cast("dict[str, object]", value) if isinstance(value, dict) else None


def _list(value: object) -> list[object] | None:
    return cast("list[object]", value) if isinstance(value, list) else None


def _wrong(path: Path, key: str, message: str) -> SettingsError:
    line = _line(path.read_text(encoding="utf-8"), key)
    return SettingsError(f"{path}{f':{line}' if line else ''}: error[settings]: {message}")


def _line(text: str, key: str) -> int | None:
    inside = False
    for number, line in enumerate(text.splitlines(), start=1):
        if line.lstrip().startswith("["):
            inside = line.split("#")[0].replace(" ", "").rstrip() == "[tool.tablewright]"
        elif inside and re.match(rf"""\s*["']?{re.escape(key)}["']?\s*=""", line):
            return number
    return None
