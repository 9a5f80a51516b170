"""Amazon as the second provider of a whole service: it takes over what never left, nothing else, and gives back."""

import threading
from collections import Counter
from contextlib import ExitStack
from datetime import timedelta

import boto3
import pytest
from moto import mock_aws
from moto.core.models import DEFAULT_ACCOUNT_ID
from moto.sesv2.models import sesv2_backends
from moto.sns.models import sns_backends
from sqlalchemy import select, text

from kernel.context import Actor
from services.notify.actions.balance_providers import balance_providers
from services.notify.actions.opt_out import opt_out
from services.notify.model import ContactPoint
from services.notify.rules.provider_pace import LEAST_TO_JUDGE
from tests.conftest import DatabaseFactory
from tests.notify.people import book, submit
from tests.notify.sns_endpoint import SnsEndpoint, sns_endpoint
from tests.notify.standing import TUESDAY_TEN, Standing, StandIns, standing

RESTING = {"sms": {"sms_http": 90, "sns": 10}, "email": {"smtp": 90, "ses": 10}}
AMAZON = {"SECOND_SMS_URL": "sns", "SECOND_MAIL": "ses", "AWS_REGION": "us-east-1"}
OLDER = "UPDATE send_attempt SET started_at = started_at - interval '16 minutes'"
ANSWERED_AFTER = """
UPDATE send_attempt SET outcome = 'accepted', started_at = now() - interval '1 minute',
    settled_at = now() - interval '1 minute' + make_interval(secs => :seconds) WHERE provider = 'sms_http'
"""
PEOPLE = 40
LETTERS = 2 * LEAST_TO_JUDGE


def weights(notify: Standing, channel: str) -> dict[str, int]:
    rows = notify.rows("SELECT name, weight FROM provider_state WHERE channel = :channel", channel=channel)
    return {row.name: row.weight for row in rows}


def balance(notify: Standing) -> None:
    with notify.store.transaction() as session:
        balance_providers(session, RESTING["sms"] | RESTING["email"])


def send_and_balance(notify: Standing) -> None:
    """Eleven minutes of the clinic: what is due is sent and trust moves a step, minute by minute."""
    for minutes in range(1, 12):
        notify.send_due(rounds=2)
        balance(notify)
        notify.set_clock(TUESDAY_TEN + timedelta(minutes=minutes))


def texted(first: int, people: int, notify: Standing) -> list[str]:
    phones = [f"+1816556{number:04d}" for number in range(first, first + people)]
    for phone in phones:
        patient = submit(notify, phone=phone, email="", consent_email=False)
        book(notify, patient, TUESDAY_TEN + timedelta(days=9))
    return phones


def a_stop_does_not_wait_for_amazon(notify: Standing, amazon: SnsEndpoint) -> None:
    """While Amazon thinks about a text nothing is locked: the patient's STOP is kept at once, and ends the next one."""
    notify.rows("UPDATE provider_state SET weight = CASE name WHEN 'sns' THEN 100 ELSE 0 END RETURNING 1")
    amazon.received.clear()
    amazon.answers.clear()
    texted(900, 1, notify)
    (message,) = notify.messages(step="booked", channel="sms", state="due")
    sender = threading.Thread(target=notify.work[0].run, args=(message.id,))
    sender.start()
    assert amazon.received.wait(30)
    with notify.store.transaction() as session:
        session.execute(text("SET LOCAL lock_timeout = '1s'"))
        point = session.scalars(
            select(ContactPoint).where(ContactPoint.id == message.contact_point_id).with_for_update()
        ).one()
        opt_out(session, point, Actor("patient", "p"), "stop_page")
    assert sender.is_alive()
    amazon.answers.set()
    sender.join()
    states = notify.states(appointment_id=message.appointment_id)
    assert (states["booked", "sms"][0], states["1_day", "sms"]) == ("sent", ("suppressed", "opted_out"))


