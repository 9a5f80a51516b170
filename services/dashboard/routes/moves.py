"""Move a visit: the same search as booking, against the version of the visit seen."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from kernel.ids import parse_id
from services.dashboard.actions.change_visit import change_visit
from services.dashboard.owners import OwnerAway, OwnerRefused, part
from services.dashboard.queries.reference import names, reference
from services.dashboard.queries.slots import free_slots, shown_days
from services.dashboard.routes.confirming import WISH, chosen, confirm_page
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

    @routes.get("/staff/appointments/<appointment_id>/move/confirm")
    @staff_only(SCHEDULES)
    def confirm(appointment_id: str) -> Any:
        """The time chosen, with everything that speaks against it; Enter moves the visit there."""
        wanted, back = id_or_404(appointment_id), url_for("moves.move", appointment_id=appointment_id)
        with opening("visit"):
            visit = desk.owners.get("referral", f"/appointments/{wanted}", actor())
        note_view(desk, "confirm_move", visit.get("patient_id"), visit.get("referral_id"))
        wish = chosen() | {"visit_type": str(visit["visit_type"])}
        if len(wish) < len(WISH):
            return redirect(back, 303)
        return confirm_page(
            desk,
            parse_id(str(visit.get("referral_id") or "")),
            wish | {"appointment_id": str(wanted)},
            back=back,
            verb="Move the visit",
            moving=visit,
            action=url_for("moves.move_to", appointment_id=appointment_id),
            confirm_at=url_for("moves.confirm", appointment_id=appointment_id),
            own_visits={},
            providers=names(reference(desk.owners, actor(), "providers")),
            sites=names(reference(desk.owners, actor(), "sites")),
            visit_types=names(reference(desk.owners, actor(), "visit-types")),
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
            again = url_for("moves.confirm", appointment_id=appointment_id)
            return show_refusal(desk, refusal, back, "Move", again=again)
        referral = visit.get("referral_id") if isinstance(visit, dict) else None
        if referral:
            return redirect(url_for("case.case", referral_id=referral, done="move"), 303)
        return redirect(url_for("today.today"), 303)

    return routes
