"""Take a referral from outside: one per sender and their id, beside the letter it came by."""

import base64
import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.contracts.patient import PatientIdentifier, PatientSnapshot
from kernel.ids import new_id
from kernel.web.problems import conflict
from services.referral.actions.set_patient import patient_key
from services.referral.actions.start_referral import start_referral
from services.referral.model.inbound import InboundReferral
from services.referral.model.referral import Referral
from services.referral.queries.referrals import live_referral_of


@dataclass(frozen=True, slots=True)
class Received:
    """The referral, and whether this call made it."""

    referral: Referral
    is_new: bool


@dataclass(frozen=True, slots=True)
class OutsideReferral:
    """What a referrer sends. `fields` is what they or our staff read from the letter; `letter` its bytes.

    `if_live` says what to do when the patient has a live referral: ask (refuse and show it), track, separate.
    """

    sender: str
    external_id: str
    patient: PatientSnapshot
    fields: Mapping[str, Any]
    letter: bytes | None
    letter_type: str
    preferred_site: str
    if_live: str
    identifiers: tuple[PatientIdentifier, ...] = ()


def receive_referral(session: Session, actor: Actor, outside: OutsideReferral) -> Received:
    """Create the referral for staff to triage; the same sender and id give the same referral again.

    Raises 409 `live_referral` with the first one when the patient has a live referral and `if_live` is ask.
    """
    lock = text("SELECT pg_advisory_xact_lock(hashtextextended(:name, 0))")
    key = patient_key(outside.patient)
    session.execute(lock, {"name": f"inbound {key.hex()}"})
    earlier = session.scalars(
        select(InboundReferral).where(
            InboundReferral.sender == outside.sender, InboundReferral.external_id == outside.external_id
        )
    ).first()
    if earlier is not None:
        return Received(session.get_one(Referral, earlier.referral_id), is_new=False)
    live = live_referral_of(session, key)
    if live is not None and outside.if_live == "ask":
        raise conflict(
            "live_referral",
            "This patient already has a live referral. Track it, or say that this one is separate.",
            referral={"id": str(live.id), "state": live.state, "created_at": live.created_at.isoformat()},
            offers=["track", "separate"],
        )
    tracked = live is not None and outside.if_live == "track"
    referral = live if live is not None and tracked else _create(session, actor, outside, live)
    inbound = InboundReferral(
        id=new_id(),
        sender=outside.sender,
        external_id=outside.external_id,
        referral_id=referral.id,
        tracks=tracked,
        letter_type=outside.letter_type,
        letter_digest=hashlib.sha256(outside.letter).digest() if outside.letter else None,
        received_at=now(session),
        received_by=f"{actor.kind}:{actor.id}",
    )
    inbound.fields = dict(outside.fields)
    inbound.letter = base64.b64encode(outside.letter).decode() if outside.letter else None
    session.add(inbound)
    deed = "track_referral" if tracked else "receive_outside_referral"
    record(session, actor, deed, "referral", referral.id, details={"inbound": str(inbound.id)})
    return Received(referral, is_new=not tracked)


def _create(session: Session, actor: Actor, outside: OutsideReferral, live: Referral | None) -> Referral:
    return start_referral(
        session,
        actor,
        outside.patient,
        mode="referrer",
        site=outside.preferred_site,
        priority="P5",
        reason_code="referred_from_outside",
        patient_id=None if live is None else live.patient_id,
        identifiers=outside.identifiers,
    )
