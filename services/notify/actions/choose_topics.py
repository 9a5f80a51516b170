"""A patient said what they want to be written about on one channel, and what not."""

from collections.abc import Collection
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.audit import record
from kernel.clock import now
from kernel.context import Actor
from services.notify.actions.plan_visits_of import plan_visits_of
from services.notify.actions.stop_topics import stop_topics
from services.notify.model import Consent
from services.notify.rules.cadence import PATIENT_TOPICS


def choose_topics(
    session: Session, actor: Actor, patient_ids: Collection[UUID], channel: str, wanted: Collection[str]
) -> None:
    """Give consent for the `wanted` topics and take it back for the others; waiting visits are planned again.

    What waits on a topic that is no longer wanted is stopped, with the reason `no_consent`. The caller holds the
    address's lock.
    """
    at = now(session)
    for patient_id in sorted(patient_ids):
        for topic in PATIENT_TOPICS:
            said = {"given": topic in wanted, "at": at, "source": "stop_page"}
            session.execute(
                insert(Consent)
                .values(patient_id=patient_id, channel=channel, topic=topic, **said)
                .on_conflict_do_update(index_elements=["patient_id", "channel", "topic"], set_=said)
            )
        details = {"channel": channel, "wanted": sorted(set(wanted) & set(PATIENT_TOPICS))}
        record(session, actor, "choose_topics", "patient", patient_id, details=details)
    session.flush()
    unwanted = [topic for topic in PATIENT_TOPICS if topic not in wanted]
    for patient_id in sorted(patient_ids):
        stop_topics(session, patient_id, channel, unwanted)
    plan_visits_of(session, sorted(patient_ids))
