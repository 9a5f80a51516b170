"""A submission as FHIR, and the scores of a patient over time."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.database import Database
from kernel.ids import parse_id
from kernel.web.exact_answers import answer_exactly
from kernel.web.principal import allow, principal
from kernel.web.problems import not_found
from services.intake.actions.view_submission import view_submission
from services.intake.model import Patient, Submission
from services.intake.queries.forms import form_at
from services.intake.queries.patients import submissions_of
from services.intake.queries.score_trends import score_trends
from services.intake.queries.uploads import uploads_by_submission
from services.intake.rules.answer_rows import as_asked
from services.intake.rules.form import in_language
from services.intake.rules.write_response import write_response
from services.intake.schemas import AnyOut

READS = {"nurse", "provider", "therapist"}
STATUS = {
    "draft": "in-progress",
    "submitted": "completed",
    "stopped": "stopped",
    "replaced": "entered-in-error",
}
CLINIC_ZONE = "America/Chicago"


def response_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of responses and trends."""
    routes = APIBlueprint("responses", __name__)

    @routes.get("/submissions/<submission_id>/questionnaire-response")
    @allow(roles=READS, scopes={"intake:read"}, services=True)
    @routes.output(AnyOut)
    def response(submission_id: str) -> Any:
        """The answers as a FHIR R4 QuestionnaireResponse on the version they were given on; the reading is recorded."""
        with database.transaction() as session:
            submission = view_submission(session, principal().actor, submission_id)
            form = form_at(session, submission.form, submission.form_version)
            if form is None:
                raise not_found("submission")
            content = submission.content
            items = as_asked(form, content.reveal().get("items", {}) if content is not None else {})
            patient = session.get_one(Patient, submission.patient_id)
            written = write_response(
                form,
                items,
                language=submission.language,
                zone=patient.time_zone or CLINIC_ZONE,
                status=STATUS[submission.state],
                authored=submission.submitted_at or submission.saved_at,
            )
            subject = {"reference": f"Patient/{submission.patient_id}"}
            return answer_exactly({**written, "id": str(submission.id), "subject": subject})

    @routes.get("/patients/<patient_id>/submissions")
    @allow(roles=READS, scopes={"intake:read"}, services=True)
    @routes.output(AnyOut)
    def answered(patient_id: str) -> Any:
        """Every questionnaire the patient began or sent, newest first, without the answers."""
        found = parse_id(patient_id)
        with database.transaction() as session:
            if found is None or session.get(Patient, found) is None:
                raise not_found("patient")
            listed = submissions_of(session, found)
            files = uploads_by_submission(session, [one.id for one in listed])
            items = [
                {
                    "id": str(one.id),
                    "questionnaire": one.questionnaire,
                    "title": _title(session, one),
                    "status": one.state,
                    "mode": one.mode,
                    "answered_by": one.answered_by,
                    "files": files.get(one.id, 0),
                    "started_at": one.started_at.isoformat(),
                    "submitted_at": one.submitted_at.isoformat() if one.submitted_at else None,
                }
                for one in listed
            ]
            return {"items": items, "next_cursor": None}

    @routes.get("/patients/<patient_id>/scores")
    @allow(roles=READS, scopes={"intake:read"}, services=True)
    @routes.output(AnyOut)
    def scores(patient_id: str) -> Any:
        """Scores of the patient's sent questionnaires, oldest first, by instrument, with bands and the change that
        matters."""
        found = parse_id(patient_id)
        with database.transaction() as session:
            if found is None or session.get(Patient, found) is None:
                raise not_found("patient")
            record(session, principal().actor, "view_scores", "patient", found)
            return {"items": score_trends(session, found), "next_cursor": None}

    return routes


def _title(session: Session, submission: Submission) -> str:
    form = form_at(session, submission.form, submission.form_version)
    return in_language(form.title, "en") if form is not None else ""
