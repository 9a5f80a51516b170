"""Referrals as JSON, cut to what the reader's role may see."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from typing import Any
from uuid import UUID

from kernel.context import Actor
from services.referral.model.referral import Referral
from services.referral.rules.referral_states import STATES, allowed_deeds
from services.referral.rules.self_service import why_not_alone
from services.referral.rules.visibility import TRIAGE_ROLES, sees_clinical, sees_route


def referral_json(referral: Referral, flags: Sequence[str], actor: Actor, today: date) -> dict[str, Any]:
    """One worklist row (`schemas.ReferralOut`)."""
    # Opened once: every look at a sealed field opens it anew.
    patient = referral.patient
    return row_json(referral, patient.reveal() if patient else {}, flags, actor, today)


def row_json(
    referral: Any, patient: Mapping[str, Any], flags: Sequence[str], actor: Actor, today: date
) -> dict[str, Any]:
    """The same of a referral's columns (`queries/worklist.py: read_rows`) beside its patient's snapshot."""
    clinical = sees_clinical(actor.role, actor.kind)
    route = sees_route(actor.role, actor.kind, referral.state)
    state = STATES[referral.state]
    return {
        "id": str(referral.id),
        "submission_id": text_id(referral.submission_id),
        "patient_id": str(referral.patient_id),
        "patient": patient_json(patient, today),
        "state": referral.state,
        "state_since": moment(referral.state_since),
        "task_status": state.task_status,
        "business_status": state.business_status,
        "route": referral.route if route else None,
        "proposed_route": referral.proposed_route if clinical else None,
        "secondary_routes": list(referral.secondary_routes) if clinical else [],
        "priority": referral.priority,
        "proposed_priority": referral.proposed_priority if clinical else None,
        "due_at": moment(referral.due_at),
        "clock": referral.clock,
        "breaching": referral.breached,
        "urgent": referral.flagged or referral.priority in ("P0", "P1"),
        "flags": list(flags) if clinical else [],
        "markers": list(referral.markers) if clinical else [],
        "unknown_count": referral.unknown_count if clinical else None,
        "near_miss_count": referral.near_miss_count if clinical else None,
        "open_warnings": list(referral.open_warnings) if clinical else [],
        "settled_warnings": list(referral.settled_warnings) if clinical else [],
        "may_book_alone": not why_not_alone(referral.flagged, referral.open_warnings),
        "preferred_site": referral.preferred_site,
        "site": referral.site,
        "owner": {"id": referral.owner_id, "name": referral.owner_name} if referral.owner_id else None,
        "attempts": referral.attempts,
        "deferred_until": moment(referral.deferred_until),
        "escalated_at": moment(referral.escalated_at),
        "outcome": referral.outcome,
        "follows_id": text_id(referral.follows_id),
        "mode": referral.mode,
        "created_at": moment(referral.created_at),
        "submitted_at": moment(referral.submitted_at),
        "version": referral.version,
        "allowed_moves": moves_for(referral, actor),
    }


def moves_for(referral: Any, actor: Actor) -> list[str]:
    """The deeds this reader may do now: triage deeds for nurses and providers, `clear_hold` while a flag is open.

    `settle_warnings` while the answers leave a warning sign open and the referral itself is open.
    """
    if actor.role not in TRIAGE_ROLES:
        return []
    warned = bool(referral.open_warnings) and STATES[referral.state].is_open
    more = {"clear_hold": referral.flagged, "settle_warnings": warned}
    return [*allowed_deeds(referral.state), *(deed for deed, stands in more.items() if stands)]


def patient_json(patient: Mapping[str, Any], today: date) -> dict[str, Any]:
    """The patient's name, age and how to reach them."""
    given, family = str(patient.get("given_name", "")), str(patient.get("family_name", ""))
    born = date.fromisoformat(patient["birth_date"])
    return {
        "name": f"{given} {family}".strip(),
        "given_name": given,
        "family_name": family,
        "birth_date": patient["birth_date"],
        "age": today.year - born.year - ((today.month, today.day) < (born.month, born.day)),
        "language": str(patient.get("language", "")),
        "phone": str(patient.get("phone", "")),
    }


def moment(value: datetime | None) -> str | None:
    """A time as RFC 3339, or None."""
    return None if value is None else value.isoformat()


def text_id(value: UUID | str | None) -> str | None:
    """An id as text, or None."""
    return None if value is None else str(value)
