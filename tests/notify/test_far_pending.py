"""What every send asks costs the same however many messages wait for later days (decision 0266)."""

import re

import psycopg

from services.notify.actions import tell_states
from services.notify.queries import send_candidates
from tests.conftest import DatabaseFactory

PENDING = """
INSERT INTO planned_message (id, cause_id, step, channel, topic, language, template, planned_for, expires_at, state,
    created_at, due_at)
SELECT gen_random_uuid(), gen_random_uuid(), 'step', 'sms', 'visit', 'en', 'visit_reminder', at, at + interval '1 day',
    'due', now(), at
FROM (SELECT now() + interval '30 days' + n * interval '1 s' AS at FROM generate_series(1, 5000) n) AS later
"""
ASKED = {
    "whether sending is behind": send_candidates.BEHIND,
    "whether sending is behind, by who tells of it": tell_states.BEHIND,
    "what is due": send_candidates.PICK,
    "the nearest visits first": send_candidates.PICK_BEHIND,
    "what goes alone": send_candidates.PICK_SUSPECT,
    "whether anything goes alone": send_candidates.SUSPECT_WAITS,
}


def test_no_question_of_a_send_reads_what_waits_for_later(database: DatabaseFactory) -> None:
    """By the plans PostgreSQL keeps for statements that come again and again: made without knowing the moment."""
    with psycopg.connect(database("notify").owner_url, autocommit=True) as own:
        own.execute(PENDING)
        own.execute("ANALYZE planned_message")
        own.execute("SET plan_cache_mode = force_generic_plan")
        for number, (what, statement) in enumerate(ASKED.items()):
            numbered = re.sub(r"(?<!:):(late|now)\b", "$1", statement).replace(":limit", "$2")
            kinds = "timestamptz, bigint" if "$2" in numbered else "timestamptz"
            own.execute(f"PREPARE asked_{number} ({kinds}) AS {numbered}")
            given = "now(), 8" if "$2" in numbered else "now()"
            plan = "\n".join(
                str(line) for (line,) in own.execute(f"EXPLAIN EXECUTE asked_{number} ({given})").fetchall()
            )
            assert "Seq Scan" not in plan, f"{what}:\n{plan}"
