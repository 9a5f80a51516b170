"""What stands between a draft of a questionnaire and its patients."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from services.intake.queries.forms import current_form
from services.intake.queries.permissions import missing_permissions
from services.intake.queries.rulebook import Rulebook
from services.intake.rules.compare_forms import choices_of, lost_variables, untranslated
from services.intake.rules.form import Form
from services.intake.rules.rules_that_read import lost_values, needed_by


@dataclass(frozen=True)
class DraftChecks:
    """`lost`: variables (and in `lost_answers` their codes) that a published rule reads and nobody would be asked."""

    lost: list[dict[str, Any]]
    lost_answers: list[dict[str, Any]]
    untranslated: list[str]
    licences: list[dict[str, Any]]

    @property
    def may_publish(self) -> bool:
        return not (self.lost or self.lost_answers or self.untranslated or self.licences)

    def as_json(self) -> dict[str, Any]:
        """As the API tells it."""
        return {
            "lost_variables": [one["variable"] for one in self.lost],
            "needed_by": self.lost,
            "lost_answers": self.lost_answers,
            "untranslated": self.untranslated[:50],
            "licences": self.licences,
        }


def check_draft(session: Session, form: Form, document: Mapping[str, Any], rulebook: Rulebook) -> DraftChecks:
    """Hold a draft against the version in force, the protocol in force, and the permissions recorded."""
    before = current_form(session, form.url)
    protocol = rulebook.protocol
    lost = lost_variables(form, set(protocol.variables), before.variables() if before else ())
    answers = lost_values(protocol, choices_of(form), choices_of(before) if before else {})
    return DraftChecks(
        lost=needed_by(protocol, lost),
        lost_answers=[
            {"variable": name, "codes": codes, "rules": needed_by(protocol, [name])[0]["rules"]}
            for name, codes in answers.items()
        ],
        untranslated=untranslated(form),
        licences=missing_permissions(session, document),
    )
