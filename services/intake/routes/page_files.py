"""Files posted with a page: judged by their content, then stored with the answer."""

from flask import request
from sqlalchemy.orm import Session

from kernel.context import Actor
from services.intake.actions.store_upload import store_upload
from services.intake.model import Submission
from services.intake.queries.uploads import count_uploads
from services.intake.rules.form import Item, answers_in
from services.intake.rules.read_page import PageRead
from services.intake.rules.upload_check import MOST_BYTES, UploadVerdict, check_upload

MOST_FILES = 5


def take_files(session: Session, actor: Actor, submission: Submission, page: Item, read: PageRead) -> None:
    """Store the files of `page` and note them in `read.values`; a refused one is a fault and nothing is stored."""
    for item in answers_in(page):
        sent = request.files.getlist(item.name) if item.kind == "attachment" else []
        kept = []
        for file in sent:
            if not file.filename:
                continue
            content = file.stream.read(MOST_BYTES + 1)
            verdict = check_upload(content, file.mimetype)
            refused = verdict.refused or _refused(session, submission, item, verdict, len(content))
            if refused:
                read.faults[item.name] = refused
                continue
            upload = store_upload(
                session,
                actor,
                submission,
                link_id=item.link_id,
                name=file.filename,
                content=content,
                verdict=verdict,
            )
            kept.append({"id": str(upload.id), "title": file.filename[:120]})
        if kept and item.name not in read.faults:
            read.values[item.link_id] = kept if item.repeats else kept[0]


def _refused(session: Session, submission: Submission, item: Item, verdict: UploadVerdict, size: int) -> str:
    if item.media_types and verdict.media_type not in item.media_types:
        return "type_not_taken"
    if item.max_bytes and size > item.max_bytes:
        return "too_large"
    return "too_many" if count_uploads(session, submission.id) >= MOST_FILES else ""
