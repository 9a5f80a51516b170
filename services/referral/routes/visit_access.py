"""What every view of a visit needs: finding it, answering with it, reading its site's zone."""

from uuid import UUID
from zoneinfo import ZoneInfo

from flask import request
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.context import Actor
from kernel.ids import parse_id
from kernel.web.conditional import etag
from kernel.web.idempotency import Reply
from kernel.web.problems import FieldProblem, from_status, invalid, not_found
from services.referral.actions.lock_visit import lock_visit
from services.referral.queries.appointments import Visit, read_visit
from services.referral.queries.sites import find_site
from services.referral.routes.appointment_view import appointment_json, today_at
from services.referral.rules.office_hours import OFFICE_HOURS
from services.referral.rules.visibility import sees_site

BOOKING_ROLES = frozenset({"front_desk", "nurse"})
OUTCOME_ROLES = BOOKING_ROLES | {"therapist", "provider"}
OVERBOOK_ROLES = frozenset({"nurse"})


def visible_visit(session: Session, appointment_id: str, actor: Actor, *, lock: bool = False) -> Visit:
    """Return the visit, or raise the one 404 for an id that is unknown, malformed or of another site."""
    parsed = parse_id(appointment_id)
    if parsed is not None and lock:
        lock_visit(session, parsed)
    visit = None if parsed is None else read_visit(session, parsed)
    if visit is None or not sees_site(actor.sites, visit.site.id):
        raise not_found("appointment")
    return visit


def refuse_overbook(wanted: bool, actor: Actor) -> None:
    """Raise 403 when somebody without the permission asks to overbook."""
    if wanted and (actor.kind != "staff" or actor.role not in OVERBOOK_ROLES):
        raise from_status(403)


def visit_reply(session: Session, appointment_id: UUID, status: int, visit: Visit | None = None) -> Reply:
    """Answer with the visit as it is now, its ETag, and its address when it is new."""
    session.flush()
    visit = visit or read_visit(session, appointment_id)
    assert visit is not None
    today = today_at(ZoneInfo(visit.site.time_zone), now(session))
    headers = {"ETag": etag(visit.appointment.revision)}
    if status == 201:
        headers["Location"] = f"{request.script_root}/api/referral/v1/appointments/{appointment_id}"
    return Reply(appointment_json(visit, today), status, headers)


def zone_of(session: Session, site_id: str, field: str = "query.site") -> ZoneInfo:
    """The site's zone, or the clinic's when none is named; raises 422 for a site nobody knows."""
    if not site_id:
        return ZoneInfo(OFFICE_HOURS.time_zone)
    site = find_site(session, site_id)
    if site is None:
        raise invalid([FieldProblem(field, "unknown")])
    return ZoneInfo(site.time_zone)
