"""The worklist: open referrals in the order they should be looked at, a page at a time, with counts."""

import base64
import binascii
import json
from dataclasses import dataclass
from datetime import datetime
from uuid import UUID

from sqlalchemy import ColumnElement, and_, func, or_, select, tuple_
from sqlalchemy.orm import Session

from services.referral.model.decision import ReferralHold
from services.referral.model.move import ReferralTally
from services.referral.model.referral import Referral
from services.referral.rules.referral_states import OPEN_STATES


class BadCursor(ValueError):
    """The cursor is not one this list gave out."""


@dataclass(frozen=True, slots=True)
class WorklistFilter:
    """What to list: `state` "" means all open; `sites` () means every site; "" elsewhere means any."""

    state: str = ""
    route: str = ""
    priority: str = ""
    site: str = ""
    owner: str = ""
    marker: str = ""
    patient_id: UUID | None = None
    sites: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True)
class WorklistPage:
    """Referrals of one page, the flags that hold each, and the cursor of the next page (None at the end)."""

    referrals: list[Referral]
    flags: dict[UUID, list[str]]
    next_cursor: str | None


def read_worklist(session: Session, wanted: WorklistFilter, limit: int, cursor: str | None) -> WorklistPage:
    """Return up to `limit` referrals after `cursor`; raises `BadCursor`.

    Order: open red flag, breaching, priority, due, oldest; one index walk however many referrals there are.
    """
    query = select(Referral).order_by(Referral.worklist_rank, Referral.due_at, Referral.id)
    query = query.where(*filter_conditions(wanted)).limit(limit + 1)
    if cursor is not None:
        place = tuple_(Referral.worklist_rank, Referral.due_at, Referral.id)
        query = query.where(place > tuple_(*_read_cursor(cursor)))
    found = list(session.scalars(query))
    page = found[:limit]
    following = _make_cursor(page[-1]) if len(found) > limit else None
    return WorklistPage(page, open_flags(session, [r.id for r in page if r.flagged]), following)


def filter_conditions(wanted: WorklistFilter) -> list[ColumnElement[bool]]:
    """Return the SQL conditions of a filter."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.state:
        conditions.append(Referral.state == wanted.state)
    elif wanted.patient_id is None:
        conditions.append(Referral.closed_at.is_(None))
    if wanted.route:
        conditions.append(Referral.route == wanted.route)
    if wanted.priority:
        conditions.append(Referral.priority == wanted.priority)
    if wanted.site:
        conditions.append(Referral.site == wanted.site)
    if wanted.owner:
        conditions.append(Referral.owner_id == wanted.owner)
    if wanted.marker:
        conditions.append(Referral.markers.contains([wanted.marker]))
    if wanted.patient_id is not None:
        conditions.append(Referral.patient_id == wanted.patient_id)
    if wanted.sites:
        conditions.append(or_(Referral.site.in_(wanted.sites), Referral.site == ""))
    return conditions


def open_flags(session: Session, referral_ids: list[UUID]) -> dict[UUID, list[str]]:
    """Return the ids of the flags that hold each of the referrals."""
    flags: dict[UUID, list[str]] = {}
    if referral_ids:
        holds = select(ReferralHold.referral_id, ReferralHold.flag_id).where(
            and_(ReferralHold.referral_id.in_(referral_ids), ReferralHold.cleared_at.is_(None))
        )
        for referral_id, flag in session.execute(
            holds.order_by(ReferralHold.opened_at, ReferralHold.flag_id)
        ):
            flags.setdefault(referral_id, []).append(flag)
    return flags


def count_by_state(session: Session, sites: tuple[str, ...] = (), site: str = "") -> dict[str, int]:
    """Return how many referrals each open state has; their sum is all that is open. Cost does not grow with rows."""
    query = select(ReferralTally.state, func.sum(ReferralTally.many)).group_by(ReferralTally.state)
    if site:
        query = query.where(ReferralTally.site == site)
    if sites:
        query = query.where(or_(ReferralTally.site.in_(sites), ReferralTally.site == ""))
    found = {state: int(many) for state, many in session.execute(query)}
    return {state: found.get(state, 0) for state in OPEN_STATES}


def _make_cursor(referral: Referral) -> str:
    place = [referral.worklist_rank, referral.due_at.isoformat(), str(referral.id)]
    return base64.urlsafe_b64encode(json.dumps(place).encode()).decode().rstrip("=")


def _read_cursor(cursor: str) -> tuple[int, datetime, UUID]:
    try:
        raw = base64.urlsafe_b64decode(cursor + "=" * (-len(cursor) % 4))
        rank, due, referral_id = json.loads(raw)
        due_at = datetime.fromisoformat(due)
        if type(rank) is not int or not 0 <= rank < 100 or due_at.tzinfo is None:
            raise BadCursor
        return rank, due_at, UUID(referral_id)
    except (binascii.Error, ValueError, TypeError, AttributeError, UnicodeError):
        raise BadCursor from None


def next_to_review(session: Session, actor_id: str, sites: tuple[str, ...], after: UUID) -> UUID | None:
    """Return the first referral in triage that is nobody's or the actor's own, other than `after`, or None."""
    conditions = filter_conditions(WorklistFilter(state="needs_triage", sites=sites))
    query = select(Referral.id).where(
        *conditions, Referral.id != after, Referral.owner_id.in_(("", actor_id))
    )
    order = (Referral.worklist_rank, Referral.due_at, Referral.id)
    return session.scalars(query.order_by(*order).limit(1)).first()
