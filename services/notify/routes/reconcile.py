"""Whether what was planned is accounted for, and what sending would do next, over HTTP."""

from datetime import timedelta
from typing import Any

from apiflask import APIBlueprint

from kernel.clock import now
from kernel.database import Database
from kernel.web.principal import allow
from kernel.web.problems import FieldProblem, invalid
from services.notify.queries.dry_run import dry_run
from services.notify.queries.reconcile import reconcile
from services.notify.routes.page_arguments import one_of
from services.notify.schemas import RecordOut

SEES = {"nurse", "provider", "manager", "admin", "front_desk"}
MOST_DAYS = 90


def reconcile_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of `/reconcile` and `/dry-run`."""
    routes = APIBlueprint("reconcile", __name__)

    @routes.get("/reconcile")
    @allow(roles=SEES, services=True)
    @routes.output(RecordOut)
    def reconciled() -> Any:
        """Planned = sent + waiting + reasoned over the last `days` (7 when absent), with what does not add up."""
        days = _number("days", 7, MOST_DAYS)
        with database.transaction() as session:
            at = now(session)
            return reconcile(session, at, at - timedelta(days=days))

    @routes.get("/dry-run")
    @allow(roles=SEES)
    @routes.output(RecordOut)
    def dry() -> Any:
        """What would become of every message due within `hours` (24 when absent); nothing is sent or written."""
        hours = _number("hours", 24, 24 * 14)
        with database.transaction() as session:
            return dry_run(session, now(session) + timedelta(hours=hours))

    return routes


def _number(name: str, usual: int, most: int) -> int:
    given = one_of(name)
    if given is None:
        return usual
    if not given.isascii() or not given.isdigit() or len(given) > 4 or not 1 <= int(given) <= most:
        raise invalid([FieldProblem(name, f"not_between_1_and_{most}")])
    return int(given)
