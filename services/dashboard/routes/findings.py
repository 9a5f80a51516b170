"""What staff found out by examination, imaging or telephone: added to the answers, and the protocol reads anew."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from kernel.contracts.protocol import shipped_document
from kernel.web.problems import Problem
from services.dashboard.actions.do_deed import do_deed
from services.dashboard.owners import OwnerAway, OwnerRefused
from services.dashboard.queries.case import Case
from services.dashboard.routes.desk import Desk, actor, id_or_404, sent_version, staff_only
from services.dashboard.routes.opening import open_case
from services.dashboard.routes.refusals import show_away, show_refusal
from services.dashboard.rules.found_answers import ROWS, read_answers
from services.dashboard.rules.roles import CLINICAL

MOST_QUESTIONS = 12


def finding_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of findings."""
    routes = Blueprint("findings", __name__)

    @routes.get("/staff/referrals/<referral_id>/findings")
    @staff_only(CLINICAL)
    def findings(referral_id: str) -> Any:
        case = open_case(desk, referral_id, "findings")
        known = {one["variable"]: one["value"] for one in case.answers}
        return render_template("findings.html", case=case, variables=_offered(case), known=known, rows=ROWS)

    @routes.post("/staff/referrals/<referral_id>/findings")
    @staff_only(CLINICAL)
    def add(referral_id: str) -> Any:
        back = url_for("findings.findings", referral_id=referral_id)
        lists = {name: request.form.getlist(name) for name in request.form}
        answers = read_answers(lists, _variables())
        if not answers:
            raise Problem(422, "invalid", "Nothing was filled in.")
        body = {"answers": answers, "note": request.form.get("note", "").strip()}
        try:
            do_deed(
                desk.owners,
                actor(),
                id_or_404(referral_id),
                "findings",
                body,
                version=sent_version() or 0,
                key=request.form.get("key", ""),
            )
        except OwnerAway as away:
            return show_away(away, back)
        except OwnerRefused as refusal:
            return show_refusal(desk, refusal, back, "Add findings")
        return redirect(url_for("case.case", referral_id=referral_id, done="findings"), 303)

    return routes


def _variables() -> dict[str, dict[str, Any]]:
    return {str(one["id"]): one for one in shipped_document()["variables"]}


def _offered(case: Case) -> list[dict[str, Any]]:
    """Return what only staff can answer, then the open questions that matter most."""
    variables = _variables()
    by_staff = [one for one in variables.values() if one.get("filled_by") == "staff"]
    asked = [variables[one["variable"]] for one in case.questions if one["variable"] in variables]
    unique = {str(one["id"]): one for one in [*by_staff, *asked]}
    return list(unique.values())[: len(by_staff) + MOST_QUESTIONS]
