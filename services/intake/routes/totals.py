"""What a page works out of the answers, as it is told: with what is typed now, never an older total."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from services.intake.model import PatientLink
from services.intake.queries.drafts import Draft
from services.intake.queries.reading_rights import may_read
from services.intake.queries.rulebook import current_rulebook
from services.intake.questionnaires import instruments
from services.intake.routes import visitor
from services.intake.rules.answer_words import answer_words
from services.intake.rules.follow_up import follow_up, totals_on
from services.intake.rules.form import Item
from services.intake.texts import texts

NOTHING = "–"


class Totals:
    """The totals of one page. `items` are the answers given, with them: what opens by a total opens by these.

    A total can say what somebody answered on another device; to whoever only holds the link it is not told.
    """

    def __init__(
        self, session: Session, link: PatientLink, draft: Draft, page: Item, given: Mapping[str, Any]
    ) -> None:
        self._here = totals_on(draft.form, page, instruments())
        self._given_up: set[str] = set()
        self._told = True
        self.items: Mapping[str, Any] = given
        if self._here or (draft.form.calculated and given != draft.items):
            self._work_out(session, draft, given)
        if self._here:
            device = visitor.device()
            self._told = draft.only_by(device) or may_read(session, link, device)

    def _work_out(self, session: Session, draft: Draft, given: Mapping[str, Any]) -> None:
        answers = {key: value for key, value in given.items() if value is not None}
        protected = current_rulebook(session).protected
        found, _ = follow_up(
            draft.form, answers, instruments(), protected, purse=draft.purse, given_up=self._given_up
        )
        made = [*draft.form.calculated, *self._here]
        self.items = {**given, **{item.link_id: found.get(item.link_id) for item in made}}

    def words(self, language: str) -> dict[str, str]:
        """By linkId, what stands on the page for each total."""
        return {item.link_id: self._said(item, language) for item in self._here}

    def words_by_name(self, language: str) -> dict[str, str]:
        """The same by the names that fields have."""
        return {item.name: self._said(item, language) for item in self._here}

    def _said(self, item: Item, language: str) -> str:
        t = texts(language)
        if not self._told:
            return str(t["total_not_here"])
        if item.link_id in self._given_up:
            return str(t["total_given_up"])
        return ", ".join(answer_words(item, self.items.get(item.link_id), language, t)) or NOTHING
