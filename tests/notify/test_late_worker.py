"""A worker that was frozen between its two transactions finds, at the fence, that the send is no longer its own."""

from datetime import timedelta

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from services.notify.actions.fence_sends import fence_sends
from services.notify.actions.free_sends import free_sends
from services.notify.actions.settle_sends import settle_sends
from services.notify.actions.start_sends import Started, start_sends
from services.notify.rules.compose import ClinicWords
from services.notify.sending.provider import Outcome
from tests.notify.people import book, submit
from tests.notify.standing import TUESDAY_TEN, Standing

LEASE_OVER = "UPDATE planned_message SET lease_until = now() - interval '1 second' WHERE state = 'sending'"
# What `deny_send` writes when the provider says that it never had the message.
DENIED = "UPDATE planned_message SET state = 'due', due_at = created_at WHERE state = 'unknown'"


def start(session: Session, notify: Standing, worker: str) -> list[Started]:
    clinic = ClinicWords(notify.settings.clinic_name, notify.settings.clinic_phone)
    return start_sends(session, clinic, worker, lambda channel, only: "sms_http", limit=10)


@pytest.mark.fault("F13")
@pytest.mark.capability("N3")
def test_a_worker_that_wakes_up_after_another_took_over_sends_nothing(notify: Standing) -> None:
    patient = submit(notify, email="", consent_email=False)
    book(notify, patient, TUESDAY_TEN + timedelta(days=9))
    with notify.store.transaction() as session:
        frozen = start(session, notify, "frozen")
    assert len(frozen) == 1
    with notify.store.transaction() as session:
        assert fence_sends(session, frozen) == [True]
    with notify.store.transaction() as session:
        session.execute(text(LEASE_OVER))
        assert free_sends(session, None) == 1
    with notify.store.transaction() as session:
        assert fence_sends(session, frozen) == [False], "its outcome is being asked for"
    with notify.store.transaction() as session:
        session.execute(text(DENIED))
        second = start(session, notify, "awake")
    assert [sent.letter.message_id for sent in second] == [sent.letter.message_id for sent in frozen]
    with notify.store.transaction() as session:
        assert fence_sends(session, frozen) == [False], "another attempt has it"
    with notify.store.transaction() as session:
        assert fence_sends(session, second) == [True]
    # What the late one then says of its own attempt does not make the other's due again.
    with notify.store.transaction() as session:
        settle_sends(session, frozen, [Outcome("not_transmitted", code="fence")])
    (row,) = notify.messages(id=second[0].letter.message_id)
    assert (row.state, row.attempt_id) == ("sending", second[0].letter.attempt_id)


def test_no_lease_is_freed_while_the_request_is_being_written(notify: Standing) -> None:
    patient = submit(notify, email="", consent_email=False)
    book(notify, patient, TUESDAY_TEN + timedelta(days=9))
    with notify.store.transaction() as session:
        sent = start(session, notify, "slow")
        session.execute(text(LEASE_OVER))
    with notify.store.transaction() as writing:
        assert fence_sends(writing, sent) == [True]
        with notify.store.transaction() as session:
            assert free_sends(session, None) == 0
    with notify.store.transaction() as session:
        assert free_sends(session, None) == 1
