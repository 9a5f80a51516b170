"""A submission as JSON: answers by variable and by question, scores, safety texts shown, and its history."""

from datetime import datetime
from typing import Any

from sqlalchemy.orm import Session

from services.intake.model import Submission
from services.intake.queries.submissions import notices_of, page_saves_of, referral_of
from services.intake.queries.uploads import uploads_of


def submission_json(session: Session, submission: Submission) -> dict[str, Any]:
    """Everything clinical staff may read of one submission."""
    content = submission.content
    held = content.reveal() if content is not None else {}
    referral = referral_of(session, submission.id)
    flags = submission.flags
    return {
        "id": str(submission.id),
        "patient_id": str(submission.patient_id),
        "status": submission.state,
        "language": submission.language,
        "mode": submission.mode,
        "answered_by": submission.answered_by,
        "author": {
            "kind": submission.author_kind,
            "id": submission.author_id,
            "role": submission.author_role,
        },
        "questionnaire": submission.questionnaire,
        "protocol_version": submission.protocol_version,
        "answers": held.get("answers", {}),
        "items": held.get("items", {}),
        "pages": {
            page: {"mode": saved.get("mode"), "typed_by": saved.get("typed_by")}
            for page, saved in held.get("pages", {}).items()
        },
        "scores": held.get("scores", []),
        "given_up": held.get("given_up", []),
        "flags": flags.reveal() if flags is not None else [],
        "preferred_site": submission.preferred_site,
        "started_at": submission.started_at.isoformat(),
        "submitted_at": _iso(submission.submitted_at),
        "corrects": str(submission.corrects) if submission.corrects else None,
        "referral": {"id": str(referral.referral_id), "state": referral.state} if referral else None,
        "safety_notices": [
            {
                "kind": notice.kind,
                "language": notice.language,
                "text": notice.text.reveal() if notice.text else "",
                "shown_at": notice.shown_at.isoformat(),
                "read_at": _iso(notice.read_at),
            }
            for notice in notices_of(session, submission.id)
        ],
        "uploads": [
            {
                "id": str(upload.id),
                "name": upload.name.reveal() if upload.name else "",
                "media_type": upload.media_type,
                "bytes": upload.bytes,
                "pages": upload.pages,
                "state": upload.state,
                "reason": upload.reason or None,
                "received_at": upload.received_at.isoformat(),
            }
            for upload in uploads_of(session, submission.id)
        ],
        "history": [
            {
                "page": save.page,
                "saved_at": save.saved_at.isoformat(),
                "mode": save.mode or None,
                "author": {"kind": save.author_kind, "id": save.author_id} if save.author_kind else None,
                "items": save.items.reveal() if save.items else {},
            }
            for save in page_saves_of(session, submission.id)
        ],
    }


def _iso(moment: datetime | None) -> str | None:
    return moment.isoformat() if moment else None
