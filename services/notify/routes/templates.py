"""The words of messages over HTTP: read, try, publish."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.database import Database
from kernel.web.api import STORES_NOTHING
from kernel.web.conditional import etag, require_match
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, Problem, not_found
from services.notify.actions.publish_template import lock_words, publish_template
from services.notify.queries.templates import templates_in_force
from services.notify.schemas import ItemsOut, RecordOut, TemplateIn
from services.notify.texts.check_wording import WordingCheck, check_wording
from services.notify.texts.visit_placeholders import VISIT_PLACEHOLDERS

READS = {"front_desk", "nurse", "provider", "manager", "admin"}
EDITS = {"manager", "admin"}
HISTORY = """
SELECT version, subject, body, published_at, published_by FROM message_template
WHERE name = :name AND channel = :channel AND language = :language ORDER BY version DESC LIMIT 100
"""


def template_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of `/templates`."""
    routes = APIBlueprint("templates", __name__)

    @routes.get("/templates")
    @allow(roles=READS)
    @routes.output(ItemsOut)
    def listed() -> Any:
        """The words in force, with what each costs at worst; `placeholders` are listed with `/templates/check`."""
        with database.transaction() as session:
            found = templates_in_force(session)
        items = []
        for wording in found.values():
            checked = check_wording(
                wording.channel, _language(wording.language), wording.subject, wording.body
            )
            items.append(
                {
                    "name": wording.name,
                    "channel": wording.channel,
                    "language": wording.language,
                    "version": wording.version,
                    "subject": wording.subject,
                    "body": wording.body,
                    **_cost(checked),
                }
            )
        return {"items": items, "next_cursor": None}

    @routes.get("/templates/<name>/<channel>/<language>")
    @allow(roles=READS)
    @routes.output(ItemsOut)
    def history(name: str, channel: str, language: str) -> Any:
        """Every version of one template, newest first."""
        with database.transaction() as session:
            values = {"name": name, "channel": channel, "language": language}
            rows = session.execute(text(HISTORY), values).all()
        if not rows:
            raise not_found("template")
        items = [dict(row._mapping) | {"published_at": row.published_at.isoformat()} for row in rows]
        return {"items": items, "next_cursor": None}

    @routes.post("/templates/check")
    @allow(roles=READS)
    @routes.input(TemplateIn)
    @routes.output(RecordOut)
    @routes.doc(extensions={STORES_NOTHING: True})
    def check(json_data: TemplateIn) -> Any:
        """Say what would be refused and what it would cost; nothing is stored."""
        checked = check_wording(json_data.channel, json_data.language, json_data.subject, json_data.body)
        return {
            "refusals": [_named(entry) for entry in checked.refusals],
            "warnings": [_named(entry) for entry in checked.warnings],
            "placeholders": {name: known.meaning for name, known in VISIT_PLACEHOLDERS.items()},
            "dearest_text": checked.dearest,
            "without_accents": checked.without_accents,
            **_cost(checked),
        }

    @routes.post("/templates")
    @allow(roles=EDITS)
    @routes.input(TemplateIn)
    @routes.output(RecordOut, status_code=201)
    def publish(json_data: TemplateIn) -> Any:
        """Publish new words for a message that exists, under If-Match with the version they replace."""
        who = principal()
        checked = check_wording(json_data.channel, json_data.language, json_data.subject, json_data.body)
        if checked.refusals:
            raise Problem(
                422,
                "wording_refused",
                "These words cannot be used.",
                detail="Nothing was stored. Correct the words named and publish again.",
                errors=[FieldProblem(field, code) for field, code, _ in checked.refusals],
                more=_cost(checked),
            )

        def deed(session: Session) -> Reply:
            key = {"name": json_data.name, "channel": json_data.channel, "language": json_data.language}
            now_is = lock_words(session, **key)
            if now_is is None:
                raise not_found("template")
            require_match(now_is.version, version=now_is.version, subject=now_is.subject, body=now_is.body)
            version = publish_template(session, who.actor, **json_data.model_dump())
            return Reply(key | {"version": version} | _cost(checked), 201, {"ETag": etag(version)})

        return once(database, who.client, deed).as_flask()

    return routes


def _language(language: str) -> Any:
    return "es" if language == "es" else "en"


def _cost(checked: WordingCheck) -> dict[str, Any]:
    if checked.cost is None:
        return {"segments": None, "encoding": None, "units": None}
    return {
        "segments": checked.cost.segments,
        "encoding": checked.cost.encoding,
        "units": checked.cost.units,
        "outside_alphabet": list(checked.cost.outside_gsm),
    }


def _named(entry: tuple[str, str, str]) -> dict[str, str]:
    field, code, what = entry
    return {"field": field, "code": code, "what": what}
