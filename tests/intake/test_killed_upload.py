"""A web process that is killed while a page comes in: nothing of it is there, everything before it is (FAULT-3)."""

import os
import socket
import subprocess
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from urllib.parse import urlencode

import psutil
import pytest

from local.places import ROOT
from tests.conftest import DatabaseFactory
from tests.intake.conftest import Browser, Clinic
from tests.local.standins import until
from tests.servers import free_port


@contextmanager
def gunicorn(clinic: Clinic, database_url: str) -> Iterator[tuple[int, psutil.Process]]:
    """The service's web processes as they are run; yields the port and the master."""
    port = free_port()
    environment = {
        "PATH": os.environ["PATH"],
        "ENV": "test",
        "INTAKE_DATABASE_URL": database_url,
        "REDIS_URL": "redis://127.0.0.1:1/0",
        "DATA_KEYS": clinic.keys.data,
        "SIGNING_KEY": clinic.keys.private["intake"],
        "SERVICE_KEYS": clinic.keys.public,
        "SERVICE_URLS": "{}",
        "PUBLIC_URL": "http://localhost:8080",
        "FORM_SECRET_KEY": "for-tests-only",
        "PYTHONDONTWRITEBYTECODE": "1",
        "SERVICE": "intake",
    }
    command = [sys.executable, "-m", "gunicorn", "-c", str(ROOT / "local" / "gunicorn.conf.py")]
    command += ["-b", f"127.0.0.1:{port}", "services.intake.app:create_app()"]
    with subprocess.Popen(command, cwd=ROOT, env=environment) as process:
        try:
            master = psutil.Process(process.pid)
            until(lambda: bool(master.children()) and _answers(port), seconds=120)
            yield port, master
        finally:
            process.terminate()


def _answers(port: int) -> bool:
    with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as line:
        line.settimeout(10)
        line.sendall(b"GET /live HTTP/1.1\r\nHost: localhost\r\nConnection: close\r\n\r\n")
        return line.recv(100).startswith(b"HTTP/1.1 200")
    return False


def page_request(patient: Browser, fields: dict[str, str]) -> bytes:
    """The POST by which `patient`'s browser saves the page it is on."""
    body = urlencode({**patient.hidden(), **fields}).encode()
    cookies = "; ".join(
        f"{one.decoded_key}={one.decoded_value}" for one in (patient.client._cookies or {}).values()
    )
    head = (
        f"POST {patient.at.split('?')[0]} HTTP/1.1\r\nHost: localhost\r\nCookie: {cookies}\r\n"
        f"Content-Type: application/x-www-form-urlencoded\r\nContent-Length: {len(body)}\r\nConnection: close\r\n\r\n"
    )
    return head.encode() + body


def rows(clinic: Clinic) -> dict[str, int]:
    tables = [
        row.name for row in clinic.sql("SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'")
    ]
    return {name: clinic.sql(f"SELECT count(*) AS n FROM {name}")[0].n for name in tables}


@pytest.mark.fault("F3")
def test_a_web_process_killed_at_half_a_page_leaves_no_half_of_it(
    clinic: Clinic, database: DatabaseFactory
) -> None:
    patient = clinic.browser().start()
    patient.send({"thunderclap": "false"})
    before, page = rows(clinic), patient.page
    # The body is cut in the middle, as a slow line brings it.
    request = page_request(patient, {"regions": "neck"})
    with gunicorn(clinic, database("intake").app_url) as (port, master):
        with socket.create_connection(("127.0.0.1", port), 10) as line:
            line.settimeout(60)
            line.sendall(request[: (request.index(b"\r\n\r\n") + 4 + len(request)) // 2])
            until(lambda: any(_talks(child, line) for child in master.children()), seconds=60)
            (victim,) = [child for child in master.children() if _talks(child, line)]
            victim.kill()
            with suppress(ConnectionResetError):
                assert line.recv(100) == b"", "no answer: the browser knows that nothing was said"
        assert rows(clinic) == before
        # Another process is there soon, and the same page sent again is saved once.
        until(
            lambda: victim.pid not in [child.pid for child in master.children()] and _answers(port),
            seconds=120,
        )
        with socket.create_connection(("127.0.0.1", port), 10) as line:
            line.settimeout(60)
            line.sendall(request)
            answer = line.recv(100)
    assert answer.startswith((b"HTTP/1.1 302", b"HTTP/1.1 303")), answer
    saved = clinic.sql("SELECT page FROM page_save ORDER BY page")
    assert [row.page for row in saved] == sorted(["emergency_signs", page])


def _talks(process: psutil.Process, line: socket.socket) -> bool:
    """Whether `process` is the one that accepted `line`."""
    mine = line.getsockname()[1]
    with suppress(psutil.Error):
        return any(one.raddr and one.raddr.port == mine for one in process.net_connections("tcp"))
    return False
