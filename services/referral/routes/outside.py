"""Referrals from outside, amendments, and the notes that go back."""

import base64
import binascii
from datetime import date
from typing import Any

from apiflask import APIBlueprint
from pydantic import ValidationError
from sqlalchemy.orm import Session

from kernel.assembly import Parts
from kernel.clock import now
from kernel.contracts.patient import PatientIdentifier, PatientSnapshot
from kernel.ids import parse_id
from kernel.web.conditional import etag, require_match
from kernel.web.idempotency import Reply, once
from kernel.web.principal import Principal, allow, principal
from kernel.web.problems import FieldProblem, Problem, invalid, not_found
from services.referral.actions.acknowledge_note import acknowledge_note
from services.referral.actions.amend_referral import amend_referral
from services.referral.actions.receive_referral import OutsideReferral, receive_referral
from services.referral.actions.return_note import return_note
from services.referral.actions.review_note import review_note
from services.referral.model.schedule import Site
from services.referral.queries.outside import find_letter, find_note
from services.referral.routes.case_view import note_json, note_version
from services.referral.routes.cases import visible_referral
from services.referral.routes.outside_shapes import AmendIn, NoteIn, NothingIn, OutsideIn, OutsidePatientIn
from services.referral.routes.protocol_shapes import AnyOut
from services.referral.routes.referral_view import moment, referral_json
from services.referral.rules.letter_kind import LARGEST_LETTER_BYTES, letter_kind
from services.referral.rules.visibility import TRIAGE_ROLES, sees_clinical

OLDEST_YEARS = 125
STAFF = TRIAGE_ROLES | {"front_desk"}


