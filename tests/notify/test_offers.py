"""A freed time reaches a waiting patient's phone while it is kept, and is taken back when it is gone."""

import secrets
from datetime import datetime, timedelta
from uuid import UUID

import pytest
from sqlalchemy import text as sql

from kernel.contracts.slot_offer import SlotOffered, SlotOfferEnded
from kernel.ids import new_id
from services.notify.texts.says_too_much import says_too_much
from tests.notify.people import SITE, book, submit
from tests.notify.standing import CHICAGO, TUESDAY_TEN, Standing
from tests.notify.test_hooks import inbound

PHONE = "+18165550142"
SLOT = TUESDAY_TEN + timedelta(days=2)


def offered(notify: Standing, patient: UUID, at: datetime = TUESDAY_TEN, offer: UUID | None = None) -> UUID:
    """Referral offers the slot; it is kept for twenty minutes."""
    facts = SlotOffered(
        offer_id=offer or new_id(),
        patient_id=patient,
        referral_id=new_id(),
        site=SITE,
        visit_type_name={"en": "First visit", "es": "Primera visita"},
        starts_at=SLOT,
        offered_at=at,
        expires_at=at + timedelta(minutes=20),
        claim_token=secrets.token_urlsafe(16),
    )
    notify.hear("slot_offered", facts)
    return facts.offer_id


def ended(notify: Standing, offer: UUID, patient: UUID, state: str) -> None:
    notify.hear("slot_offer_ended", SlotOfferEnded(offer_id=offer, patient_id=patient, state=state))


@pytest.mark.capability("S11")
def test_an_offer_is_texted_with_its_link_and_its_end_and_the_loser_is_told(notify: Standing) -> None:
    patient = submit(notify, language="es")
    offer = offered(notify, patient)
    notify.send_due()
    (text,) = notify.texts_to(PHONE)
    link = f"{notify.settings.public_url}/intake/o/"
    assert text.startswith("Prairie Crossing: hora libre jue 4 mar 10:00 AM, Overland Park. Hasta 10:20 AM: ")
    assert link in text
    assert len(text) <= 160
    assert notify.mails_to("rosa@example.test") == [], "one channel is enough"
    ended(notify, offer, patient, "lost")
    notify.send_due()
    last = notify.texts_to(PHONE)[-1]
    assert last.startswith("Prairie Crossing: esa hora ya no queda libre. Sigue en la lista. Otras horas: ")
    assert link in last, "the page shows what is free instead"
    shown = notify.call("GET", f"/api/notify/v1/messages?patient_id={patient}").json()["items"]
    assert {item["step"] for item in shown} == {"slot_offered", "slot_offer_over"}
    ended(notify, offer, patient, "lost")
    notify.send_due()
    assert len(notify.texts_to(PHONE)) == 2, "heard twice, told once"


@pytest.mark.capability("N21")
@pytest.mark.parametrize("state", ["claimed", "declined", "lost", "expired", "withdrawn"])
def test_an_offer_that_ended_before_it_was_sent_is_withdrawn_with_the_reason(
    notify: Standing, state: str
) -> None:
    patient = submit(notify)
    offer = offered(notify, patient)
    ended(notify, offer, patient, state)
    notify.send_due()
    assert notify.texts_to(PHONE) == []
    assert notify.states(cause_id=offer) == {("slot_offered", "sms"): ("suppressed", f"offer_{state}")}


def test_the_end_heard_before_the_beginning_leaves_nothing_to_send(notify: Standing) -> None:
    patient, offer = submit(notify), new_id()
    ended(notify, offer, patient, "claimed")
    offered(notify, patient, offer=offer)
    assert notify.messages(cause_id=offer) == []


def test_offers_obey_caps_quiet_hours_and_their_own_end(notify: Standing) -> None:
    patient = submit(notify)
    first = offered(notify, patient)
    notify.send_due()
    second = offered(notify, patient)
    notify.send_due()
    assert notify.states(cause_id=first)["slot_offered", "sms"][0] in ("sent", "delivered")
    assert notify.states(cause_id=second)["slot_offered", "sms"] == ("expired", "daily_cap")
    night = datetime(2027, 3, 4, 22, 0, tzinfo=CHICAGO)
    notify.set_clock(night)
    third = offered(notify, patient, night)
    notify.send_due()
    assert notify.states(cause_id=third)["slot_offered", "sms"] == ("expired", "quiet_hours")
    morning = datetime(2027, 3, 5, 9, 30, tzinfo=CHICAGO)
    notify.set_clock(morning)
    fourth = offered(notify, patient, morning - timedelta(minutes=21))
    notify.send_due()
    assert notify.states(cause_id=fourth)["slot_offered", "sms"] == ("expired", "too_late")
    assert len(notify.texts_to(PHONE)) == 1


