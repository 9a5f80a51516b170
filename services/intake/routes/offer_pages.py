"""A time that came free, offered by text: take it, leave it, or, when it is gone, choose another."""

from datetime import datetime
from typing import Any
from uuid import UUID
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for
from werkzeug.wrappers import Response

from kernel.database import Database
from kernel.ids import new_id
from kernel.service_client import Answer, ServiceClient, ServiceUnavailable
from kernel.web.problems import Problem, not_found
from services.intake.routes import visitor
from services.intake.routes.answering import LinkRefused, held_link
from services.intake.routes.entry_pages import exchange, gate_page
from services.intake.routes.page_facts import PageFacts
from services.intake.rules.link_tokens import OFFER_TOKEN_LENGTH
from services.intake.rules.spoken_time import spoken_time
from services.intake.texts import texts

# What a wish for another time names, as referral lists it.
CHOICE = ("visit_type", "provider_id", "site_id", "starts_at")


def offer_pages(database: Database, facts: PageFacts, others: ServiceClient) -> Blueprint:
    """Return the blueprint of the page an offer's text leads to; the schedule itself is referral's."""
    routes = Blueprint("offer", __name__)

    def ask(method: str, path: str, body: Any = None) -> Answer:
        headers = {"Idempotency-Key": str(new_id())} if method == "POST" else None
        try:
            answer = others.call(
                "referral", method, f"/api/referral/v1/self/offers/{path}", json_body=body, headers=headers
            )
        except ServiceUnavailable:
            raise Problem(503, "schedule_away", "The schedule cannot be reached.") from None
        if answer.status >= 500 or answer.status in (401, 403):
            raise Problem(503, "schedule_away", "The schedule cannot be reached.")
        return answer

    def offer_of(handle: str) -> UUID | None:
        """The offer this browser may see; None while the birth date was not given."""
        with database.transaction() as session:
            link = held_link(session, handle, "offer")
            if link.about_id is None:
                raise LinkRefused
            return link.about_id if visitor.is_let_in(link.id) else None

    def page(handle: str, offer_id: UUID, problem: str = "") -> str:
        answer = ask("GET", str(offer_id))
        if not answer.ok:
            raise not_found("page")
        chosen = visitor.language()
        return render_template(
            "offer.html",
            lang=chosen,
            t=texts(chosen),
            handle=handle,
            problem=problem,
            offer=_shown(answer.body, chosen),
            clinic_phone=facts.phone_shown,
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
        body = {name: request.form.get(name, "") for name in CHOICE} if deed == "instead" else {}
        answer = ask("POST", f"{offer_id}/{deed}", body)
        if answer.ok:
            taken = {"claim": "claimed", "instead": "booked", "decline": ""}[deed]
            return redirect(url_for("offer.show", handle=handle, done=taken or None), 303)
        if answer.status == 404:
            raise not_found("page")
        code = str(answer.body.get("code", "")) if isinstance(answer.body, dict) else ""
        return page(handle, offer_id, _problem(deed, code)), 409

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
                "fields": {
                    "visit_type": other["visit_type"],
                    "provider_id": other["provider_id"],
                    "site_id": other["site"],
                    "starts_at": other["starts_at"],
                },
            }
            for other in offer["alternatives"]
        ],
    }
