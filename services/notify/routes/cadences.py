"""Cadences over HTTP: read, try on a visit, publish."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.database import Database
from kernel.web.api import STORES_NOTHING
from kernel.web.conditional import etag, require_match
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, invalid
from services.notify.actions.publish_cadence import lock_cadence, publish_cadence
from services.notify.queries.cadences import cadence_for
from services.notify.queries.templates import templates_in_force
from services.notify.rules.cadence import BadCadence, read_steps
from services.notify.rules.compose import ClinicWords
from services.notify.rules.plan import Reach
from services.notify.rules.simulate import Simulated, simulate
from services.notify.rules.zones import known_zone
from services.notify.schemas import CadenceIn, ItemsOut, RecordOut, SimulateIn
from services.notify.texts.segments import count_segments

READS = {"front_desk", "nurse", "provider", "manager", "admin"}
# Clinicians add routes and kinds of visit, and with them which messages those get; the words are the manager's.
EDITS = {"nurse", "provider", "manager", "admin"}
LANGUAGES = ("en", "es")
ALL = """
SELECT DISTINCT ON (visit_type, site_id, route) id, visit_type, site_id, route, version, steps, published_at,
    published_by
FROM cadence ORDER BY visit_type, site_id, route, version DESC
"""


def cadence_routes(database: Database, clinic: ClinicWords) -> APIBlueprint:
    """Return the blueprint of `/cadences` and `/simulate`."""
    routes = APIBlueprint("cadences", __name__)

    @routes.get("/cadences")
    @allow(roles=READS)
    @routes.output(ItemsOut)
    def listed() -> Any:
        """The cadence in force of every scope; an empty field means any."""
        with database.transaction() as session:
            rows = session.execute(text(ALL)).all()
        items = [
            dict(row._mapping) | {"id": str(row.id), "published_at": row.published_at.isoformat()}
            for row in rows
        ]
        return {"items": items, "next_cursor": None}

    @routes.post("/cadences")
    @allow(roles=EDITS)
    @routes.input(CadenceIn)
    @routes.output(RecordOut, status_code=201)
    def publish(json_data: CadenceIn) -> Any:
        """Publish the next version of a scope's cadence; visits booked from now on follow it.

        Under If-Match with the version it replaces, 0 while the scope has none of its own.
        """
        who = principal()
        steps = [step.model_dump() for step in json_data.steps]
        _refuse_bad(steps)

        def deed(session: Session) -> Reply:
            known = templates_in_force(session)
            missing = [
                FieldProblem(f"steps.{number}.template", "unknown_template")
                for number, step in enumerate(json_data.steps)
                if any(
                    (step.template, channel, language) not in known
                    for channel in step.channels
                    for language in LANGUAGES
                )
            ]
            if missing:
                raise invalid(missing)
            scope = {
                "visit_type": json_data.visit_type,
                "site_id": json_data.site_id,
                "route": json_data.route,
            }
            own = lock_cadence(session, **scope)
            standing = {} if own is None else {"version": own.version, "steps": own.steps}
            require_match(0 if own is None else own.version, **standing)
            cadence_id, version = publish_cadence(session, who.actor, **scope, steps=steps)
            shown = {"id": str(cadence_id), "version": version, **scope, "steps": steps}
            return Reply(shown, 201, {"ETag": etag(version)})

        return once(database, who.client, deed).as_flask()

    @routes.post("/simulate")
    @allow(roles=READS)
    @routes.input(SimulateIn)
    @routes.output(ItemsOut)
    @routes.doc(extensions={STORES_NOTHING: True})
    def simulated(json_data: SimulateIn) -> Any:
        """Every message such a visit would get: when, why not, in which words, and what each costs."""
        for field in ("time_zone", "site_zone"):
            given = getattr(json_data, field)
            if given and not known_zone(given):
                raise invalid([FieldProblem(field, "unknown_zone")])
        if json_data.booked_at > json_data.starts_at:
            raise invalid([FieldProblem("booked_at", "after_the_visit")])
        with database.transaction() as session:
            words = {
                (name, channel): (wording.subject, wording.body)
                for (name, channel, language), wording in templates_in_force(session).items()
                if language == json_data.language
            }
            stored = (
                [step.model_dump() for step in json_data.steps]
                if json_data.steps is not None
                else cadence_for(session, json_data.visit_type, json_data.site_id, json_data.route).steps
            )
        _refuse_bad(stored)
        facts = {
            "site": {
                "name": json_data.site_name,
                "address": json_data.site_address,
                "phone": json_data.site_phone,
                "time_zone": json_data.site_zone or "America/Chicago",
            },
            "starts_at": json_data.starts_at.isoformat(),
            "changed_at": json_data.booked_at.isoformat(),
            "visit_type_name": {json_data.language: json_data.visit_name},
        }
        found = simulate(
            facts,
            read_steps(stored),
            {"sms": Reach(json_data.sms), "email": Reach(json_data.email)},
            time_zone=json_data.time_zone,
            language=json_data.language,
            clinic=clinic,
            words=words,
            no_shows=json_data.no_shows,
        )
        return {"items": [_shown(item) for item in found], "next_cursor": None}

    return routes


def _refuse_bad(steps: Any) -> None:
    try:
        read_steps(steps)
    except BadCadence as error:
        raise invalid([FieldProblem(str(error), "not_usable")]) from None


def _shown(item: Simulated) -> dict[str, Any]:
    planned = item.planned
    cost = count_segments(item.text) if planned.channel == "sms" else None
    return {
        "step": planned.step,
        "channel": planned.channel,
        "state": "planned" if planned.state == "due" else planned.state,
        "reason": planned.reason,
        "only_if": item.only_if,
        "planned_for": planned.planned_for.isoformat(),
        "due_at": planned.due_at.isoformat(),
        "shifted": planned.due_at != planned.planned_for and planned.state == "due",
        "expires_at": planned.expires_at.isoformat(),
        "exempt": planned.exempt,
        "template": planned.template,
        "subject": item.subject,
        "text": item.text,
        "segments": cost.segments if cost else None,
        "encoding": cost.encoding if cost else None,
    }
