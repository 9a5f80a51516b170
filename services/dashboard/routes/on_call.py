"""Who is on call, and when: the people a call-back is told to, one after another. Managers keep the list."""

from collections.abc import Mapping
from datetime import timedelta
from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from kernel.web.problems import not_found
from services.dashboard.actions.ask_owner import ask_owner
from services.dashboard.owners import OwnerAway, OwnerRefused, part
from services.dashboard.queries.lists import read_list
from services.dashboard.queries.reference import names, reference
from services.dashboard.routes.acting import act
from services.dashboard.routes.desk import Desk, actor, business_now, id_or_404, sent_version, staff_only
from services.dashboard.routes.refusals import show_away, show_refusal
from services.dashboard.rules.contact_form import BadContact, read_contact
from services.dashboard.rules.duty_turns import BadTurns, gaps, is_on_call, read_turns
from services.dashboard.rules.roles import ADMIN, FRONT_DESK, MANAGER, NURSE, PROVIDER, ROLES, THERAPIST

Rows = list[dict[str, Any]]
#: The roles a call-back goes to, in order; the others are written to of other matters only.
ASKED = (NURSE, PROVIDER, MANAGER)
ORDER = (*ASKED, THERAPIST, FRONT_DESK, ADMIN)
#: Gaps of the rota are looked for this far ahead.
AHEAD = timedelta(days=14)


def on_call_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the people on call."""
    routes = Blueprint("on_call", __name__)

    def page(
        problem: str = "",
        given: Any = None,
        contact_id: str = "",
        turns_typed: Mapping[str, str] | None = None,
    ) -> Any:
        """The list; after a refusal with what was typed (`given`, `turns_typed`), in the row of `contact_id`."""
        found = part(lambda: read_list(desk.owners, actor(), "notify", "/staff-contacts"), Rows())
        found.value.sort(key=lambda one: (ORDER.index(one["role"]), one["position"]))
        moment = business_now()
        may_be_told = [one for one in found.value if one["role"] in ASKED]
        asked = [one for one in may_be_told if is_on_call(one, moment)]
        body = render_template(
            "on_call.html",
            found=found,
            turns={one["id"]: turn for turn, one in enumerate(asked, 1)},
            gaps=gaps(may_be_told, moment, moment + AHEAD) if found.value else [],
            asked=ASKED,
            roles=ROLES,
            sites=names(reference(desk.owners, actor(), "sites")),
            problem=problem,
            given=given or {},
            contact_id=contact_id,
            turns_typed=turns_typed or {},
        )
        return (body, 422) if problem else body

    @routes.get("/staff/on-call")
    @staff_only({MANAGER, ADMIN})
    def people() -> Any:
        return page()

    @routes.post("/staff/on-call")
    @staff_only({MANAGER, ADMIN})
    def add() -> Any:
        return save("/staff-contacts")

    @routes.post("/staff/on-call/<contact_id>/<deed_name>")
    @staff_only({MANAGER, ADMIN})
    def change(contact_id: str, deed_name: str) -> Any:
        wanted = str(id_or_404(contact_id))
        path, back = f"/staff-contacts/{wanted}", url_for("on_call.people")
        if deed_name == "change":
            return save(path, wanted)
        if deed_name == "turns":
            try:
                turns = read_turns(request.form, business_now())
            except BadTurns as bad:
                return page(str(bad), contact_id=wanted, turns_typed=request.form)
            return act(desk, "notify", f"{path}/turns", {"turns": turns}, back=back, words="keep these turns")
        if deed_name in ("on", "off"):
            body = {"on_call": deed_name == "on"}
            return act(desk, "notify", path, body, back=back, words="change who is on call")
        if deed_name == "end":
            return act(desk, "notify", f"{path}/end", {}, back=back, words="take this contact off the list")
        raise not_found("deed")

    @routes.post("/staff/on-call/<contact_id>/turns/<turn_id>/end")
    @staff_only({MANAGER, ADMIN})
    def end_turn(contact_id: str, turn_id: str) -> Any:
        path = f"/staff-contacts/{id_or_404(contact_id)}/turns/{id_or_404(turn_id)}/end"
        return act(desk, "notify", path, {}, back=url_for("on_call.people"), words="take this turn out")

    def save(path: str, contact_id: str = "") -> Any:
        """Add or change a contact; a form that cannot be taken comes back as it was typed."""
        form, back = request.form, url_for("on_call.people")
        given = {**form, "sites": form.getlist("sites"), "on_call": "on_call" in form}
        try:
            body = read_contact(form, form.getlist("sites"))
            ask_owner(
                desk.owners,
                actor(),
                "notify",
                path,
                body,
                key=form.get("key", ""),
                version=sent_version(),
            )
        except BadContact as bad:
            return page(str(bad), given, contact_id)
        except OwnerAway as away:
            return show_away(away, back)
        except OwnerRefused as refusal:
            if refusal.status == 422:
                return page("That is not an e-mail address, or a name is too long.", given, contact_id)
            return show_refusal(desk, refusal, back, "keep this contact")
        return redirect(back, 303)

    return routes
