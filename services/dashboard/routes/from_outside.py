"""Enter a referral that came by letter or fax; a patient who has a live one is shown it first."""

import base64
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from services.dashboard.actions.ask_owner import ask_owner
from services.dashboard.owners import OwnerAway, OwnerRefused
from services.dashboard.queries.reference import names, reference
from services.dashboard.routes.desk import Desk, actor, staff_only
from services.dashboard.rules.form_refusals import refusal_words
from services.dashboard.rules.identifier_kinds import KINDS, identifiers_in
from services.dashboard.rules.phone_numbers import to_e164
from services.dashboard.rules.roles import CLINICAL, FRONT_DESK

RECEIVES = CLINICAL | {FRONT_DESK}
LARGEST_LETTER = 2 * 1024 * 1024
# The letter travels once more, as text, when the page comes back; another may be chosen beside it in its place.
LARGEST_LETTER_FORM = LARGEST_LETTER * 4 // 3 + LARGEST_LETTER + 64 * 1024
PERSON = ("given_name", "family_name", "birth_date", "phone", "email", "language", "postcode")
CHOICES = ("track", "separate")


def from_outside_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of referrals from outside."""
    routes = Blueprint("from_outside", __name__)

    @routes.get("/staff/referral-from-outside")
    @staff_only(RECEIVES)
    def ask() -> Any:
        return _page(desk, {})

    @routes.post("/staff/referral-from-outside")
    @staff_only(RECEIVES)
    def receive() -> Any:
        form = {name: value.strip() for name, value in request.form.items()}
        letter, wrong = _letter(form)
        identifiers, no_keeper = identifiers_in(form)
        if wrong or no_keeper:
            faults = [one for one in (wrong, no_keeper) if one]
            return _page(desk, {**form, "letter": letter}, problems=faults), 422
        try:
            made = ask_owner(
                desk.patient_owners,
                actor(),
                "referral",
                "/referrals",
                _body(form, letter, identifiers),
                key=form.get("key", ""),
            )
        except OwnerAway as away:
            # A file is in no hidden field of the page that sends again: this page keeps it, and the key.
            return _page(desk, {**form, "letter": letter}, away=away.service), 503
        except OwnerRefused as refusal:
            live = refusal.body.get("referral")
            if refusal.code == "live_referral" and isinstance(live, dict):
                return _page(desk, {**form, "letter": letter}, live=live), 409
            words = refusal_words(refusal.body, refusal.title)
            return _page(desk, {**form, "letter": letter}, problems=words), refusal.status
        return redirect(url_for("papers.papers", referral_id=made["id"]), 303)

    return routes


def _page(
    desk: Desk,
    given: dict[str, Any],
    *,
    problems: list[str] | None = None,
    live: Any = None,
    away: str = "",
) -> str:
    sites = names(reference(desk.owners, actor(), "sites"))
    return render_template(
        "from_outside.html",
        given=given,
        problems=problems or [],
        live=live,
        away=away,
        sites=sites,
        person=PERSON,
        identifier_kinds=KINDS,
    )


def _letter(form: dict[str, str]) -> tuple[str, str]:
    """Return the letter in base64 ("" for none), and what is wrong with it."""
    sent = request.files.get("file")
    raw = sent.read(LARGEST_LETTER + 1) if sent is not None else b""
    if len(raw) > LARGEST_LETTER:
        return "", "The letter is larger than 2 MiB. Scan it with fewer dots, and choose it again."
    if raw:
        return base64.b64encode(raw).decode(), ""
    kept = form.get("letter", "")
    try:
        base64.b64decode(kept, validate=True)
    except ValueError:
        return "", "The letter was damaged on the way. Choose it again."
    return kept, ""


def _body(form: dict[str, str], letter: str, identifiers: list[dict[str, str]]) -> dict[str, Any]:
    patient = {name: form.get(name, "") for name in PERSON}
    patient["phone"] = to_e164(patient["phone"]) or patient["phone"]
    chosen = form.get("if_live", "")
    return {
        "sender": form.get("sender", ""),
        "external_id": form.get("external_id", ""),
        "patient": patient,
        "identifiers": identifiers,
        "reason": form.get("reason", ""),
        "notices_email": form.get("notices_email", ""),
        "preferred_site": form.get("preferred_site", ""),
        "letter_base64": letter or None,
        "if_live": chosen if chosen in CHOICES else "ask",
    }
