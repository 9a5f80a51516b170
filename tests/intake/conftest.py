"""An intake service in this process, on a real PostgreSQL, called through its WSGI application."""

import html
import json
import re
import time
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import text
from werkzeug.test import Client, TestResponse

from kernel.assembly import Parts, assemble
from kernel.context import Actor
from kernel.events import Contract, Envelope
from kernel.ids import new_id
from kernel.outbox import event_place
from kernel.personal import open_json
from kernel.tokens import Tokens
from kernel.web.join import Joined
from local.keys import new_data_keys, new_signing_key, public_key
from services.intake.app import join_parts
from services.intake.settings import IntakeSettings
from tests.conftest import DatabaseFactory

NURSE = Actor("staff", "nurse-1", "nurse", "Nora Field")
PROVIDER = Actor("staff", "provider-1", "provider", "Pat Moreno")
THERAPIST = Actor("staff", "therapist-1", "therapist", "Tess Wynn")
FRONT_DESK = Actor("staff", "desk-1", "front_desk", "Dana Wells")
MANAGER = Actor("staff", "manager-1", "manager", "Mo Abara")
ADMIN = Actor("staff", "admin-1", "admin", "Al Root")
ABOUT = {
    "given_name": "Ana",
    "family_name": "Ñandú-O'Brien",
    "birth_date": "04/23/1980",
    "phone": "(816) 555-0123",
    "email": "ana@example.test",
    "postcode": "64081",
    "answered_by": "self",
    "consent_sms": "yes",
    "consent_email": "yes",
}


@dataclass(frozen=True)
class Keys:
    """Signing keys of the services that call, and the public set."""

    private: dict[str, str]
    public: str
    data: str


def new_keys() -> Keys:
    """A fresh set of keys for all services."""
    private = {name: new_signing_key() for name in ("intake", "referral", "notify", "dashboard")}
    public = json.dumps({"keys": [public_key(name, pem) for name, pem in private.items()]})
    return Keys(private, public, new_data_keys())


@pytest.fixture(scope="session")
def service_keys() -> Keys:
    return new_keys()


class Browser:
    """A patient's browser: keeps cookies, follows one step at a time, fills the form of the page it is on."""

    def __init__(self, app: Joined, address: str = "198.51.100.7") -> None:
        self.client = Client(app)
        self.address = address
        self.at = ""
        self.body = ""
        self.status = 0

    def open(self, path: str) -> "Browser":
        """Open an address; what stands behind `#t=` is posted, as the page's script does."""
        path, _, secret = path.partition("#t=")
        if secret:
            self.open(path)
            return self.send({"link": secret})
        return self._take(self.client.get(path, environ_base={"REMOTE_ADDR": self.address}), path)

    def _take(self, answer: TestResponse, path: str) -> "Browser":
        hops = 0
        while answer.status_code in (301, 302, 303, 308) and hops < 5:
            path = answer.headers["Location"]
            answer = self.client.get(path, environ_base={"REMOTE_ADDR": self.address})
            hops += 1
        self.at, self.status, self.body = path, answer.status_code, answer.text
        return self

    def hidden(self) -> dict[str, str]:
        form = (
            self.body[self.body.rfind('<form method="post"') :] if "page-form" not in self.body else self.body
        )
        if "page-form" in self.body:
            form = self.body[self.body.index('id="page-form"') :]
        found = re.findall(r'<input type="hidden" name="([^"]+)" value="([^"]*)"', form)
        return {name: html.unescape(value) for name, value in found}

    def send(self, fields: dict[str, Any] | None = None, path: str | None = None) -> "Browser":
        data = {**self.hidden(), **(fields or {})}
        where = path or self.at.split("?")[0]
        answer = self.client.post(where, data=data, environ_base={"REMOTE_ADDR": self.address})
        return self._take(answer, where)

    def start(self, **changes: str) -> "Browser":
        self.open("/intake/start?lang=" + changes.pop("lang", "en"))
        return self.send({**ABOUT, **changes})

    def link(self) -> str:
        """A link to go on by elsewhere, as the page hands it out: its path with the token behind `#t=`."""
        at = self.at
        self.open(f"/intake/{at.split('/')[2].replace('review', 'q')}/{self.token}/later").send()
        found = re.search(r'id="address" readonly value="https?://[^/]+([^"]+)"', self.body)
        assert found, self.body
        self.open(at)
        return html.unescape(found.group(1))

    @property
    def page(self) -> str:
        return self.at.rstrip("/").rpartition("/")[2]

    @property
    def token(self) -> str:
        """The handle of the link in the address: it opens nothing but in this browser."""
        return self.at.split("/")[3]


