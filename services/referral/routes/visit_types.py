"""The kinds of visit as staff change them, and the routes they can serve (capability C13)."""

from typing import Annotated, Any

from apiflask import APIBlueprint
from flask import jsonify
from pydantic import Field, StrictBool, StrictInt, StrictStr, StringConstraints
from sqlalchemy import select
from sqlalchemy.orm import Session

from kernel.assembly import Parts
from kernel.web.conditional import etag, require_match
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import not_found
from services.referral.actions.publish_shipped_protocol import publish_shipped_protocol
from services.referral.actions.save_visit_type import save_visit_type
from services.referral.model.schedule import ProviderSkill, VisitType
from services.referral.queries.routes_known import list_routes, routes_known
from services.referral.routes.protocol_shapes import AnyOut
from services.referral.rules.visibility import LIST_ROLES, TRIAGE_ROLES
from services.referral.rules.visit_names import PATIENT_NAMES, code_of_name
from services.referral.schemas import Code, In

EDITORS = TRIAGE_ROLES | {"manager"}
Minutes = Annotated[StrictInt, Field(ge=0, le=120, multiple_of=5)]


class VisitTypeIn(In):
    """A kind of visit. `sms_name` is one of the neutral names; no `sites` means every site a provider works at."""

    id: Annotated[StrictStr, StringConstraints(pattern=r"^[a-z][a-z0-9_]{2,39}$")]
    name: Annotated[StrictStr, StringConstraints(min_length=1, max_length=80, pattern=r"\S")]
    sms_name: Annotated[StrictStr, StringConstraints(max_length=40)] = "visit"
    routes: Annotated[list[Code], Field(min_length=1, max_length=12)]
    minutes: Annotated[StrictInt, Field(ge=5, le=480, multiple_of=5)]
    buffer_before: Minutes = 0
    buffer_after: Minutes = 0
    lead_minutes: Annotated[StrictInt, Field(ge=0, le=10_080)] = 60
    horizon_days: Annotated[StrictInt, Field(ge=1, le=400)] = 90
    alignment_minutes: Annotated[StrictInt, Field(ge=5, le=120, multiple_of=5)] = 15
    cutoff_minutes: Annotated[StrictInt, Field(ge=0, le=20_160)] = 1_440
    room_kind: Code = "exam"
    whole_provider: StrictBool = True
    first_visit: StrictBool = True
    active: StrictBool = True
    sites: Annotated[list[Code], Field(max_length=100, default_factory=list)]
    providers: Annotated[list[Code], Field(max_length=500, default_factory=list)]


def visit_type_routes(parts: Parts) -> APIBlueprint:
    """Return the blueprint of changing visit types, and of the list of routes."""
    routes = APIBlueprint("visit_types", __name__)

    @routes.get("/routes")
    @allow(roles=LIST_ROLES | {"admin"}, scopes={"referral:read"}, services=True)
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def read_routes() -> Any:
        """The routes of the protocol in force and of open drafts, with their names and first visits."""
        with parts.database.transaction() as session:
            return jsonify(
                items=list_routes(session, publish_shipped_protocol(session).protocol), next_cursor=None
            )

    @routes.get("/visit-types/<visit_type_id>")
    @allow(roles=EDITORS)
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def read_visit_type(visit_type_id: str) -> Any:
        """One kind of visit as it can be changed; `patient_names` are the neutral names to choose from."""
        with parts.database.transaction() as session:
            row = session.get(VisitType, visit_type_id)
            if row is None:
                raise not_found("visit type")
            answer = jsonify(**visit_type_json(session, row), patient_names=PATIENT_NAMES)
            answer.headers["ETag"] = etag(row.version)
        return answer

    @routes.post("/visit-types")
    @allow(roles=EDITORS)
    @routes.input(VisitTypeIn, arg_name="body")
    @routes.output(AnyOut, status_code=201)
    @routes.doc(security="bearer")
    def add(body: VisitTypeIn) -> Any:
        """Add a kind of visit; it can be searched and booked at once."""
        who = principal()

        def deed(session: Session) -> Reply:
            row = _save(session, body, None)
            return Reply(visit_type_json(session, row), 201, {"ETag": etag(row.version)})

        return once(parts.database, who.client, deed).as_flask()

    @routes.post("/visit-types/<visit_type_id>")
    @allow(roles=EDITORS)
    @routes.input(VisitTypeIn, arg_name="body")
    @routes.output(AnyOut)
    @routes.doc(security="bearer")
    def change(visit_type_id: str, body: VisitTypeIn) -> Any:
        """Change a kind of visit, or take it out of use (`active` false); booked visits stay."""
        who = principal()

        def deed(session: Session) -> Reply:
            found = select(VisitType).where(VisitType.id == visit_type_id).with_for_update()
            row = session.scalars(found).first()
            if row is None or body.id != visit_type_id:
                raise not_found("visit type")
            require_match(row.version, changed_by=row.changed_by)
            row = _save(session, body, row)
            return Reply(visit_type_json(session, row), 200, {"ETag": etag(row.version)})

        return once(parts.database, who.client, deed).as_flask()

    def _save(session: Session, body: VisitTypeIn, row: VisitType | None) -> VisitType:
        fields = body.model_dump()
        providers = fields.pop("providers")
        known = routes_known(session, publish_shipped_protocol(session).protocol)
        return save_visit_type(
            session, principal().actor, row, fields, providers=providers, routes_known=known
        )

    return routes


def visit_type_json(session: Session, row: VisitType) -> dict[str, Any]:
    """A visit type with who gives it; `patient_name` is the code of its neutral name."""
    gives = select(ProviderSkill.provider_id).where(ProviderSkill.visit_type_id == row.id)
    return {
        "id": row.id,
        "name": row.name,
        "sms_name": row.sms_name,
        "patient_name": code_of_name(row.sms_name),
        "routes": row.routes,
        "minutes": row.minutes,
        "buffer_before": row.buffer_before,
        "buffer_after": row.buffer_after,
        "lead_minutes": row.lead_minutes,
        "horizon_days": row.horizon_days,
        "alignment_minutes": row.alignment_minutes,
        "cutoff_minutes": row.cutoff_minutes,
        "room_kind": row.room_kind,
        "whole_provider": row.whole_provider,
        "first_visit": row.first_visit,
        "active": row.active,
        "sites": row.sites,
        "providers": list(session.scalars(gives.order_by(ProviderSkill.provider_id))),
        "version": row.version,
    }
