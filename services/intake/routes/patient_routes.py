"""Patients over HTTP: one record, and search by name beginnings, birth date or phone."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from kernel.database import Database
from kernel.ids import parse_id
from kernel.web.principal import allow, principal
from kernel.web.problems import Problem, conflict, not_found
from services.intake.actions.merge_patients import DifferentIdentifiers
from services.intake.model import Patient
from services.intake.queries.identifiers import identifiers_of
from services.intake.queries.patients import find_patients, patient_of, submissions_of
from services.intake.routes.list_queries import PatientsQuery
from services.intake.schemas import AnyOut

STAFF = {"nurse", "provider", "therapist", "front_desk", "manager"}
# Whom the contact concerns, and not what was answered: reliability.md §4.3.
CONTACT_ONLY = ("front_desk", "manager")


def patient_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of `/patients`."""
    routes = APIBlueprint("patients", __name__)

    @routes.get("/patients")
    @allow(roles=STAFF, scopes={"intake:read"}, services=True)
    @routes.input(PatientsQuery, location="query", arg_name="query")
    @routes.output(AnyOut)
    def search(query: PatientsQuery) -> Any:
        """Patients whose names, birth date or phone begin as `q` says; at least two letters."""
        with database.transaction() as session:
            found = find_patients(session, query.q, query.limit)
            actor = principal().actor
            record(session, actor, "search_patients", "patient", "-", details={"found": len(found)})
            return {"items": [patient_json(patient) for patient in found], "next_cursor": None}

    @routes.get("/patients/<patient_id>")
    @allow(roles=STAFF, scopes={"intake:read"}, services=True)
    @routes.output(AnyOut)
    def read(patient_id: str) -> Any:
        """One patient with their submissions; a merged record answers with the one it was merged into."""
        found = parse_id(patient_id)
        with database.transaction() as session:
            patient = patient_of(session, found) if found else None
            if patient is None:
                raise not_found("patient")
            actor: Actor = principal().actor
            record(session, actor, "view_patient", "patient", patient.id)
            listed = [] if actor.role in CONTACT_ONLY else submissions_of(session, patient.id)
            return {
                **patient_json(patient),
                "identifiers": identifiers_json(session, patient.id),
                "submissions": [
                    {
                        "id": str(one.id),
                        "questionnaire": one.questionnaire,
                        "status": one.state,
                        "mode": one.mode,
                        "started_at": one.started_at.isoformat(),
                        "submitted_at": one.submitted_at.isoformat() if one.submitted_at else None,
                    }
                    for one in listed
                ],
            }

    return routes


def identifiers_json(session: Session, patient_id: UUID) -> list[dict[str, str]]:
    """A person's identifiers, of all their records, as JSON."""
    return [
        {"id": str(row.id), **(row.held.reveal() if row.held else {}), "set_at": row.set_at.isoformat()}
        for row in identifiers_of(session, patient_id)
    ]


def not_one_person(different: DifferentIdentifiers) -> Problem:
    """409 with the systems in which the two records have different identifiers."""
    return conflict(
        "different_identifiers",
        "These two records have different numbers of one kind: they may be two people, or one number is old or wrong.",
        detail="Nothing was changed. If a number is old or wrong, correct it on its record, then merge.",
        systems=different.systems,
    )


def patient_json(patient: Patient) -> dict[str, Any]:
    """A patient's record as JSON."""

    def shown(name: str) -> str | None:
        value = getattr(patient, name)
        return value.reveal() if value is not None else None

    return {
        "id": str(patient.id),
        "version": patient.version,
        "given_name": shown("given_name"),
        "family_name": shown("family_name"),
        "birth_date": shown("birth_date"),
        "phone": shown("phone"),
        "email": shown("email"),
        "postcode": shown("postcode"),
        "language": patient.language,
        "time_zone": patient.time_zone or None,
        "consent": {"sms": patient.consent_sms, "email": patient.consent_email},
        "opted_out": list(patient.opted_out),
        "created_at": patient.created_at.isoformat(),
    }
