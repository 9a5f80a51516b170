"""The match queue over HTTP: new records that resemble known ones."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.database import Database
from kernel.ids import parse_id
from kernel.web.conditional import etag, require_match
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, Problem, conflict, invalid, not_found
from services.intake.actions.decide_match import AlreadyDecided, decide_match
from services.intake.actions.merge_patients import CannotMerge, DifferentIdentifiers
from services.intake.model import MatchCase, Patient
from services.intake.queries.cursors import BadCursor
from services.intake.queries.identifiers import different_systems
from services.intake.queries.matches import lock_match, open_matches
from services.intake.routes.list_queries import PageQuery
from services.intake.routes.patient_routes import identifiers_json, not_one_person, patient_json
from services.intake.schemas import AnyOut, DecideMatchIn

DECIDES = {"nurse", "front_desk", "manager"}


def match_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of `/match-cases`."""
    routes = APIBlueprint("matches", __name__)

    @routes.get("/match-cases")
    @allow(roles=DECIDES)
    @routes.input(PageQuery, location="query", arg_name="query")
    @routes.output(AnyOut)
    def listed(query: PageQuery) -> Any:
        """New records that resemble known ones, with each candidate and its score."""
        with database.transaction() as session:
            try:
                rows, cursor = open_matches(session, query.limit, query.cursor)
            except BadCursor:
                raise Problem(400, "cursor", "The cursor is not one this list gave out.") from None
            record(
                session, principal().actor, "view_match_cases", "match_case", "-", details={"n": len(rows)}
            )
            return {"items": [_case(session, case) for case in rows], "next_cursor": cursor}

    @routes.post("/match-cases/<case_id>/decide")
    @allow(roles=DECIDES)
    @routes.input(DecideMatchIn)
    @routes.output(AnyOut)
    def decide(case_id: str, json_data: DecideMatchIn) -> Any:
        """`same_as` a candidate, or null for a different person."""
        who = principal()

        def deed(session: Session) -> Reply:
            found = parse_id(case_id)
            case = lock_match(session, found) if found else None
            if case is None:
                raise not_found("match case")
            require_match(case.version, state=case.state)
            same_as = parse_id(json_data.same_as) if json_data.same_as else None
            try:
                decide_match(session, who.actor, case, same_as)
            except AlreadyDecided:
                raise conflict(
                    "not_possible_now", "The case was decided already.", state=case.state
                ) from None
            except DifferentIdentifiers as different:
                raise not_one_person(different) from None
            except CannotMerge:
                raise conflict("cannot_merge", "These are not two records that can be made one.") from None
            except ValueError:
                raise invalid([FieldProblem("same_as", "not_a_candidate")]) from None
            session.flush()
            return Reply(_case(session, case), 200, {"ETag": etag(case.version)})

        return once(database, who.client, deed).as_flask()

    return routes


def _case(session: Session, case: MatchCase) -> dict[str, Any]:
    listed = []
    for one in case.candidates.reveal() if case.candidates else []:
        known = parse_id(one["patient_id"])
        patient = session.get(Patient, known) if known else None
        listed.append(_candidate(session, case, one, patient))
    return {
        "id": str(case.id),
        "version": case.version,
        "state": case.state,
        "submission_id": str(case.submission_id) if case.submission_id else None,
        "patient": {
            **patient_json(session.get_one(Patient, case.patient_id)),
            "identifiers": identifiers_json(session, case.patient_id),
        },
        "candidates": listed,
        "opened_at": case.opened_at.isoformat(),
        "decided_by": case.decided_by or None,
    }


def _candidate(
    session: Session, case: MatchCase, stored: dict[str, Any], patient: Patient | None
) -> dict[str, Any]:
    """A candidate as it was found, with the identifiers as they are now: a corrected one excludes no longer."""
    if patient is None:
        return {**stored, "patient": None, "excluded_by": []}
    numbers = identifiers_json(session, patient.id)
    return {
        **stored,
        "patient": {**patient_json(patient), "identifiers": numbers},
        "excluded_by": different_systems(session, case.patient_id, patient.id),
    }
