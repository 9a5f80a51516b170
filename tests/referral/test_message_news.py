"""News of messages, many in one event: the newest word on each is kept, in whatever order and event it comes."""

from datetime import timedelta
from uuid import UUID

from sqlalchemy import text

from kernel.contracts.message_state_changed import MessageStateChanged
from kernel.contracts.message_states_changed import MessageStatesChanged
from kernel.ids import new_id
from tests.referral.conftest import Clinic


def test_the_newest_word_on_each_message_is_kept(clinic: Clinic) -> None:
    began = clinic.now()
    messages = [new_id() for _ in range(40)]
    patient, visit = new_id(), new_id()

    def news(message: UUID, state: str, minutes: int) -> MessageStateChanged:
        return MessageStateChanged(
            message_id=message,
            patient_id=patient,
            appointment_id=visit,
            appointment_version=1,
            step="3_days",
            channel="sms",
            state=state,
            reason="",
            at=began + timedelta(minutes=minutes),
        )

    def tell(states: list[MessageStateChanged]) -> int:
        data = MessageStatesChanged(states=states)
        return clinic.tell("notify", "message_states_changed", new_id(), data).status_code

    assert tell([news(message, "sent", 5) for message in reversed(messages)]) == 204
    late = [news(message, "planned", 0) for message in messages[:20]]
    new = [news(message, "delivered", 9) for message in messages[20:]]
    assert tell([*late, *new]) == 204
    assert tell([news(messages[0], "failed", 8), news(messages[0], "delivered", 7)]) == 204
    # A service that still speaks of one message at a time is heard too.
    one = clinic.tell("notify", "message_state_changed", messages[1], news(messages[1], "unknown", 6))
    assert one.status_code == 204
    assert tell([]) == 204
    with clinic.session() as session:
        known = session.execute(
            text("SELECT id, state, first_at, at FROM referral_message WHERE patient_id = :p"), {"p": patient}
        ).all()
    states = {row.id: row.state for row in known}
    assert [states[message] for message in messages] == [
        "failed",
        "unknown",
        *["sent"] * 18,
        *["delivered"] * 20,
    ]
    assert {row.first_at for row in known} == {began + timedelta(minutes=5)}
