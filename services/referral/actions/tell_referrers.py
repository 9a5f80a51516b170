"""Tell who referred the patient that the referral came to a milestone, each once, without naming the patient."""

from collections.abc import Sequence
from uuid import NAMESPACE_URL, UUID, uuid5

from sqlalchemy import select
from sqlalchemy.orm import Session, load_only

from kernel.clock import now
from kernel.contracts.professional_notice import ReferrerNoticed
from kernel.outbox import emit
from services.referral.model.inbound import InboundReferral
from services.referral.rules.milestones import MILESTONES


def senders_to_tell(session: Session, referral_id: UUID, deed: str) -> list[InboundReferral]:
    """Return whoever referred the patient, when the deed is a milestone; nobody for any other deed.

    Nothing of what the caller has changed so far is written for this question.
    """
    if deed not in MILESTONES:
        return []
    columns = load_only(InboundReferral.external_id, InboundReferral.fields_sealed)
    senders = select(InboundReferral).where(InboundReferral.referral_id == referral_id).options(columns)
    with session.no_autoflush:
        return list(session.scalars(senders.order_by(InboundReferral.id)))


def tell_referrers(session: Session, senders: Sequence[InboundReferral], deed: str, event_id: UUID) -> int:
    """Emit one notice for each sender who gave an address; return how many.

    `senders`: from `senders_to_tell` for the same deed. `event_id`: the move, or the change of a visit, that is the
    milestone. The notices are those of queries/notices.py.
    """
    told = 0
    for inbound in senders:
        email = str((inbound.fields.reveal() if inbound.fields else {}).get("notices_email") or "")
        if not email:
            continue
        notice_id = uuid5(NAMESPACE_URL, f"notice:{inbound.id}:{event_id}")
        notice = ReferrerNoticed(
            notice_id=notice_id,
            email=email,
            external_id=inbound.external_id,
            milestone=MILESTONES[deed],
            at=now(session),
        )
        emit(session, "referrer_noticed", notice_id, notice)
        told += 1
    return told
