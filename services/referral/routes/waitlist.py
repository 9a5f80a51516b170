"""The waiting list and the offers made from it; and what a patient does with an offer."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import jsonify, request
from sqlalchemy.orm import Session

from kernel.assembly import Parts
from kernel.clock import now
from kernel.context import Actor
from kernel.web.conditional import etag, require_match
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, Problem, conflict, invalid, not_found
from services.referral.actions.check_slot import Wish
from services.referral.actions.claim_offer import (
    claim_offer,
    decline_offer,
    find_offer,
    take_other_time,
)
from services.referral.actions.join_waitlist import Wanted, join_waitlist, leave_waitlist, waiting_entry
from services.referral.actions.offer_freed_slot import close_round
from services.referral.model.referral import Referral
from services.referral.model.waitlist import OfferRound, WaitlistEntry
from services.referral.queries.appointments import next_visit_type
from services.referral.queries.sites import find_site, find_visit_type, first_visit_of_route
from services.referral.queries.waitlist import (
    list_waiting,
    offers_of_entries,
    recent_rounds,
    slots_passed,
    waiting_for,
)
from services.referral.routes import schedule_shapes as shapes
from services.referral.routes.appointment_view import today_at
from services.referral.routes.cases import visible_referral
from services.referral.routes.holds import id_or_404
from services.referral.routes.offer_view import (
    offer_json,
    own_offer_json,
    passed_json,
    round_json,
    round_version,
)
from services.referral.routes.referral_view import moment, patient_json
from services.referral.routes.visit_access import BOOKING_ROLES, visit_reply, zone_of
from services.referral.routes.wall_clock import read_day_or_time, read_time
from services.referral.rules.slot_offers import why_none_now
from services.referral.rules.visibility import LIST_ROLES, sees_site


def waitlist_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of the waiting list and its offers."""
    routes = APIBlueprint("waitlist", __name__)

    @routes.get("/waitlist")
    @allow(roles=LIST_ROLES, scopes={"referral:read"}, services=True)
    @routes.output(shapes.SitesOut)
    @routes.doc(security="bearer")
    def waitlist() -> Any:
        """Who waits, the most urgent and longest waiting first, with every offer they had and why none comes now."""
        actor = principal().actor
        with parts.database.transaction() as session:
            zone, moment = zone_of(session, ""), now(session)
            today = today_at(zone, moment)
            rows = [(e, r) for e, r in list_waiting(session) if sees_site(actor.sites, r.site)]
            offers = offers_of_entries(session, [entry.id for entry, _ in rows])
            kinds = {entry.visit_type_id for entry, _ in rows}
            may = {one.entry_id: one for kind in kinds for one in waiting_for(session, kind)}
            items = []
            for entry, referral in rows:
                assert referral.patient is not None
                shown = patient_json(referral.patient.reveal(), today)
                history = [offer_json(offer) for offer in offers.get(entry.id, [])]
                # Who is left out of the choice has nothing that could be booked or moved now.
                why = why_none_now(may[entry.id], zone, moment) if entry.id in may else "not_bookable"
                now_is = {"priority": referral.priority, "state": referral.state, "no_offer": why}
                items.append(_entry_json(entry) | {"patient": shown, "offers": history} | now_is)
        return jsonify(items=items, next_cursor=None)

    @routes.post("/referrals/<referral_id>/waitlist")
    @allow(roles=BOOKING_ROLES, scopes={"referral:write"}, services=True)
    @routes.input(shapes.WaitIn, arg_name="body")
    @routes.output(shapes.WaitOut, status_code=201)
    @routes.doc(security="bearer")
    def join(referral_id: str, body: shapes.WaitIn) -> Any:
        """Put the patient on the list for a visit or an earlier one; with If-Match, change what suits them.

        409 `already_waiting` with the place they have when it is sent without the version seen, 412 with one that has
        changed or ended: nothing is overwritten.
        """
        who = principal()

        def deed(session: Session) -> Reply:
            referral = visible_referral(session, referral_id, who.actor, lock=True)
            wanted = _wanted(session, body, referral)
            standing = waiting_entry(session, referral.id, wanted.visit_type_id)
            _require_seen(standing)
            entry = join_waitlist(session, who.actor, referral.id, wanted)
            status = 201 if standing is None else 200
            return Reply(_entry_json(entry), status, {"ETag": etag(entry.version)})

        return once(parts.database, who.client, deed).as_flask()

    @routes.post("/waitlist/<entry_id>/leave")
    @allow(roles=BOOKING_ROLES, scopes={"referral:write"}, services=True)
    @routes.input(shapes.EmptyIn, arg_name="body")
    @routes.output(shapes.WaitOut)
    @routes.doc(security="bearer")
    def leave(entry_id: str, body: shapes.EmptyIn) -> Any:
        """Take the patient off the list."""
        who = principal()

        def deed(session: Session) -> Reply:
            entry = _leave(session, who.actor, id_or_404(entry_id, "waiting list entry"))
            return Reply(_entry_json(entry), 200, {"ETag": etag(entry.version)})

        return once(parts.database, who.client, deed).as_flask()

    _add_rounds(routes, parts)
    _add_own_offers(routes, parts)
    return routes


