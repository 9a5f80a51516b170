"""One real PostgreSQL and one real Redis for a whole test session, shared by its xdist workers.

The first test that needs one starts a keeper process; the keeper owns the servers, and ends with the session,
however the session ends. Each service's database is migrated once into a template and copied for each use.
"""

import fcntl
import json
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil
import psycopg
from psycopg import sql

from kernel import migrate
from local import databases, postgres, redis
from local.databases import Role
from local.secret_files import password_in

SESSION_DIR = "WAYMARK_TEST_DIR"
SESSION_PID = "WAYMARK_TEST_PID"
# Condition-based: only a machine with other work needs it.
START_SECONDS = 240.0
# How often a server in a thread looks whether it is to stop. The library's half second is lost at the end of each test.
LOOK_UP_SECONDS = 0.01
MEMORY = Path("/dev/shm")
ROOM_BYTES = 4 * 2**30


@dataclass(frozen=True)
class ServiceDatabase:
    """A migrated database of one service, empty but for what its migrations put there."""

    service: str
    name: str
    owner_url: str
    app_url: str
    admin_url: str


def folder_in_memory() -> Path | None:
    """Return a folder in memory for the session's servers when there is room, else None: the usual temporary one.

    A copy of a migrated database is some three hundred small files: 150 ms on a disk, 18 ms here (2026-11-26).
    A container's /dev/shm of 64 MB is too small.
    """
    if not os.access(MEMORY, os.W_OK) or shutil.disk_usage(MEMORY).free < ROOM_BYTES:
        return None
    return MEMORY


def session_dir() -> Path:
    """Return this test session's folder, which the controller made."""
    return Path(os.environ[SESSION_DIR])


def addresses() -> dict[str, str]:
    """Return `{"postgres": administrator's address, "redis": address}`, starting the servers on first use."""
    folder = session_dir()
    ready = folder / "servers.json"
    with locked("servers"):
        if not ready.exists():
            log = (folder / "keeper.log").open("ab")
            keeper = subprocess.Popen(
                [sys.executable, "-m", "tests.servers"], stdout=log, stderr=log, start_new_session=True
            )
            log.close()
            deadline = time.monotonic() + START_SECONDS
            while not ready.exists():
                if keeper.poll() is not None or time.monotonic() > deadline:
                    said = (folder / "keeper.log").read_text(encoding="utf-8")
                    raise RuntimeError(f"the test servers did not start:\n{said}")
                time.sleep(0.05)
    found: dict[str, str] = json.loads(ready.read_text(encoding="utf-8"))
    return found


def copy_database(service: str, template: str = "") -> ServiceDatabase:
    """Return a fresh copy of `service`'s migrated database, or of `template`, a copy that nobody is connected to."""
    admin_url = addresses()["postgres"]
    template = template or _template(service, admin_url)
    owner, app = roles(service)
    name = f"{service}_{uuid.uuid4().hex[:12]}"
    with psycopg.connect(admin_url, autocommit=True) as connection:
        connection.execute(
            # By files: nothing of it has to go through the log of a server that never outlives the machine's power.
            sql.SQL("CREATE DATABASE {} TEMPLATE {} OWNER {} STRATEGY FILE_COPY").format(
                sql.Identifier(name), sql.Identifier(template), sql.Identifier(owner.name)
            )
        )
        databases.grant_connect(connection, name, owner, app)
    return ServiceDatabase(
        service,
        name,
        databases.address(admin_url, owner, name),
        databases.address(admin_url, app, name),
        databases.admin_address(admin_url, name),
    )


def empty_database(service: str) -> ServiceDatabase:
    """Return a new database with `service`'s roles and nothing in it: for tests of migrations."""
    admin_url = addresses()["postgres"]
    owner, app = roles(service)
    name = f"{service}_{uuid.uuid4().hex[:12]}"
    with locked("roles"):
        databases.create(admin_url, name, owner, app)
    return ServiceDatabase(
        service,
        name,
        databases.address(admin_url, owner, name),
        databases.address(admin_url, app, name),
        databases.admin_address(admin_url, name),
    )


def drop_database(name: str) -> None:
    """Drop a database made here, whoever is still connected."""
    with psycopg.connect(addresses()["postgres"], autocommit=True) as connection:
        connection.execute(sql.SQL("DROP DATABASE IF EXISTS {} WITH (FORCE)").format(sql.Identifier(name)))


def roles(service: str) -> tuple[Role, Role]:
    """Return the owner and app role of `service` on the session's server."""
    folder = session_dir() / "passwords"
    with locked("passwords"):
        return (
            Role(f"{service}_owner", password_in(folder / f"{service}_owner")),
            Role(f"{service}_app", password_in(folder / f"{service}_app")),
        )


def _template(service: str, admin_url: str) -> str:
    name = f"template_{service}"
    done = session_dir() / f"{name}.done"
    owner, app = roles(service)
    with locked(name):
        if not done.exists():
            with locked("roles"):
                databases.create(admin_url, name, owner, app)
            migrate.upgrade(service, databases.address(admin_url, owner, name))
            done.touch()
    return name


@contextmanager
def locked(name: str) -> Iterator[None]:
    """Hold a lock between this session's processes."""
    with (session_dir() / f"{name}.lock").open("a") as file:
        fcntl.flock(file, fcntl.LOCK_EX)
        yield


def free_port() -> int:
    """Return a TCP port nobody listens on now."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def keep() -> None:
    """Run the servers until the session's controller is gone or says so; then remove the session's folder."""
    folder = session_dir()
    controller = int(os.environ[SESSION_PID])
    stopping: list[int] = []
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda received, _frame: stopping.append(received))
    # fsync off: these servers never outlive the machine's power, and a copy of a database costs half as much.
    # What must survive a kill is proved on a whole stack of its own, with fsync on.
    database = postgres.start(folder / "pg", fsync=False)
    queue = redis.start(folder / "redis", free_port())
    partial = folder / "servers.json.part"
    partial.write_text(
        json.dumps({"postgres": database.url, "redis": queue.url, "keeper": str(os.getpid())}),
        encoding="utf-8",
    )
    partial.rename(folder / "servers.json")
    while not stopping and psutil.pid_exists(controller):
        time.sleep(0.2)
    queue.stop()
    database.stop()
    shutil.rmtree(folder, ignore_errors=True)


def dismiss_keeper() -> None:
    """Ask the keeper, when there is one, to stop the servers, and wait until it has."""
    ready = session_dir() / "servers.json"
    if not ready.exists():
        shutil.rmtree(session_dir(), ignore_errors=True)
        return
    pid = int(json.loads(ready.read_text(encoding="utf-8"))["keeper"])
    try:
        keeper = psutil.Process(pid)
        keeper.terminate()
        keeper.wait(20)
    except psutil.Error:
        return


if __name__ == "__main__":
    keep()
