"""Patients want to be written about some things on one channel and not about others: from now on, and what waits."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy.orm import Session

from services.notify.actions.lock_visits_of import lock_visits_of
from services.notify.actions.plan_visit import plan_visit
from services.notify.actions.record_consents import record_consents
from services.notify.actions.stop_topics import stop_topics


def set_topics(
    session: Session, patient_ids: Collection[UUID], channel: str, topics: Mapping[str, bool], source: str
) -> None:
    """Keep the consents, stop what waits on a topic that is False (`no_consent`) and plan coming visits again.

    By the last the other channel takes over what this one may not say, or gives it back. The caller holds the
    contact point's lock; visits are locked before their messages.
    """
    record_consents(session, patient_ids, channel, topics, source)
    visits = lock_visits_of(session, patient_ids)
    unwanted = [topic for topic, given in topics.items() if not given]
    for patient_id in sorted(patient_ids):
        stop_topics(session, patient_id, channel, unwanted)
    for visit in visits:
        plan_visit(session, visit)
