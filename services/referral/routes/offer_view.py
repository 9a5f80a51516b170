"""Rounds of offers and single offers as staff and patients read them."""

from datetime import date
from typing import Any

from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.web.problems import not_found
from services.referral.actions.claim_offer import OnOffer, alternatives_to
from services.referral.model.referral import Referral
from services.referral.model.waitlist import OfferRound, SlotOffer
from services.referral.queries.sites import find_site, find_visit_type
from services.referral.queries.waitlist import Passed
from services.referral.routes.referral_view import moment, patient_json
from services.referral.rules.visibility import sees_site


def round_version(opened: OfferRound) -> int:
    """A round changes with each batch and once more when it ends: its version tells both."""
    return 2 * opened.batch + (opened.state != "open")


def round_json(opened: OfferRound) -> dict[str, Any]:
    """A round (`schedule_shapes.RoundOut`)."""
    return {
        "id": str(opened.id),
        "version": round_version(opened),
        "visit_type": opened.visit_type_id,
        "site": opened.site_id,
        "provider_id": opened.provider_id,
        "starts_at": moment(opened.starts_at),
        "state": opened.state,
        "batch": opened.batch,
        "batch_until": moment(opened.batch_until),
        "opened_at": moment(opened.opened_at),
        "closed_at": moment(opened.closed_at),
    }


def passed_json(opened: OfferRound, passed: Passed, actor: Actor, today: date) -> dict[str, Any]:
    """Who gave the slot up, by which visit and how, and who took it; names only to who may open their case."""

    def whose(referral: Referral) -> dict[str, Any]:
        seen = sees_site(actor.sites, referral.site) and referral.patient is not None
        patient = patient_json(referral.patient.reveal(), today) if seen and referral.patient else None
        return {"referral_id": str(referral.id) if seen else None, "patient": patient}

    freed = None
    if passed.freed is not None:
        visit, referral = passed.freed
        stayed = (visit.starts_at, visit.provider_id) == (opened.starts_at, opened.provider_id)
        how = "cancelled" if visit.state == "cancelled" and stayed else "moved"
        freed = {"appointment_id": str(visit.id), "how": how, **whose(referral)}
    return {"freed": freed, "claimed": None if passed.claimed is None else whose(passed.claimed)}


def offer_json(offer: SlotOffer) -> dict[str, Any]:
    """One offer of a round, for staff."""
    return {
        "id": str(offer.id),
        "entry_id": str(offer.entry_id),
        "patient_id": str(offer.patient_id),
        "batch": offer.batch,
        "offered_at": moment(offer.offered_at),
        "expires_at": moment(offer.expires_at),
        "state": offer.state,
        "ended_at": moment(offer.ended_at),
    }


def own_offer_json(session: Session, found: OnOffer) -> dict[str, Any]:
    """One offer as its patient sees it (`schedule_shapes.OwnOfferOut`). Raises 404."""
    site = find_site(session, found.round.site_id)
    visit = find_visit_type(session, found.round.visit_type_id)
    if site is None or visit is None:
        raise not_found("offer")
    is_open = (
        found.round.state == "open"
        and found.offer.state == "offered"
        and found.offer.expires_at > now(session)
    )
    return {
        "id": str(found.offer.id),
        "patient_id": str(found.offer.patient_id),
        "state": found.offer.state,
        "open": is_open,
        "starts_at": moment(found.round.starts_at),
        "expires_at": moment(found.offer.expires_at),
        "visit_type_name": visit.sms_name,
        "alternatives": [] if is_open or found.offer.state == "claimed" else alternatives_to(session, found),
        "site": {
            "id": site.id,
            "name": site.name,
            "address": site.address,
            "phone": site.phone,
            "time_zone": site.time_zone,
        },
    }
