"""Find a slot and book it: phone in hand, number keys choose, Enter books what was chosen."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from services.dashboard.actions.book_visit import book_visit
from services.dashboard.owners import OwnerAway, OwnerRefused, part
from services.dashboard.queries.reference import names, reference
from services.dashboard.queries.slots import free_slots, propose_sites, shown_days
from services.dashboard.routes.confirming import WISH, chosen, confirm_page
from services.dashboard.routes.desk import Desk, actor, business_now, id_or_404, me, staff_only
from services.dashboard.routes.looks import own_sites
from services.dashboard.routes.opening import open_case
from services.dashboard.routes.refusals import show_away, show_refusal
from services.dashboard.rules.roles import NURSE, SCHEDULES
from services.dashboard.rules.times import local

# The owner asks for the same permission.
OVERBOOKS = frozenset({NURSE})
WHY = {
    "preferred_site": "the site they wish",
    "earliest": "earliest of all sites",
    "nearest": "nearest",
    "within_promise": "within the promise",
    "after_promise": "later than promised",
    "only_provider": "one person there gives this visit",
}


def slot_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of slot search and booking."""
    routes = Blueprint("slots", __name__)

    @routes.get("/staff/referrals/<referral_id>/slots")
    @staff_only(SCHEDULES)
    def slots(referral_id: str) -> Any:
        case = open_case(desk, referral_id, "find_slot")
        visit_types = reference(desk.owners, actor(), "visit-types")
        route = str(case.raw.get("route", ""))
        sites = names(reference(desk.owners, actor(), "sites"))
        # Where they wish to go may be a site this person does not book for.
        wished = str(case.raw.get("preferred_site") or "")
        fitting = [one for one in visit_types if route in _routes_of(one)] or visit_types
        asked = {
            "visit_type": request.args.get("visit_type") or (str(fitting[0]["id"]) if fitting else ""),
            "site": request.args.get("site", wished if wished in own_sites(sites) else ""),
            "from": request.args.get("from") or local(business_now()).date().isoformat(),
        }
        found = part(
            lambda: free_slots(
                desk.owners,
                actor(),
                start=asked["from"],
                route=route,
                visit_type=asked["visit_type"],
                site=asked["site"],
            ),
            list[dict[str, Any]](),
        )
        shown = shown_days(found.value, asked["from"], local(business_now()).date())
        proposed = part(lambda: propose_sites(desk.owners, actor(), id_or_404(referral_id)), dict[str, Any]())
        return render_template(
            "slots.html",
            proposed=proposed.value,
            why=WHY,
            overbooks=me().role in OVERBOOKS,
            providers=names(reference(desk.owners, actor(), "providers")),
            case=case,
            found=found,
            days=shown.days,
            cut=shown.cut,
            asked=asked,
            sites=sites,
            visit_types=names(fitting),
            later=shown.later,
        )

    @routes.get("/staff/referrals/<referral_id>/book")
    @staff_only(SCHEDULES)
    def confirm(referral_id: str) -> Any:
        """The time chosen, with everything that speaks against it; Enter books it."""
        case = open_case(desk, referral_id, "confirm_visit")
        wish = chosen()
        back = url_for("slots.slots", referral_id=referral_id, visit_type=wish.get("visit_type", ""))
        if len(wish) < len(WISH):
            return redirect(back, 303)
        return confirm_page(
            desk,
            id_or_404(referral_id),
            wish,
            back=back,
            verb="Book the visit",
            overbook=bool(request.args.get("overbook")) and me().role in OVERBOOKS,
            case=case,
            action=url_for("slots.book", referral_id=referral_id),
            confirm_at=url_for("slots.confirm", referral_id=referral_id),
            own_visits={
                str(one.get("id")): one.get("starts_at") for one in case.raw.get("appointments") or []
            },
            providers=names(reference(desk.owners, actor(), "providers")),
            sites=names(reference(desk.owners, actor(), "sites")),
            visit_types=names(reference(desk.owners, actor(), "visit-types")),
        )

    @routes.post("/staff/referrals/<referral_id>/book")
    @staff_only(SCHEDULES)
    def book(referral_id: str) -> Any:
        back = url_for("slots.slots", referral_id=referral_id, visit_type=request.form.get("visit_type", ""))
        wanted: dict[str, Any] = {
            name: request.form.get(name, "") for name in ("visit_type", "provider_id", "site_id", "starts_at")
        }
        if request.form.get("overbook") and me().role in OVERBOOKS:
            wanted["overbook"] = True
        try:
            book_visit(
                desk.owners,
                actor(),
                id_or_404(referral_id),
                wanted,
                key=request.form.get("key", ""),
            )
        except OwnerAway as away:
            return show_away(away, back)
        except OwnerRefused as refusal:
            again = url_for("slots.confirm", referral_id=referral_id)
            return show_refusal(desk, refusal, back, "Book", again=again)
        return redirect(url_for("case.case", referral_id=referral_id, done="book"), 303)

    return routes


def _routes_of(visit_type: dict[str, Any]) -> list[str]:
    given = visit_type.get("routes") or visit_type.get("route") or []
    return [given] if isinstance(given, str) else list(given)
