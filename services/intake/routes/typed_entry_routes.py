"""Staff begin to type for a caller, or from paper: the patient's record and the open questionnaire in one step."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.database import Database
from kernel.personal import Personal
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, invalid
from services.intake.actions.register_patient import PatientFacts
from services.intake.actions.start_draft import start_draft
from services.intake.routes.link_routes import ISSUES, open_by_link
from services.intake.routes.submission_routes import form_in_force, given_identifiers
from services.intake.rules.patient_age import birth_date_of, needs_guardian
from services.intake.schemas import AnyOut, TypedEntryIn


def typed_entry_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of `/typed-entries`."""
    routes = APIBlueprint("typed_entries", __name__)

    @routes.post("/typed-entries")
    @allow(roles=ISSUES)
    @routes.input(TypedEntryIn)
    @routes.output(AnyOut, status_code=201)
    def begin(json_data: TypedEntryIn) -> Any:
        """Find or make the patient's record, begin or take over their questionnaire, and open it for who asks.

        The link opens once without the birth date, which was told a moment ago; it lives a day.
        """
        who = principal()

        def deed(session: Session) -> Reply:
            return _begin(session, who.actor, json_data)

        return once(database, who.client, deed).as_flask()

    return routes


def _begin(session: Session, actor: Actor, given: TypedEntryIn) -> Reply:
    facts = _facts(session, given)
    started = start_draft(
        session,
        facts,
        form_in_force(session),
        mode=given.mode,
        answered_by=given.answered_by,
        author=actor,
    )
    shown = open_by_link(session, actor, started, given.mode, language=given.language, at_once=True)
    return Reply({**shown, "patient_id": str(started.patient.id)}, 201)


def _facts(session: Session, given: TypedEntryIn) -> PatientFacts:
    """The caller as told; raises the 422 problem with every field that is not right."""
    patient, today = given.patient, now(session).date()
    born = birth_date_of(patient.birth_date, today)
    faults = [FieldProblem("patient.birth_date", "not_a_date")] if born is None else []
    if given.mode == "phone" and not patient.phone:
        faults.append(FieldProblem("patient.phone", "missing"))
    if born and needs_guardian(born, today, given.answered_by):
        faults.append(FieldProblem("answered_by", "minor"))
    if faults or born is None:
        raise invalid(faults)
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
