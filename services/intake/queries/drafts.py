"""A draft with everything its pages need."""

from collections.abc import Iterator, Mapping
from functools import cached_property
from typing import Any
from uuid import UUID

from sqlalchemy import bindparam, func, select
from sqlalchemy.orm import Session

from kernel.clock import started_at
from services.intake.model import PatientLink, Submission
from services.intake.queries.forms import form_at
from services.intake.rules.answer_rows import as_asked
from services.intake.rules.branching import Branching
from services.intake.rules.evaluate_expression import ALL_STEPS_MAX, Purse
from services.intake.rules.form import Form, Item, answers_in
from services.intake.rules.initial_answers import answers_nobody_gives

_OPEN = select(Submission).where(Submission.id == bindparam("id"), Submission.state == "draft")
_OPEN_LOCKED = _OPEN.with_for_update(of=Submission)
_BEHIND_LOCKED = (
    select(PatientLink, Submission, func.now().label("now"))
    .join(Submission, Submission.id == PatientLink.submission_id)
    .where(PatientLink.id == bindparam("id"), PatientLink.purpose == "answer", Submission.state == "draft")
    .with_for_update(of=Submission)
)


class Draft:
    """One open submission and the form version it was begun on."""

    def __init__(
        self,
        submission: Submission,
        form: Form,
        held: Mapping[str, Any] | None = None,
        purse: Purse | None = None,
    ) -> None:
        """`held` is what the submission's sealed content says, when the caller has just opened or made it; `purse` has
        the steps that expressions may take in what is left of this request.
        """
        self.submission = submission
        self.form = form
        if held is None:
            content = submission.content
            held = content.reveal() if content is not None else {}
        self.items: Mapping[str, Any] = as_asked(form, held.get("items", {}))
        self.saves: Mapping[str, Any] = held.get("pages", {})
        #: First answers by linkId that were worked out when the draft was begun, and the browser they may be shown in.
        self.begun: Mapping[str, Any] = held.get("begun", {})
        self.begun_by = str(held.get("begun_by", ""))
        self.purse = purse or Purse(ALL_STEPS_MAX)

    @cached_property
    def _branching(self) -> Branching:
        return Branching(self.form, self.items, purse=self.purse)

    @cached_property
    def pages(self) -> list[Item]:
        """The pages open for the answers so far."""
        return self._branching.open_pages()

    def open_page(self, name: str) -> Item | None:
        """The page of that name in addresses, if it is open."""
        return next(
            (page for page in self.form.pages if page.name == name and self._branching.shows(page)), None
        )

    def page_after(self, page: Item) -> Item | None:
        """The open page that follows `page` in the form's order."""
        following: Iterator[Item] = iter(self.form.pages)
        next((one for one in following if one.link_id == page.link_id), None)
        return next((one for one in following if self._branching.shows(one)), None)

    def next_open(self) -> Item | None:
        """The first open page that was not saved yet."""
        return next(
            (page for page in self.form.pages if not self.is_saved(page) and self._branching.shows(page)),
            None,
        )

    @cached_property
    def _unasked(self) -> Mapping[str, Any]:
        """First answers by linkId that nobody is asked for."""
        by_id = self.form.by_id
        hold = {key: value for key, value in self.begun.items() if not by_id[key].is_shown_to_change}
        return {**answers_nobody_gives(self.form), **hold}

    def answers_with(self, values: Mapping[str, Any]) -> dict[str, Any]:
        """The answers with `values` of a page, None taking one back; with first answers that nobody is asked for.

        A save puts answers to closed questions away; when such a question opens that nobody is asked, its answer holds.
        """
        given = {key: value for key, value in {**self.items, **values}.items() if value is not None}
        return {**self._unasked, **given}

    def sequence(self, page: Item) -> int:
        """The running number of the page's last save; -1 before the first."""
        return int(self.saves.get(page.link_id, {}).get("sequence", -1))

    def is_saved(self, page: Item) -> bool:
        """True when the page was saved, with answers or passed over."""
        return self.sequence(page) >= 0

    def may_show(self, page: Item, device: str) -> bool:
        """True when this browser may see the page's answers: it gave them, or there are none."""
        return bool(self.saves.get(page.link_id, {}).get("by", device) == device)

    def only_by(self, device: str) -> bool:
        """True when nobody but this browser saved a page, or said who the patient is where that is among the answers:
        what follows from them, its user gave.
        """
        told = self.answers_with({})
        said = any(self._tells_of_patient(link_id) for link_id in self.begun if link_id in told)
        known = not said or self.begun_by == device
        return known and all(save.get("by") == device for save in self.saves.values())

    def begun_on(self, page: Item, device: str, *, reads_back: bool) -> dict[str, Any]:
        """First answers worked out for the questions of `page` that this browser may be shown.

        Who only holds the link is told nothing of the patient: that needs the one-time code.
        """
        may = reads_back or (bool(device) and self.begun_by == device)
        return {
            item.link_id: self.begun[item.link_id]
            for item in answers_in(page)
            if item.is_shown_to_change and item.link_id in self.begun
            if may or not self._tells_of_patient(item.link_id)
        }

    def _tells_of_patient(self, link_id: str) -> bool:
        item = self.form.by_id.get(link_id)
        return item is not None and item.begun is not None and item.begun.personal

    def changed_elsewhere(self, page: Item, device: str, seen: int) -> bool:
        """True when another browser saved the page since this one was shown it at the save numbered `seen`."""
        return not self.may_show(page, device) and seen != self.sequence(page)


def draft_of(session: Session, submission_id: UUID, *, lock: bool) -> Draft | None:
    """The draft, locked for this transaction if it is to change; None when it is not a draft any more."""
    submission = session.scalars(_OPEN_LOCKED if lock else _OPEN, {"id": submission_id}).first()
    if submission is None:
        return None
    form = form_at(session, submission.form, submission.form_version)
    return None if form is None else Draft(submission, form)


def draft_by_link(session: Session, link_id: UUID) -> tuple[PatientLink, Draft] | None:
    """An answering link and the open draft behind it, locked, by one statement; the link may have ended.

    None when there is no draft: why, the link itself says.
    """
    row = session.execute(_BEHIND_LOCKED, {"id": link_id}).first()
    if row is None:
        return None
    started_at(session, row.now)
    form = form_at(session, row[1].form, row[1].form_version)
    return None if form is None else (row[0], Draft(row[1], form))
