"""Somebody calls, or answers lie here on paper: who it is, then straight into the questions, typed for them."""

from typing import Any

from flask import Blueprint, redirect, render_template, request

from services.dashboard.actions.ask_owner import ask_owner
from services.dashboard.owners import OwnerAway, OwnerRefused
from services.dashboard.routes.answered import ANSWERERS
from services.dashboard.routes.desk import Desk, actor, note_view, staff_only
from services.dashboard.routes.patient_links import LANGUAGES, TYPED
from services.dashboard.rules.identifier_kinds import KINDS, identifiers_in
from services.dashboard.rules.roles import SCHEDULES

#: Not asked is no answer: somebody known keeps what they agreed to before.
CONSENT = {"yes": True, "no": False}
PERSON = ("given_name", "family_name", "birth_date", "phone", "email", "postcode")
#: What the page calls each field the owner may refuse.
FIELDS = {
    "patient.given_name": ("given_name", "Type the given name."),
    "patient.family_name": ("family_name", "Type the family name."),
    "patient.birth_date": ("birth_date", "This is no birth date that can be."),
    "patient.phone": ("phone", "Type the number they can be reached at: ten digits."),
    "patient.email": ("email", "This is no e-mail address."),
    "patient.postcode": ("postcode", "This is no ZIP code."),
    "patient.identifiers": ("identifier", "This is no number anybody is kept under."),
    "answered_by": (
        "answered_by",
        "They are under 18: a parent, a guardian or whoever referred answers for them.",
    ),
}


def new_caller_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the page for callers and answers on paper."""
    routes = Blueprint("new_caller", __name__)

    @routes.get("/staff/new-caller")
    @staff_only(SCHEDULES)
    def ask() -> str:
        return _page({"mode": "phone"}, {})

    @routes.post("/staff/new-caller")
    @staff_only(SCHEDULES)
    def begin() -> Any:
        form = {name: value.strip() for name, value in request.form.items()}
        identifiers, wrong = identifiers_in(form)
        if wrong:
            return _page(form, {"identifier": wrong}), 422
        try:
            made = ask_owner(
                desk.patient_owners,
                actor(),
                "intake",
                "/typed-entries",
                _body(form, identifiers),
                key=form.get("key", ""),
            )
        except OwnerAway as away:
            return _page(form, {}, away=away.service), 503
        except OwnerRefused as refusal:
            return _page(form, _faults(refusal), refused=refusal.title), refusal.status
        note_view(desk, "patient", made.get("patient_id"))
        # Only ever a page of the patients': the address comes from intake, its token stands behind the `#`.
        return redirect(f"{desk.public_url or request.host_url.rstrip('/')}{made['path']}", 303)

    return routes


def _page(given: dict[str, Any], faults: dict[str, str], *, away: str = "", refused: str = "") -> str:
    return render_template(
        "new_caller.html",
        given=given,
        faults=faults,
        away=away,
        refused=refused,
        answerers=ANSWERERS,
        identifier_kinds=KINDS,
    )


def _body(form: dict[str, str], identifiers: list[dict[str, str]]) -> dict[str, Any]:
    mode, language, said_by = form.get("mode", ""), form.get("language", ""), form.get("answered_by", "")
    return {
        "patient": {**{name: form.get(name, "") for name in PERSON}, "identifiers": identifiers},
        "mode": mode if mode in TYPED else TYPED[0],
        "language": language if language in LANGUAGES else "",
        "answered_by": said_by if said_by in ANSWERERS else "self",
        "consent": {way: CONSENT.get(form.get(f"consent_{way}", "")) for way in ("sms", "email")},
    }


def _faults(refusal: OwnerRefused) -> dict[str, str]:
    """What is wrong by field of the page."""
    found: dict[str, str] = {}
    for error in refusal.body.get("errors") or []:
        named = str(error.get("field", "") if isinstance(error, dict) else "").removeprefix("json.")
        for field, (name, words) in FIELDS.items():
            if named.startswith(field):
                found[name] = words
    return found
