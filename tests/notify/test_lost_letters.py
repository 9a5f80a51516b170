"""A sender that dies leaves no letter in doubt that it had not begun to hand over (decision 0135)."""

import threading
from collections import Counter
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import select, text

from kernel.context import Actor
from kernel.failpoints import FailpointRaised, arm
from kernel.ids import new_id
from services.notify.actions.fence_sends import fence_sends
from services.notify.actions.free_sends import free_sends
from services.notify.actions.mark_handover import mark_handover
from services.notify.actions.opt_out import opt_out
from services.notify.actions.start_sends import start_sends
from services.notify.model import ContactPoint
from services.notify.rules.compose import ClinicWords
from services.notify.sending import smtp_mail
from services.notify.sending.provider import Outcome
from tests.local.standins import until
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
    # A mail server has no list: to ask it again within the hour would keep workers from their texts.
    notify.work[1].run(new_id())
    later = notify.rows("SELECT due_at FROM send_lookup WHERE state = 'due'")
    assert [row.due_at > TUESDAY_TEN + timedelta(hours=1) for row in later] == [True] * doubtful
    # What was handed over when the sender died may or may not have been taken; nothing arrives twice.
    assert max(received) == 1
    assert sum(received) == MAILS - (1 if place == "while_posting" else 0)