@pytest.mark.usefixtures("amazon_keys")
@pytest.mark.capability("N7")
@pytest.mark.fault("F32", "F39")
def test_trust_moves_to_amazon_and_back_and_no_text_goes_to_both(
    database: DatabaseFactory, notify_stand_ins: StandIns, monkeypatch: pytest.MonkeyPatch
) -> None:
    with (
        mock_aws(),
        sns_endpoint() as amazon,
        monkeypatch.context() as patched,
        ExitStack() as stack,
    ):
        patched.setenv("AWS_ENDPOINT_URL_SNS", amazon.url)
        notify = stack.enter_context(standing(database("notify"), notify_stand_ins, more=AMAZON))
        taken = sns_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].sms_messages
        # Ten answers that never come (the carrier has the text), then it takes nothing at all.
        lost = texted(0, 12, notify)
        notify.carrier.put("/carrier/faults", json=[{"mode": "error_500_after"}, {"mode": "callback_never"}])
        notify.send_due()
        notify.carrier.put("/carrier/faults", json=[{"mode": "rate_429"}, {"mode": "callback_never"}])
        phones = texted(100, PEOPLE, notify)
        send_and_balance(notify)
        assert weights(notify, "sms") == {"sms_http": 0, "sns": 100}
        by_amazon = Counter(number for number, _ in taken.values())
        for phone in phones:
            assert by_amazon[phone] + len(notify.texts_to(phone)) == 1, phone
        assert sum(by_amazon[phone] for phone in phones) > PEOPLE / 2
        for phone in lost:
            # In doubt at the carrier, or taken by Amazon from the start: never both.
            assert by_amazon[phone] + len(notify.texts_to(phone)) == 1, phone
        states = {(row.state) for row in notify.messages(step="booked", channel="sms")}
        assert "due" not in states
        twice = notify.rows(
            "SELECT 1 FROM send_attempt WHERE outcome IN ('accepted', 'unknown') GROUP BY message_id HAVING count(*) > 1"
        )
        assert twice == []
        # The carrier is well again: what it did badly is a quarter of an hour past, and trust comes back step by step.
        notify.carrier.delete("/carrier/faults")
        with notify.store.transaction() as session:
            session.execute(text(OLDER))
        seen = []
        for _ in range(10):
            balance(notify)
            seen.append(weights(notify, "sms")["sms_http"])
        assert seen == [10, 20, 30, 40, 50, 60, 70, 80, 90, 90]
        assert weights(notify, "sms") == RESTING["sms"]
        # Slowness alone moves it as well: every answer came, but only after more than five seconds.
        for seconds, expected in ((5.5, {"sms_http": 80, "sns": 20}), (4.5, RESTING["sms"])):
            with notify.store.transaction() as session:
                session.execute(text(ANSWERED_AFTER), {"seconds": seconds})
            balance(notify)
            assert weights(notify, "sms") == expected, seconds
        a_stop_does_not_wait_for_amazon(notify, amazon)


@pytest.mark.usefixtures("amazon_keys")
@pytest.mark.capability("N7")
def test_letters_go_by_amazon_when_the_mail_server_is_gone(
    database: DatabaseFactory, notify_stand_ins: StandIns
) -> None:
    more = AMAZON | {"SMTP_PORT": "1"}
    with mock_aws(), standing(database("notify"), notify_stand_ins, more=more) as notify:
        boto3.client("sesv2", region_name="us-east-1").create_email_identity(
            EmailIdentity="visits@clinic.example.test"
        )
        visits = []
        for number in range(LETTERS):
            patient = submit(notify, phone="", email=f"amy{number}@example.test", consent_sms=False)
            visits.append(book(notify, patient, TUESDAY_TEN + timedelta(days=9)))
        send_and_balance(notify)
        assert weights(notify, "email") == {"smtp": 0, "ses": 100}
        notify.send_due()
        assert {notify.states(appointment_id=visit)["booked", "email"][0] for visit in visits} == {"sent"}
        sent = sesv2_backends[DEFAULT_ACCOUNT_ID]["us-east-1"].core_backend.sent_messages
        assert len(sent) == LETTERS
        assert all("Content-Type: text/calendar" in message.raw_data for message in sent)
