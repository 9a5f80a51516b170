"""A patient's own visits by link: choose a first time, confirm, choose another time, cancel."""

from typing import Any

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from kernel.read_whole import read_whole
from services.intake.routes.entry_pages import gate_page
from services.intake.routes.own_schedule import OwnSchedule, Refused, same_place, shown, wish
from services.intake.routes.page_facts import PageFacts

DONE = ("booked", "moved", "confirmed")


def visit_pages(facts: PageFacts, schedule: OwnSchedule) -> Blueprint:
    """Return the blueprint of a patient's visits behind a status link."""
    routes = Blueprint("visit", __name__)

    @routes.get("/s/<handle>/times")
    def times(handle: str) -> str:
        referral = schedule.referral_behind(handle)
        return gate_page(facts) if referral is None else schedule.times_page(handle, referral, None)

    @routes.post("/s/<handle>/times")
    def book(handle: str) -> Response | str | Refused:
        referral = schedule.referral_behind(handle)
        if referral is None:
            return gate_page(facts)
        answer = schedule.post(f"referrals/{referral}/appointments", wish())
        if not answer.ok:
            return schedule.refused(handle, referral, None, answer, chose=True)
        return redirect(url_for("visit.show", handle=handle, visit_id=answer.body["id"], done="booked"), 303)

    @routes.get("/s/<handle>/visits/<visit_id>")
    def show(handle: str, visit_id: str) -> str:
        referral = schedule.referral_behind(handle)
        if referral is None:
            return gate_page(facts)
        done = request.args.get("done", "")
        visit = shown(schedule.own_visit(referral, visit_id))
        return schedule.page("visit.html", handle, visit=visit, done=done if done in DONE else "")

    @routes.get("/s/<handle>/visits/<visit_id>/<any(cancel, move):deed>")
    def begin(handle: str, visit_id: str, deed: str) -> str:
        referral = schedule.referral_behind(handle)
        if referral is None:
            return gate_page(facts)
        visit = schedule.own_visit(referral, visit_id)
        if deed == "cancel" or not visit["may_change"]:
            # Past the cut-off the wish is told to staff, who call: there is no time to choose.
            return schedule.page("end_visit.html", handle, visit=shown(visit), deed=deed)
        return schedule.times_page(handle, referral, visit)

    @routes.post("/s/<handle>/visits/<visit_id>/<any(confirm, cancel, move):deed>")
    def change(handle: str, visit_id: str, deed: str) -> Response | str | Refused:
        referral = schedule.referral_behind(handle)
        if referral is None:
            return gate_page(facts)
        visit = schedule.own_visit(referral, visit_id)
        body: dict[str, Any] = {"visit_version": _version_seen(visit)}
        if deed == "move":
            # Past the cut-off no time was chosen: the wish names the visit's own, and becomes a call-back.
            body["to"] = wish() if request.form.get("starts_at") else same_place(visit)
        answer = schedule.post(f"appointments/{visit['id']}/{deed}", body)
        if not answer.ok:
            return schedule.refused(handle, referral, visit, answer, chose=bool(body.get("to")))
        if answer.body["result"] == "call_back" or deed == "cancel":
            how = "call_back" if answer.body["result"] == "call_back" else "cancelled"
            return schedule.page("visit_ended.html", handle, visit=shown(answer.body), how=how)
        done = {"move": "moved", "confirm": "confirmed"}[deed]
        return redirect(url_for("visit.show", handle=handle, visit_id=visit_id, done=done), 303)

    return routes


def _version_seen(visit: dict[str, Any]) -> int:
    """The version the form was shown with; 0, which no visit has, when it is no number."""
    text = request.form.get("visit_version")
    if text is None:
        return int(visit["visit_version"])
    return read_whole(text, 999_999_999) or 0
