"""The notify service as processes (web, two workers, relay) against the carrier, for a test to kill."""

import os
import signal
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager, suppress
from dataclasses import dataclass, field
from datetime import UTC, datetime
from pathlib import Path
from typing import IO, Any

import httpx
import psycopg

from kernel.database import libpq_url
from tests.failures.send_checker import History, Message, Post
from tests.local.standins import ROOT
from tests.notify.standing import Standing, StandIns, standing
from tests.servers import ServiceDatabase

WORKER = ["-m", "celery", "-A", "services.notify.worker:celery_app", "worker", "-c", "1", "-Q", "notify.jobs"]
COMMANDS = {
    "worker-1": [*WORKER, "--without-mingle", "--without-gossip", "-l", "WARNING"],
    "worker-2": [*WORKER, "--without-mingle", "--without-gossip", "-l", "WARNING"],
    "relay": ["-m", "services.notify.relay"],
}


@dataclass
class Sending:
    """Running processes by name. What is killed is started again, and its death reported, as a supervisor does."""

    notify: Standing
    database: ServiceDatabase
    environment: dict[str, str]
    log: IO[bytes]
    carrier_url: str
    running: dict[str, "subprocess.Popen[bytes]"] = field(default_factory=dict)
    starts: int = 0
    opted_out: dict[str, float] = field(default_factory=dict)
    void_since: dict[tuple[str, int], float] = field(default_factory=dict)

    def start(self, name: str) -> None:
        self.starts += 1
        worker_id = f"{name}.{self.starts}"
        self.running[name] = subprocess.Popen(
            [sys.executable, *COMMANDS[name]],
            cwd=ROOT,
            env=self.environment | {"WORKER_ID": worker_id},
            stdout=self.log,
            stderr=self.log,
            start_new_session=True,
        )
        self.running[name].worker_id = worker_id  # type: ignore[attr-defined]

    def kill(self, name: str) -> None:
        """SIGKILL the process and all it forked, report it, start another."""
        process = self.running[name]
        _kill_group(process)
        with psycopg.connect(libpq_url(self.database.app_url)) as connection:
            connection.execute(
                "INSERT INTO lost_worker (worker_id) VALUES (%s) ON CONFLICT DO NOTHING",
                (process.worker_id,),  # type: ignore[attr-defined]
            )
            connection.execute("SELECT pg_notify('waymark_work', '')")
        self.start(name)

    def stop(self) -> None:
        for process in self.running.values():
            _kill_group(process)

    def unfinished(self) -> int:
        """Messages that are due now, on their way or in doubt."""
        found = self.notify.rows(
            "SELECT count(*) AS n FROM planned_message WHERE state IN ('sending', 'unknown')"
            " OR (state = 'due' AND due_at <= now() + :offset)",
            offset=self.notify.store.clock_offset,
        )
        return int(found[0].n)

    def wait_until_done(self, seconds: float) -> float:
        """Wait until nothing is unfinished; returns how long it took, fails after `seconds`."""
        began = time.monotonic()
        while self.unfinished():
            assert time.monotonic() - began < seconds, (self.unfinished(), self.notify.states())
            time.sleep(0.25)
        return time.monotonic() - began

    def history(self, zone: str) -> History:
        """The whole run, from the carrier's log and the database."""
        posts = self._posts()
        attempts: dict[str, set[str]] = {}
        for row in self.notify.rows("SELECT id, message_id FROM send_attempt"):
            attempts.setdefault(str(row.message_id), set()).add(str(row.id))
        offset = self.notify.store.clock_offset
        now = datetime.now(UTC) + offset
        messages = [
            Message(
                id=str(m.id),
                key=(str(m.appointment_id or m.cause_id), m.appointment_version, m.step, m.channel),
                state=m.state,
                reason=m.reason,
                due=m.due_at <= now,
                attempts=frozenset(attempts.get(str(m.id), ())),
            )
            for m in self.notify.messages(channel="sms")
        ]
        moves: dict[str, list[str]] = {}
        for row in self.notify.rows("SELECT message_id, to_state FROM message_move ORDER BY id"):
            moves.setdefault(str(row.message_id), []).append(row.to_state)
        zones = {post.to: zone for post in posts}
        return History(posts, messages, moves, self.opted_out, self.void_since, zones, offset)

    def _posts(self) -> list[Post]:
        posts: dict[int, dict[str, Any]] = {}
        accepted: set[int] = set()
        since = 0
        with httpx.Client(base_url=self.carrier_url, timeout=30) as client:
            while True:
                answer = client.get("/carrier/log", params={"since": since, "limit": 5000}).json()
                for event in answer["events"]:
                    if event["event"] == "post":
                        posts[event["n"]] = event
                    elif event["event"] == "answer" and event["outcome"] == "accepted":
                        accepted.add(event["post"])
                if not answer["events"]:
                    break
                since = answer["events"][-1]["n"]
        return [_post(event, number in accepted) for number, event in sorted(posts.items())]


def _post(event: dict[str, Any], accepted: bool) -> Post:
    attempt = str(event["status_callback"]).rpartition("?a=")[2]
    return Post(attempt, event["to"], datetime.fromisoformat(event["at"]).timestamp(), accepted)


def _kill_group(process: "subprocess.Popen[bytes]") -> None:
    """Also when a failpoint killed it already: its children may live."""
    with suppress(ProcessLookupError):
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()


@contextmanager
def sending(
    database: ServiceDatabase, redis_url: str, others: StandIns, folder: Path, **more: str
) -> Iterator[Sending]:
    """Start everything; kill it all at the end."""
    settings = {"SERVICE_URLS": '{"referral": "http://127.0.0.1:1"}', "REDIS_URL": redis_url} | more
    with ExitStack() as stack:
        notify = stack.enter_context(standing(database, others, more=settings))
        environment = dict(os.environ)
        log = stack.enter_context((folder / "sending.log").open("wb"))
        carrier_url = str(others.phones.client.base_url)
        run = Sending(notify, database, environment, log, carrier_url)
        stack.callback(run.stop)
        for name in COMMANDS:
            run.start(name)
        yield run
