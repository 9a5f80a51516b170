"""A referral from outside: its patient gets a record here, so that they can follow it without an account."""

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.referral_received import ReferralReceived
from kernel.personal import Personal
from kernel.rows import write_rows
from services.intake.actions.add_identifiers import add_identifiers
from services.intake.actions.look_for_others import look_for_others
from services.intake.actions.open_match_case import open_match_case
from services.intake.actions.register_patient import PatientFacts, register_patient
from services.intake.actions.send_status_link import send_status_link
from services.intake.queries.identifiers import Identifier
from services.intake.queries.patients import patient_of

# Under the record in force: the referral service's own id of the patient is that record, or one merged into it.
FOLLOW = """
INSERT INTO referral_view (referral_id, submission_id, patient_id, state, route, version)
VALUES (:referral_id, NULL, :patient_id, :state, '', :version)
ON CONFLICT (referral_id) DO UPDATE SET patient_id = excluded.patient_id
"""


def follow_outside_referral(session: Session, told: ReferralReceived) -> None:
    """Find or make the patient's record and follow the referral; a state heard before this stays.

    The id the letter's referral has for its patient becomes the record's; who was known here under another one is told
    to everybody as merged, so that their page, their answers and their letters meet (docs/decisions/0222).

    What they agreed to is not known from a letter, so an earlier consent is left as it was.
    """
    who = told.patient
    identifiers = tuple(Identifier(Personal(one.system), Personal(one.value)) for one in told.identifiers)
    facts = PatientFacts(
        given_name=Personal(who.given_name),
        family_name=Personal(who.family_name),
        birth_date=Personal(who.birth_date.isoformat()),
        phone=Personal(who.phone),
        email=Personal(who.email),
        postcode=Personal(who.postcode),
        language=who.language,
        time_zone=who.time_zone,
        consent_sms=None,
        consent_email=None,
        identifiers=identifiers,
    )
    actor = Actor("service", "referral")
    patient = patient_of(session, told.patient_id)
    if patient is None:
        registered = register_patient(session, actor, facts, known_as=told.patient_id)
        write_rows(session)
        patient = registered.patient
        open_match_case(session, actor, patient.id, None, registered.candidates)
    else:
        added = add_identifiers(session, actor, patient.id, identifiers)
        if added:
            patient.version += 1
            patient.updated_at = now(session)
        write_rows(session)
        look_for_others(session, actor, patient, identifiers, again=added)
    session.execute(
        text(FOLLOW),
        {
            "referral_id": told.referral_id,
            "patient_id": patient.id,
            "state": told.state,
            "version": told.version,
        },
    )
    send_status_link(session, told.referral_id)
