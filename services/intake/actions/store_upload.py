"""Keep a letter or picture the patient sent with an answer."""

import base64

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from services.intake.model import Submission, Upload
from services.intake.rules.upload_check import UploadVerdict


def store_upload(
    session: Session,
    actor: Actor,
    submission: Submission,
    *,
    link_id: str,
    name: str,
    content: bytes,
    verdict: UploadVerdict,
) -> Upload:
    """Seal and store the file with the verdict on it; a quarantined one is never handed out."""
    upload = Upload(
        id=new_id(),
        submission_id=submission.id,
        link_id=link_id,
        media_type=verdict.media_type,
        bytes=len(content),
        pages=verdict.pages,
        state="quarantined" if verdict.quarantined else "clean",
        reason=verdict.quarantined,
        received_at=now(session),
    )
    upload.name = name[:120]
    upload.content = base64.b64encode(content).decode()
    session.add(upload)
    details = {"bytes": len(content), "type": verdict.media_type}
    record(session, actor, "store_upload", "upload", upload.id, reason=upload.state, details=details)
    return upload