def _add_rounds(routes: APIBlueprint, parts: Parts) -> None:
    """Add what staff see and do of the rounds of offers."""

    @routes.get("/offers")
    @allow(roles=LIST_ROLES, scopes={"referral:read"}, services=True)
    @routes.output(shapes.SitesOut)
    @routes.doc(security="bearer")
    def offers() -> Any:
        """The latest rounds of offers, open ones first: who gave the slot up, who has which offer, who took it."""
        actor = principal().actor
        with parts.database.transaction() as session:
            today = today_at(zone_of(session, ""), now(session))
            rounds = [(r, o) for r, o in recent_rounds(session) if sees_site(actor.sites, r.site_id)]
            passed = slots_passed(session, [opened for opened, _ in rounds])
            items = [
                round_json(r)
                | {"offers": [offer_json(offer) for offer in o]}
                | passed_json(r, passed[r.id], actor, today)
                for r, o in rounds
            ]
        return jsonify(items=items, next_cursor=None)

    @routes.post("/offers/<round_id>/stop")
    @allow(roles=BOOKING_ROLES, scopes={"referral:write"})
    @routes.input(shapes.EmptyIn, arg_name="body")
    @routes.output(shapes.RoundOut)
    @routes.doc(security="bearer")
    def stop(round_id: str, body: shapes.EmptyIn) -> Any:
        """Stop a round: offers still out are withdrawn and the slot is free. 409 when it is over already."""
        who = principal()

        def deed(session: Session) -> Reply:
            opened = session.get(OfferRound, id_or_404(round_id, "round"), with_for_update=True)
            if opened is None or not sees_site(who.actor.sites, opened.site_id):
                raise not_found("round")
            require_match(round_version(opened), **round_json(opened))
            if opened.state != "open":
                raise conflict("round_over", "The round is over. Nothing was changed.", state=opened.state)
            close_round(session, opened, "stopped", who.actor)
            return Reply(round_json(opened), 200, {"ETag": etag(round_version(opened))})

        return once(parts.database, who.client, deed).as_flask()

    @routes.post("/offers/<round_id>/claim")
    @allow(roles=BOOKING_ROLES, scopes={"referral:write"})
    @routes.input(shapes.ClaimIn, arg_name="body")
    @routes.output(shapes.AppointmentOut)
    @routes.doc(security="bearer")
    def claim_by_phone(round_id: str, body: shapes.ClaimIn) -> Any:
        """Take the slot for a patient who called about their offer. 409 `offer_gone` when it is over."""
        who = principal()

        def deed(session: Session) -> Reply:
            wanted = id_or_404(round_id, "offer")
            found = find_offer(session, id_or_404(body.offer_id, "offer"), lock=True)
            # As for any booking: who may not open the case does not book for its patient, nor move their visit.
            sites = (found.round.site_id, found.referral.site)
            if found.round.id != wanted or not all(sees_site(who.actor.sites, site) for site in sites):
                raise not_found("offer")
            require_match(round_version(found.round), **round_json(found.round))
            visit = claim_offer(session, found.offer.id, by=who.actor)
            return visit_reply(session, visit.appointment.id, 200)

        return once(parts.database, who.client, deed).as_flask()


