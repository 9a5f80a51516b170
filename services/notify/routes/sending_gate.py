"""Pause and resume sending, over HTTP."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from kernel.database import Database
from kernel.personal import Personal
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import conflict
from services.notify.actions.pause_sending import pause_sending
from services.notify.actions.resume_sending import resume_sending
from services.notify.schemas import EmptyIn, RecordOut, ResumeIn

DECIDES = {"manager", "admin"}


def sending_gate_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of `/sending`."""
    routes = APIBlueprint("sending", __name__)

    @routes.post("/sending/pause")
    @allow(roles=DECIDES)
    @routes.input(EmptyIn)
    @routes.output(RecordOut)
    def pause(json_data: EmptyIn) -> Any:
        """Send nothing more until somebody resumes; what is due waits, or expires with its reason."""
        who = principal()

        def deed(session: Session) -> Reply:
            if not pause_sending(session, who.actor, "by_staff"):
                raise conflict("paused_already", "Sending is paused already.")
            return Reply({"paused": True}, 200)

        return once(database, who.client, deed).as_flask()

    @routes.post("/sending/resume")
    @allow(roles=DECIDES)
    @routes.input(ResumeIn)
    @routes.output(RecordOut)
    def resume(json_data: ResumeIn) -> Any:
        """Let sending go on. After a restore the carrier is asked first about each message whose time has come."""
        who = principal()

        def deed(session: Session) -> Reply:
            if not resume_sending(session, who.actor, Personal(json_data.note)):
                raise conflict("not_paused", "Sending is not paused.")
            return Reply({"paused": False}, 200)

        return once(database, who.client, deed).as_flask()

    return routes