def outside_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of what comes from outside and goes back."""
    routes = APIBlueprint("outside", __name__)
    _add_receiving(routes, parts)
    _add_notes(routes, parts)
    return routes


def _add_receiving(routes: APIBlueprint, parts: Parts) -> None:
    @routes.post("/referrals")
    @allow(roles=STAFF, scopes={"referral:write"})
    @routes.input(OutsideIn, arg_name="body")
    @routes.output(AnyOut, status_code=201)
    @routes.doc(
        security="bearer", responses={200: "The referral made by the first call, or the one tracked."}
    )
    def receive(body: OutsideIn) -> Any:
        """Take a referral from outside. The same sender and id again: 200 with the same referral."""
        who = principal()

        def receive_once(session: Session) -> Reply:
            outside = _outside(session, body, who)
            done = receive_referral(session, who.actor, outside)
            session.flush()
            shown = referral_json(done.referral, [], who.actor, now(session).date())
            where = f"/api/referral/v1/referrals/{done.referral.id}"
            headers = {"ETag": etag(done.referral.version), "Location": where}
            return Reply(shown, 201 if done.is_new else 200, headers)

        return once(parts.database, who.client, receive_once).as_flask()

    @routes.post("/referrals/<referral_id>/amend")
    @allow(roles=STAFF)
    @routes.input(AmendIn, arg_name="body")
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def amend(referral_id: str, body: AmendIn) -> Any:
        """Change site, contact or language after the referral was sent; both versions stay readable."""
        who = principal()

        def amend_once(session: Session) -> Reply:
            referral = visible_referral(session, referral_id, who.actor, lock=True)
            require_match(referral.version, state=referral.state)
            changes = {name: value for name, value in body.changes.model_dump().items() if value is not None}
            if not changes:
                raise invalid([FieldProblem("json.changes", "missing")])
            amend_referral(
                session, who.actor, referral, changes, reason_code=body.reason_code, note=body.note
            )
            shown = referral_json(referral, [], who.actor, now(session).date())
            return Reply(shown, 200, {"ETag": etag(referral.version)})

        return once(parts.database, who.client, amend_once).as_flask()

    @routes.get("/referrals/<referral_id>/letters/<inbound_id>")
    @allow(roles=TRIAGE_ROLES)
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def read_letter(referral_id: str, inbound_id: str) -> Any:
        """The letter as it came, base64, beside what was read from it."""
        with parts.database.transaction() as session:
            referral = visible_referral(session, referral_id, principal().actor)
            parsed = parse_id(inbound_id)
            inbound = None if parsed is None else find_letter(session, referral.id, parsed)
            if inbound is None:
                raise not_found("letter")
            return {
                "id": str(inbound.id),
                "sender": inbound.sender,
                "external_id": inbound.external_id,
                "received_at": moment(inbound.received_at),
                "fields": inbound.fields.reveal() if inbound.fields else {},
                "media_type": inbound.letter_type,
                "content_base64": inbound.letter.reveal() if inbound.letter else None,
            }


def read_patient(session: Session, given: OutsidePatientIn) -> PatientSnapshot:
    """Return the patient as given; raises the 422 problem for a birth date that cannot be one."""
    try:
        patient = PatientSnapshot.model_validate(given.model_dump())
    except ValidationError:
        raise invalid([FieldProblem("json.patient.birth_date", "not_a_day")]) from None
    today: date = now(session).date()
    if not today.replace(year=today.year - OLDEST_YEARS, day=1) <= patient.birth_date <= today:
        raise invalid([FieldProblem("json.patient.birth_date", "out_of_range")])
    return patient


def _outside(session: Session, body: OutsideIn, who: Principal) -> OutsideReferral:
    patient = read_patient(session, body.patient)
    if body.preferred_site and session.get(Site, body.preferred_site) is None:
        raise invalid([FieldProblem("json.preferred_site", "unknown_site")])
    letter = _letter(body.letter_base64)
    sender = body.sender if who.actor.kind == "staff" else f"{who.actor.id}:{body.sender}"
    return OutsideReferral(
        sender=sender,
        external_id=body.external_id,
        patient=patient,
        fields={
            "reason": body.reason,
            "wanted_route": body.wanted_route,
            **body.fields,
            "identifiers": [f"{one.value} ({one.system})" for one in body.identifiers],
            "notices_email": body.notices_email,
        },
        letter=letter,
        letter_type="" if letter is None else str(letter_kind(letter)),
        preferred_site=body.preferred_site,
        if_live=body.if_live,
        identifiers=tuple(PatientIdentifier(**one.model_dump()) for one in body.identifiers),
    )


def _letter(given: str | None) -> bytes | None:
    if given is None:
        return None
    try:
        content = base64.b64decode(given, validate=True)
    except (binascii.Error, ValueError):
        raise invalid([FieldProblem("json.letter_base64", "not_base64")]) from None
    if len(content) > LARGEST_LETTER_BYTES:
        raise Problem(413, "too_large", "A letter has at most 2 MiB. Nothing was stored.")
    if letter_kind(content) is None:
        raise Problem(
            415, "unsupported_letter", "Send the letter as PDF, PNG, JPEG or TIFF. Nothing was stored."
        )
    return content


def _add_notes(routes: APIBlueprint, parts: Parts) -> None:
    @routes.post("/referrals/<referral_id>/notes")
    @allow(roles={"provider", "nurse", "therapist"})
    @routes.input(NoteIn, arg_name="body")
    @routes.output(AnyOut, status_code=201)
    @routes.doc(security="bearer")
    def return_one(referral_id: str, body: NoteIn) -> Any:
        """Write the note that goes back to the referrer."""
        who = principal()

        def return_once(session: Session) -> Reply:
            referral = visible_referral(session, referral_id, who.actor, lock=True)
            return Reply(note_json(return_note(session, who.actor, referral, body.text)), 201)

        return once(parts.database, who.client, return_once).as_flask()

    def step(referral_id: str, note_id: str, deed: Any) -> Any:
        who = principal()

        def step_once(session: Session) -> Reply:
            referral = visible_referral(session, referral_id, who.actor, lock=True)
            parsed = parse_id(note_id)
            note = None if parsed is None else find_note(session, referral.id, parsed)
            if note is None:
                raise not_found("note")
            # The front desk tells a referrer that the note is there; what it says is not for them.
            with_text = sees_clinical(who.actor.role, who.actor.kind)
            require_match(note_version(note), **note_json(note, with_text=with_text))
            deed(session, who.actor, note)
            return Reply(note_json(note, with_text=with_text), 200, {"ETag": etag(note_version(note))})

        return once(parts.database, who.client, step_once).as_flask()

    @routes.post("/referrals/<referral_id>/notes/<note_id>/review")
    @allow(roles=TRIAGE_ROLES)
    @routes.input(NothingIn, arg_name="body")
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def review(referral_id: str, note_id: str, body: NothingIn) -> Any:
        """A second clinician reviews the note."""
        return step(referral_id, note_id, review_note)

    @routes.post("/referrals/<referral_id>/notes/<note_id>/acknowledge")
    @allow(roles=STAFF)
    @routes.input(NothingIn, arg_name="body")
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def acknowledge(referral_id: str, note_id: str, body: NothingIn) -> Any:
        """The referrer has the note."""
        return step(referral_id, note_id, acknowledge_note)
