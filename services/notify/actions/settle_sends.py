"""The second transaction of a send: write what became of each attempt, under that attempt's id."""

from collections.abc import Sequence
from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import text
from sqlalchemy.orm import Session

from kernel.arrays import ids_array, numbers_array, texts_array
from kernel.backoff import backoff
from kernel.clock import now
from kernel.ids import new_id
from kernel.rows import cursor
from services.notify.actions.mark_dead import mark_dead
from services.notify.actions.plan_next_channel import plan_next_channel
from services.notify.actions.record_moves import Move, record_moves
from services.notify.actions.start_sends import Started
from services.notify.actions.trip_breaker import trip_breaker
from services.notify.sending.provider import Outcome

LOOKUP_SETTLE = timedelta(seconds=30)
LOCK_DEAD = "SELECT id FROM contact_point WHERE id = ANY(:ids) ORDER BY id FOR NO KEY UPDATE"
# Locked in the order of their ids, as receipts lock them. A row whose lease was freed meanwhile is "unknown" under the
# same attempt: this result is what it waits for.
SETTLE = """
WITH mine AS (SELECT id FROM planned_message WHERE id = ANY(CAST($1 AS uuid[])) ORDER BY id FOR UPDATE)
UPDATE planned_message AS m SET state = v.state, reason = CASE WHEN v.state = 'sent' THEN m.exempt ELSE v.reason END,
    due_at = coalesce(v.due, m.due_at), rung_at = NULL, lease_until = NULL, leased_by = '',
    sent_at = CASE WHEN v.state = 'due' THEN NULL ELSE m.sent_at END,
    unknown_at = CASE WHEN v.state = 'unknown' THEN coalesce(m.unknown_at, CAST($6 AS timestamptz)) END
FROM mine JOIN unnest(CAST($1 AS uuid[]), CAST($2 AS uuid[]), CAST($3 AS text[]),
    CAST($4 AS text[]), CAST($5 AS timestamptz[])) AS v (id, attempt, state, reason, due) ON v.id = mine.id
WHERE m.id = mine.id AND m.attempt_id = v.attempt AND m.state IN ('sending', 'unknown')
RETURNING m.id
"""
ATTEMPTS = """
UPDATE send_attempt AS a SET outcome = v.outcome, http_status = v.status, code = v.code, settled_at = now(),
    provider_message_id = coalesce(a.provider_message_id, v.provider_id)
FROM unnest(CAST($1 AS uuid[]), CAST($2 AS text[]), CAST($3 AS int[]),
    CAST($4 AS text[]), CAST($5 AS text[])) AS v (id, outcome, status, code, provider_id)
WHERE a.id = v.id
"""
LOOKUPS = """
INSERT INTO send_lookup (id, message_id, send_attempt_id, doubtful, due_at)
SELECT v.id, v.message, v.attempt, v.doubtful, :due
FROM unnest(CAST(:ids AS uuid[]), CAST(:messages AS uuid[]), CAST(:attempts AS uuid[]),
    CAST(:doubtful AS boolean[])) AS v (id, message, attempt, doubtful)
ON CONFLICT (send_attempt_id) DO NOTHING
"""


def settle_sends(session: Session, wave: Sequence[Started], outcomes: Sequence[Outcome]) -> None:
    """Settle each send of `wave` with its outcome; rows another attempt has taken over are left alone."""
    at = now(session)
    ends = [_end(sent, outcome, at) for sent, outcome in zip(wave, outcomes, strict=True)]
    # Recipients before messages: the order every transaction here takes its locks in.
    dead = [
        sent.contact_point_id
        for sent, outcome in zip(wave, outcomes, strict=True)
        if outcome.result == "refused" and outcome.permanent
    ]
    if dead:
        session.execute(text(LOCK_DEAD), {"ids": dead})
    own_cursor = cursor(session)
    attempts = ids_array([sent.letter.attempt_id for sent in wave])
    settled = [
        ids_array([sent.letter.message_id for sent in wave]),
        attempts,
        texts_array([state for state, _, _ in ends]),
        texts_array([reason for _, reason, _ in ends]),
        [due for _, _, due in ends],
        at,
    ]
    written = {row.id for row in own_cursor.execute(SETTLE, settled)}
    found = [
        attempts,
        texts_array([outcome.result for outcome in outcomes]),
        numbers_array([outcome.http_status for outcome in outcomes]),
        texts_array([outcome.code for outcome in outcomes]),
        texts_array([outcome.provider_message_id for outcome in outcomes]),
    ]
    own_cursor.execute(ATTEMPTS, found)
    moves = [
        Move(sent.letter.message_id, "sending", state, reason, sent.letter.attempt_id)
        for sent, (state, reason, _) in zip(wave, ends, strict=True)
        if sent.letter.message_id in written
    ]
    record_moves(session, moves, at)
    _ask_later(session, wave, outcomes, written, at)
    failing = {
        sent.provider
        for sent, outcome in zip(wave, outcomes, strict=True)
        if outcome.result in ("unknown", "not_transmitted")
    }
    trip_breaker(session, failing)
    for sent, outcome in zip(wave, outcomes, strict=True):
        if outcome.result == "refused" and outcome.permanent and sent.letter.message_id in written:
            mark_dead(session, sent.contact_point_id, outcome.code, sent.patient_id, sent.appointment_id)
        if outcome.result == "refused" and sent.letter.message_id in written:
            plan_next_channel(session, sent.letter.message_id)


def _end(sent: Started, outcome: Outcome, at: datetime) -> tuple[str, str, datetime | None]:
    """State, reason and new due time for an outcome."""
    if outcome.result == "accepted":
        return "sent", "", None
    if outcome.result == "refused":
        return "failed", f"provider_{outcome.code}" if outcome.code else "provider_refused", None
    if outcome.result == "unknown":
        return "unknown", outcome.code or "no_answer", None
    if outcome.code in ("fence", "no_time"):
        return "due", "", at
    wait = timedelta(seconds=outcome.retry_after) if outcome.retry_after else timedelta()
    reason = "provider_busy" if outcome.http_status else "provider_unreachable"
    return "due", reason, at + max(wait, backoff(sent.attempts, first_seconds=1.0, most_seconds=60.0))


def _ask_later(
    session: Session,
    wave: Sequence[Started],
    outcomes: Sequence[Outcome],
    written: set[UUID],
    at: datetime,
) -> None:
    unknown = [
        (sent, outcome)
        for sent, outcome in zip(wave, outcomes, strict=True)
        if outcome.result == "unknown" and sent.letter.message_id in written
    ]
    if unknown:
        session.execute(
            text(LOOKUPS),
            {
                "ids": [new_id() for _ in unknown],
                "messages": [sent.letter.message_id for sent, _ in unknown],
                "attempts": [sent.letter.attempt_id for sent, _ in unknown],
                "doubtful": [outcome.doubtful for _, outcome in unknown],
                "due": at + LOOKUP_SETTLE,
            },
        )
