"""A patient said yes or no to messages about their visits, channel by channel."""

from collections.abc import Collection, Sequence
from uuid import UUID

from sqlalchemy.orm import Session

from kernel.contracts.consent import ConsentSaid
from kernel.rows import cursor
from services.notify.rules.cadence import PATIENT_TOPICS

SOURCE = "intake"
# Somebody who named a topic they do not want is not asked into it again by a yes to "messages about my visits": so a no
# to all of them leaves standing who closed a topic before.
AGREE = """
INSERT INTO consent AS known (patient_id, channel, topic, given, at, source)
SELECT patient_id, said.channel, topic, said.given, said.at, $2
FROM unnest($1::uuid[]) AS patient_id,
    unnest($3::text[], $4::boolean[], $5::timestamptz[]) AS said (channel, given, at), unnest($6::text[]) AS topic
ORDER BY patient_id, said.channel, topic
ON CONFLICT (patient_id, channel, topic) DO UPDATE SET given = excluded.given, at = excluded.at,
    source = CASE WHEN known.given OR excluded.given THEN excluded.source ELSE known.source END
WHERE known.at <= excluded.at
    AND NOT (excluded.given AND NOT known.given AND known.topic <> 'visit' AND known.source <> excluded.source)
"""


def agree_by_channel(session: Session, patient_ids: Collection[UUID], said: Sequence[ConsentSaid]) -> None:
    """Keep `said` for every topic a patient can choose; what was said later stays, and so does an unwanted topic."""
    if not said:
        return
    values = [
        list(patient_ids),
        SOURCE,
        [one.channel for one in said],
        [one.given for one in said],
        [one.said_at for one in said],
        list(PATIENT_TOPICS),
    ]
    cursor(session).execute(AGREE, values)
