"""Changing what suits a patient on the waiting list, against what was seen of it."""

from typing import Any

from flask import Blueprint, render_template, request, url_for

from kernel.read_whole import read_whole
from kernel.web.problems import not_found
from services.dashboard.queries.lists import read_list
from services.dashboard.queries.reference import names, reference
from services.dashboard.routes.acting import act
from services.dashboard.routes.desk import Desk, actor, id_or_404, note_view, staff_only
from services.dashboard.routes.opening import opening
from services.dashboard.rules.roles import SCHEDULES
from services.dashboard.rules.waitlist_form import (
    LONGEST_NOTICE_HOURS,
    NOTICES,
    SEEN_WISHES,
    kept_wishes,
    read_wishes,
    usual_wishes,
)


def wishes_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of one place on the waiting list."""
    routes = Blueprint("wishes", __name__)

    @routes.get("/staff/waitlist/<entry_id>")
    @staff_only(SCHEDULES)
    def wishes(entry_id: str) -> Any:
        wanted, who = str(id_or_404(entry_id)), actor()
        with opening("place on the waiting list"):
            waiting = read_list(desk.owners, who, "referral", "/waitlist")
        entry = next((one for one in waiting if str(one.get("id")) == wanted), None)
        if entry is None:
            raise not_found("place on the waiting list")
        note_view(desk, "waitlist", entry.get("patient_id"), entry.get("referral_id"))
        given, notices = usual_wishes(entry), list(NOTICES)
        if given["notice_hours"] not in dict(NOTICES):
            notices = [(given["notice_hours"], f"{given['notice_hours']} hours before"), *notices]
        return render_template(
            "wishes.html",
            entry=entry,
            given=given,
            notices=notices,
            seen=SEEN_WISHES,
            sites=names(reference(desk.owners, who, "sites")),
            visit_types=names(reference(desk.owners, who, "visit-types")),
        )

    @routes.post("/staff/waitlist/<entry_id>")
    @staff_only(SCHEDULES)
    def change(entry_id: str) -> Any:
        form, wanted = request.form, id_or_404(entry_id)
        seen = {
            "notice_minutes": read_whole(form.get("seen_notice_minutes", ""), LONGEST_NOTICE_HOURS * 60) or 0,
            "expires_at": form.get("seen_expires_at", ""),
        }
        body = kept_wishes(read_wishes(form), seen) | {"visit_type": form.get("visit_type", "")}
        return act(
            desk,
            "referral",
            f"/referrals/{id_or_404(form.get('referral_id', ''))}/waitlist",
            body,
            back=url_for("waitlist.waitlist", changed=str(wanted)),
            words="Change what suits",
        )

    return routes
