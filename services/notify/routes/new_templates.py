"""Messages that did not exist: their first words in both languages, stored together."""

from typing import Any

from apiflask import APIBlueprint
from sqlalchemy.orm import Session

from kernel.database import Database
from kernel.web.idempotency import Reply, once
from kernel.web.principal import allow, principal
from kernel.web.problems import FieldProblem, Problem, conflict, invalid
from services.notify.actions.publish_template import publish_template
from services.notify.queries.templates import templates_in_force
from services.notify.routes.templates import EDITS
from services.notify.schemas import NewTemplateIn, RecordOut
from services.notify.texts.check_wording import check_wording

# Words sent in answer to a patient are chosen by code, by these names; a cadence cannot use them.
KEPT_FOR_ANSWERS = ("reply_", "opt_", "help", "quick_")


def new_template_routes(database: Database) -> APIBlueprint:
    """Return the blueprint of `/templates/new`."""
    routes = APIBlueprint("new_templates", __name__)

    @routes.post("/templates/new")
    @allow(roles=EDITS)
    @routes.input(NewTemplateIn)
    @routes.output(RecordOut, status_code=201)
    def add(json_data: NewTemplateIn) -> Any:
        """Add a message under a name of its own, in both languages; 409 `name_taken` when it exists."""
        who = principal()
        if json_data.name.startswith(KEPT_FOR_ANSWERS):
            raise invalid([FieldProblem("name", "kept_for_answers")])
        words = {"en": json_data.en, "es": json_data.es}
        faults = [
            FieldProblem(f"{language}.{field}", code)
            for language, said in words.items()
            for field, code, _ in check_wording(
                json_data.channel, "es" if language == "es" else "en", said.subject, said.body
            ).refusals
        ]
        if faults:
            raise Problem(
                422,
                "wording_refused",
                "These words cannot be used.",
                detail="Nothing was stored. Correct the words named and send again.",
                errors=faults,
            )

        def deed(session: Session) -> Reply:
            taken = {(name, channel) for name, channel, _ in templates_in_force(session)}
            if (json_data.name, json_data.channel) in taken:
                raise conflict("name_taken", "There is such a message already. Change its words instead.")
            key = {"name": json_data.name, "channel": json_data.channel}
            for language, said in words.items():
                publish_template(session, who.actor, **key, language=language, **said.model_dump())
            return Reply({**key, "languages": list(words)}, 201)

        return once(database, who.client, deed).as_flask()

    return routes
