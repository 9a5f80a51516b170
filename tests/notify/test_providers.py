"""Two providers of a channel: trust moves away from the bad one and back, and nothing is handed to both."""

from datetime import datetime, timedelta

import pytest
from sqlalchemy import text

from kernel.ids import new_id
from kernel.personal import Personal
from services.notify.actions.balance_providers import balance_providers
from services.notify.rules.provider_pace import Pace, balance, choose, refill
from services.notify.sending.courier import MessageCourier
from services.notify.sending.sms_http import SmsHttp, read_answer
from tests.conftest import DatabaseFactory
from tests.notify.people import book, submit
from tests.notify.standing import (
    ACCOUNT,
    CLINIC_NUMBER,
    TOKEN,
    TUESDAY_TEN,
    Standing,
    StandIns,
    standing,
)

FAST = Pace(1000, 100_000, 90)


@pytest.mark.capability("N7")
def test_weights_drift_away_from_errors_and_slowness_and_back_to_rest() -> None:
    resting = {"a": 90, "b": 10}
    weights = dict(resting)
    for expected in ({"a": 80, "b": 20}, {"a": 70, "b": 30}):
        weights = balance(weights, resting, {"a": 0.5, "b": 0.0})
        assert weights == expected
    assert balance(weights, resting, {"a": 0.5, "b": 0.5}) == {"a": 80, "b": 20}
    for _ in range(5):
        weights = balance(weights, resting, {"a": None, "b": 0.0})
    assert weights == resting


@pytest.mark.capability("N7")
def test_a_provider_is_chosen_by_weight_among_those_with_allowance() -> None:
    weights = {"a": 90, "b": 10}
    chosen = [choose(weights, {"a": 5, "b": 5}, dice / 100) for dice in range(100)]
    assert (chosen.count("a"), chosen.count("b")) == (90, 10)
    assert choose(weights, {"a": 0, "b": 5}, 0.0) == "b"
    assert choose(weights, {"a": 0, "b": 0}, 0.0) == ""
    assert choose({"a": 0, "b": 0}, {"a": 1, "b": 1}, 0.99) == "b"


@pytest.mark.capability("N19")
def test_a_bucket_never_holds_more_than_a_second_of_messages() -> None:
    pace = Pace(10, 100, 100)
    assert refill(0, 0.25, pace) == 2.5
    assert refill(9, 3600, pace) == 10
    assert refill(0, -5, pace) == 0


@pytest.mark.fault("F29")
@pytest.mark.capability("N19", "N4")
def test_a_backlog_goes_out_at_the_providers_pace_and_stops_at_its_daily_cap(
    database: DatabaseFactory, notify_stand_ins: StandIns
) -> None:
    more = {"SMS_PER_SECOND": "5", "SMS_PER_DAY": "8"}
    with standing(database("notify"), notify_stand_ins, more=more) as notify:
        for number in range(12):
            book(
                notify,
                submit(notify, phone=f"+1816555{number:04d}", email="", consent_email=False),
                TUESDAY_TEN + timedelta(days=9),
            )

        def sent() -> int:
            return len(notify.rows("SELECT 1 FROM planned_message WHERE state IN ('sent', 'delivered')"))

        notify.work[0].run(new_id())
        notify.work[0].run(new_id())
        assert sent() == 5
        with notify.store.transaction() as session:
            session.execute(
                text("UPDATE provider_state SET refilled_at = refilled_at - interval '10 seconds'")
            )
        notify.set_clock(TUESDAY_TEN + timedelta(seconds=30))
        for _ in range(3):
            notify.work[0].run(new_id())
        assert sent() == 8
        waiting = notify.messages(state="due", step="booked")
        assert len(waiting) == 4
        assert {message.reason for message in waiting} == {"provider_pace"}
        # The mail server has a pace of its own, and the cap is a day's.
        book(notify, submit(notify, phone="", email="rosa@example.test"), TUESDAY_TEN + timedelta(days=9))
        notify.send_due(rounds=2)
        assert len(notify.mails_to("rosa@example.test")) == 1
        assert sent() == 9
        earlier = "UPDATE provider_state SET day = day - 1, refilled_at = refilled_at - interval '10 seconds'"
        notify.rows(f"{earlier} RETURNING 1")
        notify.set_clock(TUESDAY_TEN + timedelta(days=1))
        notify.work[0].run(new_id())
        assert sent() == 13


