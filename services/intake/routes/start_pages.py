"""The first pages: language, and who the patient is."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for
from pydantic import ValidationError
from werkzeug.wrappers import Response

from kernel.clock import now
from kernel.context import Actor
from kernel.database import Database
from kernel.personal import Personal
from kernel.web.problems import from_status
from services.intake.actions.count_start import count_start
from services.intake.actions.count_try import count_try
from services.intake.actions.issue_link import issue_link
from services.intake.actions.register_patient import PatientFacts
from services.intake.actions.start_draft import start_draft
from services.intake.routes import visitor
from services.intake.routes.page_facts import PageFacts
from services.intake.routes.submission_routes import form_in_force
from services.intake.rules.patient_age import birth_date_of, needs_guardian
from services.intake.schemas import PatientIn
from services.intake.texts import texts

FIELDS = ("given_name", "family_name", "phone", "email", "postcode")
ON_PAGE = ("given_name", "family_name", "birth_date", "phone", "email", "postcode", "answered_by")
ANSWERERS = ("self", "parent", "guardian", "carer", "interpreter", "referrer")
#: No answer is no "no": what somebody known said before stays.
CONSENT = {"yes": True, "no": False}
#: New questionnaires one telephone may begin in a day (reliability.md, "Public intake"): a family, not a flood.
STARTS_PER_PHONE = 3


class _TooManyStarts(Exception):
    """This telephone began enough today; nothing of this start is kept."""


def start_pages(database: Database, facts: PageFacts) -> Blueprint:
    """Return the blueprint of the first pages."""
    routes = Blueprint("start", __name__)

    @routes.get("/")
    def welcome() -> str:
        chosen = visitor.language()
        return render_template("welcome.html", lang=chosen, t=texts(chosen), clinic_phone=facts.phone_shown)

    @routes.get("/start")
    def about() -> str:
        return _about_page(facts, {}, {})

    @routes.post("/start")
    def begin() -> Response | tuple[str, int]:
        chosen = visitor.language()
        given = {name: request.form.get(name, "") for name in (*FIELDS, "birth_date", "answered_by")}
        with database.transaction() as session:
            if not count_start(session, request.remote_addr or "", facts.starts_per_hour):
                raise from_status(429, {"Retry-After": "3600"})
        try:
            return start(given, chosen)
        except _TooManyStarts:
            return _about_page(facts, given, {"phone": "too_many_starts"}), 429

    def start(given: dict[str, str], chosen: str) -> Response | tuple[str, int]:
        with database.transaction() as session:
            today = now(session).date()
            patient, faults = _read(given, chosen, today)
            if patient is None:
                return _about_page(facts, given, faults), 422
            started = start_draft(
                session,
                patient,
                form_in_force(session),
                answered_by=given["answered_by"],
                device=visitor.device(),
            )
            if (
                not started.resumed
                and count_try(session, "start", patient.phone.reveal(), "day") > STARTS_PER_PHONE
            ):
                raise _TooManyStarts
            actor = Actor("patient", str(started.patient.id))
            _, link = issue_link(
                session,
                actor,
                "answer",
                patient_id=started.patient.id,
                submission_id=started.submission.id,
                days=facts.link_days,
                # Two starts of one person, on two devices or by two clicks, both go on with the one draft.
                replaces_earlier=False,
            )
        visitor.device()
        visitor.let_in(link.id)
        return redirect(url_for("question.resume", handle=str(link.id)))

    return routes


def _about_page(facts: PageFacts, given: dict[str, str], faults: dict[str, str]) -> str:
    chosen = visitor.language()
    return render_template(
        "about.html",
        lang=chosen,
        t=texts(chosen),
        given=given,
        # In the order of the page.
        faults={name: texts(chosen)["errors"][faults[name]] for name in ON_PAGE if name in faults},
        answerers=ANSWERERS,
        consent={name: request.form.get(f"consent_{name}", "") for name in ("sms", "email")},
        clinic_phone=facts.phone_shown,
    )


def _read(given: dict[str, str], chosen: str, today: Any) -> tuple[PatientFacts | None, dict[str, str]]:
    faults: dict[str, str] = {}
    born = birth_date_of(given["birth_date"], today)
    if born is None:
        faults["birth_date"] = "not_a_date"
    checked = None
    plain = {name: given[name].strip() for name in FIELDS}
    try:
        checked = PatientIn.model_validate(
            {**plain, "birth_date": born.isoformat() if born else "1900-01-01"}
        )
    except ValidationError as error:
        for problem in error.errors(include_input=False, include_url=False):
            name = str(problem["loc"][0])
            faults[name] = "name" if name.endswith("_name") else name
    if given["answered_by"] not in ANSWERERS:
        faults["answered_by"] = "required"
    elif born and needs_guardian(born, today, given["answered_by"]):
        faults["answered_by"] = "minor"
    if not plain["phone"]:
        faults["phone"] = "contact"
    if faults or checked is None or born is None:
        return None, faults
    return (
        PatientFacts(
            given_name=Personal(checked.given_name),
            family_name=Personal(checked.family_name),
            birth_date=Personal(born.isoformat()),
            phone=Personal(checked.phone),
            email=Personal(checked.email),
            postcode=Personal(checked.postcode),
            language=chosen,
            time_zone="",
            consent_sms=CONSENT.get(request.form.get("consent_sms", "")),
            consent_email=CONSENT.get(request.form.get("consent_email", "")),
        ),
        {},
    )
