"""E-mails: words, HTML and calendar file of one visit; and the link that ends them."""

import re
from datetime import timedelta
from typing import Any

import httpx
import pytest
from icalendar import Calendar

from kernel.contracts.appointment import AppointmentCancelled
from kernel.ids import new_id
from services.notify.texts.letter_html import compile_letter, fill_letter
from services.notify.texts.stop_token import read_stop_token, stop_token
from tests.notify.people import book, move, submit
from tests.notify.standing import TUESDAY_TEN, Standing
from tests.notify.test_hooks import inbound

ADDRESS, PHONE = "rosa@example.test", "+18165550142"
VISIT = TUESDAY_TEN + timedelta(days=9)


def file_of(notify: Standing, mail: dict[str, Any]) -> Any:
    """The calendar file of a letter, as the mailbox offers it, read by icalendar."""
    number = next(i for i, a in enumerate(mail["attachments"]) if a["type"] == "text/calendar")
    raw = notify.mailbox.get(f"/mail/{mail['id']}/attachments/{number}").content
    return Calendar.from_ical(raw)


def event_of(calendar: Any) -> Any:
    (event,) = calendar.walk("VEVENT")
    return event


@pytest.mark.capability("S15")
def test_a_visits_calendar_entry_follows_it_through_a_move_and_off_the_calendar(notify: Standing) -> None:
    patient = submit(notify)
    visit = book(notify, patient, VISIT)
    notify.send_due()
    moved = VISIT + timedelta(days=2)
    move(notify, patient, visit, moved)
    notify.send_due()
    gone = AppointmentCancelled(
        appointment_id=visit, version=3, patient_id=patient, reason="clinic", by="clinic"
    )
    notify.hear("appointment_cancelled", gone)
    notify.send_due()
    letters = sorted(notify.mails_to(ADDRESS), key=lambda mail: mail["id"])
    calendars = [file_of(notify, mail) for mail in letters]
    events = [event_of(calendar) for calendar in calendars]
    assert [str(c["METHOD"]) for c in calendars] == ["REQUEST", "REQUEST", "CANCEL"]
    assert {str(event["UID"]) for event in events} == {f"{visit}@waymark"}
    assert [int(event["SEQUENCE"]) for event in events] == [1, 2, 3]
    assert [event.start for event in events] == [VISIT, moved, moved]
    assert [str(event["STATUS"]) for event in events] == ["CONFIRMED", "CONFIRMED", "CANCELLED"]
    assert [str(event["ATTENDEE"]) for event in events] == [f"mailto:{ADDRESS}"] * 3
    assert str(events[0]["ORGANIZER"]) == "mailto:visits@clinic.example.test"
    for event in events:
        assert not re.search(r"therap|head|neck|spine|pain", event.to_ical().decode(), re.IGNORECASE)
    for mail in letters:
        names = [a["name"] for a in mail["attachments"]]
        assert names.count("visit.ics") == 2, "one for the calendar, one to open"


@pytest.mark.parametrize("language", ["en", "es"])
def test_a_letter_says_the_same_in_words_and_in_html_and_fetches_nothing(
    notify: Standing, language: str
) -> None:
    book(notify, submit(notify, language=language), VISIT)
    notify.send_due()
    (mail,) = notify.mails_to(ADDRESS)
    assert mail["text"]
    html = mail["html"]
    assert f'lang="{language}"' in html
    assert not re.search(r"<img|<script|<link|@import|url\(|src=", html, re.IGNORECASE)
    assert {link.split("/hooks/")[0] for link in re.findall(r'href="(http[^"]+)"', html)} == {
        notify.settings.public_url
    }
    shown = re.sub(r"\s+", " ", re.sub(r"<[^>]+>", " ", html))
    for line in [line for line in mail["text"].splitlines() if line.strip() and "913-555-0110" not in line]:
        assert line.strip() in shown, line
    assert "<h1" in html


def test_every_value_is_escaped_and_no_template_runs_code() -> None:
    html = compile_letter("Visit {visit_date}", "Hello,\n\n{site_name}\n{{x}} & <b>\n\n{offer_link}", "en")
    values = {"visit_date": "<i>today</i>", "site_name": "{{ 7*7 }}<script>", "clinic_name": "C&D"}
    filled = fill_letter(html, values | {"offer_link": 'https://x.test/"onclick="'})
    assert "&lt;i&gt;today&lt;/i&gt;" in filled
    assert "{{ 7*7 }}&lt;script&gt;" in filled
    assert "{x} &amp; &lt;b&gt;" in filled
    assert 'onclick="' not in filled
    assert "49" not in re.sub(r"\d+px", "", filled)


