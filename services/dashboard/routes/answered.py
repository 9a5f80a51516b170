"""What a patient filled in, word for word, with the files that came with it."""

from typing import Any
from uuid import UUID

from flask import Blueprint, Response, render_template

from kernel.web.problems import not_found
from services.dashboard.owners import Part, part
from services.dashboard.queries.case import Case
from services.dashboard.queries.staff_names import staff_names
from services.dashboard.queries.submissions import submission_as_answered, submissions_of_patient
from services.dashboard.routes.desk import Desk, actor, id_or_404, me, staff_only
from services.dashboard.routes.opening import open_case, opening
from services.dashboard.rules.roles import CLINICAL, SEES_ANSWERS

ENDINGS = {"application/pdf": "pdf", "image/png": "png", "image/jpeg": "jpg"}
MODES = {
    "self": "on their own device",
    "kiosk": "on the clinic's tablet",
    "phone": "by telephone",
    "paper": "on paper",
    "api": "sent by a program",
    "mixed": "in more than one way",
}
#: Who answered, when it was not the patient.
ANSWERERS = {
    "self": "the patient",
    "parent": "a parent",
    "guardian": "a guardian",
    "carer": "a carer",
    "interpreter": "an interpreter",
    "referrer": "whoever referred",
}
#: Why a file is in quarantine.
REASONS = {
    "malware": "it holds what looks like malware",
    "active_content": "it holds something that runs when it is opened",
    "encrypted": "it is locked with a password, so nobody can check it",
    "two_types_at_once": "it is two kinds of file at once",
    "unpacks_too_large": "it unpacks to far more than it is",
}
Rows = list[dict[str, Any]]


def filled_in(desk: Desk, case: Case) -> Part[Rows]:
    """The questionnaires of the case's patient; none for a role that sees no answers."""
    patient_id = case.patient_id
    if patient_id is None or me().role not in SEES_ANSWERS:
        return Part(Rows())
    who = actor()
    return part(lambda: submissions_of_patient(desk.owners, who, patient_id), Rows())


def answered_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of what was filled in."""
    routes = Blueprint("answered", __name__)

    @routes.get("/staff/referrals/<referral_id>/submissions/<submission_id>")
    @staff_only(SEES_ANSWERS)
    def answered(referral_id: str, submission_id: str) -> Any:
        case = open_case(desk, referral_id, "answers")
        found = _of_case(desk, case, id_or_404(submission_id))
        author = found.get("author") or {}
        pages: Rows = found.get("pages") or []
        typists = {str(page.get("typed_by") or "") for page in pages} - {""}
        # Whoever began it typed it, unless its pages say who did.
        if author.get("kind") == "staff" and not any(page.get("mode") for page in pages):
            typists.add(str(author.get("id") or ""))
        with desk.database.transaction() as session:
            names = staff_names(session, typists)
        return render_template(
            "answered.html",
            case=case,
            found=found,
            typed_by=", ".join(sorted(names[one] for one in typists if one in names)),
            staff_name=names,
            modes=MODES,
            answerers=ANSWERERS,
            reasons=REASONS,
            may_open=me().role in CLINICAL,
        )

    @routes.get("/staff/referrals/<referral_id>/submissions/<submission_id>/files/<file_id>")
    @staff_only(CLINICAL)
    def file(referral_id: str, submission_id: str, file_id: str) -> Any:
        """The file as it came; it is saved, never shown inside our pages."""
        wanted = id_or_404(file_id)
        case = open_case(desk, referral_id, "file")
        found = _of_case(desk, case, id_or_404(submission_id))
        files: Rows = [one for one in found.get("uploads") or [] if one.get("id") == str(wanted)]
        kept = files[0] if files else {}
        kind = str(kept.get("media_type") or "")
        if kept.get("state") != "clean" or kind not in ENDINGS:
            raise not_found("file")
        with opening("file"):
            content = desk.patient_owners.download("intake", f"/uploads/{wanted}", actor(), kind)
        answer = Response(content, mimetype=kind)
        name = f"file-{str(wanted)[-8:]}.{ENDINGS[kind]}"
        answer.headers["Content-Disposition"] = f'attachment; filename="{name}"'
        answer.headers["Cache-Control"] = "no-store"
        return answer

    return routes


def _of_case(desk: Desk, case: Case, submission_id: UUID) -> dict[str, Any]:
    """The submission, when it is the case's own or another one of its patient; 404 for everybody else's."""
    with opening("submission"):
        if str(submission_id) != str(case.raw.get("submission_id")):
            if case.patient_id is None:
                raise not_found("submission")
            listed = submissions_of_patient(desk.patient_owners, actor(), case.patient_id)
            if str(submission_id) not in {str(one.get("id")) for one in listed}:
                raise not_found("submission")
        return submission_as_answered(desk.patient_owners, actor(), submission_id)
