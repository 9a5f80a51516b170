"""Save one page of a draft: answers, scores, red flags and their call-back task, all in one transaction."""

from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from typing import Any

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.evidence import FieldError
from kernel.ids import new_id
from kernel.rows import add_row, write_changes
from services.intake.actions.finish_submission import finish_submission
from services.intake.actions.record_flags import record_flags
from services.intake.actions.show_safety_text import show_safety_text
from services.intake.model import PageSave, Patient, Submission
from services.intake.queries.drafts import Draft
from services.intake.queries.rulebook import Rulebook
from services.intake.questionnaires import instruments
from services.intake.rules.answer_variables import to_variables
from services.intake.rules.follow_up import follow_up
from services.intake.rules.form import Form, Item, walk
from services.intake.rules.harm_words import speaks_of_self_harm
from services.intake.rules.how_given import how_given
from services.intake.rules.longer_than_life import longer_than_life
from services.intake.rules.plain_answers import plain_answers

TEXT_ALERT = "self_harm_free_text"


@dataclass(frozen=True)
class PageVisit:
    """How a page came to be saved: the browser's running number, its own id, and seconds since it was shown.

    `seen` is the running number of the page's last save when it was shown, -1 for none: the version it was read at.
    `mode` is how the answers are given: self, kiosk, phone, paper.
    """

    sequence: int
    device: str
    language: str
    seen: int = -1
    seconds: int | None = None
    device_kind: str = ""
    mode: str = ""


@dataclass(frozen=True)
class Saved:
    """What the save led to: the draft as it is now, and `urgent`: E, S or None.

    `faults` (by linkId) and `conflict` mean nothing was stored; `ignored` that a later save of the page was there.
    """

    draft: Draft
    urgent: str | None = None
    notice: str | None = None
    faults: Mapping[str, str] = field(default_factory=dict)
    ignored: bool = False
    conflict: bool = False


def save_page(
    session: Session,
    actor: Actor,
    draft: Draft,
    *,
    rulebook: Rulebook,
    page: Item,
    values: Mapping[str, Any],
    visit: PageVisit,
    only_if_urgent: bool = False,
) -> Saved:
    """Merge `values` (None takes an answer back) into the draft and act on the red flags now true.

    A save that comes after a later one of the same page from the same device is ignored, unless the page was shown with
    that later one: then it is newer, whatever the device's clock says. One of a page that another device saved since it
    was shown is a conflict, and the patient decides. An emergency flag ends the draft. With
    `only_if_urgent` nothing is stored unless an emergency flag fires: the page has mistakes to correct first.
    """
    submission, form = draft.submission, draft.form
    last = draft.sequence(page)
    if visit.sequence <= last and visit.seen != last and draft.may_show(page, visit.device):
        return Saved(draft, ignored=True)
    conflict = draft.changed_elsewhere(page, visit.device, visit.seen)
    items = draft.answers_with(values)
    alerted = _speaks_of_harm(form, values)
    if alerted and TEXT_ALERT in form.by_id:
        items = {**items, TEXT_ALERT: True}
    given_up: set[str] = set()
    items, scores = follow_up(
        form, items, instruments(), rulebook.protected, purse=draft.purse, given_up=given_up
    )
    answers = to_variables(form, items, rulebook.units, rulebook.protected, draft.purse)
    if alerted and TEXT_ALERT in rulebook.units:
        answers[TEXT_ALERT] = True
    typed, errors = rulebook.protocol.check_answers(answers)
    # What stands on another page cannot be put right on this one.
    here = {one.variable for one in walk(page)}
    too_long = (name for name in longer_than_life(typed, rulebook.units) if name in here)
    errors += [FieldError(name, "before_birth") for name in too_long]
    flags = rulebook.flags(typed)
    if (errors or only_if_urgent or conflict) and not any(flag.action == "E" for flag in flags):
        return Saved(draft, faults=_by_link_id(form, errors), conflict=conflict)
    # Two devices' clocks differ: what the second saves knowing of the first comes after it.
    saved = {"sequence": max(visit.sequence, last + 1), "by": visit.device, **_given(actor, visit)}
    held: dict[str, Any] = {
        "items": items,
        "answers": plain_answers(typed),
        "pages": {**draft.saves, page.link_id: saved},
        "scores": scores,
        **({"given_up": sorted(given_up)} if given_up else {}),
        **({"begun": draft.begun, "begun_by": draft.begun_by} if draft.begun else {}),
    }
    submission.version += 1
    submission.page = page.link_id
    submission.language = visit.language
    submission.mode = how_given(held["pages"], submission.mode)
    submission.saved_at = now(session)
    submission.protocol_version = rulebook.protocol.version
    submission.preferred_site = str(items.get("preferred_site") or submission.preferred_site)
    submission.content = held
    _keep_history(session, actor, submission, page, values=values, visit=visit)
    record(session, actor, "save_page", "submission", submission.id, details={"page": page.link_id})
    urgent = record_flags(session, actor, submission, rulebook, flags)
    notice = show_safety_text(session, submission, flags, urgent)
    if urgent == "E":
        patient = session.get_one(Patient, submission.patient_id)
        finish_submission(session, actor, submission, patient, rulebook=rulebook, answers=typed, stopped=True)
    write_changes(session, submission)
    return Saved(Draft(submission, form, held, draft.purse), urgent, notice)


def _speaks_of_harm(form: Form, values: Mapping[str, Any]) -> bool:
    """Words of self-harm in any text answer, of any questionnaire, count as an answer; they are not unsaid."""
    return any(
        speaks_of_self_harm(text) for key, value in values.items() for text in _texts(form, key, value)
    )


def _texts(form: Form, link_id: str, value: Any) -> Iterator[str]:
    item = form.by_id[link_id]
    if isinstance(value, list):
        for one in value:
            yield from _texts(form, link_id, one)
    elif isinstance(value, Mapping) and item.kind == "group":
        for column, inner in value.items():
            yield from _texts(form, column, inner)
    elif isinstance(value, Mapping) and item.kind == "open-choice":
        yield str(value.get("text", ""))
    elif isinstance(value, str) and item.kind in ("text", "string"):
        yield value


def _by_link_id(form: Form, errors: Any) -> dict[str, str]:
    """The protocol's refusals, at the questions that caused them."""
    asks = {item.variable: item.link_id for item in form.by_id.values() if item.variable}
    return {asks.get(error.field.partition("[")[0], error.field): error.code for error in errors}


def _given(actor: Actor, visit: PageVisit) -> dict[str, str]:
    """How the page was given, and the member of staff who typed it."""
    typed = {"typed_by": actor.id} if actor.kind == "staff" else {}
    return {**({"mode": visit.mode} if visit.mode else {}), **typed}


def _keep_history(
    session: Session,
    actor: Actor,
    submission: Submission,
    page: Item,
    *,
    values: Mapping[str, Any],
    visit: PageVisit,
) -> None:
    save = PageSave(
        id=new_id(),
        submission_id=submission.id,
        page=page.link_id,
        sequence=visit.sequence,
        language=visit.language,
        device=visit.device_kind,
        seconds=visit.seconds,
        mode=visit.mode,
        author_kind=actor.kind,
        author_id=actor.id,
        saved_at=now(session),
    )
    save.items = dict(values)
    add_row(session, save)
