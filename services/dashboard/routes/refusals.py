"""When the owner says no, or nothing: what happened, what was kept, what to do."""

from typing import Any

from flask import render_template, request

from kernel.ids import parse_id
from kernel.web.problems import Problem
from services.dashboard.owners import OwnerAway, OwnerRefused
from services.dashboard.queries.case import flag_name
from services.dashboard.queries.reference import names, reference
from services.dashboard.queries.staff_names import staff_names
from services.dashboard.routes.desk import Desk, actor, business_now
from services.dashboard.rules.booking_conflicts import CONFLICTS, conflict_words
from services.dashboard.rules.changed_lines import changed_lines
from services.dashboard.rules.problem_words import fault_words
from services.dashboard.rules.times import DAY_NAMES, parse_time, when
from services.dashboard.rules.waitlist_form import SEEN_WISHES, wish_words
from services.dashboard.rules.words import plain

SHOWN_FIELDS = ("state", "route", "priority", "owner", "site", "starts_at", "provider")
# Of records whose form says what was seen of them: places on the list, rounds of offers, closures, notes.
SEEN_FIELDS = (
    *SEEN_WISHES,
    "batch",
    "lifted_at",
    "reviewed_by",
    "acknowledged_by",
    "decided_by",
    "retired_by",
    "visits_to_come",
    "subject",
    "body",
)
# What people wrote: shown line by line as it stands.
WRITTEN = ("subject", "body")
# Minutes and days by number: shown as the forms ask for them.
WISHES = ("sites", "weekdays", "from_minute", "until_minute", "notice_minutes")

# What a person wrote, shown once more after a refusal: nobody types it twice.
TYPED = {
    "note": "Your note",
    "reason": "Your reason",
    "override_reason": "Your reason",
    "subject": "Your subject",
    "body": "Your words",
    "given_name": "The given name",
    "family_name": "The family name",
    "birth_date": "Born",
    "phone": "The phone number",
    "identifier": "The number",
    "email": "The e-mail address",
    "from_time": "Not before",
    "until_time": "Not after",
    "expires_at": "Waits until",
}


def show_away(away: OwnerAway, back: str) -> Any:
    """The owner did not answer: offer the same press again; its key makes a repeat harmless."""
    kept = [(name, value) for name, value in request.form.items(multi=True) if name != "csrf_token"]
    return render_template("deed_away.html", service=away.service, back=back, kept=kept), 503


def show_refusal(desk: Desk, refusal: OwnerRefused, back: str, deed: str, *, again: str = "") -> Any:
    """The owner refused: show what differs (412), what is possible instead (409), or which fields (422).

    `again`: the page that asks to confirm one of the free times listed instead.
    """
    if refusal.status == 404:
        raise Problem(404, "not_found", "There is no such record.")
    if refusal.status == 403:
        raise Problem(403, "forbidden", "Your role does not do this.")
    current = refusal.body.get("current")
    current = current if isinstance(current, dict) else {}
    differing = [
        (name, _seen(name), _as_seen(current.get(name)))
        for name in (*SHOWN_FIELDS, *(one for one in SEEN_FIELDS if f"seen_{one}" in request.form))
        if name in current and _as_seen(current.get(name)) != _seen(name)
    ]
    return render_template(
        "deed_refused.html",
        refusal=refusal,
        differing=[(name, *_shown(desk, name, pair)) for name, *pair in differing if name not in WRITTEN],
        written=[(name, *changed_lines(*pair)) for name, *pair in differing if name in WRITTEN],
        faults=[fault_words(one) for one in refusal.body.get("errors") or [] if isinstance(one, dict)],
        waits=current if refusal.code == "already_waiting" else {},
        back=back,
        deed=deed,
        typed=[
            (words, request.form[name])
            for name, words in TYPED.items()
            if request.form.get(name, "").strip() and request.form[name] != current.get(name)
        ],
        wished=_wished(desk),
        ticked=[flag_name(one) for one in request.form.getlist("settled")],
        conflicts=[
            (conflict_words(str(code)), CONFLICTS.get(str(code), ("", "", ""))[1])
            for code in refusal.body.get("conflicts") or []
        ],
        in_the_way=str(parse_id(str(refusal.body.get("appointment_id", ""))) or ""),
        alternatives=refusal.body.get("alternatives") or [],
        again=again,
        allowed=refusal.body.get("allowed") or [],
    ), refusal.status


def _shown(desk: Desk, name: str, pair: list[str]) -> list[str]:
    """What was seen and what is now, in words."""
    if name.endswith("_by"):
        with desk.database.transaction() as session:
            known = staff_names(session, pair)
        return [known.get(text, text) for text in pair]
    if name == "visits_to_come":
        return [_visits_words(text) for text in pair]
    if name not in WISHES:
        return pair
    sites = names(reference(desk.owners, actor(), "sites")) if name == "sites" else {}
    listed = name in ("sites", "weekdays")
    return [
        wish_words(name, [one for one in text.split(", ") if one] if listed else text, sites) for text in pair
    ]


def _visits_words(text: str) -> str:
    """Visits written as `<start> <state>, …`, in words; "" for none."""
    visits = [one.partition(" ") for one in text.split(", ") if one]
    return "; ".join(f"{_when(start)} {plain(state).lower()}" for start, _, state in visits)


def _when(text: str) -> str:
    moment = parse_time(text)
    return when(moment, business_now()) if moment else text


def _wished(desk: Desk) -> list[str]:
    """Sites and days that were ticked, in words."""
    ticked = request.form.getlist("sites")
    known = names(reference(desk.owners, actor(), "sites")) if ticked else {}
    days = [DAY_NAMES[int(day)] for day in request.form.getlist("weekdays") if day in tuple("0123456")]
    return [*(str(known.get(one, one)) for one in ticked), *days]


def _seen(name: str) -> str:
    """A field as the posted form says it was seen; browsers send line breaks as two characters."""
    return request.form.get(f"seen_{name}", "").replace("\r\n", "\n")


def _as_seen(value: Any) -> str:
    """A field as the form that was opened wrote it; of a person, the name."""
    if isinstance(value, dict):
        return str(value.get("name") or "")
    if isinstance(value, list):
        return ", ".join(str(one) for one in value)
    # Midnight is minute 0, and said.
    return "" if value is None else str(value)
