"""Files posted with a page: judged by their content, then stored with the answer."""

from flask import request
from sqlalchemy.orm import Session

from kernel.context import Actor
from services.intake.actions.store_upload import store_upload
from services.intake.model import Submission
from services.intake.queries.uploads import count_uploads
from services.intake.rules.form import Item, answers_in
from services.intake.rules.read_page import PageRead
from services.intake.rules.upload_check import MOST_BYTES, check_upload

MOST_FILES = 5


def take_files(session: Session, actor: Actor, submission: Submission, page: Item, read: PageRead) -> None:
    """Store the files of `page` and note them in `read.values`; a refused one is a fault and nothing is stored."""
    for item in answers_in(page):
        file = request.files.get(item.link_id) if item.kind == "attachment" else None
        if file is None or not file.filename:
            continue
        content = file.stream.read(MOST_BYTES + 1)
        verdict = check_upload(content, file.mimetype)
        refused = verdict.refused
        if not refused and item.media_types and verdict.media_type not in item.media_types:
            refused = "type_not_taken"
        if not refused and count_uploads(session, submission.id) >= MOST_FILES:
            refused = "too_many"
        if refused:
            read.faults[item.link_id] = refused
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
        read.values[item.link_id] = {"id": str(upload.id), "title": file.filename[:120]}
