"""Where patients give up: per page, correct under branching, by language and device."""

from typing import Any

from sqlalchemy import text
from sqlalchemy.orm import Session

# A page counts as reached when it was saved, or when it was the one after the last saved page of a draft that was
# left alone: pages that branching never opened for a patient are not counted against them.
SAVED = """
SELECT save.page, coalesce(save.language, '') AS language, coalesce(save.device, '') AS device,
    count(DISTINCT save.submission_id) AS saved,
    percentile_cont(0.5) WITHIN GROUP (ORDER BY save.seconds) FILTER (WHERE save.seconds IS NOT NULL) AS median
FROM page_save AS save JOIN submission ON submission.id = save.submission_id
WHERE submission.form = :form AND save.saved_at >= :since
GROUP BY GROUPING SETS ((save.page, save.language, save.device), (save.page))
"""
LEFT_ALONE = """
SELECT submission.id, submission.language,
    (SELECT device FROM page_save WHERE submission_id = submission.id ORDER BY id DESC LIMIT 1) AS device
FROM submission WHERE form = :form AND state = 'draft' AND started_at >= :since
    AND saved_at < :now - make_interval(hours => :idle)
ORDER BY id LIMIT 5000
"""


def saved_pages(session: Session, form: str, since: Any) -> list[Any]:
    """(page, language, device, saved, median seconds) of every page saved since `since`; also for all together ("")."""
    return list(session.execute(text(SAVED), {"form": form, "since": since}))


def drafts_left_alone(session: Session, form: str, since: Any, now: Any, idle_hours: int) -> list[Any]:
    """(id, language, device) of drafts nobody has touched for `idle_hours`."""
    values = {"form": form, "since": since, "now": now, "idle": idle_hours}
    return list(session.execute(text(LEFT_ALONE), values))
