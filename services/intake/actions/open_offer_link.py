"""Let the token in an offer's text open the patient's page of that offer."""

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.slot_offer import SlotOffered
from kernel.ids import new_id
from services.intake.model import Patient, PatientLink
from services.intake.rules.link_tokens import hashed, may_be_token


def open_offer_link(session: Session, offered: SlotOffered) -> PatientLink | None:
    """Store the hash of the offer's token, open until the offered visit begins; None for a patient we do not know.

    The page outlives the offer, so that who comes too late is shown what is free instead.
    """
    if not may_be_token(offered.claim_token, "offer") or session.get(Patient, offered.patient_id) is None:
        return None
    link = PatientLink(
        id=new_id(),
        token_hash=hashed(offered.claim_token),
        purpose="offer",
        patient_id=offered.patient_id,
        submission_id=None,
        about_id=offered.offer_id,
        created_at=now(session),
        expires_at=offered.starts_at,
        wrong_dates=0,
        issued_mode="self",
        may_read=False,
    )
    session.add(link)
    record(session, Actor("system", "intake"), "issue_link", "patient_link", link.id, reason="offer")
    return link
