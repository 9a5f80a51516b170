"""A link for a patient, on screen as a QR code: for the clinic's tablet, for their phone, or to follow a referral."""

from typing import Any

from flask import Blueprint, render_template, request

from kernel.web.problems import not_found
from kernel.web.qr_code import qr_code
from services.dashboard.actions.ask_owner import ask_owner
from services.dashboard.owners import OwnerAway, OwnerRefused
from services.dashboard.routes.answered import ANSWERERS
from services.dashboard.routes.desk import Desk, actor, id_or_404, staff_only
from services.dashboard.routes.refusals import show_away, show_refusal
from services.dashboard.rules.roles import SCHEDULES

LANGUAGES = ("en", "es")
#: Whoever asks for these types for the patient, here and now.
TYPED = ("phone", "paper")
# What each link is for: the title of its page, and whether the clinic's tablet may open it right here.
KINDS = {
    "self": "Questions, on the patient's own phone",
    "kiosk": "Questions, on the clinic's tablet",
    "phone": "Questions, asked by telephone",
    "paper": "Questions, typed in from paper",
    "status": "Follow the referral, on the patient's own phone",
}


def patient_link_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of links handed out at the desk."""
    routes = Blueprint("patient_links", __name__)

    @routes.post("/staff/patients/<patient_id>/link")
    @staff_only(SCHEDULES)
    def for_questions(patient_id: str) -> Any:
        wanted, mode = id_or_404(patient_id), request.form.get("mode", "")
        if mode not in ("self", "kiosk", *TYPED):
            raise not_found("link")
        body = {"mode": mode, "language": _language()}
        said_by = request.form.get("answered_by", "self")
        if said_by in ANSWERERS and said_by != "self":
            body["answered_by"] = said_by
        return issue(f"/patients/{wanted}/links", body, mode)

    @routes.post("/staff/referrals/<referral_id>/link")
    @staff_only(SCHEDULES)
    def for_status(referral_id: str) -> Any:
        wanted = id_or_404(referral_id)
        return issue(f"/referrals/{wanted}/links", {"language": _language()}, "status")

    def issue(path: str, body: dict[str, Any], kind: str) -> Any:
        """The link stands on this page and nowhere else: it is not kept, and a new one can always be made."""
        back = request.form.get("back", "")
        # Only ever a page of ours.
        back = back if back.startswith("/staff/") else "/staff/patients"
        try:
            made = ask_owner(desk.owners, actor(), "intake", path, body, key=request.form.get("key", ""))
        except OwnerAway as away:
            return show_away(away, back)
        except OwnerRefused as refusal:
            return show_refusal(desk, refusal, back, "make a link")
        address = f"{desk.public_url or request.host_url.rstrip('/')}{made['path']}"
        return render_template(
            "patient_link.html",
            kind=kind,
            title=KINDS[kind],
            address=address,
            picture="" if kind in TYPED else qr_code(address, "The link as a code for a camera"),
            typed=kind in TYPED,
            expires_at=made.get("expires_at"),
            back=back,
        )

    return routes


def _language() -> str:
    """The one chosen, else "": the patient's own."""
    chosen = request.form.get("language", "")
    return chosen if chosen in LANGUAGES else ""
