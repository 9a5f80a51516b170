"""What keeps watch: the stuck radar, its alarms, the override report, and the reason codes in use."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from apiflask import APIBlueprint
from flask import jsonify, request
from sqlalchemy.orm import Session

from kernel.assembly import Parts
from kernel.audit import record
from kernel.clock import now
from kernel.ids import parse_id
from kernel.web.conditional import etag, require_match
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, invalid, not_found
from services.referral.actions.acknowledge_escalation import acknowledge_escalation
from services.referral.model.watch import Escalation
from services.referral.queries.overrides import override_report
from services.referral.queries.radar import Blip, find_escalation, read_radar
from services.referral.queries.referrals import find_referral
from services.referral.queries.site_calendar import site_calendar
from services.referral.queries.worklist import open_flags
from services.referral.routes.protocol_shapes import AnyOut
from services.referral.routes.referral_view import moment, referral_json
from services.referral.rules import reasons
from services.referral.rules.business_clock import business_time_between
from services.referral.rules.office_hours import OFFICE_HOURS
from services.referral.rules.visibility import LIST_ROLES, TRIAGE_ROLES, sees_site
from services.referral.schemas import AcknowledgeIn, RadarQuery, ReportQuery

LONGEST_REPORT_DAYS = 400


def watch_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of radar, report and reason codes."""
    routes = APIBlueprint("watch", __name__)
    _add_radar(routes, parts)
    _add_reports(routes, parts)
    return routes


def _add_radar(routes: APIBlueprint, parts: Parts) -> None:
    @routes.get("/radar")
    @allow(roles=LIST_ROLES)
    @routes.input(RadarQuery, location="query", arg_name="query")
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def radar(query: RadarQuery) -> Any:
        """Referrals that are late or stuck, with what unblocks each."""
        actor = principal().actor
        with parts.database.transaction() as session:
            blips = read_radar(session, actor.sites, query.owner or "", query.limit)
            flags = open_flags(session, [blip.referral.id for blip in blips if blip.referral.flagged])
            today = now(session).astimezone(ZoneInfo(OFFICE_HOURS.time_zone)).date()
            items = [
                {
                    "id": str(blip.alarm.id),
                    "version": alarm_version(blip.alarm),
                    "kind": blip.alarm.kind,
                    "since": moment(blip.alarm.since),
                    "raised_at": moment(blip.alarm.at),
                    **_taken_json(blip.alarm),
                    "business_hours": _hours(session, blip),
                    "limit_business_hours": blip.limit_hours,
                    "unblocks": blip.unblocks,
                    "referral": referral_json(blip.referral, flags.get(blip.referral.id, []), actor, today),
                }
                for blip in blips
            ]
        return jsonify(items=items, next_cursor=None)

    @routes.post("/radar/<alarm_id>/acknowledge")
    @allow(roles=TRIAGE_ROLES | {"manager"})
    @routes.input(AcknowledgeIn, arg_name="body")
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def acknowledge(alarm_id: str, body: AcknowledgeIn) -> Any:
        """Take an alarm: it stays on the radar until the referral moves, marked as seen. 412 says who was faster."""
        who = principal()

        def acknowledge_once(session: Session) -> Reply:
            alarm = _alarm(session, alarm_id, who.actor.sites)
            require_match(alarm_version(alarm), **_taken_json(alarm))
            acknowledge_escalation(session, who.actor, alarm)
            shown = {"id": str(alarm.id), "version": alarm_version(alarm), **_taken_json(alarm)}
            return Reply(shown, 200, {"ETag": etag(alarm_version(alarm))})

        return once(parts.database, who.client, acknowledge_once).as_flask()


def alarm_version(alarm: Escalation) -> int:
    """An alarm changes once: when somebody takes it."""
    return 1 if alarm.acknowledged_at is None else 2


def _taken_json(alarm: Escalation) -> dict[str, Any]:
    return {"acknowledged_at": moment(alarm.acknowledged_at), "acknowledged_by": alarm.acknowledged_by}


def _alarm(session: Session, alarm_id: str, sites: tuple[str, ...]) -> Escalation:
    parsed = parse_id(alarm_id)
    alarm = None if parsed is None else find_escalation(session, parsed)
    referral = None if alarm is None else find_referral(session, alarm.referral_id)
    if alarm is None or referral is None or not sees_site(sites, referral.site):
        raise not_found("alarm")
    return alarm


def _hours(session: Session, blip: Blip) -> float:
    calendar = site_calendar(session, blip.referral.site)
    spent = business_time_between(blip.alarm.since, now(session), calendar)
    return round(spent.total_seconds() / 3600, 1)


def _add_reports(routes: APIBlueprint, parts: Parts) -> None:
    @routes.get("/reports/overrides")
    @allow(roles=TRIAGE_ROLES | {"manager"})
    @routes.input(ReportQuery, location="query", arg_name="query")
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def overrides(query: ReportQuery) -> Any:
        """How often each rule was overruled, with the reasons, and the outcomes of each reviewer."""
        zone = ZoneInfo(OFFICE_HOURS.time_zone)
        with parts.database.transaction() as session:
            today = now(session).astimezone(zone).date()
            last = _day(query.to, "to") or today
            first = _day(query.from_, "from") or last - timedelta(days=89)
            if not timedelta() <= last - first <= timedelta(days=LONGEST_REPORT_DAYS):
                raise invalid([FieldProblem("query.from", "period")])
            since = datetime.combine(first, time(), zone)
            until = datetime.combine(last + timedelta(days=1), time(), zone)
            report = override_report(session, since, until)
            record(session, principal().actor, "view_override_report", "report", "overrides")
        return jsonify({"from": first.isoformat(), "to": last.isoformat(), **report})

    @routes.get("/reason-codes")
    @allow(roles=LIST_ROLES, scopes={"referral:read"}, services=True)
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def reason_codes() -> Any:
        """The coded reasons each deed takes."""
        return jsonify(
            {
                "redirect": list(reasons.REDIRECT_REASONS),
                "decline": list(reasons.DECLINE_REASONS),
                "withdraw": list(reasons.WITHDRAW_REASONS),
                "hand-over": list(reasons.HAND_OVER_REASONS),
                "clear-hold": list(reasons.CLEAR_HOLD_REASONS),
                "reopen": list(reasons.REOPEN_REASONS),
                "close": list(reasons.CLOSE_OUTCOMES),
            }
        )


def _day(given: str | None, name: str) -> date | None:
    if name in request.args and len(request.args.getlist(name)) > 1:
        raise invalid([FieldProblem(f"query.{name}", "repeated")])
    try:
        day = None if given is None else date.fromisoformat(given)
    except ValueError:
        raise invalid([FieldProblem(f"query.{name}", "not_a_day")]) from None
    if day is not None and not 2000 <= day.year <= 2100:
        raise invalid([FieldProblem(f"query.{name}", "not_a_day")])
    return day
