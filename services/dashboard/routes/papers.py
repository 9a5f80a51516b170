"""What came with a referral and what goes back: letters, changes after sending, consult notes."""

import base64
from typing import Any

from flask import Blueprint, Response, render_template, request, url_for

from kernel.web.problems import not_found
from services.dashboard.queries.case import Case, read_case
from services.dashboard.queries.reference import names, reference
from services.dashboard.queries.staff_names import staff_names
from services.dashboard.routes.acting import act
from services.dashboard.routes.desk import Desk, actor, id_or_404, me, note_view, staff_only
from services.dashboard.routes.opening import open_case, opening
from services.dashboard.rules.phone_numbers import to_e164
from services.dashboard.rules.roles import CLINICAL, FRONT_DESK, SEES_ANSWERS, SEES_PATIENTS

AMENDS = CLINICAL | {FRONT_DESK}
AMEND_REASONS = (
    ("entered_wrong", "It was entered wrong"),
    ("patient_moved", "The patient moved"),
    ("patient_asked", "The patient asked for it"),
    ("other", "Another reason"),
)
STEPS = {"review": CLINICAL, "acknowledge": AMENDS}
ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg", "image/tiff": "tif"}


def paper_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of a referral's papers."""
    routes = Blueprint("papers", __name__)

    @routes.get("/staff/referrals/<referral_id>/papers")
    @staff_only(SEES_PATIENTS)
    def papers(referral_id: str) -> Any:
        case = open_case(desk, referral_id, "papers")
        role = me().role
        return render_template(
            "papers.html",
            case=case,
            sites=names(reference(desk.owners, actor(), "sites")),
            staff_name=_names(desk, case),
            reasons=AMEND_REASONS,
            may_amend=role in AMENDS,
            may_write=role in SEES_ANSWERS,
            may_review=role in STEPS["review"],
            may_acknowledge=role in STEPS["acknowledge"],
            me_id=str(me().id),
        )

    @routes.get("/staff/referrals/<referral_id>/letters/<letter_id>")
    @staff_only(CLINICAL)
    def letter(referral_id: str, letter_id: str) -> Any:
        """The letter as it came; it is saved, never shown inside our pages."""
        wanted, which = id_or_404(referral_id), id_or_404(letter_id)
        with opening("letter"):
            case = read_case(desk.owners, actor(), wanted)
            kept = desk.patient_owners.get("referral", f"/referrals/{wanted}/letters/{which}", actor())
        kind = str(kept.get("media_type") or "")
        if kind not in ENDINGS or not kept.get("content_base64"):
            raise not_found("letter")
        note_view(desk, "letter", case.patient_id, wanted)
        answer = Response(base64.b64decode(kept["content_base64"]), mimetype=kind)
        name = f"letter-{str(which)[-8:]}.{ENDINGS[kind]}"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        answer.headers["Cache-Control"] = "no-store"
        return answer

    @routes.post("/staff/referrals/<referral_id>/amend")
    @staff_only(AMENDS)
    def amend(referral_id: str) -> Any:
        form = request.form
        given = {
            name: form.get(name, "").strip() for name in ("preferred_site", "phone", "email", "language")
        }
        given["phone"] = to_e164(given["phone"]) or given["phone"]
        changes = {name: value for name, value in given.items() if value != form.get(f"was_{name}", "")}
        body = {
            "changes": changes,
            "reason_code": form.get("reason_code", ""),
            "note": form.get("note", "").strip(),
        }
        return _do(referral_id, "amend", body, "Change")

    @routes.post("/staff/referrals/<referral_id>/notes")
    @staff_only(SEES_ANSWERS)
    def write(referral_id: str) -> Any:
        return _do(referral_id, "notes", {"text": request.form.get("body", "").strip()}, "Write the note")

    @routes.post("/staff/referrals/<referral_id>/notes/<note_id>/<step>")
    @staff_only(AMENDS)
    def advance(referral_id: str, note_id: str, step: str) -> Any:
        if me().role not in STEPS.get(step, frozenset()):
            raise not_found("page")
        words = {"review": "Review", "acknowledge": "The referrer has it"}[step]
        return _do(referral_id, f"notes/{id_or_404(note_id)}/{step}", {}, words)

    def _do(referral_id: str, deed: str, body: dict[str, Any], words: str) -> Any:
        path = f"/referrals/{id_or_404(referral_id)}/{deed}"
        back = url_for("papers.papers", referral_id=referral_id)
        return act(desk, "referral", path, body, back=back, words=words)

    return routes


def _names(desk: Desk, case: Case) -> dict[str, str]:
    notes = case.raw.get("notes") or []
    steps = ("returned_by", "reviewed_by", "acknowledged_by")
    ids = {str(note.get(step) or "") for note in notes for step in steps}
    with desk.database.transaction() as session:
        return staff_names(session, ids)
