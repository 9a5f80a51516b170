"""What staff do with a referral: accept, redirect, ask, decline, defer, clear a hold, end it, bring it back."""

from collections.abc import Callable
from datetime import UTC, date, datetime, time
from typing import Any, TypeVar
from zoneinfo import ZoneInfo

from apiflask import APIBlueprint
from pydantic import BaseModel
from sqlalchemy.orm import Session

from kernel.assembly import Parts
from kernel.clock import now
from kernel.context import Actor
from kernel.web.conditional import etag, require_match
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, invalid
from services.referral import schemas
from services.referral.actions.accept_referral import accept_referral
from services.referral.actions.add_findings import add_findings
from services.referral.actions.ask_patient import ask_patient
from services.referral.actions.assign_owner import assign_owner
from services.referral.actions.clear_hold import clear_hold
from services.referral.actions.close_referral import close_referral
from services.referral.actions.decline_referral import decline_referral
from services.referral.actions.defer_referral import defer_referral
from services.referral.actions.hand_over_referral import hand_over_referral
from services.referral.actions.redirect_referral import redirect_referral
from services.referral.actions.reopen_referral import reopen_referral
from services.referral.actions.resume_referral import resume_referral
from services.referral.actions.settle_warnings import settle_warnings
from services.referral.actions.withdraw_referral import withdraw_referral
from services.referral.model.referral import Referral
from services.referral.queries.site_calendar import site_calendar
from services.referral.queries.worklist import next_to_review, open_flags
from services.referral.routes.cases import visible_referral
from services.referral.routes.referral_view import moment, referral_json, text_id
from services.referral.rules.office_hours import OFFICE_HOURS
from services.referral.rules.visibility import TRIAGE_ROLES

B = TypeVar("B", bound=BaseModel)
Deed = Callable[[Session, Actor, Referral, B], None]


def deed_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of the deeds. Each needs Idempotency-Key and If-Match and answers with the referral."""
    routes = APIBlueprint("deeds", __name__)

    def add(path: str, shape: type[B], deed: Deed[B], roles: frozenset[str] = TRIAGE_ROLES) -> None:
        def view(referral_id: str, body: B) -> Any:
            return _do(parts, referral_id, body, deed)

        view.__name__ = f"{path.replace('-', '_')}_referral"
        view.__doc__ = f"{path.replace('-', ' ').capitalize()}: answers with the referral as it is then."
        documented = routes.doc(security="bearer")(view)
        described = routes.output(schemas.DoneOut)(documented)
        checked = routes.input(shape, arg_name="body")(described)
        # No API client's scope opens these: a person confirms every route.
        guarded = allow(roles=roles)(checked)
        routes.post(f"/referrals/<referral_id>/{path}")(guarded)

    add(
        "accept",
        schemas.AcceptIn,
        lambda s, a, r, b: accept_referral(s, a, r, note=b.note, settled=b.settled),
    )
    add("redirect", schemas.RedirectIn, _redirect)
    add("decline", schemas.DeclineIn, _decline)
    add("ask", schemas.AskIn, lambda s, a, r, b: ask_patient(s, a, r, note=b.note))
    add("defer", schemas.DeferIn, _defer)
    add("resume", schemas.ResumeIn, lambda s, a, r, b: resume_referral(s, a, r, note=b.note))
    add("clear-hold", schemas.ClearHoldIn, _clear_hold)
    add("settle-warnings", schemas.SettleIn, lambda s, a, r, b: settle_warnings(s, a, r, b.settled))
    add("close", schemas.CloseIn, lambda s, a, r, b: close_referral(s, a, r, outcome=b.outcome, note=b.note))
    add(
        "withdraw",
        schemas.WithdrawIn,
        lambda s, a, r, b: withdraw_referral(s, a, r, reason_code=b.reason_code, note=b.note),
        TRIAGE_ROLES | {"front_desk"},
    )
    add(
        "hand-over",
        schemas.HandOverIn,
        lambda s, a, r, b: hand_over_referral(s, a, r, reason_code=b.reason_code, note=b.note),
    )
    add(
        "reopen",
        schemas.ReopenIn,
        lambda s, a, r, b: reopen_referral(s, a, r, reason_code=b.reason_code, note=b.note),
    )
    add("findings", schemas.FindingsIn, lambda s, a, r, b: add_findings(s, a, r, b.answers, note=b.note))
    add(
        "assign",
        schemas.AssignIn,
        lambda s, a, r, b: assign_owner(s, a, r, b.owner_id, b.owner_name),
        TRIAGE_ROLES | {"manager"},
    )
    return routes


def _do(parts: Parts, referral_id: str, body: B, deed: Deed[B]) -> Any:
    who = principal()

    def do_once(session: Session) -> Reply:
        referral = visible_referral(session, referral_id, who.actor, lock=True)
        require_match(referral.version, **_now_is(referral))
        deed(session, who.actor, referral, body)
        session.flush()
        flags = open_flags(session, [referral.id]).get(referral.id, [])
        today = now(session).astimezone(ZoneInfo(OFFICE_HOURS.time_zone)).date()
        shown = referral_json(referral, flags, who.actor, today)
        following = next_to_review(session, who.actor.id, who.actor.sites, referral.id)
        shown["next_id"] = text_id(following)
        return Reply(shown, 200, {"ETag": etag(referral.version)})

    return once(parts.database, who.client, do_once).as_flask()


def _now_is(referral: Referral) -> dict[str, Any]:
    """What a caller with an old version missed."""
    return {
        "state": referral.state,
        "state_since": moment(referral.state_since),
        "route": referral.route,
        "priority": referral.priority,
        "owner": {"id": referral.owner_id, "name": referral.owner_name} if referral.owner_id else None,
    }


def _redirect(session: Session, actor: Actor, referral: Referral, body: schemas.RedirectIn) -> None:
    redirect_referral(
        session,
        actor,
        referral,
        route=body.route,
        priority=body.priority,
        reason_code=body.reason_code,
        note=body.note,
    )
    _hand_on(session, actor, referral, body)


def _decline(session: Session, actor: Actor, referral: Referral, body: schemas.DeclineIn) -> None:
    decline_referral(session, actor, referral, reason_code=body.reason_code, note=body.note)
    _hand_on(session, actor, referral, body)


def _hand_on(session: Session, actor: Actor, referral: Referral, body: schemas.HandedIn) -> None:
    """Whoever is named sees it through: a declined patient is told by somebody, a new route is booked by somebody."""
    if body.owner_id:
        assign_owner(session, actor, referral, body.owner_id, body.owner_name)


def _clear_hold(session: Session, actor: Actor, referral: Referral, body: schemas.ClearHoldIn) -> None:
    clear_hold(
        session, actor, referral, reason_code=body.reason_code, note=body.note, flag_id=body.flag_id or ""
    )


def _defer(session: Session, actor: Actor, referral: Referral, body: schemas.DeferIn) -> None:
    zone = ZoneInfo(site_calendar(session, referral.site).time_zone)
    defer_referral(session, actor, referral, until=_until(body.until, zone), note=body.note)


def _until(given: str, zone: ZoneInfo) -> datetime:
    try:
        if len(given) == 10:
            return datetime.combine(date.fromisoformat(given), time(), zone).astimezone(UTC)
        until = datetime.fromisoformat(given)
        if until.tzinfo is None:
            raise ValueError
        return until.astimezone(UTC)
    except (ValueError, OverflowError):
        raise invalid([FieldProblem("json.until", "not_a_time")]) from None