@pytest.mark.fault("F6", "F7")
def test_what_the_server_took_is_written_down_before_the_next_letters_text(
    notify: Standing, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Else a kill in the middle of a batch leaves every letter before it in doubt."""
    book_by_mail(notify, "midway", MAILS)
    settled: list[int] = []

    hand_over = smtp_mail._Mail.finish

    def watching(mail: smtp_mail._Mail) -> Outcome:
        settled.append(states(notify)[("sent", "booking_confirmation")])
        return hand_over(mail)

    monkeypatch.setattr(smtp_mail._Mail, "finish", watching)
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


def test_nobody_waits_for_a_mail_server_that_is_slow_to_open_an_envelope(notify: Standing) -> None:
    """While it thinks about RCPT no lock is held: a STOP of that patient commits at once, and the letter does not go."""
    (address,) = book_by_mail(notify, "slow", 1)
    fault = {"mode": "slow", "when": "before", "to": address, "seconds": 2.5, "count": 1}
    assert notify.mailbox.put("/mail/faults", json=fault).status_code == 200
    (message,) = notify.messages(step="booked", channel="email")
    sender = threading.Thread(target=notify.work[0].run, args=(new_id(),))
    sender.start()
    until(lambda: notify.messages(step="booked", channel="email")[0].state == "sending")
    with notify.store.transaction() as session:
        session.connection().exec_driver_sql("SET LOCAL lock_timeout = '1s'")
        point = session.scalars(
            select(ContactPoint).where(ContactPoint.id == message.contact_point_id).with_for_update()
        ).one()
        opt_out(session, point, Actor("patient", "p"), "stop_page")
    assert sender.is_alive(), "the server was still thinking"
    sender.join()
    assert notify.states(step="booked")["booked", "email"] == ("due", "")
    notify.send_due()
    assert notify.states(step="booked")["booked", "email"] == ("suppressed", "opted_out")
    assert notify.mails_to(address) == []


@pytest.mark.fault("F10")
def test_a_letter_that_ends_its_sender_three_times_is_given_up_and_its_siblings_arrive(
    notify: Standing,
) -> None:
    """From the second time on it goes alone; at the third staff are told and the visit is put on the call list."""
    addresses = book_by_mail(notify, "beside", MAILS)
    patient = submit(notify, phone="", email="poison@example.test", consent_sms=False)
    visit = book(notify, patient, TUESDAY_TEN + timedelta(days=9))
    notify.rows(
        "UPDATE planned_message SET step = 'poison' WHERE appointment_id = :visit AND step = 'booked'"
        " AND channel = 'email' RETURNING 1",
        visit=visit,
    )
    arm("before_post_of@poison=raise:1")
    ended, beside = 0, list[str]()
    try:
        for turn in range(1, 12):
            at = TUESDAY_TEN + timedelta(minutes=2 * turn)
            if ended == 2 and not beside:
                waits_for_something_else(notify, visit, at)
                # Due with it, and not to be lost with it.
                beside = book_by_mail(notify, "later", 1)
            notify.set_clock(at)
            try:
                notify.send_due()
            except FailpointRaised:
                ended += 1
            free(notify)
    finally:
        arm("")
    assert ended == 3
    assert notify.states(appointment_id=visit)["poison", "email"] == ("failed", "worker_lost_often")
    assert [len(notify.mails_to(address)) for address in addresses + beside] == [1] * (MAILS + 1)
    lost = "SELECT count(*) FROM message_move WHERE reason = 'worker_lost' GROUP BY message_id ORDER BY 1"
    assert notify.rows(lost)[-1] == (3,)
    assert len(notify.rows(lost)) <= MAILS + 1, "the letter beside it at its third time was never lost"
    assert notify.mails_to("poison@example.test") == []
    items = notify.rows("SELECT kind, code FROM staff_item ORDER BY kind")
    assert [tuple(row) for row in items] == [
        ("call_patient", "worker_lost_often"),
        ("send_gave_up", "worker_lost_often"),
    ]


def waits_for_something_else(notify: Standing, visit: UUID, at: datetime) -> None:
    """Let the suspect of `visit` be put off because its recipient is locked, until some seconds before `at`."""
    (suspect,) = notify.messages(appointment_id=visit, step="poison")
    assert (suspect.reason, suspect.goes_alone) == ("worker_lost_again", True)
    notify.set_clock(at - timedelta(seconds=30))
    with notify.store.transaction() as busy:
        busy.execute(
            text("SELECT 1 FROM contact_point WHERE id = :id FOR UPDATE"), {"id": suspect.contact_point_id}
        )
        notify.work[0].run(new_id())
    (suspect,) = notify.messages(appointment_id=visit, step="poison")
    assert (suspect.reason, suspect.goes_alone) == ("", True)


@pytest.mark.fault("F10")
def test_a_text_that_ends_its_sender_is_asked_about_each_time_and_then_a_person_calls(
    notify: Standing,
) -> None:
    """What may have reached the carrier is never sent again before the carrier has said that it has it not."""
    phone = "+18165550171"
    visit = book(
        notify, submit(notify, phone=phone, email="", consent_email=False), TUESDAY_TEN + timedelta(days=9)
    )
    arm("before_post=raise:1")
    try:
        for turn in range(3):
            notify.set_clock(TUESDAY_TEN + timedelta(minutes=10 * turn + 1))
            with pytest.raises(FailpointRaised):
                notify.work[0].run(new_id())
            assert free(notify) == 1
            assert notify.states(appointment_id=visit)["booked", "sms"] == ("unknown", "worker_lost")
            notify.set_clock(TUESDAY_TEN + timedelta(minutes=10 * turn + 5))
            notify.work[1].run(new_id())
    finally:
        arm("")
    assert notify.states(appointment_id=visit)["booked", "sms"] == ("failed", "worker_lost_often")
    assert notify.texts_to(phone) == []
    kinds = [row.kind for row in notify.rows("SELECT kind FROM staff_item ORDER BY kind")]
    assert kinds == ["call_patient", "send_gave_up"]


@pytest.mark.fault("F10")
def test_a_look_up_that_ends_its_worker_three_times_is_told_to_staff_and_asked_seldom_and_alone(
    notify: Standing,
) -> None:
    phones = [f"+181655502{n}" for n in range(71, 75)]
    visits = [
        book(notify, submit(notify, phone=phone, email=""), TUESDAY_TEN + timedelta(days=9))
        for phone in phones
    ]
    notify.carrier.put("/carrier/faults", json=[{"mode": "error_500_after"}, {"mode": "callback_never"}])
    notify.work[0].run(new_id())
    assert notify.states(step="booked")["booked", "sms"][0] == "unknown"
    notify.rows(
        "UPDATE planned_message SET step = 'poison' WHERE appointment_id = :visit AND step = 'booked' RETURNING 1",
        visit=visits[0],
    )
    arm("before_lookup_of@poison=raise:1")
    ended = 0
    try:
        for turn in range(1, 7):
            notify.set_clock(TUESDAY_TEN + timedelta(minutes=1, seconds=8 * turn))
            for lookup in notify.rows("SELECT id FROM send_lookup WHERE state = 'due' ORDER BY id"):
                try:
                    notify.work[1].run(lookup.id)
                except FailpointRaised:
                    ended += 1
            with notify.store.transaction() as session:
                notify.work[1].free(session, notify.parts.worker_id)
    finally:
        arm("")
    assert ended == 3
    assert notify.states(appointment_id=visits[0])["poison", "sms"][0] == "unknown"
    for visit in visits[1:]:
        assert notify.states(appointment_id=visit)["booked", "sms"][0] in ("sent", "delivered")
    assert [len(notify.texts_to(phone)) for phone in phones] == [1] * len(phones)
    # Not after a quarter of an hour, as other doubts.
    items = "SELECT kind, code, state FROM staff_item"
    assert [tuple(row) for row in notify.rows(items)] == [("unknown_send", "lookup_lost_often", "open")]
    (left,) = notify.rows("SELECT id, due_at, losses FROM send_lookup WHERE state = 'due'")
    assert left.losses == 3
    assert left.due_at >= TUESDAY_TEN + timedelta(minutes=2), "a minute's rest"
    # It was no fault of its own: asked once more, it is settled, and so is the item.
    notify.set_clock(left.due_at + timedelta(seconds=1))
    notify.work[1].run(left.id)
    assert notify.states(appointment_id=visits[0])["poison", "sms"][0] in ("sent", "delivered")
    notify.jobs()
    assert [row.state for row in notify.rows(items)] == ["closed"]
    assert len(notify.texts_to(phones[0])) == 1


@pytest.mark.fault("F10", "F12")
def test_what_is_too_large_to_read_or_cannot_be_written_ends_alone(notify: Standing) -> None:
    """Two hundred megabytes would be the end of the process that reads them, before anything is written down."""
    large, odd, sound = (
        book(notify, submit(notify, phone=f"+181655501{n}", email=""), TUESDAY_TEN + timedelta(days=9))
        for n in (72, 73, 74)
    )
    notify.rows(
        "UPDATE planned_message SET about_sealed = decode(repeat('00', 300000), 'hex')"
        " WHERE appointment_id = :visit RETURNING 1",
        visit=large,
    )
    notify.rows(
        "UPDATE appointment SET facts = jsonb_set(facts, '{starts_at}', '\"no time\"') WHERE id = :visit RETURNING 1",
        visit=odd,
    )
    notify.send_due()
    for visit in (large, odd):
        assert notify.states(appointment_id=visit)["booked", "sms"] == ("failed", "unreadable")
    assert notify.states(appointment_id=sound)["booked", "sms"][0] in ("sent", "delivered")
