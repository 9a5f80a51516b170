"""The waiting list, the offers that run from it, and closures with the visits they strand."""

from typing import Any

from flask import Blueprint, render_template, request, url_for

from services.dashboard.owners import part
from services.dashboard.queries.lists import read_list
from services.dashboard.queries.reference import names, reference
from services.dashboard.routes.acting import act
from services.dashboard.routes.desk import Desk, actor, id_or_404, me, staff_only
from services.dashboard.rules.roles import FRONT_DESK, MANAGER, NURSE, SCHEDULES, SEES_PATIENTS
from services.dashboard.rules.waitlist_form import read_wishes

Rows = list[dict[str, Any]]
CLOSES = frozenset({FRONT_DESK, NURSE, MANAGER})
CLOSURE_REASONS = (
    ("holiday", "Holiday"),
    ("weather", "Weather"),
    ("illness", "Illness"),
    ("training", "Training"),
    ("maintenance", "Maintenance"),
    ("leave", "Leave"),
    ("meeting", "Meeting"),
)

# Why nobody would be offered a freed time by text now; the desk can still book it for them.
NO_OFFER = {
    "expired": "their time on the list is over",
    "red_flag": "held by a red flag",
    "call_first": "a warning sign is open: call first",
    "opted_out": "they want no texts",
    "offered_today": "asked today already",
    "offered_often": "asked three times this week",
    "not_bookable": "nothing to book or move now",
}

STRANDED_BY = {
    "site_closed": "the site is closed then",
    "provider_away": "the provider is not there then",
    "no_skill": "the provider no longer gives this visit",
    "room_gone": "the room is no longer there",
    "kind_ended": "this kind of visit has ended",
}


def waitlist_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of waiting list, offers and closures."""
    routes = Blueprint("waitlist", __name__)

    @routes.get("/staff/waitlist")
    @staff_only(SEES_PATIENTS)
    def waitlist() -> Any:
        who = actor()
        waiting = part(lambda: read_list(desk.owners, who, "referral", "/waitlist"), Rows())
        entries = {str(one.get("id")): one for one in waiting.value}
        return render_template(
            "waitlist.html",
            waiting=waiting,
            entries=entries,
            no_offer=NO_OFFER,
            changed=entries.get(request.args.get("changed", "")),
            rounds=part(lambda: read_list(desk.owners, who, "referral", "/offers"), Rows()),
            sites=names(reference(desk.owners, who, "sites")),
            providers=names(reference(desk.owners, who, "providers")),
            visit_types=names(reference(desk.owners, who, "visit-types")),
            may_change=me().role in SCHEDULES,
        )

    @routes.post("/staff/referrals/<referral_id>/waitlist")
    @staff_only(SCHEDULES)
    def join(referral_id: str) -> Any:
        back = url_for("case.case", referral_id=referral_id, done="waitlist")
        path = f"/referrals/{id_or_404(referral_id)}/waitlist"
        return act(
            desk, "referral", path, read_wishes(request.form), back=back, words="Wait for an earlier one"
        )

    @routes.post("/staff/waitlist/<entry_id>/leave")
    @staff_only(SCHEDULES)
    def leave(entry_id: str) -> Any:
        path = f"/waitlist/{id_or_404(entry_id)}/leave"
        return act(desk, "referral", path, {}, back=url_for("waitlist.waitlist"), words="Take off the list")

    @routes.post("/staff/offers/<round_id>/stop")
    @staff_only(SCHEDULES)
    def stop(round_id: str) -> Any:
        path = f"/offers/{id_or_404(round_id)}/stop"
        return act(desk, "referral", path, {}, back=url_for("waitlist.waitlist"), words="Stop the offers")

    @routes.post("/staff/offers/<round_id>/claim")
    @staff_only(SCHEDULES)
    def claim(round_id: str) -> Any:
        path = f"/offers/{id_or_404(round_id)}/claim"
        body = {"offer_id": request.form.get("offer_id", "")}
        return act(desk, "referral", path, body, back=url_for("waitlist.waitlist"), words="They take it")

    @routes.get("/staff/closures")
    @staff_only(SEES_PATIENTS)
    def closures() -> Any:
        who = actor()
        return render_template(
            "closures.html",
            found=part(lambda: read_list(desk.owners, who, "referral", "/closures"), Rows()),
            sites=names(reference(desk.owners, who, "sites")),
            providers=names(reference(desk.owners, who, "providers")),
            stranded=part(lambda: read_list(desk.owners, who, "referral", "/stranded-visits"), Rows()),
            why=STRANDED_BY,
            may_move=me().role in SCHEDULES,
            reasons=CLOSURE_REASONS,
            may_change=me().role in CLOSES,
        )

    @routes.post("/staff/closures")
    @staff_only(CLOSES)
    def close() -> Any:
        what, _, which = request.form.get("what", "").partition(":")
        body = {
            ("provider_id" if what == "provider" else "site_id"): which,
            "starts_at": _wall_time("starts"),
            "ends_at": _wall_time("ends"),
            "reason": request.form.get("reason", ""),
        }
        return act(desk, "referral", "/closures", body, back=url_for("waitlist.closures"), words="Close")

    @routes.post("/staff/closures/<closure_id>/lift")
    @staff_only(CLOSES)
    def lift(closure_id: str) -> Any:
        path = f"/closures/{id_or_404(closure_id)}/lift"
        return act(desk, "referral", path, {}, back=url_for("waitlist.closures"), words="Open again")

    return routes


def _wall_time(which: str) -> str:
    """The day given, and the time on the site's clock when only a part of the day is closed."""
    day, at = request.form.get(f"{which}_at", ""), request.form.get(f"{which}_time", "")
    return f"{day}T{at}" if at else day
