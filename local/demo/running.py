"""After everything is up: some staff are on call, sixty patients answer, and staff bring each as far as planned."""

import json
import os
import time
from datetime import timedelta
from typing import Any

from sqlalchemy.exc import SQLAlchemyError

from kernel.assembly import assemble
from kernel.service_client import ServiceUnavailable
from kernel.settings import load
from local.demo.duty import put_on_call
from local.demo.hands import FRONT_DESK, Hands, Refused
from local.demo.people import Person, people
from local.demo.stories import STORIES
from local.process_environment import Stack, service_environment

PATIENCE_SECONDS = 60.0


def walk_patients(stack: Stack) -> None:
    """Do it once: a later start finds them there. What one patient's walk meets does not stop the others."""
    marker = stack.places.var / "demo.json"
    if marker.exists() or os.environ.get("WAYMARK_DEMO_PATIENTS") == "0":
        return
    hands = Hands(stack)
    try:
        put_on_call(hands)
    except (Refused, ServiceUnavailable) as error:
        print(f"nobody is on call: {error}", flush=True)
    _look_back(stack)
    walked = [(person, hands.submit(_submission(person))["id"]) for person in people()]
    outcome: dict[str, str] = {}
    for person, submission_id in walked:
        try:
            _walk(hands, person, str(submission_id))
            outcome[str(submission_id)] = person.stage
        except (Refused, ServiceUnavailable, KeyError, IndexError, TypeError) as error:
            outcome[str(submission_id)] = f"stopped before {person.stage}: {error}"
            print(f"{person.stage}: {error}", flush=True)
    marker.write_text(json.dumps(outcome, indent=1), encoding="utf-8")
    print(f"{len(walked)} demo patients are in", flush=True)


def _look_back(stack: Stack) -> None:
    """Weeks of counted mornings, so that the forecast of shortages says something, and how wrong it was."""
    from local.demo.past_weeks import live_past_weeks
    from services.referral.settings import ReferralSettings

    parts = assemble("referral", load(ReferralSettings, "referral", service_environment(stack, "referral")))
    try:
        print(f"{live_past_weeks(parts.database)} past mornings are counted", flush=True)
    except SQLAlchemyError as error:
        print(f"no past mornings: {type(error).__name__}", flush=True)
    parts.database.engine.dispose()


def _submission(person: Person) -> dict[str, Any]:
    return {
        "patient": {
            "given_name": person.given_name,
            "family_name": person.family_name,
            "birth_date": person.birth_date.isoformat(),
            "phone": person.phone,
            "email": person.email,
            "postcode": person.postcode,
            "time_zone": "America/Chicago",
        },
        "language": person.language,
        "answers": STORIES[person.story],
        "consent": {"sms": True, "email": True},
        "preferred_site": person.site,
    }


def _walk(hands: Hands, person: Person, submission_id: str) -> None:
    if person.stage == "needs_triage":
        return
    referral = _referral_of(hands, submission_id)
    path = f"/api/referral/v1/referrals/{referral['id']}"
    version = int(referral["version"])
    if person.stage == "declined":
        hands.do(
            "referral", f"{path}/decline", {"reason_code": "outside_our_scope", "note": ""}, version=version
        )
    elif person.stage == "asked":
        hands.do(
            "referral", f"{path}/ask", {"note": "Please call about the missing answers."}, version=version
        )
    elif person.stage == "deferred":
        until = hands.now() + timedelta(days=3)
        hands.do("referral", f"{path}/defer", {"until": until.isoformat()}, version=version)
    else:
        hands.do("referral", f"{path}/accept", {}, version=version)
        if person.stage != "to_book":
            _book(hands, person, referral)


def _referral_of(hands: Hands, submission_id: str) -> dict[str, Any]:
    """Return the referral made of a submission, waiting until it is routed."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        submission = hands.get("intake", f"/api/intake/v1/submissions/{submission_id}").body
        if submission.get("referral"):
            referral_id = submission["referral"]["id"]
            found: dict[str, Any] = hands.get("referral", f"/api/referral/v1/referrals/{referral_id}").body
            return found
        time.sleep(0.2)
    raise Refused("not routed in time")


def _book(hands: Hands, person: Person, referral: dict[str, Any]) -> None:
    today = person.stage in ("today", "arrived", "attended")
    starts_in = 0 if today else 1 if person.stage == "confirmed" else 2
    first_day = (hands.now() + timedelta(days=starts_in)).date()
    wanted = {"route": referral["route"], "from": first_day.isoformat(), "days": "10", "limit": "20"}
    slots = hands.get("referral", "/api/referral/v1/slots", FRONT_DESK, site=person.site, **wanted).body[
        "items"
    ]
    if not slots:
        slots = hands.get("referral", "/api/referral/v1/slots", FRONT_DESK, **wanted).body["items"]
    slot = slots[int(person.phone[-3:]) % len(slots)] if not today else slots[0]
    body = {
        "visit_type": _id(slot["visit_type"]),
        "provider_id": _id(slot["provider"]),
        "site_id": _id(slot["site"]),
        "starts_at": slot["starts_at"],
    }
    path = f"/api/referral/v1/referrals/{referral['id']}/appointments"
    booked = hands.do("referral", path, body, actor=FRONT_DESK).body
    if person.stage == "cancelled":
        cancel = f"/api/referral/v1/appointments/{booked['id']}/cancel"
        hands.do(
            "referral",
            cancel,
            {"reason_code": "patient_cannot_come"},
            version=booked["version"],
            actor=FRONT_DESK,
        )
    if person.stage in ("arrived", "attended"):
        visit = f"/api/referral/v1/appointments/{booked['id']}"
        booked = hands.do(
            "referral", f"{visit}/check-in", {}, version=booked["version"], actor=FRONT_DESK
        ).body
        if person.stage == "attended":
            hands.do("referral", f"{visit}/outcome", {"outcome": "attended"}, version=booked["version"])
    said = {"confirmed": "C", "opted_out": "STOP", "question_by_text": "Can my sister come with me?"}.get(
        person.stage
    )
    if said:
        _reply_when_texted(hands, person.phone, said)


def _id(given: Any) -> str:
    return str(given["id"]) if isinstance(given, dict) else str(given)


def _reply_when_texted(hands: Hands, phone: str, text: str) -> None:
    deadline = time.monotonic() + PATIENCE_SECONDS
    while time.monotonic() < deadline:
        if hands.texts_to(phone):
            hands.reply(phone, text)
            return
        time.sleep(0.2)
    raise Refused("no text came to answer")
