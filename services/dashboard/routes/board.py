"""The waiting room of a site: who is called next, and who came without an appointment."""

from typing import Any

from flask import Blueprint, render_template, request, url_for

from kernel.web.problems import not_found
from services.dashboard.owners import part
from services.dashboard.queries.lists import read_list
from services.dashboard.queries.reference import names, reference
from services.dashboard.routes.acting import act
from services.dashboard.routes.desk import Desk, actor, id_or_404, me, staff_only
from services.dashboard.routes.looks import own_sites
from services.dashboard.rules.phone_numbers import to_e164
from services.dashboard.rules.roles import SEES_PATIENTS
from services.dashboard.rules.visit_deeds import RECORDS_OUTCOME

ENDINGS = ("seen", "left")


def board_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the waiting room."""
    routes = Blueprint("board", __name__)

    @routes.get("/staff/waiting-room")
    @staff_only(SEES_PATIENTS)
    def board() -> Any:
        who = actor()
        sites = own_sites(names(reference(desk.owners, who, "sites")))
        wanted = request.args.get("site", "")
        site = wanted if wanted in sites else next(iter(sites), "")
        found = part(
            lambda: read_list(desk.owners, who, "referral", "/board", site=site) if site else [],
            list[dict[str, Any]](),
        )
        return render_template(
            "board.html", found=found, site=site, sites=sites, may_receive=me().role in RECORDS_OUTCOME
        )

    @routes.post("/staff/walk-ins")
    @staff_only(RECORDS_OUTCOME)
    def receive() -> Any:
        given = {name: request.form.get(name, "") for name in ("given_name", "family_name", "birth_date")}
        patient = {
            **given,
            "phone": to_e164(request.form.get("phone", "")),
            "language": request.form.get("language", ""),
        }
        site = request.form.get("site", "")
        return act(
            desk,
            "referral",
            "/walk-ins",
            {"site_id": site, "patient": patient},
            back=url_for("board.board", site=site),
            words="Into the waiting room",
        )

    @routes.post("/staff/walk-ins/<walk_in_id>/<how>")
    @staff_only(RECORDS_OUTCOME)
    def end(walk_in_id: str, how: str) -> Any:
        if how not in ENDINGS:
            raise not_found("page")
        back = url_for("board.board", site=request.form.get("site", ""))
        return act(desk, "referral", f"/walk-ins/{id_or_404(walk_in_id)}/{how}", {}, back=back, words=how)

    return routes