def stop_link(notify: Standing) -> str:
    """The path of the link in the newest letter's header, on this test's own port."""
    mail = max(notify.mails_to(ADDRESS), key=lambda one: int(one["id"]))
    headers = mail["headers"]
    assert headers["List-Unsubscribe-Post"] == "List-Unsubscribe=One-Click"
    link = headers["List-Unsubscribe"].replace("\r\n", "").strip("<>")
    assert link in mail["html"]
    return str(notify.base + link.removeprefix(notify.settings.public_url))


@pytest.mark.capability("N9")
def test_one_press_in_a_mail_program_stops_e_mail_and_only_e_mail(notify: Standing) -> None:
    patient = submit(notify)
    visit = book(notify, patient, VISIT)
    notify.send_due()
    link = stop_link(notify)
    assert httpx.get(link).status_code == 200, "looking is no opt-out"
    assert notify.rows("SELECT 1 FROM contact_point WHERE opted_out_at IS NOT NULL") == []
    assert httpx.post(link, data={"List-Unsubscribe": "One-Click"}).status_code == 200
    shown = {
        c["channel"]: c
        for c in notify.call("GET", f"/api/notify/v1/contacts?patient_id={patient}").json()["items"]
    }
    assert (shown["email"]["opted_out"], shown["sms"]["opted_out"]) == (True, False)
    assert notify.states(appointment_id=visit)["prepare", "email"] == ("suppressed", "opted_out")
    told = notify.rows("SELECT type FROM outbox_event WHERE type = 'contact_opted_out'")
    assert len(told) == 1, "intake shows staff the badge"
    audited = notify.rows("SELECT actor_kind, reason FROM audit_entry WHERE action = 'contact_opted_out'")
    assert [(row.actor_kind, row.reason) for row in audited] == [("patient", "one_click")]
    notify.set_clock(VISIT - timedelta(days=3))
    notify.send_due()
    assert len(notify.mails_to(ADDRESS)) == 1
    assert len(notify.texts_to(PHONE)) == 2, "texts go on"
    assert httpx.post(link, data={"deed": "again"}).status_code == 200
    assert notify.states(appointment_id=visit)["prepare", "email"][0] != "due", "its time is over"
    assert notify.rows("SELECT 1 FROM contact_point WHERE opted_out_at IS NOT NULL") == []


@pytest.mark.capability("N9")
def test_the_page_stops_topics_or_both_channels(notify: Standing) -> None:
    patient = submit(notify)
    visit = book(notify, patient, VISIT)
    notify.send_due()
    link = stop_link(notify)
    answer = httpx.post(link, data={"deed": "topics", "topic": ["follow_up", "outreach", "nonsense"]})
    assert answer.status_code == 200
    assert "Saved." in answer.text
    assert re.search(r'value="visit">', answer.text)
    assert re.search(r'value="outreach" checked>', answer.text)
    assert notify.states(appointment_id=visit)["prepare", "email"] == ("suppressed", "no_consent")
    assert notify.states(appointment_id=visit)["3_days", "sms"][0] == "due", "texts are another channel"
    assert httpx.post(link, data={"deed": "all", "texts": "yes"}).status_code == 200
    assert len(notify.rows("SELECT 1 FROM contact_point WHERE opted_out_at IS NOT NULL")) == 2
    assert notify.states(appointment_id=visit)["3_days", "sms"] == ("suppressed", "opted_out")
    assert inbound(notify, "START") == 204
    assert len(notify.rows("SELECT 1 FROM contact_point WHERE opted_out_at IS NOT NULL")) == 1


def test_a_shared_address_stops_nobodys_phone_and_a_made_up_link_stops_nothing(notify: Standing) -> None:
    book(notify, submit(notify), VISIT)
    submit(notify, phone="+18165550143")
    notify.send_due()
    link = stop_link(notify)
    assert httpx.post(link, data={"deed": "all", "texts": "yes"}).status_code == 200
    assert [
        r.channel for r in notify.rows("SELECT channel FROM contact_point WHERE opted_out_at IS NOT NULL")
    ] == ["email"]
    token = link.rpartition("/")[2]
    point = read_stop_token(token)
    assert point is not None
    assert stop_token(point) == token
    other = stop_token(new_id())
    for bad in (token[:-1], token + "A", "A" * 43, other[:22] + token[22:], "ñ" * 43, "%00"):
        assert httpx.post(f"{notify.base}/hooks/mail/stop/{bad}", data={"deed": "all"}).status_code == 404
    assert httpx.post(link, data={"deed": "nonsense"}).status_code == 400
    assert httpx.post(f"{notify.base}/hooks/mail/stop/{other}", data={"deed": "all"}).status_code == 404
