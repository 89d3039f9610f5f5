"""The contenders by short name."""

from __future__ import annotations

import importlib
import importlib.metadata
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.contenders.contender import Contender
from tests.benchmarks.targets import Target


@dataclass(frozen=True)
class Entry:
    """One contender of the row benchmarks."""

    title: str
    path: str
    """`module:Class`; a different one for Postgres follows after a space."""
    distributions: tuple[str, ...] = ()
    """Required distributions besides those of tablewright."""


CONTENDERS = {
    "driver": Entry("bare driver", "driver_sqlite:SqliteDriver driver_postgres:PostgresDriver"),
    "tablewright": Entry("tablewright", "tablewright_rows:TablewrightRows"),
    "tablewright-listened": Entry("tablewright with a listener", "tablewright_rows:TablewrightListened"),
    "tablewright-entities": Entry("tablewright's entities", "entities:TablewrightEntities"),
    "core": Entry("SQLAlchemy Core", "sqlalchemy_core:SqlalchemyCore"),
    "core-listened": Entry("SQLAlchemy Core with a listener", "sqlalchemy_core:ListenedCore"),
    "orm": Entry("SQLAlchemy ORM", "sqlalchemy_orm:SqlalchemyOrm"),
    "orm-same-tables": Entry("SQLAlchemy ORM on the same tables", "entities:EntitiesByHand"),
    "sqlmodel": Entry("SQLModel", "sqlmodel_orm:SqlmodelOrm", ("sqlmodel",)),
    "peewee": Entry("peewee", "peewee_orm:PeeweeOrm", ("peewee",)),
    "django": Entry("Django", "django_orm:DjangoOrm", ("django",)),
}


def missing_reason(name: str) -> str | None:
    """Return the reason that a contender is missing, or None if it is installed."""
    for distribution in CONTENDERS[name].distributions:
        try:
            importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            return f"{distribution} is not installed"
    return None


def open_contender(name: str, target: Target) -> Contender:
    """Return the contender *name* on *target*; open it on the first call."""
    if name not in target.contenders:
        paths = CONTENDERS[name].path.split()
        module, _, member = paths[-1 if target.engine == "postgresql" else 0].partition(":")
        contender_class: Any = getattr(importlib.import_module(f"tests.benchmarks.contenders.{module}"), member)
        target.contenders[name] = contender_class(target)
    contender: Contender = target.contenders[name]
    return contender
