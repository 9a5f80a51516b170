"""POST /events: where other services bring what happened there, one event or several at once, and compare it."""

from collections.abc import Mapping
from typing import Annotated, Any
from uuid import UUID

import psycopg
from flask import Blueprint, request
from pydantic import BaseModel, ConfigDict, Field, ValidationError
from sqlalchemy.exc import OperationalError
from sqlalchemy.exc import TimeoutError as PoolTimeout

from kernel.compare_events import MOST_COMPARED, compare_events
from kernel.context import request_scope
from kernel.database import Database
from kernel.events import BATCH_TYPE, Envelope
from kernel.hear_together import NotReached, hear_together
from kernel.inbox import EventRefused, EventUnknown, Reaction, hear
from kernel.logs import log
from kernel.strict_json import NotStrictJson, loads
from kernel.web.principal import Gate
from kernel.web.problems import Problem, from_status

MOST_TOGETHER = 100
AWAY = (OperationalError, psycopg.OperationalError, PoolTimeout)


class Heard(BaseModel):
    """The events last heard from us, newest first."""

    model_config = ConfigDict(extra="forbid")

    heard: Annotated[list[UUID], Field(max_length=MOST_COMPARED)]


def hearing_routes(database: Database, reactions: Mapping[str, Reaction], gate: Gate) -> Blueprint:
    """Return a blueprint with `/events`: 204 once the reaction is committed, and again for an event heard before.

    Several (a JSON array, by its media type) are answered by 200 and `statuses`, for each what it would be by itself.
    """
    routes = Blueprint("hearing", __name__)

    @routes.post("/events")
    def events() -> tuple[Any, int]:
        sender = gate.authenticate().claims
        several = request.mimetype == BATCH_TYPE
        came = _envelopes(request.get_data(cache=True), several)
        if sender.kind != "service" or any(one.source != sender.issuer for one in came):
            raise from_status(403)
        if several:
            outcomes = hear_together(database, reactions, came)
            return {"statuses": [_status(*one) for one in zip(came, outcomes, strict=True)]}, 200
        with request_scope(came[0].requestid):
            try:
                hear(database, reactions, came[0])
            except (EventUnknown, EventRefused) as error:
                raise _problem(came[0], error) from None
        return "", 204

    @routes.post("/events/compare")
    def compare() -> Any:
        """Say which of the events the sender heard from us are not here, and which we last heard from it."""
        sender = gate.authenticate().claims
        if sender.kind != "service":
            raise from_status(403)
        try:
            asked = Heard.model_validate(loads(request.get_data(cache=True)))
        except (NotStrictJson, ValidationError):
            raise from_status(400) from None
        with database.transaction() as session:
            found = compare_events(session, sender.issuer, asked.heard)
        return {
            "never_sent": [str(one) for one in found.never_sent],
            "heard": [str(one) for one in found.heard],
        }

    return routes


def _envelopes(body: bytes, several: bool) -> list[Envelope]:
    try:
        document = loads(body)
        documents = document if several else [document]
        if not isinstance(documents, list) or not 1 <= len(documents) <= MOST_TOGETHER:
            raise from_status(400)
        return [Envelope.model_validate(one) for one in documents]
    except (NotStrictJson, ValidationError):
        raise from_status(400) from None


def _problem(envelope: Envelope, error: EventUnknown | EventRefused) -> Problem:
    if isinstance(error, EventUnknown):
        log().warning("event_unknown", type=envelope.type)
        # 501 and not a refusal: the sender keeps the event until this service has been brought up to date.
        return Problem(501, "event_unknown", "This service does not know that type of event yet.")
    log().warning("event_refused", type=envelope.type, why=str(error))
    return Problem(422, "event_refused", "This service cannot take that event.")


def _status(envelope: Envelope, error: Exception | None) -> int:
    """The status one of several would have had by itself (compare `kernel.web.api.add_problem_handlers`)."""
    with request_scope(envelope.requestid):
        if error is None:
            return 204
        if isinstance(error, EventUnknown | EventRefused):
            return _problem(envelope, error).status
        if isinstance(error, Problem):
            return error.status
        if isinstance(error, NotReached):
            # Too early, and no refusal: it comes by itself next time, or one bad event would keep back those beside it.
            return 425
        if isinstance(error, AWAY):
            log().warning("database_away", error=type(error).__name__)
            return 503
        log().error("request_failed", error=type(error).__name__, exc_info=error)
        return 500
