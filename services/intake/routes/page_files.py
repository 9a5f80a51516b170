"""Files posted with a page: judged by their content, then stored with the answer."""

from collections.abc import Iterator
from typing import NamedTuple

from flask import request
from sqlalchemy.orm import Session
from werkzeug.datastructures import FileStorage

from kernel.context import Actor
from services.intake.actions.store_upload import store_upload
from services.intake.model import Submission
from services.intake.queries.drafts import Draft
from services.intake.queries.uploads import count_uploads
from services.intake.rules.form import Item
from services.intake.rules.read_page import PageRead
from services.intake.rules.row_files import PENDING, file_field, put_file
from services.intake.rules.upload_check import MOST_BYTES, UploadVerdict, check_upload

MOST_FILES = 5


class _Sent(NamedTuple):
    item: Item
    field: str
    name: str
    content: bytes
    verdict: UploadVerdict


def await_files(draft: Draft, page: Item, read: PageRead) -> None:
    """Note the files sent with `page` in `read.values` as pending: a question they answer is not left open.

    A question for several files keeps those that came before; in a row, those that stayed ticked.
    """
    for name, item, file in _sent(page):
        if item.repeats and "." not in name:
            read.values.setdefault(item.link_id, list(draft.items.get(item.link_id) or ()))
        put_file(page, read, name, {"id": PENDING, "title": (file.filename or "")[:120]})


def take_files(session: Session, actor: Actor, draft: Draft, page: Item, read: PageRead) -> None:
    """Store the files of `page` and note them in `read.values`; one refused is a fault, and then none is stored."""
    judged: list[_Sent] = []
    for name, item, file in _sent(page):
        content = file.stream.read(MOST_BYTES + 1)
        one = _Sent(item, name, file.filename or "", content, check_upload(content, file.mimetype))
        refused = one.verdict.refused or _refused(session, draft.submission, one, len(judged))
        if refused:
            read.faults[name] = refused
        judged.append(one)
    if read.faults:
        return
    for one in judged:
        upload = store_upload(
            session,
            actor,
            draft.submission,
            link_id=one.item.link_id,
            name=one.name,
            content=one.content,
            verdict=one.verdict,
        )
        put_file(page, read, one.field, {"id": str(upload.id), "title": one.name[:120]})


def _sent(page: Item) -> Iterator[tuple[str, Item, FileStorage]]:
    """Files that came for a question of `page`: one for each that takes one."""
    for name in request.files:
        item = file_field(page, name)
        files = [file for file in request.files.getlist(name) if file.filename] if item is not None else []
        for file in files if item is not None and item.repeats else files[:1]:
            if item is not None:
                yield name, item, file


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
