"""Keep what patients agreed to be written about on one channel, and what not."""

from collections.abc import Collection, Mapping
from uuid import UUID

from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from kernel.clock import now
from services.notify.model import Consent


def record_consents(
    session: Session, patient_ids: Collection[UUID], channel: str, topics: Mapping[str, bool], source: str
) -> None:
    """Set each topic of `topics` to given (True) or not, for all of `patient_ids`; the other topics stay."""
    at = now(session)
    for patient_id in sorted(patient_ids):
        for topic, given in sorted(topics.items()):
            said = {"given": given, "at": at, "source": source}
            session.execute(
                insert(Consent)
                .values(patient_id=patient_id, channel=channel, topic=topic, **said)
                .on_conflict_do_update(index_elements=["patient_id", "channel", "topic"], set_=said)
            )
