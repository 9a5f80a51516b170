"""Files posted with a page: judged by their content, then stored with the answer."""

from typing import NamedTuple

from flask import request
from sqlalchemy.orm import Session

from kernel.context import Actor
from services.intake.actions.store_upload import store_upload
from services.intake.model import Submission
from services.intake.queries.drafts import Draft
from services.intake.queries.uploads import count_uploads
from services.intake.rules.form import Item, answers_in
from services.intake.rules.read_page import PageRead
from services.intake.rules.upload_check import MOST_BYTES, UploadVerdict, check_upload

MOST_FILES = 5


class _Sent(NamedTuple):
    item: Item
    name: str
    content: bytes
    verdict: UploadVerdict


def take_files(session: Session, actor: Actor, draft: Draft, page: Item, read: PageRead) -> None:
    """Store the files of `page` and note them in `read.values`; one refused is a fault, and then none is stored.

    A question for several files keeps those that came before.
    """
    submission = draft.submission
    judged: list[_Sent] = []
    for item in answers_in(page):
        sent = request.files.getlist(item.name) if item.kind == "attachment" else []
        for file in sent:
            if not file.filename:
                continue
            content = file.stream.read(MOST_BYTES + 1)
            one = _Sent(item, file.filename, content, check_upload(content, file.mimetype))
            refused = one.verdict.refused or _refused(session, submission, one, len(judged))
            if refused:
                read.faults[item.name] = refused
            judged.append(one)
    if read.faults:
        return
    for one in judged:
        upload = store_upload(
            session,
            actor,
            submission,
            link_id=one.item.link_id,
            name=one.name,
            content=one.content,
            verdict=one.verdict,
        )
        kept = {"id": str(upload.id), "title": one.name[:120]}
        if one.item.repeats:
            before = read.values.get(one.item.link_id) or draft.items.get(one.item.link_id) or ()
            read.values[one.item.link_id] = [*before, kept]
        else:
            read.values[one.item.link_id] = kept


def files_were_sent() -> bool:
    """Did the browser send files with the page? It forgets which, whenever the page is shown again."""
    return any(file.filename for file in request.files.values())


def _refused(session: Session, submission: Submission, sent: _Sent, before: int) -> str:
    item = sent.item
    if item.media_types and sent.verdict.media_type not in item.media_types:
        return "type_not_taken"
    if item.max_bytes and len(sent.content) > item.max_bytes:
        return "too_large"
    return "too_many" if count_uploads(session, submission.id) + before >= MOST_FILES else ""
