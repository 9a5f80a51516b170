"""The routes there are: of the protocol in force, and of drafts, so that visits can be prepared before publishing."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.evidence import Protocol
from services.referral.model.protocol_life import ProtocolDraft
from services.referral.queries.sites import list_visit_types


def routes_known(session: Session, protocol: Protocol) -> dict[str, bool]:
    """Return route id to whether it is in force; a draft's own routes come after."""
    found = dict.fromkeys(protocol.routing.order, True)
    open_drafts = select(ProtocolDraft.document["routes"]["order"]).where(ProtocolDraft.state == "open")
    for order in session.scalars(open_drafts):
        for route in order if isinstance(order, list) else ():
            if isinstance(route, str):
                found.setdefault(route, False)
    return found


def list_routes(session: Session, protocol: Protocol) -> list[dict[str, Any]]:
    """Return every route with its names by language and the visit types that serve it, first visits first."""
    labels: dict[str, Any] = {}
    in_drafts = select(ProtocolDraft.document["routes"]["labels"]).where(ProtocolDraft.state == "open")
    routes = protocol.document.get("routes")
    for named in [*session.scalars(in_drafts), routes.get("labels") if isinstance(routes, Mapping) else None]:
        labels |= named if isinstance(named, dict) else {}
    visits = list_visit_types(session)
    return [
        {
            "id": route,
            "label": labels.get(route, {}),
            "in_force": in_force,
            "visit_types": [visit.id for visit in visits if route in visit.routes],
            "first_visit": next(
                (visit.id for visit in visits if visit.first_visit and visit.routes[0] == route), None
            ),
        }
        for route, in_force in routes_known(session, protocol).items()
    ]
