"""GET /referrals: the worklist."""

from typing import Any
from zoneinfo import ZoneInfo

from apiflask import APIBlueprint
from flask import jsonify, request

from kernel.assembly import Parts
from kernel.clock import now
from kernel.ids import parse_id
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, Problem, invalid
from services.referral.queries.hidden_urgent import count_hidden_urgent
from services.referral.queries.worklist import (
    BadCursor,
    WorklistFilter,
    count_by_state,
    patient_of,
    read_worklist,
)
from services.referral.routes.referral_view import row_json
from services.referral.rules.office_hours import OFFICE_HOURS
from services.referral.rules.referral_states import STATES
from services.referral.rules.visibility import LIST_ROLES
from services.referral.schemas import WorklistOut, WorklistQuery


def worklist_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of the worklist."""
    routes = APIBlueprint("worklist", __name__)

    @routes.get("/referrals")
    @allow(roles=LIST_ROLES, scopes={"referral:read"}, services=True)
    @routes.input(WorklistQuery, location="query", arg_name="query")
    @routes.output(WorklistOut)
    @routes.doc(security="bearer")
    def list_referrals(query: WorklistQuery) -> Any:
        """Open referrals in working order, a page at a time, with counts by state."""
        actor = principal().actor
        wanted = _filter(query, actor.sites)
        with parts.database.transaction() as session:
            try:
                page = read_worklist(session, wanted, query.limit, query.cursor)
            except BadCursor:
                raise Problem(400, "bad_cursor", "The cursor is not one this list gave out.") from None
            counts = count_by_state(session, wanted.sites, wanted.site)
            hidden = count_hidden_urgent(session, wanted)
            today = now(session).astimezone(ZoneInfo(OFFICE_HOURS.time_zone)).date()
        return jsonify(
            items=[
                row_json(row, patient_of(row), page.flags.get(row.id, []), actor, today)
                for row in page.referrals
            ],
            next_cursor=page.next_cursor,
            counts=counts,
            open=sum(counts.values()),
            hidden_urgent=hidden,
        )

    return routes


def _filter(query: WorklistQuery, sites: tuple[str, ...]) -> WorklistFilter:
    repeated = [name for name in request.args if len(request.args.getlist(name)) > 1]
    if repeated:
        raise invalid([FieldProblem(f"query.{name}", "repeated") for name in repeated])
    if query.state is not None and query.state not in STATES:
        raise invalid([FieldProblem("query.state", "unknown_state")])
    patient_id = None
    if query.patient_id is not None:
        patient_id = parse_id(query.patient_id)
        if patient_id is None:
            raise invalid([FieldProblem("query.patient_id", "not_an_id")])
    return WorklistFilter(
        state=query.state or "",
        route=query.route or "",
        priority=query.priority or "",
        site=query.site or "",
        owner=query.owner or "",
        marker=query.marker or "",
        patient_id=patient_id,
        sites=sites,
    )
