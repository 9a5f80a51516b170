"""A sender that dies leaves no letter in doubt that it had not begun to hand over (decision 0135)."""

from collections import Counter
from collections.abc import Sequence
from datetime import timedelta

import pytest
from sqlalchemy.orm import Session

from kernel.failpoints import FailpointRaised, arm
from kernel.ids import new_id
from services.notify.actions.fence_sends import fence_sends
from services.notify.actions.free_sends import free_sends
from services.notify.actions.mark_handover import mark_handover
from services.notify.actions.start_sends import Started, start_sends
from services.notify.rules.compose import ClinicWords
from tests.notify.people import book, book_by_mail, submit
from tests.notify.standing import TUESDAY_TEN, Standing

MAILS = 8


def states(notify: Standing) -> Counter[tuple[str, str]]:
    return Counter((row.state, row.reason) for row in notify.messages(step="booked", channel="email"))


def free(notify: Standing) -> int:
    with notify.store.transaction() as session:
        return free_sends(session, notify.parts.worker_id)


@pytest.mark.fault("F6", "F7")
@pytest.mark.parametrize(
    ("place", "doubtful"),
    [("before_post", 0), ("while_posting", 1), ("after_post", 1)],
)
def test_only_the_letter_being_handed_over_is_in_doubt(notify: Standing, place: str, doubtful: int) -> None:
    addresses = book_by_mail(notify, place, MAILS)
    arm(f"{place}=raise:1")
    try:
        with pytest.raises(FailpointRaised):
            notify.work[0].run(new_id())
    finally:
        arm("")
    assert states(notify) == {("sending", "booking_confirmation"): MAILS}
    assert free(notify) == MAILS
    # Not at once: what kills a worker may do so again.
    again = notify.rows("SELECT due_at FROM planned_message WHERE reason = 'worker_lost' AND state = 'due'")
    assert all(row.due_at > TUESDAY_TEN for row in again)
    expected = {("due", "worker_lost"): MAILS - doubtful, ("unknown", "worker_lost"): doubtful}
    assert states(notify) == {state: count for state, count in expected.items() if count}
    lookups = notify.rows("SELECT message_id FROM send_lookup")
    assert len(lookups) == doubtful, "only what is in doubt is asked about"
    notify.set_clock(TUESDAY_TEN + timedelta(minutes=2))
    notify.send_due()
    ended = Counter(row.state for row in notify.messages(step="booked", channel="email"))
    assert ended == {state: n for state, n in {"sent": MAILS - doubtful, "unknown": doubtful}.items() if n}
    received = [len(notify.mails_to(address)) for address in addresses]
    # What was handed over when the sender died may or may not have been taken; nothing arrives twice.
    assert max(received) == 1
    assert sum(received) == MAILS - (1 if place == "while_posting" else 0)


@pytest.mark.fault("F6", "F7")
def test_what_the_server_took_is_written_down_before_the_next_letter(
    notify: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a kill in the middle of a batch leaves every letter before it in doubt."""
    book_by_mail(notify, "midway", MAILS)
    settled: list[int] = []

    def watching(session: Session, wave: Sequence[Started]) -> list[bool]:
        settled.append(states(notify)[("sent", "booking_confirmation")])
        return fence_sends(session, wave)

    monkeypatch.setattr("services.notify.sending.courier.fence_sends", watching)
    notify.work[0].run(new_id())
    assert settled == list(range(MAILS))


@pytest.mark.fault("F13")
def test_a_frozen_sender_cannot_hand_over_what_was_freed_and_no_mark_is_overlooked(notify: Standing) -> None:
    book_by_mail(notify, "frozen", MAILS)
    clinic = ClinicWords(notify.settings.clinic_name, notify.settings.clinic_phone)
    with notify.store.transaction() as session:
        started = start_sends(
            session, clinic, "frozen", lambda channel, only: "smtp", limit=MAILS, marking=["smtp"]
        )
    first, *others = started
    with notify.store.transaction() as writing:
        assert fence_sends(writing, [first]) == [True]
        # The fence is still open, its mark not committed: the lease of this letter cannot be freed.
        with notify.store.transaction() as session:
            assert free_sends(session, "frozen") == len(others)
        mark_handover(writing, [first])
    with notify.store.transaction() as session:
        assert fence_sends(session, others) == [False] * len(others), "they are due again"
    with notify.store.transaction() as session:
        assert free_sends(session, "frozen") == 1
    assert states(notify) == {("due", "worker_lost"): MAILS - 1, ("unknown", "worker_lost"): 1}


def test_texts_of_a_lost_sender_stay_in_doubt(notify: Standing) -> None:
    book(notify, submit(notify, email="", consent_email=False), TUESDAY_TEN + timedelta(days=9))
    arm("before_post=raise:1")
    try:
        with pytest.raises(FailpointRaised):
            notify.work[0].run(new_id())
    finally:
        arm("")
    assert free(notify) == 1
    (message,) = notify.messages(step="booked", channel="sms")
    assert (message.state, message.reason) == ("unknown", "worker_lost")
