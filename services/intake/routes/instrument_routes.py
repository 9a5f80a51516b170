"""Instruments, their rights, and the permissions recorded for those that need one."""

from datetime import date
from typing import Annotated, Any

from apiflask import APIBlueprint
from pydantic import StringConstraints
from sqlalchemy.orm import Session

from kernel.clock import now
from kernel.database import Database
from kernel.ids import parse_id
from kernel.web.conditional import etag, require_match
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, invalid, not_found
from services.intake.actions.end_permission import end_permission
from services.intake.actions.record_permission import record_permission
from services.intake.model import InstrumentPermission
from services.intake.queries.permissions import permissions, permitted
from services.intake.questionnaires import instruments
from services.intake.routes.list_queries import EmptyIn
from services.intake.rules.licensed_instruments import FREE
from services.intake.schemas import AnyOut, Wire

STAFF = {"nurse", "provider", "therapist", "manager", "admin"}
Words = Annotated[str, StringConstraints(strict=True, strip_whitespace=True, min_length=2, max_length=300)]
Day = Annotated[str, StringConstraints(strict=True, pattern=r"^(\d{4}-\d{2}-\d{2})?$")]


class PermissionIn(Wire):
    """Who gave the permission, the letter or contract it stands in, and the days it holds ("" for no end)."""

    granted_by: Words
    reference: Words
    granted_on: Day
    expires_on: Day = ""


def instrument_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of instruments and permissions."""
    routes = APIBlueprint("instruments", __name__)

    @routes.get("/instruments")
    @allow(roles=STAFF, scopes={"intake:read"}, services=True)
    @routes.output(AnyOut)
    def listed() -> Any:
        """Every instrument known here: may it be asked, whose it is, and its permissions, newest first."""
        with database.transaction() as session:
            allowed = permitted(session, now(session).date())
            recorded = permissions(session)
            items = [
                {
                    "instrument": one["id"],
                    "name": one["name"],
                    "owner": one["owner"],
                    "licence": one["licence"],
                    "status": one["status"],
                    "needs_permission": one["licence"] not in FREE,
                    "may_be_asked": one["licence"] in FREE or one["id"] in allowed,
                    "scored": "items" in one,
                    "permissions": [_json(p) for p in recorded if p.instrument == one["id"]],
                }
                for one in instruments()
            ]
            return {"items": items, "next_cursor": None}

    @routes.post("/instruments/<instrument_id>/permissions")
    @allow(roles={"manager"})
    @routes.input(PermissionIn)
    @routes.output(AnyOut, status_code=201)
    def permit(instrument_id: str, json_data: PermissionIn) -> Any:
        """Record the owner's permission; questionnaires with the instrument can be published from now on."""
        who = principal()

        def deed(session: Session) -> Reply:
            known = next((one for one in instruments() if one["id"] == instrument_id), None)
            if known is None:
                raise not_found("instrument")
            granted = _day(json_data.granted_on, "granted_on")
            expires = _day(json_data.expires_on, "expires_on") if json_data.expires_on else None
            today = now(session).date()
            if granted is None or granted > today:
                raise invalid([FieldProblem("granted_on", "in_the_future" if granted else "missing")])
            if expires is not None and expires < today:
                raise invalid([FieldProblem("expires_on", "over_already")])
            permission = record_permission(
                session,
                who.actor,
                instrument=instrument_id,
                granted_by=json_data.granted_by,
                reference=json_data.reference,
                granted_on=granted,
                expires_on=expires,
            )
            return Reply(_json(permission), 201, {"ETag": etag(permission.version)})

        return once(database, who.client, deed).as_flask()

    @routes.post("/instrument-permissions/<permission_id>/end")
    @allow(roles={"manager"})
    @routes.input(EmptyIn)
    @routes.output(AnyOut)
    def end(permission_id: str, json_data: EmptyIn) -> Any:
        """The permission holds no longer: nothing new with the instrument is published or sent."""
        who = principal()

        def deed(session: Session) -> Reply:
            found = parse_id(permission_id)
            permission = session.get(InstrumentPermission, found, with_for_update=True) if found else None
            if permission is None:
                raise not_found("permission")
            require_match(permission.version, changed_by=permission.ended_by or permission.recorded_by)
            end_permission(session, who.actor, permission)
            return Reply(_json(permission), 200, {"ETag": etag(permission.version)})

        return once(database, who.client, deed).as_flask()

    return routes


def _day(text: str, name: str) -> date | None:
    try:
        return date.fromisoformat(text) if text else None
    except ValueError:
        raise invalid([FieldProblem(name, "not_a_date")]) from None


def _json(permission: InstrumentPermission) -> dict[str, Any]:
    return {
        "id": str(permission.id),
        "granted_by": permission.granted_by,
        "reference": permission.reference,
        "granted_on": permission.granted_on.isoformat(),
        "expires_on": permission.expires_on.isoformat() if permission.expires_on else None,
        "recorded_by": permission.recorded_by_name or permission.recorded_by,
        "recorded_at": permission.recorded_at.isoformat(),
        "ended_at": permission.ended_at.isoformat() if permission.ended_at else None,
        "version": permission.version,
    }
