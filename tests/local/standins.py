"""Runs the stand-ins as the processes they are, and a receiver for their webhooks."""

import os
import re
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from urllib.parse import parse_qsl

import httpx

from tests.servers import LOOK_UP_SECONDS

ROOT = Path(__file__).resolve().parents[2]
ACCOUNT, TOKEN, CLINIC = "AC0123456789abcdef0123456789abcdef", "a-token-for-tests", "+18165550100"


def until(ready: Callable[[], bool], seconds: float = 10.0) -> None:
    """Wait until `ready`, at most `seconds`."""
    end = time.monotonic() + seconds
    while not ready():
        assert time.monotonic() < end, "waited too long"
        time.sleep(0.02)


@dataclass
class Hook:
    """One webhook call as it came."""

    url: str
    fields: dict[str, str]
    signature: str
    token: str
    at: float


@dataclass
class Receiver:
    """A web server that keeps what is posted to it and answers `statuses` in turn, then 204."""

    port: int = 0
    hooks: list[Hook] = field(default_factory=list)
    statuses: list[int] = field(default_factory=list)

    def url(self, path: str) -> str:
        return f"http://127.0.0.1:{self.port}{path}"

    def of(self, sid: str) -> list[Hook]:
        return [hook for hook in tuple(self.hooks) if hook.fields["MessageSid"] == sid]


@contextmanager
def receiver() -> Iterator[Receiver]:
    kept = Receiver()

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"])).decode()
            url = f"http://{self.headers['Host']}{self.path}"
            fields = dict(parse_qsl(body, keep_blank_values=True))
            signature, token = self.headers["X-Twilio-Signature"], self.headers["I-Twilio-Idempotency-Token"]
            kept.hooks.append(Hook(url, fields, signature, token, time.time()))
            self.send_response(kept.statuses.pop(0) if kept.statuses else 204)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    kept.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, args=(LOOK_UP_SECONDS,), daemon=True)
    thread.start()
    try:
        yield kept
    finally:
        server.shutdown()
        server.server_close()


@dataclass
class Running:
    """A stand-in process and the ports it said it listens on."""

    process: subprocess.Popen[str]
    ports: list[int]
    client: httpx.Client

    def kill(self) -> None:
        self.process.kill()
        self.process.wait()


@contextmanager
def running(module: str, environment: dict[str, str]) -> Iterator[Running]:
    """Start `python -m module`; a port is read from its first line; ended politely, and it must obey."""
    process = subprocess.Popen(
        [sys.executable, "-m", module],
        cwd=ROOT,
        env=os.environ | environment,
        stdout=subprocess.PIPE,
        text=True,
    )
    assert process.stdout is not None
    ports = [int(number) for number in re.findall(r"port (\d+)", process.stdout.readline())]
    assert ports, "the stand-in did not start"
    client = httpx.Client(base_url=f"http://127.0.0.1:{ports[-1]}", timeout=10)
    try:
        yield Running(process, ports, client)
    finally:
        client.close()
        if process.poll() is None:
            process.send_signal(signal.SIGTERM)
            assert process.wait(10) == 0
        process.stdout.close()


def carrier_environment(log: Path, inbound_url: str = "", **more: str) -> dict[str, str]:
    """Settings of a carrier on a free port, with quick callbacks."""
    return {
        "CARRIER_PORT": "0",
        "CARRIER_ACCOUNT_SID": ACCOUNT,
        "CARRIER_AUTH_TOKEN": TOKEN,
        "CARRIER_FROM": CLINIC,
        "CARRIER_LOG": str(log),
        "CARRIER_INBOUND_URL": inbound_url,
        "CARRIER_CALLBACK_DELAY_MS": "30",
    } | more
