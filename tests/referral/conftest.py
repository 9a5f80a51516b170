"""A referral service in this process, on a real PostgreSQL, called through its WSGI application."""

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from uuid import UUID

import pytest
from pydantic import SecretStr
from sqlalchemy.orm import Session
from werkzeug.test import Client, TestResponse

from kernel.assembly import Parts, assemble
from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.intake_submitted import IntakeSubmitted
from kernel.contracts.patient import PatientSnapshot
from kernel.database import Database
from kernel.events import Contract, Envelope
from kernel.ids import new_id
from kernel.tokens import Tokens
from kernel.web.join import Joined
from local.business_clock import next_tuesday
from local.keys import new_data_keys, new_signing_key, public_key
from services.referral.actions.seed_clinic import read_clinic, seed_clinic
from services.referral.app import join_parts
from services.referral.settings import ReferralSettings
from tests.conftest import DatabaseFactory, database_copies
from tests.servers import copy_database, drop_database

NURSE = Actor("staff", "nurse-1", "nurse", "Nora Field")
PROVIDER = Actor("staff", "provider-1", "provider", "Pat Moreno")
FRONT_DESK = Actor("staff", "desk-1", "front_desk", "Dana Wells")
MANAGER = Actor("staff", "manager-1", "manager", "Mo Abara")
ADMIN = Actor("staff", "admin-1", "admin", "Al Root")

NECK_PAIN = {"age_years": 44, "regions": ["neck"], "nprs_now": 3}
CAUDA_EQUINA = {
    "age_years": 51,
    "regions": ["low_back"],
    "saddle_numbness": True,
    "bladder_bowel_change": True,
}


@dataclass(frozen=True)
class Keys:
    """Signing keys of the services that call, and the public set."""

    private: dict[str, str]
    public: str
    data: str


@pytest.fixture(scope="session")
def service_keys() -> Keys:
    private = {name: new_signing_key() for name in ("intake", "referral", "notify", "dashboard")}
    public = json.dumps({"keys": [public_key(name, pem) for name, pem in private.items()]})
    return Keys(private, public, new_data_keys())


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
        """Call the API as the dashboard does for `actor`; POSTs get a fresh Idempotency-Key unless `key` is given.

        A text goes out as it is, everything else as JSON.
        """
        raw = b"" if body is None else (body if isinstance(body, str) else json.dumps(body)).encode()
        sent = {"Authorization": f"Bearer {self.tokens(service).issue('referral', raw, actor)}"}
        if body is not None:
            sent["Content-Type"] = "application/json"
        if method == "POST":
            sent["Idempotency-Key"] = key or str(new_id())
        if version is not None:
            sent["If-Match"] = f'"{version}"'
        return Client(self.app).open(
            f"/api/referral/v1{path}", method=method, data=raw, headers={**sent, **(headers or {})}
        )

    def get(self, path: str, actor: Actor | None = NURSE) -> Any:
        answer = self.call("GET", path, actor=actor)
        assert answer.status_code == 200, answer.text
        return answer.json

    def do(self, referral: dict[str, Any], deed: str, body: Any = None, actor: Actor = NURSE) -> Any:
        """Do a deed on a referral as last seen, and return it as it is then."""
        answer = self.call(
            "POST",
            f"/referrals/{referral['id']}/{deed}",
            body or {},
            actor=actor,
            version=referral["version"],
        )
        assert answer.status_code == 200, answer.text
        return answer.json

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
        return self.bring(envelope)

    def bring(self, envelope: Envelope) -> TestResponse:
        raw = envelope.model_dump_json().encode()
        token = self.tokens(envelope.source).issue("referral", raw)
        headers = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
        return Client(self.app).post("/events", data=raw, headers=headers)

    def submit(self, answers: dict[str, Any] | None = None, **changes: Any) -> dict[str, Any]:
        """Submit answers through intake's event; return the case as a nurse sees it."""
        submitted = self.submission(answers, **changes)
        heard = self.tell("intake", "intake_submitted", submitted.submission_id, submitted)
        assert heard.status_code == 204, heard.text
        return self.case_of(submitted)

    def case_of(self, submitted: IntakeSubmitted) -> dict[str, Any]:
        listed = self.get(f"/referrals?patient_id={submitted.patient_id}")["items"]
        mine = [r for r in listed if r["submission_id"] == str(submitted.submission_id)]
        assert len(mine) == 1
        case: dict[str, Any] = self.get(f"/referrals/{mine[0]['id']}")
        return case

    def submission(self, answers: dict[str, Any] | None = None, **changes: Any) -> IntakeSubmitted:
        patient = PatientSnapshot(
            given_name="Ines",
            family_name="Example",
            birth_date=datetime(1980, 5, 17, tzinfo=UTC).date(),
            phone="+18165550142",
            language="en",
        )
        values: dict[str, Any] = {
            "submission_id": new_id(),
            "patient_id": new_id(),
            "patient": patient,
            "questionnaire": "headache-spine|1",
            "language": "en",
            "answers": NECK_PAIN if answers is None else answers,
            "protocol_version": "1",
            "submitted_at": self.now(),
            **changes,
        }
        return IntakeSubmitted.model_validate(values)

    def now(self) -> datetime:
        with self.parts.database.transaction() as session:
            return now(session)

    def session(self) -> Any:
        return self.parts.database.transaction()


