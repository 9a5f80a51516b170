"""The notify service as it runs, against the stand-in carrier and mailbox, with time in the test's hand."""

import json
import os
import tempfile
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from unittest import mock
from zoneinfo import ZoneInfo

import httpx
from sqlalchemy import text
from werkzeug.serving import make_server

from kernel.assembly import Parts, assemble
from kernel.context import Actor
from kernel.database import Database
from kernel.events import Contract, Envelope
from kernel.ids import new_id
from kernel.inbox import hear
from kernel.schedule import run_due_jobs
from kernel.settings import load
from kernel.tokens import Tokens
from kernel.work import WorkKind
from local.keys import new_data_keys, new_signing_key, public_key
from services.notify.reactions import REACTIONS
from services.notify.rules.compose import ClinicWords
from services.notify.schedule import JOBS
from services.notify.sending.providers import make_providers, make_recipients
from services.notify.settings import NotifySettings
from services.notify.tasks import notify_work
from tests.local.standins import Running, running
from tests.servers import LOOK_UP_SECONDS, ServiceDatabase, free_port

CHICAGO = ZoneInfo("America/Chicago")
TUESDAY_TEN = datetime(2027, 3, 2, 10, 0, tzinfo=CHICAGO)
ACCOUNT, TOKEN, CLINIC_NUMBER = "AC0123456789abcdef0123456789abcdef", "a-token-for-tests", "+18165550100"


@dataclass
class Standing:
    """A running notify service. `clock` moves business time; `work` does what the relay and workers would."""

    parts: Parts
    settings: NotifySettings
    work: tuple[WorkKind, ...]
    base: str
    carrier: httpx.Client
    mailbox: httpx.Client
    dashboard: Tokens
    web_store: Database
    began: float
    store: Database = field(init=False)

    def __post_init__(self) -> None:
        self.store = self.parts.database

    def set_clock(self, at: datetime) -> None:
        """Make it `at` now, for this process's sessions."""
        offset = at - datetime.now(tz=at.tzinfo)
        for store in (self.store, self.web_store):
            store.clock_offset = offset
            store._sessions.kw["info"]["clock_offset"] = offset

    def hear(self, event_type: str, data: Contract, source: str = "referral") -> None:
        envelope = Envelope(
            id=new_id(),
            source=source,
            type=event_type,
            subject="-",
            time=datetime.now(tz=CHICAGO) + self.store.clock_offset,
            data=data.model_dump(mode="json"),
        )
        hear(self.store, REACTIONS, envelope)

    def send_due(self, rounds: int = 20) -> None:
        """Send what is due now, as a rung worker does, until nothing is left."""
        for _ in range(rounds):
            with self.store.transaction() as session:
                offset = self.store.clock_offset
                due = session.scalar(
                    text("SELECT count(*) FROM planned_message WHERE state = 'due' AND due_at <= now() + :o"),
                    {"o": offset},
                )
            if not due:
                return
            self.work[0].run(new_id())

    def jobs(self) -> None:
        with self.store.transaction() as session:
            session.execute(text("DELETE FROM schedule_run"))
        run_due_jobs(self.store, JOBS)

    def rows(self, sql: str, **values: Any) -> list[Any]:
        with self.store.transaction() as session:
            return list(session.execute(text(sql), values).all())

    def messages(self, **where: Any) -> list[Any]:
        clause = " AND ".join(f"{name} = :{name}" for name in where) or "true"
        return self.rows(f"SELECT * FROM planned_message WHERE {clause} ORDER BY planned_for, id", **where)

    def states(self, **where: Any) -> dict[tuple[str, str], tuple[str, str]]:
        return {(m.step, m.channel): (m.state, m.reason) for m in self.messages(**where)}

    def texts_to(self, phone: str) -> list[str]:
        """What the carrier accepted for `phone`, oldest first."""
        found = self.carrier.get("/phone/api/messages", params={"phone": phone}).json()["messages"]
        mine = [m for m in found if m["created_at"] >= self.began]
        return [m["body"] for m in mine if m["direction"] != "inbound"]

    def mails_to(self, address: str) -> list[dict[str, Any]]:
        """What the mailbox has for `address` since this test began."""
        found = self.mailbox.get("/mail/api/messages", params={"to": address}).json()["messages"]
        return [m for m in found if datetime.fromisoformat(m["at"]).timestamp() >= self.began]

    def reply(self, phone: str, body: str) -> int:
        answer = self.carrier.post("/phone/api/reply", json={"from": phone, "body": body, "wait": True})
        return int(answer.json()["webhook_status"])

    def call(
        self,
        method: str,
        path: str,
        role: str = "nurse",
        body: Any = None,
        **headers: str,
    ) -> Any:
        """Call the API as a staff member, the way the dashboard does; `role` may be "nurse@paola,garnett"."""
        content = b"" if body is None else json.dumps(body).encode()
        role, _, sites = role.partition("@")
        actor = Actor("staff", "staff-1", role=role, name="N", sites=tuple(filter(None, sites.split(","))))
        sent = {
            "Authorization": f"Bearer {self.dashboard.issue('notify', content, actor)}",
            **({"Content-Type": "application/json"} if body is not None else {}),
            **headers,
        }
        return httpx.request(method, f"{self.base}{path}", content=content or None, headers=sent, timeout=10)


