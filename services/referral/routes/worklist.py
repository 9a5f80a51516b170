"""GET /referrals: the worklist."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any
from zoneinfo import ZoneInfo

from apiflask import APIBlueprint
from flask import current_app, request
from sqlalchemy.orm import Session

from kernel.assembly import Parts
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import parse_id
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, Problem, invalid
from services.referral.queries.hidden_urgent import count_hidden_urgent
from services.referral.queries.worklist import (
    BadCursor,
    Listed,
    WorklistFilter,
    patient_of,
    read_rows,
    read_worklist,
)
from services.referral.routes.kept_rows import KeptRows
from services.referral.routes.referral_view import row_json
from services.referral.rules.office_hours import OFFICE_HOURS
from services.referral.rules.referral_states import STATES
from services.referral.rules.visibility import LIST_ROLES
from services.referral.schemas import WorklistOut, WorklistQuery


def worklist_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of the worklist."""
    routes = APIBlueprint("worklist", __name__)
    kept = KeptRows()

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
            hidden = count_hidden_urgent(session, wanted)
            today = now(session).astimezone(ZoneInfo(OFFICE_HOURS.time_zone)).date()
            items = _items(session, kept, page.listed, actor, today)
        rest = {
            "next_cursor": page.next_cursor,
            "counts": page.counts,
            "open": sum(page.counts.values()),
            "hidden_urgent": hidden,
        }
        body = f'{{"items":[{",".join(items)}],{json.dumps(rest, separators=(",", ":"))[1:]}\n'
        return current_app.response_class(body, mimetype="application/json")

    return routes


def _items(
    session: Session, kept: KeptRows, listed: Sequence[Listed], actor: Actor, today: date
) -> list[str]:
    """Return the rows as JSON: those kept as they are, the others read and written out."""
    reader = (actor.kind, actor.role, today)
    found = {one.id: kept.get((one.id, one.stamp, one.flags, *reader)) for one in listed}
    missing = [row_id for row_id, text in found.items() if text is None]
    rows = read_rows(session, missing) if missing else {}
    for one in listed:
        row = rows.get(one.id)
        if row is not None:
            written = json.dumps(
                row_json(row, patient_of(row), one.flags, actor, today), separators=(",", ":")
            )
            found[one.id] = written
            kept.put((row.id, row.stamp, one.flags, *reader), written)
    # A referral may be gone since the page was read.
    return [text for one in listed if (text := found[one.id]) is not None]


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
