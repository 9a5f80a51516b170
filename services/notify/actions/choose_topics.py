"""A patient said what they want to be written about on one channel, and what not."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.context import Actor
from services.notify.actions.set_topics import set_topics
from services.notify.rules.cadence import PATIENT_TOPICS


def choose_topics(
    session: Session, actor: Actor, patient_ids: Collection[UUID], channel: str, wanted: Collection[str]
) -> None:
    """Give consent for the `wanted` topics and take it back for the others; waiting visits are planned again.

    What waits on a topic that is no longer wanted is stopped, with the reason `no_consent`. The caller holds the
    address's lock.
    """
    set_topics(
        session, patient_ids, channel, {topic: topic in wanted for topic in PATIENT_TOPICS}, "stop_page"
    )
    details = {"channel": channel, "wanted": sorted(set(wanted) & set(PATIENT_TOPICS))}
    for patient_id in sorted(patient_ids):
        record(session, actor, "choose_topics", "patient", patient_id, details=details)
