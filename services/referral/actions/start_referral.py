"""Start a referral nobody has answered questions for: from a letter, or from the waiting room."""

from uuid import UUID

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.patient import PatientIdentifier, PatientSnapshot
from kernel.contracts.referral_received import ReferralReceived
from kernel.ids import new_id
from kernel.outbox import emit
from services.referral.actions.move_referral import move_referral
from services.referral.actions.propose_route import set_priority
from services.referral.actions.publish_shipped_protocol import publish_shipped_protocol
from services.referral.actions.set_patient import set_patient
from services.referral.model.referral import Referral


def start_referral(
    session: Session,
    actor: Actor,
    patient: PatientSnapshot,
    *,
    mode: str,
    site: str,
    priority: str,
    reason_code: str,
    patient_id: UUID | None = None,
    identifiers: tuple[PatientIdentifier, ...] = (),
) -> Referral:
    """Create a referral in triage, without answers and so without a route, and return it.

    `identifiers`: numbers of the patient a letter names. `patient_id`: the patient as known from another referral;
    None makes a new one.
    """
    moment = now(session)
    referral = Referral(
        id=new_id(),
        patient_id=patient_id or new_id(),
        language=patient.language,
        mode=mode,
        state="received",
        state_since=moment,
        version=1,
        route="staff_triage",
        proposed_route="staff_triage",
        proposed_priority=priority,
        preferred_site=site,
        site=site,
        clock="run",
        created_at=moment,
        submitted_at=moment,
        attempts=0,
    )
    set_patient(referral, patient)
    set_priority(session, referral, publish_shipped_protocol(session), priority)
    session.add(referral)
    session.flush()
    move_referral(session, actor, referral, "needs_triage", reason_code=reason_code)
    emit(
        session,
        "referral_received",
        referral.id,
        ReferralReceived(
            referral_id=referral.id,
            patient_id=referral.patient_id,
            patient=patient,
            identifiers=identifiers,
            state=referral.state,
            version=referral.version,
            received_at=moment,
        ),
    )
    return referral
