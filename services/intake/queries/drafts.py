"""A draft with everything its pages need."""

from collections.abc import Mapping
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, select
from sqlalchemy.orm import Session

from services.intake.model import Patient, Submission
from services.intake.queries.forms import form_at
from services.intake.rules.branching import Branching
from services.intake.rules.form import Form, Item

_OPEN = (
    select(Submission, Patient)
    .join(Patient, Patient.id == Submission.patient_id)
    .where(Submission.id == bindparam("id"), Submission.state == "draft")
)
_OPEN_LOCKED = _OPEN.with_for_update(of=Submission)


class Draft:
    """One open submission, its patient and the form version it was begun on."""

    def __init__(self, submission: Submission, patient: Patient, form: Form) -> None:
        self.submission = submission
        self.patient = patient
        self.form = form
        content = submission.content
        held = content.reveal() if content is not None else {}
        self.items: Mapping[str, Any] = held.get("items", {})
        self._saves: Mapping[str, Any] = held.get("pages", {})

    @cached_property
    def pages(self) -> list[Item]:
        """The pages open for the answers so far."""
        return Branching(self.form, self.items).open_pages()

    def open_page(self, name: str) -> Item | None:
        """The page of that name in addresses, if it is open."""
        return next((page for page in self.pages if page.name == name), None)

    def page_after(self, page: Item) -> Item | None:
        """The open page that follows `page` in the form's order."""
        order = [one.link_id for one in self.form.pages]
        place = order.index(page.link_id)
        return next((one for one in self.pages if order.index(one.link_id) > place), None)

    def next_open(self) -> Item | None:
        """The first open page that was not saved yet."""
        return next((page for page in self.pages if self.sequence(page) < 0), None)

    def sequence(self, page: Item) -> int:
        """The running number of the page's last save; -1 before the first."""
        return int(self._saves.get(page.link_id, {}).get("sequence", -1))

    def may_show(self, page: Item, device: str) -> bool:
        """True when this browser may see the page's answers: it gave them, or there are none."""
        return bool(self._saves.get(page.link_id, {}).get("by", device) == device)


def draft_of(session: Session, submission_id: UUID, *, lock: bool) -> Draft | None:
    """The draft, locked for this transaction if it is to change; None when it is not a draft any more."""
    row = session.execute(_OPEN_LOCKED if lock else _OPEN, {"id": submission_id}).first()
    if row is None:
        return None
    form = form_at(session, row[0].form, row[0].form_version)
    return None if form is None else Draft(row[0], row[1], form)