def _add_own_offers(routes: APIBlueprint, parts: Parts) -> None:
    """Add what intake's patient page of one offer needs; only services call it."""

    @routes.get("/self/offers/<offer_id>")
    @allow(services=True)
    @routes.output(shapes.OwnOfferOut)
    @routes.doc(security="bearer")
    def own_offer(offer_id: str) -> Any:
        """One offer as its patient sees it."""
        with parts.database.transaction() as session:
            found = find_offer(session, id_or_404(offer_id, "offer"))
            body = own_offer_json(session, found)
        return jsonify(body)

    @routes.post("/self/offers/<offer_id>/claim")
    @allow(services=True)
    @routes.input(shapes.EmptyIn, arg_name="body")
    @routes.output(shapes.AppointmentOut)
    @routes.doc(security="bearer")
    def claim(offer_id: str, body: shapes.EmptyIn) -> Any:
        """Take the slot. 409 `offer_gone` with the next free times when somebody was first."""

        def deed(session: Session) -> Reply:
            visit = claim_offer(session, id_or_404(offer_id, "offer"))
            return visit_reply(session, visit.appointment.id, 200)

        return once(parts.database, principal().client, deed).as_flask()

    @routes.post("/self/offers/<offer_id>/instead")
    @allow(services=True)
    @routes.input(shapes.HoldIn, arg_name="body")
    @routes.output(shapes.AppointmentOut)
    @routes.doc(security="bearer")
    def instead(offer_id: str, body: shapes.HoldIn) -> Any:
        """Take one of the `alternatives` of an offer that is over."""

        def deed(session: Session) -> Reply:
            # The offer before the wish: an offer nobody has is 404 whatever is wished for.
            of = find_offer(session, id_or_404(offer_id, "offer")).offer.id
            starts_at = read_time(
                body.starts_at, zone_of(session, body.site_id, "json.site_id"), "json.starts_at"
            )
            wish = Wish(body.visit_type, body.provider_id, body.site_id, starts_at)
            visit = take_other_time(session, of, wish)
            return visit_reply(session, visit.appointment.id, 200)

        return once(parts.database, principal().client, deed).as_flask()

    @routes.post("/self/offers/<offer_id>/decline")
    @allow(services=True)
    @routes.input(shapes.EmptyIn, arg_name="body")
    @routes.output(shapes.OwnOfferOut)
    @routes.doc(security="bearer")
    def decline(offer_id: str, body: shapes.EmptyIn) -> Any:
        """Say no to the slot and stay on the list."""

        def deed(session: Session) -> Reply:
            offer = decline_offer(session, id_or_404(offer_id, "offer"))
            session.flush()
            return Reply(own_offer_json(session, find_offer(session, offer.id)), 200)

        return once(parts.database, principal().client, deed).as_flask()


def _wanted(session: Session, body: shapes.WaitIn, referral: Referral) -> Wanted:
    # Who has a visit waits for an earlier one of its kind: an entry for another kind would never be offered anything.
    kind = body.visit_type or next_visit_type(session, referral.id)
    visit = find_visit_type(session, kind) if kind else first_visit_of_route(session, referral.route)
    problems = [] if visit else [FieldProblem("json.visit_type", "unknown")]
    problems += [
        FieldProblem(f"json.sites.{number}", "unknown")
        for number, site in enumerate(body.sites)
        if find_site(session, site) is None
    ]
    if body.from_minute >= body.until_minute:
        problems.append(FieldProblem("json.until_minute", "not_after_start"))
    expires_at = None
    if body.expires_at:
        expires_at = read_day_or_time(body.expires_at, zone_of(session, ""), "json.expires_at")
        if expires_at <= now(session):
            problems.append(FieldProblem("json.expires_at", "in_the_past"))
    if problems or visit is None:
        raise invalid(problems)
    return Wanted(
        visit_type_id=visit.id,
        sites=tuple(body.sites),
        weekdays=tuple(sorted(set(body.weekdays))),
        from_minute=body.from_minute,
        until_minute=body.until_minute,
        notice_minutes=body.notice_minutes,
        expires_at=expires_at,
    )


def _entry_json(entry: WaitlistEntry) -> dict[str, Any]:
    return {
        "id": str(entry.id),
        "version": entry.version,
        "referral_id": str(entry.referral_id),
        "patient_id": str(entry.patient_id),
        "visit_type": entry.visit_type_id,
        "priority": entry.priority,
        "sites": list(entry.sites),
        "weekdays": list(entry.weekdays),
        "from_minute": entry.from_minute,
        "until_minute": entry.until_minute,
        "notice_minutes": entry.notice_minutes,
        "entered_at": moment(entry.entered_at),
        "expires_at": moment(entry.expires_at),
        "ended": entry.ended,
    }


def _leave(session: Session, actor: Actor, entry_id: UUID) -> WaitlistEntry:
    """End the place the caller has seen; 404 for one of another site."""
    entry = session.get(WaitlistEntry, entry_id, with_for_update=True)
    if entry is None:
        raise not_found("waiting list entry")
    visible_referral(session, str(entry.referral_id), actor)
    require_match(entry.version, **_entry_json(entry))
    return leave_waitlist(session, actor, entry.id)


def _require_seen(entry: WaitlistEntry | None) -> None:
    """Raise unless the caller names the version of the place they would overwrite; nobody names one that has ended."""
    if entry is None:
        if "If-Match" in request.headers:
            raise Problem(
                412,
                "changed_meanwhile",
                "This place on the list has ended meanwhile. Nothing was changed now.",
            )
        return
    if "If-Match" not in request.headers:
        raise conflict(
            "already_waiting",
            "The patient is on the list already. Nothing was changed.",
            current=_entry_json(entry),
        )
    require_match(entry.version, **_entry_json(entry))
