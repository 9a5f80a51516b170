"""Closures: a site, a room or a provider takes no visits for a time; each lists the visits it strands."""

from typing import Any
from zoneinfo import ZoneInfo

from apiflask import APIBlueprint
from flask import jsonify
from sqlalchemy.orm import Session

from kernel.assembly import Parts
from kernel.clock import now
from kernel.web.conditional import etag, require_match
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, invalid, not_found
from services.referral.actions.close_time import close_time, lift_closure, standing_closures, stranded_visits
from services.referral.model.schedule import Closure, Provider, ProviderHours, Room
from services.referral.queries.stranded import stranded_visits_now
from services.referral.routes import schedule_shapes as shapes
from services.referral.routes.appointment_view import appointment_json, today_at
from services.referral.routes.holds import id_or_404
from services.referral.routes.referral_view import moment
from services.referral.routes.visit_access import zone_of
from services.referral.routes.wall_clock import read_day_or_time
from services.referral.rules.visibility import LIST_ROLES, sees_site

CLOSING_ROLES = frozenset({"front_desk", "nurse", "manager"})


def closure_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of closures."""
    routes = APIBlueprint("closures", __name__)

    @routes.get("/closures")
    @allow(roles=LIST_ROLES, scopes={"referral:read"}, services=True)
    @routes.output(shapes.ClosuresOut)
    @routes.doc(security="bearer")
    def closures() -> Any:
        """The closures that stand, soonest first, each with the visits it strands."""
        who = principal()
        with parts.database.transaction() as session:
            items = [
                _closure_json(session, closure, who.actor.sites) for closure in standing_closures(session)
            ]
        return jsonify(items=items, next_cursor=None)

    @routes.get("/stranded-visits")
    @allow(roles=LIST_ROLES, scopes={"referral:read"}, services=True)
    @routes.output(shapes.SitesOut)
    @routes.doc(security="bearer")
    def stranded() -> Any:
        """Visits to come that the clinic's hours, rooms, people or kinds of visit no longer allow, and why."""
        who = principal()
        with parts.database.transaction() as session:
            at = now(session)
            items = [
                appointment_json(one.visit, today_at(ZoneInfo(one.visit.site.time_zone), at))
                | {"why": list(one.why)}
                for one in stranded_visits_now(session, who.actor.sites)
            ]
        return jsonify(items=items, next_cursor=None)

    @routes.post("/closures")
    @allow(roles=CLOSING_ROLES, scopes={"referral:write"})
    @routes.input(shapes.ClosureIn, arg_name="body")
    @routes.output(shapes.ClosureOut, status_code=201)
    @routes.doc(security="bearer")
    def close(body: shapes.ClosureIn) -> Any:
        """Close a site, a room or a provider for a time. The visits it strands stay booked and are listed."""
        who = principal()

        def deed(session: Session) -> Reply:
            zone = _zone_of_subject(session, body)
            closure = close_time(
                session,
                who.actor,
                site_id=body.site_id,
                room_id=body.room_id,
                provider_id=body.provider_id,
                starts_at=read_day_or_time(body.starts_at, zone, "json.starts_at"),
                ends_at=read_day_or_time(body.ends_at, zone, "json.ends_at"),
                reason=body.reason,
            )
            if closure.site_id and not sees_site(who.actor.sites, closure.site_id):
                raise invalid([FieldProblem("json.site_id", "unknown")])
            return Reply(_closure_json(session, closure, who.actor.sites), 201)

        return once(parts.database, who.client, deed).as_flask()

    @routes.post("/closures/<closure_id>/lift")
    @allow(roles=CLOSING_ROLES, scopes={"referral:write"})
    @routes.input(shapes.EmptyIn, arg_name="body")
    @routes.output(shapes.ClosureOut)
    @routes.doc(security="bearer")
    def lift(closure_id: str, body: shapes.EmptyIn) -> Any:
        """Take a closure back: its times can be booked again at once."""
        who = principal()

        def deed(session: Session) -> Reply:
            closure = session.get(Closure, id_or_404(closure_id, "closure"), with_for_update=True)
            if closure is None or (closure.site_id and not sees_site(who.actor.sites, closure.site_id)):
                raise not_found("closure")
            require_match(closure_version(closure), **_closure_json(session, closure, who.actor.sites))
            lift_closure(session, who.actor, closure.id)
            headers = {"ETag": etag(closure_version(closure))}
            return Reply(_closure_json(session, closure, who.actor.sites), 200, headers)

        return once(parts.database, who.client, deed).as_flask()

    return routes


def _zone_of_subject(session: Session, body: shapes.ClosureIn) -> ZoneInfo:
    """The zone a closure's wall-clock times are meant in: that of the site, the room or the provider's first site."""
    site_id = body.site_id or ""
    if body.room_id and (room := session.get(Room, body.room_id)):
        site_id = room.site_id
    elif body.provider_id and session.get(Provider, body.provider_id):
        works_at = session.query(ProviderHours.site_id).filter_by(provider_id=body.provider_id)
        site_id = works_at.order_by(ProviderHours.site_id).limit(1).scalar() or ""
    return zone_of(session, site_id, "json.site_id")


def closure_version(closure: Closure) -> int:
    """A closure changes once: when it is lifted."""
    return 1 if closure.lifted_at is None else 2


def _closure_json(session: Session, closure: Closure, sites: tuple[str, ...]) -> dict[str, Any]:
    stranded = [v for v in stranded_visits(session, closure) if sees_site(sites, v.site.id)]
    return {
        "id": str(closure.id),
        "version": closure_version(closure),
        "site_id": closure.site_id,
        "room_id": closure.room_id,
        "provider_id": closure.provider_id,
        "starts_at": moment(closure.starts_at),
        "ends_at": moment(closure.ends_at),
        "reason": closure.reason,
        "lifted_at": moment(closure.lifted_at),
        "stranded": []
        if closure.lifted_at
        else [appointment_json(v, today_at(ZoneInfo(v.site.time_zone), now(session))) for v in stranded],
    }
