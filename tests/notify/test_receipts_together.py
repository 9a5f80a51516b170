"""Receipts taken together do exactly what the same receipts do one by one."""

import random
from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.ids import new_id
from services.notify.actions.take_receipt import Report, take_receipt
from services.notify.actions.take_receipts import is_plain, take_receipts
from tests.notify.people import book, submit
from tests.notify.standing import TUESDAY_TEN, Standing

PAIRS = 12
WORDS = ("queued", "sending", "sent", "delivered", "read")


def attempts_in_every_state(notify: Standing) -> list[tuple[UUID, str]]:
    """Attempt and provider id of texts of which a third each is sending, unknown and sent."""
    notify.carrier.put("/carrier/faults", json={"mode": "callback_never"})
    for number in range(PAIRS * 2):
        patient = submit(notify, phone=f"+1816558{number:04d}", email="", consent_email=False)
        book(notify, patient, TUESDAY_TEN + timedelta(days=9))
    notify.send_due()
    rows = notify.rows(
        "SELECT a.id, a.provider_message_id AS sid, a.message_id FROM send_attempt a ORDER BY a.message_id"
    )
    assert len(rows) == PAIRS * 2
    for number, row in enumerate(rows):
        state = ("sending", "unknown", "sent")[number // 2 % 3]
        notify.rows(
            "UPDATE planned_message SET state = CAST(:state AS text),"
            " unknown_at = CASE WHEN :state = 'unknown' THEN now() END WHERE id = :id RETURNING 1",
            state=state,
            id=row.message_id,
        )
        if state != "sent":
            notify.rows(
                "UPDATE send_attempt SET provider_message_id = NULL WHERE id = :id RETURNING 1", id=row.id
            )
    return [(row.id, row.sid) for row in rows]


def what_became_of(notify: Standing, attempts: list[tuple[UUID, str]]) -> list[Any]:
    found = []
    for attempt, sid in attempts:
        message = notify.rows(
            "SELECT m.id, m.state, m.reason, m.delivered_at IS NULL, m.unknown_at IS NULL, m.leased_by,"
            " a.outcome, a.provider_message_id FROM send_attempt a JOIN planned_message m"
            " ON m.id = a.message_id WHERE a.id = :id",
            id=attempt,
        )[0]
        moves = notify.rows(
            "SELECT from_state, to_state, reason FROM message_move WHERE message_id = :id ORDER BY id",
            id=message.id,
        )
        receipts = notify.rows(
            "SELECT status, fate, send_attempt_id = :attempt FROM receipt"
            " WHERE provider_message_id = :sid OR send_attempt_id = :attempt ORDER BY status, fate",
            sid=sid,
            attempt=attempt,
        )
        known = message.provider_message_id == sid
        found.append((message[1:7], known, [tuple(m) for m in moves], [tuple(r) for r in receipts]))
    return found


@pytest.mark.capability("N6")
def test_together_they_do_what_they_do_one_by_one(notify: Standing) -> None:
    attempts = attempts_in_every_state(notify)
    twins = attempts[0::2], attempts[1::2]
    dice = random.Random(20261126)
    said = [(dice.randrange(PAIRS), dice.choice(WORDS), dice.random() < 0.1) for _ in range(PAIRS * 8)]

    def reports(which: list[tuple[UUID, str]]) -> list[Report]:
        strange = "SM" + "e" * 31 + ("1" if which is twins[0] else "2")
        return [
            Report(strange if odd else which[pair][1], word, "", which[pair][0]) for pair, word, odd in said
        ]

    with notify.store.transaction() as session:
        together = take_receipts(session, reports(twins[0]))
    alone = []
    for report in reports(twins[1]):
        with notify.store.transaction() as session:
            alone.append(take_receipt(session, report))
    assert together == alone
    assert {"applied", "stale", "repeated", "quarantined"} <= set(alone)
    assert what_became_of(notify, twins[0]) == what_became_of(notify, twins[1])


def test_what_may_take_a_recipients_lock_is_not_taken_together() -> None:
    attempt = new_id()
    assert is_plain(Report("SM1", "delivered", "", attempt))
    assert not is_plain(Report("SM1", "undelivered", "30005", attempt))
    assert not is_plain(Report("SM1", "teleported", "", attempt))
    assert not is_plain(Report("SM1", "delivered", "", None))