@pytest.mark.fault("F28")
@pytest.mark.capability("N8")
def test_a_provider_nobody_reaches_is_tried_ever_more_seldom_and_no_number_is_blamed(
    notify: Standing,
) -> None:
    patient = submit(notify, email="", consent_email=False)
    visit = book(notify, patient, TUESDAY_TEN + timedelta(days=9))
    shut = SmsHttp(
        "http://127.0.0.1:1", ACCOUNT, Personal(TOKEN), CLINIC_NUMBER, "http://127.0.0.1:1/s", FAST
    )
    old = notify.work[0].run.__self__  # type: ignore[attr-defined]
    courier = MessageCourier(notify.store, old.clinic, {"sms_http": shut}, "w")

    def clock() -> datetime:
        (row,) = notify.rows("SELECT now() AS at")
        at: datetime = row.at + notify.store.clock_offset
        return at

    for attempt in range(9):
        began = clock()
        courier.send(new_id())
        (message,) = notify.messages(appointment_id=visit, step="booked", channel="sms")
        assert (message.state, message.reason) == ("due", "provider_unreachable")
        wait = timedelta(seconds=min(60, 2**attempt))
        assert began + 0.75 * wait <= message.due_at <= clock() + 1.25 * wait, attempt
        if attempt > 4:
            courier.send(new_id())
            assert notify.messages(id=message.id)[0].attempts == attempt + 1, "not before its time"
        notify.set_clock(message.due_at + timedelta(milliseconds=100))
    assert notify.rows("SELECT 1 FROM contact_point WHERE dead_at IS NOT NULL") == []
    assert notify.rows("SELECT 1 FROM staff_item") == []

    def silent() -> bool:
        return bool(
            notify.call("GET", "/api/notify/v1/health-summary", role="manager").json()["silence_alarm"]
        )

    assert not silent()
    notify.rows("UPDATE send_attempt SET started_at = started_at - interval '11 minutes' RETURNING 1")
    assert silent(), (
        "it is never late, because it is put off each time: what counts is that nothing was taken"
    )
    notify.send_due()
    assert not silent()
    assert len(notify.texts_to("+18165550142")) == 1, "and it goes when somebody answers again"


@pytest.mark.fault("F28")
@pytest.mark.capability("N7")
def test_a_shut_provider_is_paused_and_the_other_takes_what_was_never_transmitted(notify: Standing) -> None:
    def provider(name: str, url: str) -> SmsHttp:
        callback = f"{notify.base}/hooks/sms/status"
        return SmsHttp(url, ACCOUNT, Personal(TOKEN), CLINIC_NUMBER, callback, FAST, name=name)

    pair = {
        "first": provider("first", "http://127.0.0.1:1"),
        "second": provider("second", str(notify.carrier.base_url).rstrip("/")),
    }
    old = notify.work[0].run.__self__  # type: ignore[attr-defined]
    courier = MessageCourier(notify.store, old.clinic, pair, "w")
    visits = []
    for number in range(60):
        phone = f"+1816777{number:04d}"
        visits.append(
            book(
                notify,
                submit(notify, phone=phone, email="", consent_email=False),
                TUESDAY_TEN + timedelta(days=9),
            )
        )
    with notify.store.transaction() as session:
        courier_weights = (
            "INSERT INTO provider_state VALUES (:n, 'sms', :w, 1000, now(), NULL, current_date, 0)"
        )
        session.execute(text(courier_weights), [{"n": "first", "w": 100}, {"n": "second", "w": 0}])
    for minute in range(1, 5):
        for _ in range(2):
            courier.send(new_id())
        notify.set_clock(TUESDAY_TEN + timedelta(minutes=2 * minute))
    paused = notify.rows("SELECT weight, paused_until FROM provider_state WHERE name = 'first'")[0]
    assert paused.paused_until is not None
    states = {notify.states(appointment_id=visit)["booked", "sms"][0] for visit in visits}
    assert states <= {"sent", "delivered"}
    for number in range(60):
        assert len(notify.texts_to(f"+1816777{number:04d}")) == 1
    with notify.store.transaction() as session:
        balance_providers(session, {"first": 90, "second": 10})
    weights = {row.name: row.weight for row in notify.rows("SELECT name, weight FROM provider_state")}
    assert weights["second"] == 10
    assert weights["first"] < 90


@pytest.mark.parametrize(
    ("status", "body", "result"),
    [
        (201, b'{"sid": "SM1"}', "accepted"),
        (201, b"<html>", "unknown"),
        (201, b'{"sid": 5}', "unknown"),
        (400, b'{"code": 21211}', "refused"),
        (401, b"", "refused"),
        (408, b"", "unknown"),
        (429, b"", "not_transmitted"),
        (500, b"", "unknown"),
        (503, b'{"code": 20503}', "unknown"),
        (302, b"", "unknown"),
    ],
)
def test_what_an_answer_means(status: int, body: bytes, result: str) -> None:
    assert read_answer(status, body, "7").result == result


@pytest.mark.capability("N8")
@pytest.mark.parametrize(
    ("code", "dead"),
    [(21211, True), (21635, True), (30006, True), (21612, False), (21219, False), (30003, False)],
)
def test_only_what_a_code_says_of_the_number_itself_ends_the_number(code: int, dead: bool) -> None:
    """21612 and 21219 are about our own number and account: no patient's number may be struck off for them."""
    assert read_answer(400, b'{"code": %d}' % code, None).permanent is dead
