"""One visit from booking to confirmation, over the real carrier and mailbox."""

from datetime import timedelta

import pytest

from kernel import migrate
from services.notify.model import Base
from tests.conftest import DatabaseFactory
from tests.local.standins import until
from tests.notify.people import book, submit
from tests.notify.standing import TUESDAY_TEN, Standing


def test_migrations_match_the_mapped_classes(database: DatabaseFactory) -> None:
    migrate.check("notify", database("notify").owner_url, [Base.metadata])


@pytest.mark.capability("C10")
def test_booked_for_tomorrow_is_told_by_text_and_mail_and_confirmed_by_c(notify: Standing) -> None:
    patient = submit(notify, language="es")
    visit = book(notify, patient, TUESDAY_TEN + timedelta(days=1, hours=-0.5))
    notify.send_due()
    assert notify.texts_to("+18165550142") == [
        "Prairie Crossing: visita mié 3 mar 9:30 AM, Overland Park. Responda C confirmar, R cambiar, "
        "X si no puede venir. Tel 913-555-0110. STOP termina."
    ]
    assert len(notify.mails_to("rosa@example.test")) == 1
    until(lambda: notify.states(appointment_id=visit)["booked", "sms"][0] == "delivered")
    states = notify.states(appointment_id=visit)
    assert states["booked", "email"] == ("sent", "booking_confirmation")
    assert states["3_days", "sms"] == ("suppressed", "not_for_this_notice")
    assert states["same_day", "sms"][0] == "due"
    # On the day itself two to three hours before, where these are hours in which a text may come.
    later = submit(notify, phone="+18165550143", email="")
    on_the_day = {}
    for hours in (5, 28):
        starts = TUESDAY_TEN + timedelta(hours=hours)
        (told,) = notify.messages(appointment_id=book(notify, later, starts), step="same_day", channel="sms")
        on_the_day[hours] = (starts - told.due_at).total_seconds() / 3600
        assert (told.state, told.exempt) == ("due", "same_day_reminder")
    assert all(2 <= before <= 3 for before in on_the_day.values()), on_the_day

    assert notify.reply("+18165550142", "C") == 204
    told = notify.rows("SELECT type, subject FROM outbox_event WHERE type = 'reply_confirmed'")
    assert [(row.type, row.subject) for row in told] == [("reply_confirmed", str(visit))]
    notify.send_due()
    assert len(notify.texts_to("+18165550142")) == 2


@pytest.mark.capability("N9")
def test_stop_ends_everything_at_its_commit(notify: Standing) -> None:
    patient = submit(notify)
    visit = book(notify, patient, TUESDAY_TEN + timedelta(days=9))
    notify.send_due()
    assert notify.reply("+18165550142", "Stop.") == 204
    assert notify.states(appointment_id=visit)["1_day", "sms"] == ("suppressed", "opted_out")
    notify.send_due()
    assert "no more texts" in notify.texts_to("+18165550142")[-1]
    told = notify.rows("SELECT id FROM outbox_event WHERE type = 'contact_opted_out'")
    assert len(told) == 1
    given_up = notify.rows(
        "UPDATE event_delivery SET state = 'dead' WHERE event_id = :id RETURNING 1", id=told[0].id
    )
    health = notify.call("GET", "/api/notify/v1/health-summary", role="manager").json()
    assert health["events_dead"] == len(given_up) == 2, "what no other service hears of is shown"
    seen = notify.call("GET", f"/api/notify/v1/contacts?patient_id={patient}", role="front_desk").json()
    assert [(c["channel"], c["opted_out"]) for c in seen["items"]] == [("sms", True), ("email", False)]
    assert notify.reply("+18165550142", "START") == 204
    assert notify.states(appointment_id=visit)["1_day", "sms"][0] == "due"


@pytest.mark.capability("C10", "N10")
def test_planned_ahead_it_is_told_three_times_in_spanish_and_r_and_x_come_before_staff(
    notify: Standing,
) -> None:
    phone = "+18165550142"
    visit = book(notify, submit(notify, language="es"), TUESDAY_TEN + timedelta(days=9))
    for days in (0, 6, 8):
        notify.set_clock(TUESDAY_TEN + timedelta(days=days, minutes=1))
        notify.send_due()
        text = notify.texts_to(phone)[-1]
        assert "jue 11 mar 10:00 AM" in text
        assert all(f"{letter} " in text for letter in "CRX")
    assert len(notify.texts_to(phone)) == 3, "at booking, three days and one day before"
    for letter, event, item in (
        ("r.", "reply_reschedule", "reschedule"),
        ("X", "reply_cannot_come", "cannot_come"),
    ):
        assert notify.reply(phone, letter) == 204
        (told,) = notify.rows("SELECT subject FROM outbox_event WHERE type = :type", type=event)
        assert told.subject == str(visit)
        (reply,) = notify.rows("SELECT state, rule FROM reply WHERE why_open = :why", why=item)
        assert reply.state == "open"
        (open_item,) = notify.rows(
            "SELECT kind, appointment_id FROM staff_item WHERE code = :code", code=item
        )
        assert (open_item.kind, open_item.appointment_id) == ("visit_question", visit)
    notify.send_due()
    answers = notify.texts_to(phone)[3:]
    assert ["llamaremos para buscar otra hora" in one for one in answers] == [True, False]
    assert ["gracias por avisar. Le llamaremos para otra hora" in one for one in answers] == [False, True]
