"""Merging over HTTP: two records of one person are made one, and parted again."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from kernel.database import Database
from kernel.ids import parse_id
from kernel.web.conditional import etag, require_match
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, conflict, invalid, not_found
from services.intake.actions.merge_patients import CannotMerge, DifferentIdentifiers, merge_patients
from services.intake.actions.unmerge_patients import NotMerged, unmerge_patients
from services.intake.model import Patient
from services.intake.queries.matches import lock_patient
from services.intake.routes.list_queries import EmptyIn
from services.intake.routes.patient_routes import not_one_person, patient_json
from services.intake.schemas import AnyOut, MergeIn

DECIDES = {"nurse", "front_desk", "manager"}


def merge_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of merging and unmerging."""
    routes = APIBlueprint("merges", __name__)

    @routes.post("/patients/<patient_id>/merge")
    @allow(roles=DECIDES)
    @routes.input(MergeIn)
    @routes.output(AnyOut)
    def merge(patient_id: str, json_data: MergeIn) -> Any:
        """Make this record point to `into`."""
        who = principal()

        def deed(session: Session) -> Reply:
            patient = _patient(session, patient_id)
            into = parse_id(json_data.into)
            if into is None:
                raise invalid([FieldProblem("into", "not_an_id")])
            require_match(patient.version)
            try:
                kept = merge_patients(session, who.actor, patient, into)
            except DifferentIdentifiers as different:
                raise not_one_person(different) from None
            except CannotMerge:
                raise conflict("cannot_merge", "These are not two records that can be made one.") from None
            return Reply(patient_json(kept), 200)

        return once(database, who.client, deed).as_flask()

    @routes.post("/patients/<patient_id>/unmerge")
    @allow(roles=DECIDES)
    @routes.input(EmptyIn)
    @routes.output(AnyOut)
    def unmerge(patient_id: str, json_data: EmptyIn) -> Any:
        """Undo the merge of this record."""
        who = principal()

        def deed(session: Session) -> Reply:
            patient = _patient(session, patient_id)
            require_match(patient.version)
            try:
                unmerge_patients(session, who.actor, patient)
            except NotMerged:
                raise conflict("not_merged", "This record stands on its own already.") from None
            return Reply(patient_json(patient), 200, {"ETag": etag(patient.version)})

        return once(database, who.client, deed).as_flask()

    return routes


def _patient(session: Session, patient_id: str) -> Patient:
    found = parse_id(patient_id)
    patient = lock_patient(session, found) if found else None
    if patient is None:
        raise not_found("patient")
    return patient
