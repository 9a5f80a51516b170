"""The worklist: open referrals in the order they should be looked at, a page at a time, with counts."""

import base64
import binascii
import json
from collections.abc import Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import and_, select
from sqlalchemy.orm import Session

from kernel.clock import started_at
from kernel.rows import cursor as own_cursor
from services.referral.model.decision import ReferralHold
from services.referral.model.referral import Referral
from services.referral.rules.referral_states import OPEN_STATES

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
# Which writing of a row it is: its number changes with every change of the row, whoever makes it.
_STAMP = "xmin::text AS stamp"
_ROWS = f"""
SELECT {", ".join(f"{name}::text AS {name}" for name in _IDS)}, {", ".join(_SHOWN)}, {_STAMP}
FROM referral WHERE id = ANY($1)
"""  # noqa: S608 - names from this file
# The time of this transaction, the counts and the order of the page in one journey.
_PAGE = """
SELECT now() AS now, (
    SELECT coalesce(json_object_agg(state, many), '{{}}') FROM (
        SELECT state, sum(many) AS many FROM referral_tally
        WHERE ($1 = '' OR site = $1) AND (cardinality($2::text[]) = 0 OR site = ANY($2) OR site = '')
        GROUP BY state) AS summed) AS counts, (
    SELECT json_agg(json_build_array(id, stamp, flagged, worklist_rank, due_at)) FROM (
        SELECT id, {stamp}, flagged, worklist_rank, due_at FROM referral WHERE {conditions}
        ORDER BY worklist_rank, due_at, id LIMIT $3) AS page) AS page
"""
_AFTER = "(worklist_rank, due_at, id) > ({}, {}, {})"

_NEXT = """
SELECT id FROM referral WHERE {conditions} AND id <> $1 AND owner_id = ANY($2)
ORDER BY worklist_rank, due_at, id LIMIT 1
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
class Listed:
    """A referral's place on a page: its id as text, which writing of it this is, and the flags that hold it."""

    id: str
    stamp: str
    flags: tuple[str, ...]


@dataclass(frozen=True, slots=True)
class WorklistPage:
    """One page in order, the cursor of the next (None at the end), and how many referrals each open state has."""

    listed: Sequence[Listed]
    next_cursor: str | None
    counts: dict[str, int]


def read_worklist(session: Session, wanted: WorklistFilter, limit: int, cursor: str | None) -> WorklistPage:
    """Return up to `limit` referrals after `cursor`, and the counts of what the reader may see; raises `BadCursor`.

    Order: open red flag, breaching, priority, due, oldest; one index walk however many referrals there are. The sum of
    the counts is all that is open; their cost does not grow with the rows.
    """
    values: list[Any] = [wanted.site, list(wanted.sites), limit + 1]
    conditions = filter_sql(wanted, values)
    if cursor is not None:
        conditions += " AND " + _placed(_AFTER, _read_cursor(cursor), values)
    statement = _PAGE.format(stamp=_STAMP, conditions=conditions)
    (found,) = own_cursor(session).execute(statement, values).fetchall()
    started_at(session, found.now)
    rows = found.page or []
    page = rows[:limit]
    following = _make_cursor(page[-1]) if len(rows) > limit else None
    flags = open_flags(session, [UUID(row_id) for row_id, _, flagged, *_ in page if flagged])
    listed = [
        Listed(row_id, stamp, tuple(flags.get(UUID(row_id), ())) if flagged else ())
        for row_id, stamp, flagged, *_ in page
    ]
    counts = {state: int(found.counts.get(state, 0)) for state in OPEN_STATES}
    return WorklistPage(listed, following, counts)


def read_rows(session: Session, referral_ids: Sequence[str]) -> dict[str, Any]:
    """Return by id, as text, the columns the list shows of these referrals, with each one's `stamp`."""
    rows = own_cursor(session).execute(_ROWS, [[UUID(one) for one in referral_ids]]).fetchall()
    return {row.id: row for row in rows}


def patient_of(row: Any) -> dict[str, Any]:
    """Return the patient's snapshot of a row of the list."""
    patient: dict[str, Any] = Referral.patient.read(row.patient_sealed, row.id).reveal()
    return patient


def filter_sql(wanted: WorklistFilter, values: list[Any]) -> str:
    """Return a filter as SQL on the columns of `referral`; its values are added to `values`, the statement's own."""
    return " AND ".join(_placed(template, given, values) for template, given in _conditions(wanted)) or "true"


def _placed(template: str, given: Sequence[Any], values: list[Any]) -> str:
    values += given
    return template.format(*(f"${len(values) - len(given) + number}" for number in range(1, len(given) + 1)))


def _conditions(wanted: WorklistFilter) -> list[tuple[str, Sequence[Any]]]:
    """Each condition with a place for each of its values."""
    conditions: list[tuple[str, Sequence[Any]]] = []
    if wanted.state:
        conditions.append(("referral.state = {}", [wanted.state]))
    elif wanted.patient_id is None:
        conditions.append(("referral.closed_at IS NULL", []))
    for column in ("route", "priority", "site"):
        if value := getattr(wanted, column):
            conditions.append((f"referral.{column} = {{}}", [value]))
    if wanted.owner:
        conditions.append(("referral.owner_id = {}", [wanted.owner]))
    if wanted.marker:
        conditions.append(("referral.markers @> {}", [[wanted.marker]]))
    if wanted.patient_id is not None:
        conditions.append(("referral.patient_id = {}", [wanted.patient_id]))
    if wanted.sites:
        conditions.append(("(referral.site = ANY({}) OR referral.site = '')", [list(wanted.sites)]))
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


def _make_cursor(row: Sequence[Any]) -> str:
    row_id, _, _, rank, due_at = row
    return base64.urlsafe_b64encode(json.dumps([rank, due_at, row_id]).encode()).decode().rstrip("=")


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
    values: list[Any] = [after, ["", actor_id]]
    conditions = filter_sql(WorklistFilter(state="needs_triage", sites=sites), values)
    found = own_cursor(session).execute(_NEXT.format(conditions=conditions), values).fetchone()
    return None if found is None else UUID(str(found.id))
