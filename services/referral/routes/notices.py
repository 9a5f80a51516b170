"""GET /referrer-notices: what outside referrers are told, each milestone once."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from flask import jsonify

from kernel.assembly import Parts
from kernel.audit import record
from kernel.ids import parse_id
from kernel.web.principal import allow, principal
from kernel.web.problems import Problem
from services.referral.queries.notices import read_notices
from services.referral.routes.outside_shapes import NoticesQuery
from services.referral.routes.protocol_shapes import AnyOut
from services.referral.routes.referral_view import moment
from services.referral.rules.visibility import TRIAGE_ROLES


def notice_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of the notices."""
    routes = APIBlueprint("notices", __name__)

    @routes.get("/referrer-notices")
    @allow(roles=TRIAGE_ROLES | {"front_desk"}, scopes={"referral:read"})
    @routes.input(NoticesQuery, location="query", arg_name="query")
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def list_notices(query: NoticesQuery) -> Any:
        """Milestones in the order they happened. Keep `cursor` and ask again with it: nothing comes twice.

        An API client is told about the referrals it sent itself.
        """
        actor = principal().actor
        mine = f"{actor.id}:" if actor.kind == "client" else ""
        with parts.database.transaction() as session:
            found = read_notices(session, mine, _place(query.cursor), query.limit)
            record(session, actor, "view_notices", "referrer_notice", mine or "all")
        return jsonify(
            items=[
                {
                    "id": notice.id,
                    "sender": notice.sender.removeprefix(mine),
                    "external_id": notice.external_id,
                    "referral_id": str(notice.referral_id),
                    "milestone": notice.milestone,
                    "reason_code": notice.reason_code,
                    "at": moment(notice.at),
                }
                for notice in found
            ],
            next_cursor=f"{found[-1].place[0]}.{found[-1].place[1]}" if found else query.cursor,
        )

    return routes


def _place(cursor: str | None) -> tuple[UUID, UUID] | None:
    if cursor is None:
        return None
    first, _, second = cursor.partition(".")
    move, inbound = parse_id(first), parse_id(second)
    if move is None or inbound is None:
        raise Problem(400, "bad_cursor", "The cursor is not one this list gave out.")
    return move, inbound