@dataclass(frozen=True)
class StandIns:
    """Carrier and mailbox processes, and the port on which the carrier expects our web part."""

    phones: Running
    letters: Running
    web_port: int


@contextmanager
def stand_ins(carrier: dict[str, str] | None = None) -> Iterator[StandIns]:
    """Start a carrier and a mailbox; they serve many tests, one after another."""
    port = free_port()
    settings = {
        "CARRIER_PORT": "0",
        "CARRIER_ACCOUNT_SID": ACCOUNT,
        "CARRIER_AUTH_TOKEN": TOKEN,
        "CARRIER_FROM": CLINIC_NUMBER,
        "CARRIER_LOG": os.devnull,
        "CARRIER_INBOUND_URL": f"http://127.0.0.1:{port}/hooks/sms/inbound",
        "CARRIER_CALLBACK_DELAY_MS": "30",
    }
    with ExitStack() as stack:
        folder = stack.enter_context(tempfile.TemporaryDirectory())
        mail = {"MAILBOX_SMTP_PORT": "0", "MAILBOX_HTTP_PORT": "0", "MAILBOX_DIR": folder}
        phones = stack.enter_context(running("local.carrier", settings | (carrier or {})))
        letters = stack.enter_context(running("local.mailbox", mail))
        yield StandIns(phones, letters, port)


@contextmanager
def standing(
    database: ServiceDatabase,
    others: StandIns,
    at: datetime = TUESDAY_TEN,
    more: dict[str, str] | None = None,
) -> Iterator[Standing]:
    """Start the web part of the service where the stand-ins look for it.

    An earlier test's faults are cleared and its callbacks dropped: this service listens where that one did.
    """
    phones, letters, port = others.phones, others.letters, others.web_port
    base = f"http://127.0.0.1:{port}"
    phones.client.delete("/carrier/faults")
    phones.client.delete("/carrier/callbacks")
    began = time.time()
    signing = {name: new_signing_key() for name in ("notify", "dashboard", "referral")}
    keys = json.dumps({"keys": [public_key(name, pem) for name, pem in signing.items()]})
    with ExitStack() as stack:
        environment = {
            "ENV": "test",
            "NOTIFY_DATABASE_URL": database.app_url,
            "REDIS_URL": "redis://127.0.0.1:1/0",
            "DATA_KEYS": new_data_keys(),
            "SIGNING_KEY": signing["notify"],
            "SERVICE_KEYS": keys,
            "SERVICE_URLS": "{}",
            "PUBLIC_URL": "http://127.0.0.1:1",
            "CLOCK_OFFSET_SECONDS": str(int((at - datetime.now(tz=at.tzinfo)) / timedelta(seconds=1)) + 2),
            "LOG_LEVEL": "WARNING",
            "SMS_PROVIDER_URL": f"http://127.0.0.1:{phones.ports[-1]}",
            "SMS_ACCOUNT_SID": ACCOUNT,
            "SMS_AUTH_TOKEN": TOKEN,
            "SMS_FROM": CLINIC_NUMBER,
            "SMTP_HOST": "127.0.0.1",
            "SMTP_PORT": str(letters.ports[0]),
            "SMTP_FROM": "visits@clinic.example.test",
            "HOOKS_URL": base,
            "CLINIC_PHONE": "+18165550100",
            **(more or {}),
        }
        stack.enter_context(mock.patch.dict(os.environ, environment))
        from services.notify.app import create_app

        app = create_app()
        assert app.api is not None
        server = make_server("127.0.0.1", port, app, threaded=True)
        thread = threading.Thread(target=server.serve_forever, args=(LOOK_UP_SECONDS,), daemon=True)
        thread.start()
        settings = load(NotifySettings, "notify", os.environ)
        parts = assemble("notify", settings)
        clinic = ClinicWords(
            settings.clinic_name, settings.clinic_phone, settings.public_url, settings.smtp_from
        )
        work = notify_work(parts, clinic, make_providers(settings), make_recipients(settings))
        dashboard = Tokens("dashboard", signing["dashboard"], keys)
        try:
            yield Standing(
                parts,
                settings,
                work,
                base,
                phones.client,
                letters.client,
                dashboard,
                app.api.extensions["database"],
                began,
            )
        finally:
            server.shutdown()
            thread.join()
            server.server_close()
            parts.database.engine.dispose()
