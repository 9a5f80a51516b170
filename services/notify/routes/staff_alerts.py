"""Who was told of an alert, over HTTP."""

from typing import Any
from uuid import UUID

from apiflask import APIBlueprint
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from kernel.database import Database
from kernel.web.principal import allow
from services.notify.model import StaffAlert, StaffTold
from services.notify.queries.on_call import next_on_call
from services.notify.queries.readable import read_sealed
from services.notify.routes.list_queries import StaffAlertsQuery
from services.notify.schemas import ItemsOut

SEES = {"front_desk", "nurse", "therapist", "provider", "manager"}
NOT_ARRIVED = {"failed", "suppressed", "expired"}
STATES = "SELECT cause_id, channel, state FROM planned_message WHERE cause_id = ANY(CAST(:causes AS uuid[]))"


def staff_alert_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of `/staff-alerts`."""
    routes = APIBlueprint("staff_alerts", __name__)

    @routes.get("/staff-alerts")
    @allow(roles=SEES)
    @routes.input(StaffAlertsQuery, location="query", arg_name="query")
    @routes.output(ItemsOut)
    def listed(query: StaffAlertsQuery) -> Any:
        """Who was told of each thing, when, and whether anybody is left on call; nothing of a patient."""
        about = [UUID(one) for one in query.about.split(",") if len(one.replace("-", "")) == 32]
        with database.transaction() as session:
            alerts = session.scalars(
                select(StaffAlert).where(StaffAlert.about_id.in_(about), StaffAlert.opened_at.is_not(None))
            ).all()
            told: dict[UUID, list[StaffTold]] = {}
            everyone = select(StaffTold).where(StaffTold.about_id.in_(about))
            for one in session.scalars(everyone.order_by(StaffTold.told_at, StaffTold.id)).all():
                told.setdefault(one.about_id, []).append(one)
            causes = [one.id for people in told.values() for one in people]
            states: dict[UUID, dict[str, str]] = {}
            for cause, channel, state in session.execute(text(STATES), {"causes": causes}).all():
                states.setdefault(cause, {})[channel] = state
            return {
                "items": [_shown(session, alert, told.get(alert.about_id, []), states) for alert in alerts],
                "next_cursor": None,
            }

    return routes


def _shown(
    session: Session, alert: StaffAlert, told: list[StaffTold], states: dict[UUID, dict[str, str]]
) -> dict[str, Any]:
    waits = alert.answered_at is None or (alert.opened_at is not None and alert.answered_at < alert.opened_at)
    more = waits and next_on_call(session, alert.alert_id, alert.roles, alert.site) is not None
    return {
        "about_id": str(alert.about_id),
        "waits": waits,
        "anybody_left": more,
        "next_at": alert.next_at.isoformat() if more and alert.next_at else None,
        "told": [
            {
                "name": _name(one),
                "role": one.role,
                "at": one.told_at.isoformat(),
                "this_time": one.alert_id == alert.alert_id,
                "states": states.get(one.id, {}),
                "arrived": not states.get(one.id) or not NOT_ARRIVED.issuperset(states[one.id].values()),
            }
            for one in told
        ],
    }


def _name(told: StaffTold) -> str | None:
    """None when it cannot be read: the rest of the list is still there."""
    sealed, _ = read_sealed({"name": (told.name_sealed, f"notify.staff_told.name_sealed.{told.id}")})
    return sealed["name"] or None
