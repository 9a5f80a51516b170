"""The protocol's pages: what is in force, its versions and what changed between them, and the golden cases."""

from typing import Any

from flask import Blueprint, redirect, render_template, request, url_for

from kernel.read_whole import read_whole
from kernel.web.problems import not_found
from services.dashboard.actions.change_protocol import change_protocol
from services.dashboard.owners import OwnerAway, OwnerRefused, part
from services.dashboard.queries.protocol import SECTIONS, items_of, read_protocol
from services.dashboard.queries.staff_names import staff_names
from services.dashboard.routes.acting import act
from services.dashboard.routes.desk import Desk, actor, me, staff_only
from services.dashboard.routes.opening import opening
from services.dashboard.routes.refusals import show_away, show_refusal
from services.dashboard.rules.page_of_golden_cases import page_of_golden_cases
from services.dashboard.rules.roles import CLINICAL, MANAGER
from services.dashboard.rules.telling_answers import telling_answers

Body = dict[str, Any]
RETIRE_REASONS = (
    ("practice_changed", "We treat this otherwise now"),
    ("expected_wrongly", "What it expects was wrong"),
    ("covered_by_another", "Another case shows the same"),
    ("entered_in_error", "Made a golden case by mistake"),
)
SHOWN_SECTIONS = ("red_flags", "rules", "tie_breaks", "upgrades", "diagnoses", "modifiers")


def protocol_routes(desk: Desk) -> Blueprint:
    """Return the blueprint of the protocol's reading pages."""
    routes = Blueprint("protocol", __name__)

    @routes.get("/staff/protocol")
    @staff_only(CLINICAL, {MANAGER})
    def protocol() -> Any:
        who = actor()
        drafts = part(lambda: read_protocol(desk.patient_owners, who, "/drafts"), Body())
        return render_template(
            "protocol.html",
            versions=part(lambda: read_protocol(desk.patient_owners, who, "/versions"), Body()),
            drafts=drafts,
            current=part(lambda: read_protocol(desk.patient_owners, who, ""), Body()),
            sections=[(name, words) for name, words in SECTIONS if name in SHOWN_SECTIONS],
            items_of=items_of,
            may_write=me().role in CLINICAL,
        )

    @routes.get("/staff/protocol/versions/<number>")
    @staff_only(CLINICAL, {MANAGER})
    def version(number: str) -> Any:
        with opening("version"):
            found = read_protocol(desk.patient_owners, actor(), f"/versions/{_number(number)}")
            before = int(found.get("number") or 1) - 1
            changes = (
                read_protocol(desk.patient_owners, actor(), f"/versions/{before}/diff/{before + 1}")
                if before
                else {}
            )
        hands = (found.get("proposed_by"), found.get("approved_by"))
        with desk.database.transaction() as session:
            people = staff_names(session, [one for one in hands if one])
        return render_template(
            "protocol_version.html",
            version=found,
            people=people,
            changes=changes.get("items") or [],
            sections=[(name, words) for name, words in SECTIONS if name in SHOWN_SECTIONS],
            items_of=items_of,
        )

    @routes.get("/staff/protocol/golden-cases")
    @staff_only(CLINICAL)
    def golden_cases() -> Any:
        found = part(lambda: read_protocol(desk.patient_owners, actor(), "/golden-cases"), Body())
        retired = found.value.get("retired") or []
        with desk.database.transaction() as session:
            people = staff_names(session, [str(one.get("retired_by")) for one in retired])
        return render_template(
            "golden_cases.html",
            found=found,
            telling=telling_answers,
            shown=page_of_golden_cases(found.value.get("items") or [], request.args),
            retired=retired,
            people=people,
            reasons=RETIRE_REASONS,
        )

    @routes.post("/staff/protocol/golden-cases")
    @staff_only(CLINICAL)
    def add_golden_case() -> Any:
        back = url_for("case.case", referral_id=request.form.get("referral_id", "-"))
        body = {
            "title": request.form.get("title", "").strip(),
            "referral_id": request.form.get("referral_id", ""),
        }
        try:
            change_protocol(
                desk.patient_owners, actor(), "/golden-cases", body, key=request.form.get("key", "")
            )
        except OwnerAway as away:
            return show_away(away, back)
        except OwnerRefused as refusal:
            return show_refusal(desk, refusal, back, "Make a golden case")
        return redirect(url_for("protocol.golden_cases"), 303)

    @routes.post("/staff/protocol/golden-cases/<code>/retire")
    @staff_only(CLINICAL)
    def retire_golden_case(code: str) -> Any:
        if not code.isalnum():
            raise not_found("golden case")
        body = {name: request.form.get(name, "").strip() for name in ("reason_code", "note")}
        back, path = url_for("protocol.golden_cases"), f"/protocol/golden-cases/{code}/retire"
        return act(desk, "referral", path, body, back=back, words="Retire the case")

    return routes


def _number(text: str) -> str:
    number = read_whole(text, 999_999_999)
    if number is None:
        raise not_found("version")
    return str(number)
