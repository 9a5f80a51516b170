"""The simulator: pick a visit and a patient, see every message with its time, words, cost, and why not."""

from datetime import date, datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, render_template, request

from kernel.ids import new_id
from services.dashboard.actions.ask_owner import ask_owner
from services.dashboard.owners import part
from services.dashboard.queries.lists import read_list
from services.dashboard.queries.reference import reference
from services.dashboard.routes.desk import Desk, actor, business_now, me, staff_only
from services.dashboard.rules.roles import ADMIN, CLINICAL, EVERYONE, MANAGER, THERAPIST
from services.dashboard.rules.times import CLINIC_ZONE, clock_changes, local
from services.dashboard.rules.words import STEPS

Rows = list[dict[str, Any]]
BARRIERS = {
    "": "Reachable",
    "no_contact": "None given",
    "no_consent": "No consent",
    "opted_out": "Opted out",
    "number_dead": "Does not reach",
}

NO_SHOWS = {"0": "None", "1": "One", "2": "Two"}


def simulator_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the simulator and the message texts."""
    routes = Blueprint("simulator", __name__)

    @routes.get("/staff/simulator")
    @staff_only(EVERYONE - {THERAPIST})
    def simulator() -> Any:
        who = actor()
        sites = reference(desk.owners, who, "sites")
        visit_types = reference(desk.owners, who, "visit-types")
        asked = _asked(visit_types, sites)
        body = _body(asked, sites, visit_types)
        found = part(
            lambda: list(
                ask_owner(desk.owners, who, "notify", "/simulate", body, key=str(new_id())).get("items") or []
            ),
            Rows(),
        )
        return render_template(
            "simulator.html",
            found=found,
            asked=asked,
            sites=sites,
            visit_types=visit_types,
            barriers=BARRIERS,
            no_shows=NO_SHOWS,
            scrub=_scrub(asked, body["site_zone"]),
            starts_at=body["starts_at"],
            zone=body["site_zone"],
        )

    @routes.get("/staff/texts")
    @staff_only(EVERYONE - {THERAPIST})
    def texts() -> Any:
        found = part(
            lambda: sorted(read_list(desk.owners, actor(), "notify", "/templates"), key=_title), Rows()
        )
        cadences = part(lambda: read_list(desk.owners, actor(), "notify", "/cadences"), Rows())
        return render_template(
            "texts.html",
            found=found,
            cadences=cadences,
            may_edit=me().role in CLINICAL | {MANAGER, ADMIN},
            may_write=me().role in {MANAGER, ADMIN},
        )

    return routes


def _title(template: dict[str, Any]) -> tuple[str, ...]:
    name = str(template["name"])
    return STEPS.get(name, name), str(template["channel"]), str(template["language"])


def _asked(visit_types: Rows, sites: Rows) -> dict[str, str]:
    soon = local(business_now()).date() + timedelta(days=6)
    usual = {
        "visit_type": str(visit_types[0]["id"]) if visit_types else "",
        "site": str(sites[0]["id"]) if sites else "",
        "day": soon.isoformat(),
        "at": "10:00",
        "booked_day": local(business_now()).date().isoformat(),
        "booked_at": "09:00",
        "language": "en",
        "zone": CLINIC_ZONE,
        "sms": "",
        "email": "",
        "no_shows": "0",
    }
    return {name: request.args.get(name, value) for name, value in usual.items()}


def _body(asked: dict[str, str], sites: Rows, visit_types: Rows) -> dict[str, Any]:
    site = next((one for one in sites if one.get("id") == asked["site"]), {})
    site_zone = str(site.get("time_zone") or CLINIC_ZONE)
    language = asked["language"] if asked["language"] in ("en", "es") else "en"
    visit = next((one for one in visit_types if one.get("id") == asked["visit_type"]), {})
    visit_name = str((visit.get("sms_name") or {}).get(language) or "")[:60]
    return {
        **({"visit_name": visit_name} if visit_name else {}),
        "visit_type": asked["visit_type"],
        "site_id": asked["site"],
        "site_name": str(site.get("name") or "Garnett"),
        **{f"site_{part}": str(site[part]) for part in ("address", "phone") if site.get(part)},
        "site_zone": site_zone,
        "starts_at": _moment(asked["day"], asked["at"], site_zone),
        "booked_at": _moment(asked["booked_day"], asked["booked_at"], site_zone),
        "language": language,
        "time_zone": asked["zone"],
        "sms": asked["sms"] if asked["sms"] in BARRIERS else "",
        "email": asked["email"] if asked["email"] in BARRIERS else "",
        "no_shows": int(asked["no_shows"]) if asked["no_shows"] in NO_SHOWS else 0,
    }


def _scrub(asked: dict[str, str], zone: str) -> list[tuple[str, dict[str, str]]]:
    """Links to the same visit a day or a week on, and across the next changes of the site's clock."""
    try:
        day, booked = date.fromisoformat(asked["day"]), date.fromisoformat(asked["booked_day"])
    except ValueError:
        return []
    ahead = day - booked
    steps = [("A week earlier", -7), ("A day earlier", -1), ("A day later", 1), ("A week later", 7)]
    links = [(words, day + timedelta(days=by)) for words, by in steps]
    for change in clock_changes(zone, booked, 2):
        links.append(
            (
                f"Across the clock change of {change:%a} {change.day} {change:%b %Y}",
                change + timedelta(days=1),
            )
        )
    return [
        (words, {**asked, "day": to.isoformat(), "booked_day": (to - ahead).isoformat()})
        for words, to in links
    ]


def _moment(day: str, at: str, zone: str) -> str:
    try:
        moment = datetime.combine(date.fromisoformat(day), time.fromisoformat(at), ZoneInfo(zone))
    except (ValueError, OverflowError):
        moment = business_now()
    return moment.isoformat()