def test_who_opted_out_by_text_is_offered_by_mail_and_who_cannot_be_written_to_is_not(
    notify: Standing,
) -> None:
    patient = submit(notify)
    assert inbound(notify, "STOP") == 204
    notify.send_due()
    offer = offered(notify, patient)
    notify.send_due()
    assert notify.states(cause_id=offer) == {
        ("slot_offered", "sms"): ("suppressed", "opted_out"),
        ("slot_offered", "email"): ("sent", ""),
    }
    (mail,) = notify.mails_to("rosa@example.test")
    assert "/intake/o/" in mail["text"]
    nobody = submit(notify, phone="", email="", consent_sms=False, consent_email=False)
    offer = offered(notify, nobody)
    assert set(notify.states(cause_id=offer).values()) == {("suppressed", "no_contact")}


def test_a_text_that_fails_is_followed_by_the_mail_while_the_offer_stands(notify: Standing) -> None:
    patient = submit(notify)
    notify.carrier.put("/carrier/faults", json={"mode": "reject", "code": 21211, "count": 1})
    offer = offered(notify, patient)
    notify.send_due()
    notify.carrier.delete("/carrier/faults")
    assert notify.states(cause_id=offer)["slot_offered", "sms"][0] == "failed"
    notify.send_due()
    assert notify.states(cause_id=offer)["slot_offered", "email"] == ("sent", "")


@pytest.mark.capability("N16")
def test_a_token_that_looks_like_words_is_no_health_word(notify: Standing) -> None:
    prefix = f"{notify.settings.public_url}/intake/o/"
    text = f"Prairie Crossing: free time. Take by 10:20 AM: {prefix}-mri-PT-neck-12AA345AA STOP to end."
    assert not says_too_much(text, (prefix,))
    assert says_too_much(text), "without the gate it is a link like any other"
    assert says_too_much(text.replace("free time", "neck"), (prefix,))


@pytest.mark.capability("N10")
def test_a_letter_after_an_offer_changes_no_visit(notify: Standing) -> None:
    patient = submit(notify)
    book(notify, patient, TUESDAY_TEN + timedelta(days=20))
    notify.send_due()
    later = TUESDAY_TEN + timedelta(days=1)
    notify.set_clock(later)
    offered(notify, patient, later)
    notify.send_due()
    assert inbound(notify, "C") == 204
    (reply,) = notify.rows("SELECT state, why_open FROM reply")
    assert (reply.state, reply.why_open) == ("open", "answers_an_offer")
    assert notify.rows("SELECT 1 FROM outbox_event WHERE type = 'reply_confirmed'") == []


def test_an_offer_that_cannot_be_read_does_not_keep_the_others_from_going_out(notify: Standing) -> None:
    """Its number is dead, so its e-mail should take over, which nobody can write either."""
    patient, other = submit(notify), submit(notify, phone="+18165550143")
    offered(notify, patient)
    offered(notify, other)
    with notify.store.transaction() as session:
        session.execute(
            sql("UPDATE planned_message SET about_sealed = 'damaged' WHERE patient_id = :p"), {"p": patient}
        )
        session.execute(
            sql(
                "UPDATE contact_point SET dead_at = now() WHERE id = (SELECT contact_point_id"
                " FROM planned_message WHERE patient_id = :p)"
            ),
            {"p": patient},
        )
    notify.send_due()
    assert notify.states(patient_id=patient) == {("slot_offered", "sms"): ("suppressed", "number_dead")}
    assert len(notify.texts_to("+18165550143")) == 1


def test_the_end_of_an_offer_that_cannot_be_read_is_heard_all_the_same(notify: Standing) -> None:
    patient, other = submit(notify), submit(notify, phone="+18165550143")
    lost, told = offered(notify, patient), offered(notify, other)
    notify.send_due()
    notify.rows(
        "UPDATE planned_message SET about_sealed = 'damaged' WHERE patient_id = :p RETURNING 1", p=patient
    )
    ended(notify, lost, patient, "lost")
    ended(notify, told, other, "lost")
    assert ("slot_offer_over", "sms") not in notify.states(cause_id=lost)
    assert notify.states(cause_id=told)["slot_offer_over", "sms"] == ("due", "")
    assert [row.state for row in notify.rows("SELECT DISTINCT state FROM slot_offer")] == ["lost"]
