"""Other services are told the newest state of many messages in one event, and less of it while texts wait."""

from datetime import timedelta

from kernel.outbox import event_place
from kernel.personal import open_json
from services.notify.actions.tell_states import MOST_WHEN_BEHIND, tell_states
from tests.notify.people import book, submit
from tests.notify.standing import TUESDAY_TEN, Standing


def told(notify: Standing) -> list[int]:
    """How many messages each event told of, the oldest event first."""
    events = notify.rows("SELECT id, type, data_sealed FROM outbox_event ORDER BY id")
    news = [event for event in events if event.type == "message_states_changed"]
    return [len(open_json(event.data_sealed, event_place(event.id))["states"]) for event in news]


def tell(notify: Standing) -> int:
    with notify.store.transaction() as session:
        return tell_states(session)


def test_one_event_tells_of_many_messages_and_of_each_once(notify: Standing) -> None:
    for number in range(25):
        patient = submit(notify, phone=f"+1816556{number:04d}", email="", consent_email=False)
        book(notify, patient, TUESDAY_TEN + timedelta(days=9))
    planned = len(notify.messages())
    waiting = len(notify.messages(state="due", step="booked", channel="sms"))
    assert (waiting, planned > MOST_WHEN_BEHIND) == (25, True)
    notify.set_clock(TUESDAY_TEN + timedelta(minutes=1))
    assert tell(notify) == MOST_WHEN_BEHIND, "texts are due: telling waits for sending"
    notify.send_due()
    while tell(notify):
        pass
    assert told(notify)[0] == MOST_WHEN_BEHIND
    assert len(told(notify)) <= 3
    assert notify.rows("SELECT 1 FROM untold_state") == []
    assert sum(told(notify)) <= planned + 2 * waiting
