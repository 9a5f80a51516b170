"""A time that came free, offered by text: take it, leave it, or, when it is gone, choose another."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, request, url_for
from werkzeug.wrappers import Response

from kernel.database import Database
from kernel.web.problems import not_found
from services.intake.routes import visitor
from services.intake.routes.answering import LinkRefused, held_link
from services.intake.routes.entry_pages import exchange, gate_page
from services.intake.routes.own_schedule import OwnSchedule, code_of, wish, wish_for
from services.intake.routes.page_facts import PageFacts
from services.intake.rules.link_tokens import OFFER_TOKEN_LENGTH
from services.intake.rules.spoken_time import spoken_time


def offer_pages(database: Database, facts: PageFacts, schedule: OwnSchedule) -> Blueprint:
    """Return the blueprint of the page an offer's text leads to; the schedule itself is referral's."""
    routes = Blueprint("offer", __name__)

    def offer_of(handle: str) -> UUID | None:
        """The offer this browser may see; None while the birth date was not given."""
        with database.transaction() as session:
            link = held_link(session, handle, "offer")
            if link.about_id is None:
                raise LinkRefused
            return link.about_id if visitor.is_let_in(link.id) else None

    def page(handle: str, offer_id: UUID, problem: str = "", phone: str = "") -> str:
        answer = schedule.get(f"offers/{offer_id}")
        if not answer.ok:
            raise not_found("page")
        offer = _shown(answer.body, visitor.language())
        return schedule.page(
            "offer.html", handle, problem=problem, offer=offer, phone=phone or facts.phone_shown
        )

    @routes.get("/o/<handle>/")
    def show(handle: str) -> Response | str:
        if len(handle) == OFFER_TOKEN_LENGTH:
            return exchange(database, handle, "offer")
        offer_id = offer_of(handle)
        return gate_page(facts) if offer_id is None else page(handle, offer_id)

    @routes.post("/o/<handle>/<any(claim, decline, instead):deed>")
    def act(handle: str, deed: str) -> Response | str | tuple[str, int]:
        offer_id = offer_of(handle)
        if offer_id is None:
            return gate_page(facts)
        answer = schedule.post(f"offers/{offer_id}/{deed}", wish() if deed == "instead" else {})
        if answer.ok:
            taken = {"claim": "claimed", "instead": "booked", "decline": ""}[deed]
            return redirect(url_for("offer.show", handle=handle, done=taken or None), 303)
        problem = _problem(deed, code_of(answer))
        return page(handle, offer_id, problem, schedule.phone_in(answer.body)), 409

    return routes


def _problem(deed: str, code: str) -> str:
    """The key of the words for a refusal."""
    if code in ("call_first", "questions_open", "not_ready", "red_flag_hold"):
        return "call_us"
    if deed == "claim" and code == "offer_gone":
        return "gone"
    return "taken" if deed == "instead" else "call_us"


def _shown(offer: dict[str, Any], language: str) -> dict[str, Any]:
    zone = ZoneInfo(offer["site"]["time_zone"])
    until = datetime.fromisoformat(offer["expires_at"]).astimezone(zone)
    booked = request.args.get("done") == "booked"
    return {
        "state": "booked" if booked else "open" if offer["open"] else offer["state"],
        "when": spoken_time(datetime.fromisoformat(offer["starts_at"]).astimezone(zone), language),
        "until": f"{until.hour % 12 or 12}:{until.minute:02d} {'AM' if until.hour < 12 else 'PM'}",
        "site": offer["site"],
        "others": []
        if booked
        else [
            {
                "when": spoken_time(datetime.fromisoformat(other["starts_at"]), language),
                "site": other.get("site_name") or offer["site"]["name"],
                "fields": wish_for(other),
            }
            for other in offer["alternatives"]
        ],
    }
