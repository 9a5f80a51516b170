"""What happens to a visit: check in, attended, missed, cancelled."""

from typing import Any
from urllib.parse import parse_qsl, urlencode

from flask import Blueprint, redirect, render_template, request, url_for

from kernel.web.problems import Problem, not_found
from services.dashboard.actions.change_visit import change_visit
from services.dashboard.owners import OwnerAway, OwnerRefused
from services.dashboard.routes.desk import Desk, actor, id_or_404, me, note_view, sent_version, staff_only
from services.dashboard.routes.opening import opening
from services.dashboard.routes.refusals import show_away, show_refusal
from services.dashboard.rules.roles import SEES_PATIENTS
from services.dashboard.rules.visit_deeds import CANCEL_REASONS, VISIT_DEEDS


def appointment_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the deeds on a visit."""
    routes = Blueprint("appointments", __name__)

    @routes.get("/staff/appointments/<appointment_id>/cancel")
    @staff_only(SEES_PATIENTS)
    def ask_cancel(appointment_id: str) -> Any:
        wanted = id_or_404(appointment_id)
        with opening("visit"):
            visit = desk.owners.get("referral", f"/appointments/{wanted}", actor())
        note_view(desk, "cancel_visit", visit.get("patient_id"), visit.get("referral_id"))
        return render_template("cancel_visit.html", visit=visit, reasons=CANCEL_REASONS)

    @routes.post("/staff/appointments/<appointment_id>/<deed_name>")
    @staff_only(SEES_PATIENTS)
    def do(appointment_id: str, deed_name: str) -> Any:
        deed = VISIT_DEEDS.get(deed_name)
        if deed is None:
            raise not_found("page")
        if me().role not in deed.roles:
            raise Problem(403, "forbidden", "Your role does not do this.")
        back = _safe_back(request.form.get("back", ""))
        body = dict(deed.body)
        if deed_name == "cancel":
            body["reason_code"] = request.form.get("reason_code", "")
        if deed.path == "outcome" and request.form.get("note", "").strip():
            body["note"] = request.form["note"].strip()
        try:
            change_visit(
                desk.owners,
                actor(),
                id_or_404(appointment_id),
                deed.path,
                body,
                version=sent_version() or 0,
                key=request.form.get("key", ""),
            )
        except OwnerAway as away:
            return show_away(away, back)
        except OwnerRefused as refusal:
            return show_refusal(desk, refusal, back, deed.words)
        return redirect(_with_done(back, appointment_id, deed_name), 303)

    return routes


def _with_done(back: str, appointment_id: str, deed_name: str) -> str:
    """Say on the next page what was done, so that it can be undone there."""
    path, _, query = back.partition("?")
    kept = [pair for pair in parse_qsl(query) if pair[0] not in ("done", "visit")]
    return f"{path}?{urlencode([*kept, ('done', deed_name), ('visit', appointment_id)])}"


def _safe_back(path: str) -> str:
    """Return the page to go back to, when it is one of ours."""
    return (
        path
        if path.startswith("/staff/") and "\\" not in path and "//" not in path
        else url_for("today.today")
    )
