"""The messages of a kind of visit: when each goes out, to whom, by which way; tried on a visit before it is saved."""

from datetime import datetime, time, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from flask import Blueprint, redirect, render_template, request, url_for

from kernel.ids import new_id
from services.dashboard.actions.ask_owner import ask_owner
from services.dashboard.owners import OwnerAway, OwnerRefused, part
from services.dashboard.queries.lists import read_list
from services.dashboard.queries.reference import reference
from services.dashboard.routes.desk import Desk, actor, business_now, me, sent_version, staff_only
from services.dashboard.routes.opening import opening
from services.dashboard.routes.refusals import show_away, show_refusal
from services.dashboard.rules.changed_lines import changed_lines
from services.dashboard.rules.problem_words import field_words
from services.dashboard.rules.roles import ADMIN, CLINICAL, MANAGER
from services.dashboard.rules.times import CLINIC_ZONE, local
from services.dashboard.rules.visit_form import (
    AUDIENCES,
    MOMENTS,
    WAYS,
    new_step,
    read_steps,
    step_rows,
    steps_words,
)

Body = dict[str, Any]
Rows = list[Body]
EDITS = CLINICAL | {MANAGER, ADMIN}
SCOPE = ("visit_type", "site_id", "route")


def cadence_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of changing cadences."""
    routes = Blueprint("cadences", __name__)

    @routes.get("/staff/cadences")
    @staff_only(EDITS)
    def cadence() -> Any:
        scope = _scope(request.args)
        with opening("cadence"):
            found = _nearest(read_list(desk.owners, actor(), "notify", "/cadences"), scope)
        return _page(desk, scope, list((found or {}).get("steps") or []), found)

    @routes.post("/staff/cadences")
    @staff_only(EDITS)
    def save() -> Any:
        scope = _scope(request.form)
        back = url_for(
            "cadences.cadence", visit_type=scope["visit_type"], site_id=scope["site_id"], route=scope["route"]
        )
        lists = {name: request.form.getlist(name) for name in request.form}
        try:
            before = _nearest(read_list(desk.owners, actor(), "notify", "/cadences"), scope)
        except OwnerAway as away:
            return show_away(away, back)
        except OwnerRefused as refusal:
            return show_refusal(desk, refusal, back, "Save")
        steps = read_steps(lists, (before or {}).get("steps") or [])
        try:
            if request.form.get("press") == "add":
                return _page(desk, scope, [*steps, new_step(steps, _templates(desk))], before)
            if request.form.get("press") == "try":
                return _page(desk, scope, steps, before)
            key, body = request.form.get("key", ""), {**scope, "steps": steps}
            ask_owner(desk.owners, actor(), "notify", "/cadences", body, key=key, version=sent_version())
        except OwnerAway as away:
            return show_away(away, back)
        except OwnerRefused as refusal:
            return _page(desk, scope, steps, before, refusal=refusal)
        return redirect(url_for("simulator.texts", saved=scope["visit_type"] or "1"), 303)

    return routes


def _scope(given: Any) -> dict[str, str]:
    return {name: str(given.get(name, ""))[:64] for name in SCOPE}


def _nearest(cadences: Rows, scope: dict[str, str]) -> Body | None:
    """The cadence this scope follows today: as notify chooses, a visit type before a site, a site before a route."""
    fitting = [one for one in cadences if all(one.get(name) in ("", scope[name]) for name in SCOPE)]
    return max(fitting, key=_exactness, default=None)


def _exactness(cadence: Body) -> tuple[int, bool, bool]:
    named = [bool(cadence.get(name)) for name in SCOPE]
    return sum(named), named[0], named[1]


def _seen(follows: Body | None) -> list[str]:
    return steps_words((follows or {}).get("steps") or [])


def _version(follows: Body | None, own: bool) -> int:
    """The version a save replaces; 0 while the scope follows another's."""
    return int(follows["version"]) if follows is not None and own else 0


def _templates(desk: Desk) -> list[str]:
    rows = part(lambda: read_list(desk.owners, actor(), "notify", "/templates"), Rows()).value
    # Words sent in answer to a patient are no part of a cadence.
    answers = ("reply_", "opt_", "help")
    return sorted({str(row["name"]) for row in rows if not str(row["name"]).startswith(answers)})


def _page(
    desk: Desk,
    scope: dict[str, str],
    steps: Rows,
    follows: Body | None,
    *,
    refusal: OwnerRefused | None = None,
) -> Any:
    who = actor()
    sites = reference(desk.owners, who, "sites")
    own = follows is not None and all(follows.get(name) == scope[name] for name in SCOPE)
    # What was seen when the page was first opened stays what was seen: pressing "Try it" reads no new version.
    seen = request.form.getlist("seen") if request.method == "POST" else _seen(follows)
    version = sent_version() if request.method == "POST" else _version(follows, own)
    meanwhile = None
    if refusal is not None and refusal.status == 412:
        # Told now what is in force: the next press replaces that, knowingly.
        meanwhile = changed_lines("\n".join(seen), "\n".join(_seen(follows)))
        seen, version = _seen(follows), _version(follows, own)
    tried = part(
        lambda: list(
            ask_owner(
                desk.owners, who, "notify", "/simulate", _trial(scope, steps, sites), key=str(new_id())
            ).get("items")
            or []
        ),
        Rows(),
    )
    body = render_template(
        "cadence.html",
        scope=scope,
        rows=step_rows(steps),
        own=own,
        follows=follows,
        seen=seen,
        version=version,
        meanwhile=meanwhile,
        visit_types=reference(desk.owners, who, "visit-types"),
        sites=sites,
        templates=_templates(desk),
        ways=WAYS,
        moments=MOMENTS,
        audiences=AUDIENCES,
        tried=tried,
        problems={} if refusal is None else field_words(refusal.body),
        refused=refusal.title if refusal is not None and meanwhile is None else "",
        may_write=me().role in {MANAGER, ADMIN},
    )
    return (body, refusal.status) if refusal is not None else body


def _trial(scope: dict[str, str], steps: Rows, sites: Rows) -> Body:
    """A visit nine days ahead at ten o'clock, booked now."""
    site = next((one for one in sites if one.get("id") == scope["site_id"]), sites[0] if sites else {})
    zone = str(site.get("time_zone") or CLINIC_ZONE)
    day = local(business_now()).date() + timedelta(days=9)
    return {
        **scope,
        "site_name": str(site.get("name") or "Garnett"),
        **{f"site_{part}": str(site[part]) for part in ("address", "phone") if site.get(part)},
        "site_zone": zone,
        "starts_at": datetime.combine(day, time(10), ZoneInfo(zone)).isoformat(),
        "booked_at": business_now().isoformat(),
        "time_zone": zone,
        "steps": [{name: value for name, value in step.items() if name != "way"} for step in steps] or None,
    }