@dataclass
class Clinic:
    """The service under test and those who call it."""

    parts: Parts
    app: Joined
    keys: Keys
    _tokens: dict[str, Tokens] = field(default_factory=dict)

    def tokens(self, service: str) -> Tokens:
        if service not in self._tokens:
            self._tokens[service] = Tokens(service, self.keys.private[service], self.keys.public)
        return self._tokens[service]

    def call(
        self,
        method: str,
        path: str,
        body: Any = None,
        *,
        actor: Actor | None = NURSE,
        service: str = "dashboard",
        version: int | None = None,
        key: str | None = None,
        headers: dict[str, str] | None = None,
    ) -> TestResponse:
        """Call the API as the dashboard does for `actor`; POSTs get a fresh Idempotency-Key unless `key` is given."""
        raw = b"" if body is None else body if isinstance(body, bytes) else json.dumps(body).encode()
        sent = {"Authorization": f"Bearer {self.tokens(service).issue('intake', raw, actor)}"}
        if body is not None:
            sent["Content-Type"] = "application/json"
        if method in ("POST", "PUT"):
            sent["Idempotency-Key"] = key or str(new_id())
        if version is not None:
            sent["If-Match"] = f'"{version}"'
        return Client(self.app).open(
            path if path.startswith("/api/") else f"/api/intake/v1{path}",
            method=method,
            data=raw,
            headers={**sent, **(headers or {})},
        )

    def get(self, path: str, actor: Actor | None = NURSE) -> Any:
        answer = self.call("GET", path, actor=actor)
        assert answer.status_code == 200, answer.text
        return answer.json

    def submit(self, answers: dict[str, Any], actor: Actor | None = NURSE, **patient: str) -> TestResponse:
        given = {
            "given_name": "Ben",
            "family_name": "Aldana",
            "birth_date": "1979-03-02",
            "phone": "+18165550144",
            **patient,
        }
        return self.call("POST", "/submissions", {"patient": given, "answers": answers}, actor=actor)

    def tell(self, source: str, event_type: str, subject: object, data: Contract) -> TestResponse:
        """Bring an event to /events as `source`'s relay does."""
        envelope = Envelope(
            id=new_id(),
            source=source,
            type=event_type,
            subject=str(subject),
            time=datetime.now(UTC),
            data=data.model_dump(mode="json"),
        )
        raw = envelope.model_dump_json().encode()
        token = self.tokens(source).issue("intake", raw)
        return Client(self.app).post(
            "/events",
            data=raw,
            headers={"Authorization": f"Bearer {token}", "Content-Type": "application/json"},
        )

    def events(self, event_type: str) -> list[dict[str, Any]]:
        """Data of the events written to the outbox, oldest first."""
        with self.parts.database.transaction() as session:
            rows = session.execute(
                text("SELECT id, data_sealed FROM outbox_event WHERE type = :type ORDER BY id"),
                {"type": event_type},
            ).all()
            return [open_json(row.data_sealed, event_place(row.id)) for row in rows]

    def sql(self, statement: str, **values: Any) -> list[Any]:
        with self.parts.database.transaction() as session:
            result = session.execute(text(statement), values)
            return list(result.all()) if result.returns_rows else []  # type: ignore[attr-defined]

    def browser(self, address: str = "198.51.100.7") -> Browser:
        return Browser(self.app, address)


def make_clinic(url: str, redis_url: str, keys: Keys, **changes: Any) -> Clinic:
    settings = IntakeSettings(
        env="test",
        database_url=SecretStr(url),
        redis_url=SecretStr(redis_url),
        data_keys=SecretStr(keys.data),
        signing_key=SecretStr(keys.private["intake"]),
        service_keys=keys.public,
        # Nothing listens there: pages that ask the schedule have to do without.
        service_urls={"referral": "http://127.0.0.1:9"},
        public_url="http://localhost:8080",
        form_secret_key=SecretStr("for-tests-only"),
        log_level="ERROR",
        **changes,
    )
    parts = assemble("intake", settings)
    return Clinic(parts, join_parts(parts, settings), keys)


@pytest.fixture
def clinic(database: DatabaseFactory, session_redis_url: str, service_keys: Keys) -> Iterator[Clinic]:
    made = make_clinic(database("intake").app_url, session_redis_url, service_keys)
    yield made
    made.parts.database.engine.dispose()


@pytest.fixture
def browser(clinic: Clinic) -> Browser:
    return clinic.browser()


@pytest.fixture
def clinic_at_noon(database: DatabaseFactory, session_redis_url: str, service_keys: Keys) -> Iterator[Clinic]:
    """A clinic whose day does not end while a test counts by the day: it is noon UTC, whatever the time here."""
    to_noon = int((12 * 3600 - time.time()) % 86_400)
    made = make_clinic(
        database("intake").app_url, session_redis_url, service_keys, clock_offset_seconds=to_noon
    )
    yield made
    made.parts.database.engine.dispose()
