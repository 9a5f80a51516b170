"""Whether what was planned is accounted for, and what sending would do next, over HTTP."""

from datetime import timedelta
from typing import Any

from apiflask import APIBlueprint

from kernel.clock import now
from kernel.database import Database
from kernel.web.principal import allow
from services.notify.queries.dry_run import dry_run
from services.notify.queries.reconcile import reconcile
from services.notify.routes.list_queries import DryRunQuery, ReconcileQuery
from services.notify.rules.recipients import EVERYONE, Recipients
from services.notify.schemas import RecordOut

SEES = {"nurse", "provider", "manager", "admin", "front_desk"}


def reconcile_routes(database: Database, recipients: Recipients = EVERYONE) -> APIBlueprint:
    """Return the blueprint of `/reconcile` and `/dry-run`."""
    routes = APIBlueprint("reconcile", __name__)

    @routes.get("/reconcile")
    @allow(roles=SEES, services=True)
    @routes.input(ReconcileQuery, location="query", arg_name="query")
    @routes.output(RecordOut)
    def reconciled(query: ReconcileQuery) -> Any:
        """Planned = sent + waiting + reasoned over the last `days` (7 when absent), with what does not add up."""
        with database.transaction() as session:
            at = now(session)
            return reconcile(session, at, at - timedelta(days=query.days))

    @routes.get("/dry-run")
    @allow(roles=SEES)
    @routes.input(DryRunQuery, location="query", arg_name="query")
    @routes.output(RecordOut)
    def dry(query: DryRunQuery) -> Any:
        """What would become of every message due within `hours` (24 when absent); nothing is sent or written."""
        with database.transaction() as session:
            tried = dry_run(session, now(session) + timedelta(hours=query.hours), recipients)
        allowed = recipients.allowed
        mode = {"send_mode": "live" if allowed is None else "allow_list", "allowed": len(allowed or ())}
        return tried | mode

    return routes
