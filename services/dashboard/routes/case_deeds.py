"""Doing something to a case: one form a deed, with the version seen and a key that makes a second press harmless."""

from datetime import date, datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for

from kernel.ids import parse_id
from kernel.web.problems import Problem, not_found
from services.dashboard.actions.do_deed import do_deed
from services.dashboard.model import Staff
from services.dashboard.owners import OwnerAway, OwnerRefused
from services.dashboard.queries.case import Case, read_case
from services.dashboard.queries.staff_list import colleagues
from services.dashboard.routes.desk import (
    Desk,
    actor,
    business_now,
    id_or_404,
    me,
    sent_version,
    staff_only,
)
from services.dashboard.routes.opening import open_case
from services.dashboard.routes.refusals import show_away, show_refusal
from services.dashboard.rules.deeds import DEEDS, NEEDS_NOTE, Deed
from services.dashboard.rules.roles import SEES_PATIENTS
from services.dashboard.rules.times import CLINIC_ZONE, local

OPENS_AT_HOUR = 8
LONGEST_NOTE = 2000


def case_deed_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the deeds."""
    routes = Blueprint("case_deeds", __name__)

    @routes.get("/staff/referrals/<referral_id>/<deed_name>")
    @staff_only(SEES_PATIENTS)
    def ask(referral_id: str, deed_name: str) -> Any:
        deed = _deed(deed_name)
        case = open_case(desk, referral_id, deed_name)
        tomorrow = local(business_now()).date() + timedelta(days=1)
        return render_template(
            "deed.html",
            case=case,
            deed=deed,
            given={},
            problems={},
            tomorrow=tomorrow.isoformat(),
            colleagues=_colleagues(desk, deed, case),
        )

    @routes.post("/staff/referrals/<referral_id>/<deed_name>")
    @staff_only(SEES_PATIENTS)
    def do(referral_id: str, deed_name: str) -> Any:
        deed, wanted = _deed(deed_name), id_or_404(referral_id)
        body, problems = _body(desk, deed)
        back = url_for("case.case", referral_id=referral_id)
        try:
            if problems:
                case = read_case(desk.owners, actor(), wanted)
                return render_template(
                    "deed.html",
                    case=case,
                    deed=deed,
                    given=request.form,
                    problems=problems,
                    colleagues=_colleagues(desk, deed, case),
                ), 422
            done = do_deed(
                desk.owners,
                actor(),
                wanted,
                deed.name,
                body,
                version=sent_version() or 0,
                key=request.form.get("key", ""),
            )
        except OwnerAway as away:
            return show_away(away, back)
        except OwnerRefused as refusal:
            return show_refusal(desk, refusal, back, deed.words)
        if request.form.get("then") == "next":
            return redirect(_next_case(done) or url_for("triage.triage", done=deed.name), 303)
        return redirect(url_for("case.case", referral_id=referral_id, done=deed.name), 303)

    return routes


def _deed(name: str) -> Deed:
    deed = DEEDS.get(name.replace("-", "_"))
    if deed is None:
        raise not_found("page")
    if me().role not in deed.roles:
        raise Problem(403, "forbidden", "Your role does not do this.")
    return deed


def _next_case(done: Any) -> str:
    """The case the owner names next: the first of the queue that no colleague has in hand, or ""."""
    following = parse_id(str((done or {}).get("next_id") or ""))
    return url_for("case.case", referral_id=str(following), done="accept") if following else ""


def _colleagues(desk: Desk, deed: Deed, case: Case) -> list[Staff]:
    """Who can be named, where the deed asks for somebody."""
    if "owner" not in deed.fields:
        return []
    with desk.database.transaction() as session:
        return colleagues(session, deed.roles, str(case.raw.get("site") or ""))


def _body(desk: Desk, deed: Deed) -> tuple[dict[str, Any], dict[str, str]]:
    """Return the JSON for the owner, and what is wrong with the form by field."""
    form = request.form
    body, problems = _settled(deed)
    named, unnamed = _owner(desk, deed)
    body, problems = body | named, problems | unnamed
    for field in (one for one in deed.fields if one not in ("settled", "owner")):
        value = form.get(field, "").strip()
        if field == "note" and len(value) > LONGEST_NOTE:
            problems[field] = f"At most {LONGEST_NOTE} characters."
        elif field == "note" and not value and deed.name in NEEDS_NOTE:
            problems[field] = (
                "Say in a sentence what you want asked." if deed.name == "ask" else "Add a sentence."
            )
        elif field in {"reason_code", "outcome"} and value not in dict(deed.reasons):
            problems[field] = "Choose one."
        elif field == "route" and not value:
            problems[field] = "Choose a route."
        elif field == "until":
            moment = _opening(value)
            if moment is None:
                problems[field] = "Give a day after today."
            else:
                body[field] = moment.isoformat()
            continue
        if field == "hold":
            body["flag_id"] = value
        elif value:
            body[field] = value
    if deed.name == "accept" and form.get("route"):
        body["route"] = form["route"]
    return body, problems


def _owner(desk: Desk, deed: Deed) -> tuple[dict[str, Any], dict[str, str]]:
    """Who is named to see to it, where the deed asks for somebody: nobody named changes no owner."""
    named = request.form.get("owner", "").strip()
    if "owner" not in deed.fields or (not named and deed.name != "assign"):
        return {}, {}
    with desk.database.transaction() as session:
        listed = colleagues(session, deed.roles, "")
        name = next((one.name for one in listed if str(one.id) == named), "")
    return (
        ({"owner_id": named, "owner_name": name}, {}) if name else ({}, {"owner": "Choose one of the list."})
    )


def _settled(deed: Deed) -> tuple[dict[str, Any], dict[str, str]]:
    """The warning signs ticked, where the deed asks for them: accepting settles none, or some; settling needs one."""
    ticked = request.form.getlist("settled")
    if deed.name not in {"accept", "settle_warnings"} or not ticked:
        return {}, {"settled": "Tick at least one."} if "settled" in deed.fields else {}
    return {"settled": ticked}, {}


def _opening(text: str) -> datetime | None:
    """Return opening time of the day typed, when it lies ahead."""
    try:
        day = date.fromisoformat(text)
    except ValueError:
        return None
    moment = datetime(day.year, day.month, day.day, OPENS_AT_HOUR, tzinfo=ZoneInfo(CLINIC_ZONE))
    return moment if moment > business_now() else None
