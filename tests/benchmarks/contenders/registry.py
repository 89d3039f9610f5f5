"""Who takes part, by short name."""

from __future__ import annotations

import importlib
import importlib.metadata
from dataclasses import dataclass
from typing import Any

from tests.benchmarks.contenders.contender import Contender
from tests.benchmarks.places import Place


@dataclass(frozen=True)
class Entry:
    """One contender of the row benchmarks."""

    title: str
    path: str
    """`module:Class`; on Postgres, where it differs, after a space."""
    distributions: tuple[str, ...] = ()
    """What has to be installed besides what tablewright needs."""


CONTENDERS = {
    "driver": Entry("bare driver", "driver_sqlite:SqliteDriver driver_postgres:PostgresDriver"),
    "tablewright": Entry("tablewright", "tablewright_rows:TablewrightRows"),
    "tablewright-listened": Entry("tablewright, listened to", "tablewright_rows:TablewrightListened"),
    "tablewright-entities": Entry("tablewright's entities", "entities:TablewrightEntities"),
    "core": Entry("SQLAlchemy Core", "sqlalchemy_core:SqlalchemyCore"),
    "core-listened": Entry("SQLAlchemy Core, listened to", "sqlalchemy_core:ListenedCore"),
    "orm": Entry("SQLAlchemy ORM", "sqlalchemy_orm:SqlalchemyOrm"),
    "orm-same-tables": Entry("SQLAlchemy ORM on the same tables", "entities:EntitiesByHand"),
    "sqlmodel": Entry("SQLModel", "sqlmodel_orm:SqlmodelOrm", ("sqlmodel",)),
    "peewee": Entry("peewee", "peewee_orm:PeeweeOrm", ("peewee",)),
    "django": Entry("Django", "django_orm:DjangoOrm", ("django",)),
}


def why_missing(name: str) -> str | None:
    """Why the contender cannot take part on this machine; None when it can."""
    for distribution in CONTENDERS[name].distributions:
        try:
            importlib.metadata.version(distribution)
        except importlib.metadata.PackageNotFoundError:
            return f"{distribution} is not installed"
    return None


def contender(name: str, place: Place) -> Contender:
    """The contender *name* at *place*, made once."""
    if name not in place.contenders:
        paths = CONTENDERS[name].path.split()
        module, _, member = paths[-1 if place.engine == "postgresql" else 0].partition(":")
        made: Any = getattr(importlib.import_module(f"tests.benchmarks.contenders.{module}"), member)
        place.contenders[name] = made(place)
    found: Contender = place.contenders[name]
    return found
