"""Move a visit: the same search as booking, against the version of the visit seen."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from services.dashboard.actions.change_visit import change_visit
from services.dashboard.owners import OwnerAway, OwnerRefused, part
from services.dashboard.queries.reference import names, reference
from services.dashboard.queries.slots import free_slots, shown_days
from services.dashboard.routes.desk import (
    Desk,
    actor,
    business_now,
    id_or_404,
    note_view,
    sent_version,
    staff_only,
)
from services.dashboard.routes.opening import opening
from services.dashboard.routes.refusals import show_away, show_refusal
from services.dashboard.rules.roles import SCHEDULES
from services.dashboard.rules.times import local


def move_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of moving a visit."""
    routes = Blueprint("moves", __name__)

    @routes.get("/staff/appointments/<appointment_id>/move")
    @staff_only(SCHEDULES)
    def move(appointment_id: str) -> Any:
        with opening("visit"):
            visit = desk.owners.get("referral", f"/appointments/{id_or_404(appointment_id)}", actor())
        note_view(desk, "move_visit", visit.get("patient_id"), visit.get("referral_id"))
        here = visit["site"]["id"] if isinstance(visit.get("site"), dict) else str(visit.get("site") or "")
        asked = {
            "site": request.args.get("site", here),
            "from": request.args.get("from") or local(business_now()).date().isoformat(),
        }
        found = part(
            lambda: free_slots(
                desk.owners,
                actor(),
                visit_type=str(visit["visit_type"]),
                site=asked["site"],
                start=asked["from"],
            ),
            list[dict[str, Any]](),
        )
        shown = shown_days(found.value, asked["from"], local(business_now()).date())
        return render_template(
            "move.html",
            visit=visit,
            found=found,
            days=shown.days,
            cut=shown.cut,
            asked=asked,
            sites=names(reference(desk.owners, actor(), "sites")),
            later=shown.later,
        )

    @routes.post("/staff/appointments/<appointment_id>/move")
    @staff_only(SCHEDULES)
    def move_to(appointment_id: str) -> Any:
        back = url_for("moves.move", appointment_id=appointment_id)
        body = {name: request.form.get(name, "") for name in ("provider_id", "site_id", "starts_at")}
        try:
            visit = change_visit(
                desk.owners,
                actor(),
                id_or_404(appointment_id),
                "move",
                body,
                version=sent_version() or 0,
                key=request.form.get("key", ""),
            )
        except OwnerAway as away:
            return show_away(away, back)
        except OwnerRefused as refusal:
            again = {"action": url_for("moves.move_to", appointment_id=appointment_id), "words": "Move"}
            return show_refusal(desk, refusal, back, "Move", again=again)
        referral = visit.get("referral_id") if isinstance(visit, dict) else None
        if referral:
            return redirect(url_for("case.case", referral_id=referral, done="move"), 303)
        return redirect(url_for("today.today"), 303)

    return routes
