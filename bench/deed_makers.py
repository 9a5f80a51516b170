"""A service's application in this process with everything one deed needs, ready to be done again and again."""

import io
import itertools
import json
from collections.abc import Callable, Iterable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import urlencode

from pydantic import SecretStr
from sqlalchemy import text
from werkzeug.test import Client

from bench.bookings import DAYS, NURSE, SITES, VISIT
from bench.page_saves import FORM, read_form
from bench.scheduling import PROVIDERS_A_SITE, hired_clinic
from bench.submissions import sixty_answers
from kernel.assembly import assemble
from kernel.contracts.intake_submitted import IntakeSubmitted
from kernel.contracts.patient import PatientSnapshot
from kernel.database import Database
from kernel.events import Envelope
from kernel.ids import new_id
from kernel.tokens import Tokens
from kernel.web.join import Wsgi
from local.keys import new_data_keys, new_signing_key, public_key
from services.intake.app import join_parts as join_intake
from services.intake.settings import IntakeSettings
from services.referral.actions.seed_clinic import seed_clinic
from services.referral.app import join_parts as join_referral
from services.referral.settings import ReferralSettings
from tests.servers import addresses, copy_database

SERVICES = ("intake", "referral", "notify", "dashboard")


@dataclass(frozen=True)
class Deed:
    """A deed to measure: `call` does it once more, and raises when it is not answered as it should be."""

    database_url: str
    call: Callable[[], None]


class _Service:
    """What every service's application is made from, and the tokens of who calls it."""

    def __init__(self, service: str) -> None:
        self.service = service
        self._private = {name: new_signing_key() for name in SERVICES}
        self._public = json.dumps({"keys": [public_key(name, pem) for name, pem in self._private.items()]})
        self.database_url = copy_database(service).app_url
        self.settings: dict[str, Any] = {
            "env": "test",
            "database_url": SecretStr(self.database_url),
            "redis_url": SecretStr(addresses()["redis"]),
            "data_keys": SecretStr(new_data_keys()),
            "signing_key": SecretStr(self._private[service]),
            "service_keys": self._public,
            "service_urls": {},
            "public_url": "http://localhost",
            "log_level": "WARNING",
        }

    def tokens(self, caller: str) -> Tokens:
        return Tokens(caller, self._private[caller], self._public)

    def access_headers(self) -> dict[str, str]:
        """Headers of an API client that may write here."""
        scopes = frozenset({f"{self.service}:write", f"{self.service}:read"})
        token = self.tokens("intake").issue_access("bench", scopes, [self.service])
        return {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}


def _in_turn(app: Wsgi, environs: Iterable[dict[str, Any]], expected: str) -> Callable[[], None]:
    waiting = iter(environs)

    def start(status: str, _headers: list[tuple[str, str]], _error: Any = None) -> None:
        if not status.startswith(expected):
            raise RuntimeError(f"answered {status}, not {expected}")

    def call() -> None:
        for _ in app(next(waiting), start):
            pass

    return call


def _environ(method: str, path: str, body: bytes, headers: dict[str, str]) -> dict[str, Any]:
    """A request as the web server hands it over."""
    found: dict[str, Any] = {
        "REQUEST_METHOD": method,
        "PATH_INFO": path,
        "SCRIPT_NAME": "",
        "QUERY_STRING": "",
        "RAW_URI": path,
        "SERVER_NAME": "127.0.0.1",
        "SERVER_PORT": "80",
        "SERVER_PROTOCOL": "HTTP/1.1",
        "REMOTE_ADDR": "127.0.0.1",
        "REMOTE_PORT": "4000",
        "HTTP_HOST": "127.0.0.1",
        "CONTENT_LENGTH": str(len(body)),
        "wsgi.url_scheme": "http",
        "wsgi.input": io.BytesIO(body),
        "wsgi.multithread": True,
    }
    for name, value in headers.items():
        key = name.upper().replace("-", "_")
        found[key if key == "CONTENT_TYPE" else f"HTTP_{key}"] = value
    return found


@contextmanager
def submits(count: int) -> Iterator[Deed]:
    """Final submits of sixty answers, each of a patient of its own (PERF-1)."""
    service = _Service("intake")
    settings = IntakeSettings(**service.settings, form_secret_key=SecretStr("bench"))
    parts = assemble("intake", settings)
    headers = service.access_headers()
    fixed = {"language": "en", "answers": sixty_answers(), "consent": {"sms": True, "email": False}}

    def environ(number: int) -> dict[str, Any]:
        person = {
            "given_name": f"Bench{number}",
            "family_name": f"Load{number}",
            "birth_date": f"{1940 + number % 60}-{1 + number % 12:02}-{1 + number % 28:02}",
            "phone": f"+1913{3000000 + number}",
            "time_zone": "America/Chicago",
        }
        body = json.dumps({"patient": person, **fixed}).encode()
        own = headers | {"Idempotency-Key": str(new_id())}
        return _environ("POST", "/api/intake/v1/submissions", body, own)

    app = join_intake(parts, settings)
    yield Deed(service.database_url, _in_turn(app, map(environ, range(1, count + 1)), "201"))
    parts.database.engine.dispose()


