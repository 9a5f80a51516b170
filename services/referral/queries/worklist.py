"""The worklist: open referrals in the order they should be looked at, a page at a time, with counts."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Row, Select, Text, and_, cast, or_, select, tuple_
from sqlalchemy.orm import Session

from kernel.clock import started_at
from kernel.rows import cursor as own_cursor
from services.referral.model.decision import ReferralHold
from services.referral.model.referral import Referral
from services.referral.rules.referral_states import OPEN_STATES

_REFERRAL = Referral.__table__.c
_ORDER = (_REFERRAL.worklist_rank, _REFERRAL.due_at, _REFERRAL.id)
# What a row of the list shows, as columns: fifty mapped objects cost more than finding them. Ids are wanted as text.
_IDS = ("id", "submission_id", "patient_id", "follows_id")
_SHOWN = (
    "patient_sealed",
    "state",
    "state_since",
    "route",
    "proposed_route",
    "secondary_routes",
    "priority",
    "proposed_priority",
    "due_at",
    "clock",
    "breached",
    "flagged",
    "markers",
    "unknown_count",
    "near_miss_count",
    "open_warnings",
    "settled_warnings",
    "preferred_site",
    "site",
    "owner_id",
    "owner_name",
    "attempts",
    "deferred_until",
    "escalated_at",
    "outcome",
    "mode",
    "created_at",
    "submitted_at",
    "version",
    "worklist_rank",
)
_COLUMNS: list[ColumnElement[Any]] = [
    *(cast(_REFERRAL[name], Text).label(name) for name in _IDS),
    *(_REFERRAL[name] for name in _SHOWN),
]
_LISTED: Select[Any] = select(*_COLUMNS).order_by(*_ORDER)
# The counts and the time of this transaction in one journey.
_COUNTS = """
SELECT now() AS now, (
    SELECT coalesce(json_object_agg(state, many), '{}') FROM (
        SELECT state, sum(many) AS many FROM referral_tally
        WHERE ($1 = '' OR site = $1) AND (cardinality($2::text[]) = 0 OR site = ANY($2) OR site = '')
        GROUP BY state) AS summed) AS counts
"""


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
    """Rows of one page, the flags that hold each, and the cursor of the next page (None at the end).

    A row has the columns of a referral that the list shows, its ids as text.
    """

    referrals: Sequence[Row[Any]]
    flags: dict[str, list[str]]
    next_cursor: str | None


def read_worklist(session: Session, wanted: WorklistFilter, limit: int, cursor: str | None) -> WorklistPage:
    """Return up to `limit` referrals after `cursor`; raises `BadCursor`.

    Order: open red flag, breaching, priority, due, oldest; one index walk however many referrals there are.
    """
    query = _LISTED.where(*filter_conditions(wanted)).limit(limit + 1)
    if cursor is not None:
        query = query.where(tuple_(*_ORDER) > tuple_(*_read_cursor(cursor)))
    found = session.execute(query).all()
    page = found[:limit]
    following = _make_cursor(page[-1]) if len(found) > limit else None
    flags = open_flags(session, [UUID(row.id) for row in page if row.flagged])
    return WorklistPage(page, {str(held): flag for held, flag in flags.items()}, following)


def patient_of(row: Row[Any]) -> dict[str, Any]:
    """Return the patient's snapshot of a row of the list."""
    patient: dict[str, Any] = Referral.patient.read(row.patient_sealed, row.id).reveal()
    return patient


def filter_conditions(wanted: WorklistFilter) -> list[ColumnElement[bool]]:
    """Return the SQL conditions of a filter."""
    conditions: list[ColumnElement[bool]] = []
    if wanted.state:
        conditions.append(_REFERRAL.state == wanted.state)
    elif wanted.patient_id is None:
        conditions.append(_REFERRAL.closed_at.is_(None))
    if wanted.route:
        conditions.append(_REFERRAL.route == wanted.route)
    if wanted.priority:
        conditions.append(_REFERRAL.priority == wanted.priority)
    if wanted.site:
        conditions.append(_REFERRAL.site == wanted.site)
    if wanted.owner:
        conditions.append(_REFERRAL.owner_id == wanted.owner)
    if wanted.marker:
        conditions.append(_REFERRAL.markers.contains([wanted.marker]))
    if wanted.patient_id is not None:
        conditions.append(_REFERRAL.patient_id == wanted.patient_id)
    if wanted.sites:
        conditions.append(or_(_REFERRAL.site.in_(wanted.sites), _REFERRAL.site == ""))
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
    found = own_cursor(session).execute(_COUNTS, [site, list(sites)]).fetchone()
    assert found is not None
    started_at(session, found.now)
    return {state: int(found.counts.get(state, 0)) for state in OPEN_STATES}


def _make_cursor(row: Row[Any]) -> str:
    place = [row.worklist_rank, row.due_at.isoformat(), row.id]
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
