"""The Chinook databases, and the packages generated for them."""

from __future__ import annotations

import importlib
import os
import re
import sqlite3
import sys
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
import pytest
from sqlalchemy import URL, make_url

from tablewright.pipeline import generate
from tablewright.runtime.versions.attributes import all_but
from tablewright.settings import Settings

ROOT = Path(__file__).parents[2]
SCRIPTS = ROOT.parent / "shared" / "real" / "chinook"


@pytest.fixture(scope="session")
def scripts() -> Path:
    """Return the folder of Chinook's SQL scripts, which are not part of the repository."""
    if not SCRIPTS.is_dir():
        reason = f"Chinook's scripts are not at {SCRIPTS}: they are published by their authors and not copied here"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)
    return SCRIPTS


@pytest.fixture(scope="session")
def generated(scripts: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Path]:
    """Return the folder of both generated packages, type-checked and importable."""
    output = tmp_path_factory.mktemp("chinook")
    settings = Settings(root=ROOT, specs=Path(__file__).parent / "specs", output=output)
    outcome = generate(settings)
    assert outcome.clean, outcome
    sys.path.insert(0, str(output))
    yield output
    sys.path.remove(str(output))


@dataclass(frozen=True)
class Shop:
    """A Chinook database, its package, and hand-written SQL on it."""

    package: Any
    url: str
    query: Callable[[str], list[tuple[Any, ...]]]


@pytest.fixture
def sqlite_shop(generated: Path, scripts: Path, tmp_path: Path) -> Shop:
    """Open the real SQLite database, with CamelCase names."""
    path = tmp_path / "chinook.db"
    with sqlite3.connect(path) as connection:
        connection.executescript(scripts.joinpath("Chinook_Sqlite.sql").read_text(encoding="utf-8-sig"))
    package: Any = importlib.import_module("chinook_sqlite")
    tables: list[Any] = all_but(package.metadata)
    names = {key: item.name for table in tables for key, item in [*table.columns.items(), (_snake(table.name), table)]}

    def query(sql: str) -> list[tuple[Any, ...]]:
        with sqlite3.connect(path) as connection:
            return connection.execute(_renamed(sql, names)).fetchall()

    return _stamped(Shop(package, f"sqlite:///{path}", query))


@pytest.fixture
def postgresql_shop(generated: Path, scripts: Path, postgres_url: str) -> Shop:
    """Open the real Postgres database, with snake_case names."""
    script = scripts.joinpath("Chinook_PostgreSql.sql").read_text(encoding="utf-8-sig")
    start = script.index("\\c chinook;") + len("\\c chinook;")
    url: URL = make_url(postgres_url)
    plain = url.set(drivername="postgresql").render_as_string(hide_password=False)
    with psycopg.connect(plain, autocommit=True) as connection:
        connection.execute(script[start:].encode())

    def query(sql: str) -> list[tuple[Any, ...]]:
        with psycopg.connect(plain) as connection:
            return connection.execute(sql.encode()).fetchall()

    return _stamped(Shop(importlib.import_module("chinook"), postgres_url, query))


@pytest.fixture(params=["sqlite", "postgresql"])
def shop(request: pytest.FixtureRequest) -> Shop:
    """Return a Chinook database on SQLite or Postgres."""
    opened: Shop = request.getfixturevalue(f"{request.param}_shop")
    return opened


def _stamped(shop: Shop) -> Shop:
    """Record the version of the package in the database. Return the *shop*."""
    with shop.package.Database(shop.url) as database:
        database.stamp()
    return shop


def _snake(name: str) -> str:
    return "".join(f"_{c.lower()}" if c.isupper() and number else c.lower() for number, c in enumerate(name))


def _renamed(sql: str, names: dict[str, str]) -> str:
    return re.sub(r"\b[a-z_]+\b", lambda match: names.get(match.group(), match.group()), sql)
