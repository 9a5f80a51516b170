"""POST /events: where other services bring what happened there."""

from collections.abc import Mapping

from flask import Blueprint, request
from pydantic import ValidationError

from kernel.context import request_scope
from kernel.database import Database
from kernel.events import Envelope
from kernel.inbox import EventRefused, EventUnknown, Reaction, hear
from kernel.logs import log
from kernel.strict_json import NotStrictJson, loads
from kernel.web.principal import Gate
from kernel.web.problems import Problem, from_status


def hearing_routes(database: Database, reactions: Mapping[str, Reaction], gate: Gate) -> Blueprint:
    """Return a blueprint with `/events`: 204 once the reaction is committed, and again for an event heard before."""
    routes = Blueprint("hearing", __name__)

    @routes.post("/events")
    def events() -> tuple[str, int]:
        sender = gate.authenticate().claims
        try:
            envelope = Envelope.model_validate(loads(request.get_data(cache=True)))
        except (NotStrictJson, ValidationError):
            raise from_status(400) from None
        if sender.kind != "service" or sender.issuer != envelope.source:
            raise from_status(403)
        with request_scope(envelope.requestid):
            try:
                # 501 and not a refusal: the sender keeps the event until this service has been brought up to date.
                hear(database, reactions, envelope)
            except EventUnknown:
                log().warning("event_unknown", type=envelope.type)
                raise Problem(
                    501, "event_unknown", "This service does not know that type of event yet."
                ) from None
            except EventRefused as refusal:
                log().warning("event_refused", type=envelope.type, why=str(refusal))
                raise Problem(422, "event_refused", "This service cannot take that event.") from None
        return "", 204

    return routes