@contextmanager
def page_saves(count: int) -> Iterator[Deed]:
    """Saves of the first topic by the page's form, each newer than the one before (PERF-2)."""
    service = _Service("intake")
    settings = IntakeSettings(**service.settings, form_secret_key=SecretStr("bench"))
    parts = assemble("intake", settings)
    app = join_intake(parts, settings)
    browser = Client(app)
    begun = read_form(browser.get("/intake/start").text)
    person = {
        "given_name": "Page",
        "family_name": "Bench",
        "birth_date": "1980-04-02",
        "phone": "+19136000000",
        "email": "",
        "postcode": "66211",
    }
    page = browser.post("/intake/start", data=begun | person, follow_redirects=True)
    fields, path = read_form(page.text), page.request.path
    cookies = {"Cookie": page.request.headers["Cookie"]}

    def environ(number: int) -> dict[str, Any]:
        body = urlencode(fields | {"_seq": str(number), "_keep": ""}).encode()
        return _environ("POST", path, body, FORM | cookies)

    yield Deed(service.database_url, _in_turn(app, map(environ, range(2, count + 2)), "303"))
    parts.database.engine.dispose()


@contextmanager
def bookings(count: int) -> Iterator[Deed]:
    """Bookings of accepted referrals, each of another referral and of a slot no other asks for (PERF-8b)."""
    service = _Service("referral")
    parts = assemble("referral", ReferralSettings(**service.settings))
    with parts.database.transaction() as session:
        seed_clinic(session, hired_clinic())
    app = join_referral(parts)
    browser, headers = Client(app), service.access_headers()
    slots = _slots(browser, headers, count)
    referrals = [_accepted(service, browser, parts.database, number) for number in range(count)]

    def environ(referral_id: str, slot: dict[str, Any]) -> dict[str, Any]:
        body = {
            "visit_type": slot["visit_type"],
            "provider_id": slot["provider_id"],
            "site_id": slot["site"],
            "starts_at": slot["starts_at"],
        }
        own = headers | {"Idempotency-Key": str(new_id())}
        path = f"/api/referral/v1/referrals/{referral_id}/appointments"
        return _environ("POST", path, json.dumps(body).encode(), own)

    yield Deed(service.database_url, _in_turn(app, map(environ, referrals, slots), "201"))
    parts.database.engine.dispose()


@contextmanager
def slot_searches(count: int) -> Iterator[Deed]:
    """Searches of every site and provider for ninety days (PERF-8)."""
    service = _Service("referral")
    parts = assemble("referral", ReferralSettings(**service.settings))
    with parts.database.transaction() as session:
        seed_clinic(session, hired_clinic())
    path, query = "/api/referral/v1/slots", "route=physical_therapy&days=90&limit=100"
    asked = _environ("GET", path, b"", service.access_headers()) | {"QUERY_STRING": query}
    yield Deed(
        service.database_url, _in_turn(join_referral(parts), (dict(asked) for _ in range(count)), "200")
    )
    parts.database.engine.dispose()


def _slots(browser: Client, headers: dict[str, str], count: int) -> list[dict[str, Any]]:
    """Free slots of which any may be booked whatever becomes of the others."""
    last: dict[str, datetime] = {}
    chosen: list[dict[str, Any]] = []
    today = datetime.now(UTC).date()
    for day, site in itertools.product(range(1, DAYS + 1), SITES):
        query = f"?route=physical_therapy&site={site}&days=1&limit=100&from={today + timedelta(days=day)}"
        found = browser.get(f"/api/referral/v1/slots{query}", headers=headers).json
        for slot in found["items"] if found else ():
            who, starts_at = slot["provider_id"], datetime.fromisoformat(slot["starts_at"])
            if who not in last or starts_at - last[who] >= VISIT:
                last[who] = starts_at
                chosen.append(slot)
        if len(chosen) >= count + PROVIDERS_A_SITE:
            return chosen[:count]
    raise RuntimeError(f"only {len(chosen)} slots of {count} are free")


def _accepted(service: _Service, browser: Client, store: Database, number: int) -> str:
    """Bring a submission as intake's relay does, and accept its referral as a nurse does; return the referral's id."""
    patient_id, submission_id = new_id(), new_id()
    data = IntakeSubmitted(
        submission_id=submission_id,
        patient_id=patient_id,
        patient=PatientSnapshot(
            given_name=f"Book{number}",
            family_name="Bench",
            birth_date=datetime(1979, 9, 9, tzinfo=UTC).date(),
            phone=f"+1816{5000000 + number}",
            language="en",
        ),
        questionnaire="headache-spine|1",
        language="en",
        answers={"age_years": 44, "regions": ["neck"], "nprs_now": 3},
        protocol_version="1",
        submitted_at=datetime.now(UTC),
    )
    envelope = Envelope(
        id=new_id(),
        source="intake",
        type="intake_submitted",
        subject=str(submission_id),
        time=data.submitted_at,
        data=data.model_dump(mode="json"),
    )
    raw = envelope.model_dump_json().encode()
    token = service.tokens("intake").issue("referral", raw)
    sent = {"Authorization": f"Bearer {token}", "Content-Type": "application/json"}
    if browser.post("/events", data=raw, headers=sent).status_code != 204:
        raise RuntimeError("the submission was not heard")
    with store.transaction() as session:
        row = session.execute(
            text("SELECT id, version FROM referral WHERE patient_id = :who"), {"who": patient_id}
        ).one()
    token = service.tokens("dashboard").issue("referral", b"{}", NURSE)
    sent = {
        "Authorization": f"Bearer {token}",
        "Content-Type": "application/json",
        "Idempotency-Key": str(new_id()),
        "If-Match": f'"{row.version}"',
    }
    answer = browser.post(f"/api/referral/v1/referrals/{row.id}/accept", data=b"{}", headers=sent)
    if answer.status_code != 200:
        raise RuntimeError(f"not accepted: {answer.status_code} {answer.text}")
    return str(row.id)


MAKERS: dict[str, Callable[[int], Any]] = {
    "booking": bookings,
    "submit": submits,
    "page_save": page_saves,
    "slot_search": slot_searches,
}
