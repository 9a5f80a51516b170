"""Submissions over HTTP: a whole questionnaire in, stored answers out."""

from datetime import date
from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.database import Database
from kernel.personal import Personal
from kernel.web.exact_answers import answer_exactly
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, from_status, invalid
from services.intake.actions.publish_shipped_questionnaire import publish_shipped_questionnaire
from services.intake.actions.register_patient import PatientFacts
from services.intake.actions.submit_answers import submit_answers
from services.intake.actions.view_submission import view_submission
from services.intake.queries.forms import current_form
from services.intake.queries.identifiers import Identifier
from services.intake.queries.rulebook import current_rulebook
from services.intake.questionnaires import HEADACHE_SPINE
from services.intake.routes.submission_view import submission_json
from services.intake.rules.form import Form
from services.intake.rules.longer_than_life import longer_than_life
from services.intake.rules.patient_age import age_years, birth_date_of, needs_guardian
from services.intake.schemas import MOST_ANSWERS, AnyOut, IdentifierIn, SubmissionIn, SubmittedOut
from services.intake.texts import safety_text

A_CHILD = (
    "The patient is under 18. A parent, a guardian or who referred them answers: say which in answered_by."
)
KINDS = {"E": "emergency", "S": "same_day"}


def submission_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of `/submissions`."""
    routes = APIBlueprint("submissions", __name__)

    @routes.post("/submissions")
    @allow(roles={"nurse", "front_desk"}, scopes={"intake:write"}, services=True)
    @routes.input(SubmissionIn)
    @routes.output(SubmittedOut, status_code=201)
    def submit(json_data: SubmissionIn) -> Any:
        """Store a whole questionnaire: validated, red flags checked, and on its way to routing."""
        who = principal()

        def deed(session: Session) -> Reply:
            return _submit(session, who.actor, json_data)

        return once(database, who.client, deed).as_flask()

    @routes.get("/submissions/<submission_id>")
    @allow(roles={"nurse", "provider", "therapist"}, scopes={"intake:read"}, services=True)
    @routes.output(AnyOut)
    def read(submission_id: str) -> Any:
        """One submission with its answers; who read it is recorded."""
        with database.transaction() as session:
            submission = view_submission(session, principal().actor, submission_id)
            return answer_exactly(submission_json(session, submission))

    return routes


def _submit(session: Session, actor: Any, given: SubmissionIn) -> Reply:
    if len(given.answers) > MOST_ANSWERS:
        raise from_status(413)
    rulebook = current_rulebook(session)
    form = form_in_force(session)
    typed, errors = rulebook.protocol.check_answers(given.answers)
    faults = [FieldProblem(f"answers.{error.field}", error.code) for error in errors]
    today = now(session).date()
    born = birth_date_of(given.patient.birth_date, today)
    if born is None:
        faults.append(FieldProblem("patient.birth_date", "not_a_date"))
    else:
        if needs_guardian(born, today, given.answered_by):
            raise invalid([FieldProblem("answered_by", "minor")], A_CHILD)
        aged = {"age_years": age_years(born, today), **typed}
        faults += [
            FieldProblem(f"answers.{name}", "before_birth") for name in longer_than_life(aged, rulebook.units)
        ]
    if not typed and not faults:
        faults.append(FieldProblem("answers", "empty"))
    if faults or born is None:
        raise invalid(faults)
    facts = facts_of(given, born)
    result = submit_answers(
        session,
        actor,
        facts,
        form=form,
        rulebook=rulebook,
        answers=typed,
        mode=given.mode,
        preferred_site=given.preferred_site,
        answered_by=given.answered_by,
    )
    submission = result.submission
    kind = KINDS.get(result.urgent or "")
    body = {
        "id": str(submission.id),
        "patient_id": str(submission.patient_id),
        "status": submission.state,
        "safety": {"kind": kind, "text": safety_text(kind, submission.language) if kind else ""},
    }
    return Reply(body, 201, {"Location": f"/api/intake/v1/submissions/{submission.id}"})


def facts_of(given: SubmissionIn, born: date) -> PatientFacts:
    """The patient's facts of a checked request."""
    patient = given.patient
    return PatientFacts(
        given_name=Personal(patient.given_name),
        family_name=Personal(patient.family_name),
        birth_date=Personal(born.isoformat()),
        phone=Personal(patient.phone),
        email=Personal(patient.email),
        postcode=Personal(patient.postcode),
        language=given.language,
        time_zone=patient.time_zone,
        consent_sms=given.consent.sms,
        consent_email=given.consent.email,
        identifiers=given_identifiers(patient.identifiers),
    )


def given_identifiers(given: list[IdentifierIn]) -> tuple[Identifier, ...]:
    """Checked identifiers of a request."""
    return tuple(Identifier(Personal(one.system), Personal(one.value)) for one in given)


def form_in_force(session: Session) -> Form:
    """The questionnaire patients answer now; a database that has none yet gets the shipped one."""
    form = current_form(session, HEADACHE_SPINE)
    if form is None:
        publish_shipped_questionnaire(session)
        form = current_form(session, HEADACHE_SPINE)
    assert form is not None
    return form
