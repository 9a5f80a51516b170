"""Identifiers of a patient over HTTP: staff enter, correct and take away the numbers a patient is kept under."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from kernel.database import Database
from kernel.ids import parse_id
from kernel.personal import Personal
from kernel.web.conditional import etag, require_match
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import not_found
from services.intake.actions.remove_identifier import remove_identifier
from services.intake.actions.set_identifier import set_identifier
from services.intake.model import Patient
from services.intake.queries.identifiers import Identifier
from services.intake.queries.matches import lock_patient
from services.intake.queries.patients import patient_of
from services.intake.routes.list_queries import EmptyIn
from services.intake.routes.merge_routes import DECIDES
from services.intake.routes.patient_routes import identifiers_json, patient_json
from services.intake.schemas import AnyOut, IdentifierIn


def identifier_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of `/patients/…/identifiers`."""
    routes = APIBlueprint("identifiers", __name__)

    @routes.post("/patients/<patient_id>/identifiers")
    @allow(roles=DECIDES)
    @routes.input(IdentifierIn)
    @routes.output(AnyOut)
    def enter(patient_id: str, json_data: IdentifierIn) -> Any:
        """Keep this identifier, in place of an earlier one of its system; others who have it go to the match queue."""
        who = principal()

        def deed(session: Session) -> Reply:
            patient = _patient(session, patient_id)
            require_match(patient.version)
            given = Identifier(Personal(json_data.system), Personal(json_data.value))
            set_identifier(session, who.actor, patient, given)
            return _reply(session, patient)

        return once(database, who.client, deed).as_flask()

    @routes.post("/patients/<patient_id>/identifiers/<identifier_id>/remove")
    @allow(roles=DECIDES)
    @routes.input(EmptyIn)
    @routes.output(AnyOut)
    def remove(patient_id: str, identifier_id: str, json_data: EmptyIn) -> Any:
        """Take away an identifier that was entered by mistake."""
        who = principal()

        def deed(session: Session) -> Reply:
            patient = _patient(session, patient_id)
            found = parse_id(identifier_id)
            require_match(patient.version)
            if found is None or not remove_identifier(session, who.actor, patient, found):
                raise not_found("identifier")
            return _reply(session, patient)

        return once(database, who.client, deed).as_flask()

    return routes


def _patient(session: Session, patient_id: str) -> Patient:
    """The record in force, locked: what a merged record had is the person's too."""
    found = parse_id(patient_id)
    known = patient_of(session, found) if found else None
    patient = lock_patient(session, known.id) if known else None
    if patient is None:
        raise not_found("patient")
    return patient


def _reply(session: Session, patient: Patient) -> Reply:
    session.flush()
    shown = {**patient_json(patient), "identifiers": identifiers_json(session, patient.id)}
    return Reply(shown, 200, {"ETag": etag(patient.version)})