def tuesday_at_ten() -> timedelta:
    """The offset that makes business time the next Tuesday, 10:00 at the clinic, whatever the clocks do till then."""
    real_now = datetime.now(UTC)
    return next_tuesday(real_now) - real_now


@pytest.fixture(scope="session")
def staffed_template() -> Iterator[str]:
    """A database with the demo clinic in it, to be copied: seeding it anew costs more than most tests that need it."""
    made = copy_database("referral")
    store = Database(made.app_url, name="seeds")
    with store.transaction() as session:
        seed_clinic(session, read_clinic())
    store.engine.dispose()
    yield made.name
    drop_database(made.name)


@pytest.fixture
def database(request: pytest.FixtureRequest) -> Iterator[DatabaseFactory]:
    """As everywhere; the referral service's has the demo clinic when the test asks for `staffed`."""
    staffed = "staffed" in request.fixturenames
    yield from database_copies({"referral": request.getfixturevalue("staffed_template")} if staffed else {})


@pytest.fixture
def referral_parts(database: DatabaseFactory, redis_url: str, service_keys: Keys) -> Iterator[Parts]:
    yield from _parts(database("referral").app_url, redis_url, service_keys)


def _parts(database_url: str, redis_url: str, keys: Keys) -> Iterator[Parts]:
    settings = ReferralSettings(
        env="test",
        database_url=SecretStr(database_url),
        redis_url=SecretStr(redis_url),
        data_keys=SecretStr(keys.data),
        signing_key=SecretStr(keys.private["referral"]),
        service_keys=keys.public,
        service_urls={},
        public_url="http://localhost",
        clock_offset_seconds=int(tuesday_at_ten().total_seconds()),
    )
    parts = assemble("referral", settings)
    yield parts
    parts.database.engine.dispose()


@pytest.fixture
def clinic(referral_parts: Parts, service_keys: Keys) -> Clinic:
    """The referral service with an empty database and the shipped protocol published at first use."""
    return Clinic(referral_parts, join_parts(referral_parts), service_keys)


@pytest.fixture
def staffed(clinic: Clinic) -> Clinic:
    """The service with the demo clinic's sites, people and visit types: `database` copied them."""
    return clinic


@pytest.fixture
def session(clinic: Clinic) -> Iterator[Session]:
    with clinic.parts.database.transaction() as opened:
        yield opened


__all__ = ["UUID", "Clinic"]
