"""Staff pages about messages: sending, replies, what a patient wants to be written about."""

import re
from typing import Any

import pytest

from kernel.ids import new_id
from services.dashboard.rules.message_words import shown_state, why, why_open, wished_time
from tests.dashboard.conftest import Dashboard
from tests.dashboard.test_lists import ONE, offer
from tests.dashboard.test_pages import NECK


@pytest.fixture
def case(clinic: Dashboard) -> dict[str, Any]:
    return clinic.world.add_referral("Mara", "Ostrander", NECK)


@pytest.mark.capability("N9")
def test_what_a_patient_asks_on_the_phone_about_messages_is_written_down_and_done(
    clinic: Dashboard, case: dict[str, Any]
) -> None:
    patient = case["patient_id"]
    clinic.world.extra["intake", "GET", f"patients/{patient}"] = {"id": patient, **case["patient"]}
    refused = clinic.signed_in("front_desk").get(f"/staff/patients/{patient}").text
    assert "does not show this part" in refused
    assert "No number and no address." not in refused, "that is not known"
    contact = {"channel": "sms", "known": True, "opted_out": False, "dead": False, "topics": {"visit": True}}
    asked = {"deed": "stop", "how": "by_phone", "topics": ["waitlist"], "note": "no offers, please"}
    contact["requests"] = [asked | {"at": clinic.world.now.isoformat(), "by": "s"}]
    clinic.world.extra["notify", "GET", "contacts"] = {"items": [contact]}
    clinic.world.extra["notify", "POST", f"patients/{patient}/messages-request"] = {"patient_id": patient}
    browser = clinic.signed_in("front_desk")
    page = browser.get(f"/staff/patients/{patient}")
    assert "no offers, please" in page.text
    action = f"/staff/patients/{patient}/messages-request"
    fields = browser.form_fields(page, action) | {"how": "by_phone", "topic": "visit"}
    start = browser.post(action, fields | {"deed": "start", "note": ""})
    assert start.status_code == 422
    assert "Write down what they asked" in start.text
    assert browser.post(action, fields | {"deed": "stop", "note": "not at work"}).status_code == 303
    sent = [call for call in clinic.world.calls if call["method"] == "POST"][-1]
    assert sent["body"] == {
        "channel": "sms",
        "deed": "stop",
        "how": "by_phone",
        "note": "not at work",
        "topics": ["visit"],
    }
    shown = clinic.signed_in("therapist").get(f"/staff/patients/{patient}")
    assert shown.status_code == 200
    assert action not in shown.text


@pytest.mark.capability("N20")
def test_who_has_the_patient_on_the_telephone_says_so_and_sees_when_that_was_last_done(
    clinic: Dashboard, case: dict[str, Any]
) -> None:
    patient = case["patient_id"]
    clinic.world.extra["intake", "GET", f"patients/{patient}"] = {"id": patient, **case["patient"]}
    contact = {"channel": "sms", "known": True, "staff_spoke_at": clinic.world.now.isoformat()}
    clinic.world.extra["notify", "GET", "contacts"] = {"items": [contact]}
    clinic.world.extra["notify", "POST", f"patients/{patient}/spoken"] = {"patient_id": patient}
    action = f"/staff/patients/{patient}/spoken"
    browser = clinic.signed_in("front_desk")
    page = browser.get(f"/staff/patients/{patient}")
    assert "Staff last spoke with them today" in page.text
    assert browser.post(action, browser.form_fields(page, action)).status_code == 303
    assert clinic.world.calls[-1]["path"].endswith(f"patients/{patient}/spoken")
    assert action not in clinic.signed_in("manager").get(f"/staff/patients/{patient}").text


@pytest.mark.capability("N18")
def test_the_sending_page_shows_a_dry_run_and_says_when_it_is_test_mode(clinic: Dashboard) -> None:
    until = clinic.world.now.isoformat()
    lines = [{"channel": "sms", "fate": "wait", "reason": "quiet_hours", "n": 7}]
    tried = {"until": until, "messages": 7, "lines": lines, "send_mode": "allow_list", "allowed": 3}
    clinic.world.extra["notify", "GET", "health-summary"] = {"due_now": 0, "oldest_due_seconds": None}
    clinic.world.extra["notify", "GET", "dry-run"] = tried
    page = clinic.signed_in("manager").get("/staff/messages").text
    assert "Test mode." in page
    assert "<b>7</b>" in page
    assert "Would wait" in page
    assert "because it is night where the patient is" in page


def test_one_click_answers_and_confirms_a_reply(clinic: Dashboard) -> None:
    reply = clinic.world.add_reply("Can my sister come with me?")
    reply["channel"], reply["patient_id"], reply["appointment_id"] = "sms", str(new_id()), str(new_id())
    browser = clinic.signed_in("front_desk")
    page = browser.get("/staff/inbox")
    keys = re.findall(r'name="key" value="([^"]+)"', page.text)
    assert len(set(keys)) == len(keys) == 4, "each deed is a press of its own"
    for deed, more in (("answer", {"text": "quick_bring_someone"}), ("confirm", {})):
        clinic.world.extra["notify", "POST", f"inbox/{reply['id']}/{deed}"] = {"id": reply["id"]}
        action = f"/staff/inbox/{reply['id']}/{deed}"
        fields = browser.form_fields(page, action)
        assert browser.post(action, {**fields, **more}).status_code == 303
        sent = [call for call in clinic.world.calls if call["method"] == "POST"][-1]
        assert (sent["path"], sent["body"]) == (f"/inbox/{reply['id']}/{deed}", more)
    assert (
        browser.post(f"/staff/inbox/{reply['id']}/answer", {**fields, "text": "free words"}).status_code
        == 422
    )


def test_words_typed_while_the_message_service_is_away_stay_on_the_page(clinic: Dashboard) -> None:
    browser = clinic.signed_in("manager")
    clinic.world.away.add("notify")
    assert "The message service is not answering." in browser.get("/staff/texts/new").text
    typed = {"name": "nurse_clinic_reminder", "channel": "email", "key": "k1"}
    for language in ("en", "es"):
        typed |= {f"{language}.subject": f"Subject {language}", f"{language}.body": f"Words {language}"}
    checked = browser.post("/staff/texts/new", typed | {"press": "check"})
    published = browser.post("/staff/texts/new", typed | {"press": "publish"})
    assert (checked.status_code, published.status_code) == (200, 503)
    assert "The message service is not answering." in checked.text
    assert "Can be published" not in checked.text
    changed = browser.post("/staff/texts/missed_visit/sms/es", {"body": "Words es", "key": "k2"})
    assert changed.status_code == 503
    assert "Words es" in changed.text
    for page in (checked.text, published.text):
        for said in ("nurse_clinic_reminder", "Subject en", "Words en", "Subject es", "Words es"):
            assert said in page
    assert browser.get("/staff/texts/missed_visit/sms/es").status_code == 503

    # The service is back for reading only: what it makes of the words is not known, and not told as good.
    clinic.world.away.clear()
    version = {
        "version": 1,
        "body": "Words",
        "published_at": clinic.world.now.isoformat(),
        "published_by": "s",
    }
    path = "templates/missed_visit/sms/es"
    clinic.world.extra["notify", "GET", path] = {"items": [version]}
    clinic.world.extra["notify", "POST", "templates/check"] = {"placeholders": {}, "segments": 1}
    assert "Can be published" in browser.get("/staff/texts/missed_visit/sms/es").text
    clinic.world.away_for_writing.add("notify")
    page = browser.post("/staff/texts/missed_visit/sms/es", {"body": "Better words", "press": "check"}).text
    assert "Better words</textarea>" in page
    assert "Not checked" in page
    assert "Can be published" not in page


def test_words_and_cadences_changed_meanwhile_show_what_differs_and_keep_what_was_typed(
    clinic: Dashboard,
) -> None:
    browser, world = clinic.signed_in("manager"), clinic.world
    first = {
        "version": 3,
        "subject": "Your visit",
        "body": "See you {visit_day}.\n\nBring your papers.",
        "published_at": world.now.isoformat(),
        "published_by": "s",
    }
    path = "templates/visit_reminder/email/en"
    world.extra["notify", "GET", path] = {"items": [first]}
    world.extra["notify", "POST", "templates/check"] = {"placeholders": {}}
    page = browser.get(action := "/staff/texts/visit_reminder/email/en")
    for hidden in ('name="version" value="3"', "Publish as version 4"):
        assert hidden in page.text, hidden
    now_is = {"version": 4, "subject": "Your visit", "body": "See you {visit_day}.\n\nBring a list."}
    world.extra["notify", "GET", path] = {"items": [first | now_is, first]}
    world.refusals["templates"] = (
        412,
        {"code": "changed_meanwhile", "title": "Changed.", "current": now_is},
    )
    typed = {
        "key": str(new_id()),
        "version": "3",
        "seen_subject": first["subject"],
        "seen_body": str(first["body"]).replace("\n", "\r\n"),
        "subject": "Your visit",
        "body": "Mine",
    }
    # Looking again at what one typed does not make it newer than it is.
    assert 'name="version" value="3"' in browser.post(action, typed | {"press": "check"}).text
    refused = browser.post(action, typed | {"press": "publish"})
    assert refused.status_code == 412
    for shown in (
        "Someone was faster",
        "<p>See you {visit_day}.</p>",
        "<s>Bring your papers.</s>",
        "<b>Bring a list.</b>",
    ):
        assert shown in refused.text, shown
    assert re.search(r"<textarea[^>]*>Mine</textarea>", refused.text)
    assert not re.search(r'<th scope="row">Subject', refused.text), "what is the same is no difference"
    sent = [call for call in world.calls if call["path"] == "/templates"][-1]
    assert sent["headers"]["If-Match"] == '"3"'

    step = {"step": "booked", "moment": "booking", "channels": ["sms"], "template": "visit_booked"}
    reminder = {**step, "step": "3_days", "moment": "days_before", "amount": 3, "at_hour": 9}
    cadence = {"visit_type": "", "site_id": "", "route": "", "version": 5, "steps": [step, reminder]}
    world.extra["notify", "GET", "cadences"] = {"items": [cadence]}
    world.extra["notify", "POST", "simulate"] = {"items": []}
    page = browser.get("/staff/cadences")
    fields = browser.form_fields(page, "/staff/cadences")
    assert fields["version"] == "5"
    own = browser.get("/staff/cadences?visit_type=pt_evaluation")
    assert browser.form_fields(own, "/staff/cadences")["version"] == "0", "it has none of its own yet"
    changed = cadence | {"version": 6, "steps": [step, {**reminder, "amount": 1}]}
    world.extra["notify", "GET", "cadences"] = {"items": [changed]}
    world.refusals["cadences"] = (412, {"code": "changed_meanwhile", "title": "Changed.", "current": changed})
    seen = re.findall(r'name="seen" value="([^"]*)"', page.text)
    row = {"moment": "days_before", "amount": "5", "at_hour": "9", "audience": "all", "way": "sms"}
    mine = {**fields, "seen": seen, "1.template": "visit_booked"} | {f"1.{name}": row[name] for name in row}
    assert 'name="version" value="5"' in browser.post("/staff/cadences", mine | {"press": "try"}).text
    refused = browser.post("/staff/cadences", mine | {"press": "save"})
    assert refused.status_code == 412
    assert [call for call in world.calls if call["path"] == "/cadences"][-1]["headers"]["If-Match"] == '"5"'
    shown = refused.text
    assert "Someone was faster. Nothing was saved." in shown
    assert "<s>Visit booked · 3 days before the visit at 9:00 · everyone · Text only</s>" in shown
    assert "<b>Visit booked · 1 day before the visit at 9:00 · everyone · Text only</b>" in shown
    changes = shown[shown.index("What changed") : shown.index("</table>")]
    assert "when it is booked" not in changes, "what is the same is no difference"
    assert 'name="0.amount" value="5"' in re.sub(r"\s+", " ", shown), "what was set is kept"
    # The next press replaces what is there now, knowingly.
    assert browser.form_fields(refused, "/staff/cadences")["version"] == "6"


def test_reasons_times_and_states_stand_in_words() -> None:
    assert why("provider_30008") == "the provider answered 30008"
    assert why("some_new_reason") == "some new reason"
    assert why_open("shared_number") == "several patients have this number"
    assert shown_state({"state": "unknown", "reason": "timeout"}) == "unknown"
    assert shown_state({"state": "unknown", "reason": "unknown_at_visit"}) == "never_known"
    hints: dict[str, dict[str, Any]] = {
        "Thursday, 3:30 pm": {"day": "thursday", "hour": 3, "minute": 30, "meridiem": "pm"},
        "Mar 11, 14:00": {"date": [3, 11], "hour": 14, "meridiem": "24"},
        "Friday, morning": {"day": "friday", "part": "morning"},
        "4:00": {"hour": 4},
        "": {},
    }
    assert {wished_time(hint): hint for hint in hints.values()} == hints


def test_a_reply_says_in_words_why_it_waits_and_which_time_it_names(clinic: Dashboard) -> None:
    reply = clinic.world.add_reply("Thursday at 3 pm instead?")
    reply["why_open"], reply["hint"] = "time_wish", {"time": {"day": "thursday", "hour": 3, "meridiem": "pm"}}
    page = clinic.signed_in("front_desk").get("/staff/inbox").text
    assert "waits because: it names another time" in page
    assert "<b>Thursday, 3 pm</b>" in page


ODD = {
    "id": ONE,
    "why": "accepted_twice",
    "step": "1_day",
    "channel": "sms",
    "state": "unknown",
    "reason": "unknown_at_visit",
    "at": "2026-11-29T17:00:00+00:00",
    "patient_id": ONE,
    "appointment_id": ONE,
}


@pytest.mark.capability("N21")
@pytest.mark.parametrize(
    ("differences", "said"),
    [
        ([], ["Everything adds up."]),
        (
            [ODD],
            ["Accepted twice", "Never known", "nobody could say before the visit", f"/staff/patients/{ONE}"],
        ),
    ],
)
def test_reconcile_says_whether_it_adds_up_and_shows_the_rows(
    clinic: Dashboard, differences: list[Any], said: list[str]
) -> None:
    totals = {"planned": 9, "sent": 4, "waiting": 2, "unknown": 1, "reasoned": 2}
    offer(
        clinic,
        "notify",
        "reconcile",
        {"totals": totals, "lines": [], "differences": differences, "adds_up": not differences},
    )
    page = clinic.signed_in("manager").get("/staff/reconcile").text
    assert [words for words in said if words not in page] == []
    assert "<b>9</b>planned" in page
    assert "<b>1</b>not known" in page


@pytest.mark.capability("N1", "N14", "N21")
def test_the_case_shows_each_message_with_its_text_version_state_and_why_it_was_not_sent(
    clinic: Dashboard, case: dict[str, Any]
) -> None:
    base = {"patient_id": case["patient_id"], "channel": "sms", "due_at": clinic.world.now.isoformat()}
    clinic.world.messages += [
        base
        | {
            "id": "1",
            "step": "booked",
            "state": "delivered",
            "template_version": 3,
            "text": "See you Monday",
        },
        base
        | {
            "id": "2",
            "step": "3_days",
            "state": "suppressed",
            "reason": "opted_out",
            "template_version": None,
        },
    ]
    page = clinic.signed_in("nurse").get(f"/staff/referrals/{case['id']}").text
    rows = [" ".join(row.split()) for row in page.partition('id="messages-title"')[2].split("<tr>")[2:4]]
    assert "text version 3" in rows[0]
    assert "See you Monday" in rows[0]
    assert "because the patient asked us to stop" in rows[1]
    assert "text version" not in rows[1], "no words have been chosen for it"


@pytest.mark.fault("F58")
def test_a_pause_says_why_since_when_and_by_whom_and_only_managers_end_it(clinic: Dashboard) -> None:
    at = clinic.world.now.isoformat()
    clinic.signed_in("manager").get("/staff/messages")
    pause = {
        "now": True,
        "at": at,
        "by": "notify",
        "reason": "restored",
        "resumed_at": None,
        "resumed_by": "",
    }
    clinic.world.extra["notify", "GET", "health-summary"] = {
        "due_now": 3,
        "events_dead": 2,
        "silence_alarm": True,
        "paused": pause,
    }
    clinic.world.extra["notify", "POST", "sending/resume"] = {"paused": False}
    action = "/staff/messages/resume"
    shown = clinic.signed_in("front_desk").get("/staff/messages").text
    assert "these data were restored from a copy" in shown
    assert "Not told on" in shown
    assert "Audit trail being checked" in shown
    for checked, words in (
        ({"audit_broken_at": None}, "Audit trail holds"),
        ({"audit_broken_at": 7}, "At entry 7 it"),
    ):
        pause |= {"audit_checked": True} | checked
        assert words in clinic.signed_in("front_desk").get("/staff/messages").text
    assert "by the system: the data were restored from a copy" in " ".join(shown.split())
    assert action not in shown
    lost = [{"service": "referral", "sent_by_us": False, "events": 3}]
    pause |= {"reason": "restored_elsewhere", "lost": lost, "audit_checked": False}
    other = " ".join(clinic.signed_in("front_desk").get("/staff/messages").text.split())
    assert "3 of the newest hundred events that the referral service told are not in its data" in other
    assert "Audit trail" not in other, "ours is whole"
    pause["reason"] = "restored"
    browser = clinic.signed_in("manager")
    fields = browser.form_fields(browser.get("/staff/messages"), action)
    assert browser.post(action, fields | {"note": "ok"}).status_code == 422
    note = "Compared with the carrier's list."
    assert browser.post(action, fields | {"note": note}).status_code == 303
    sent = [call for call in clinic.world.calls if call["method"] == "POST"][-1]
    assert (sent["path"].endswith("/sending/resume"), sent["body"]) == (True, {"note": note})
    assert clinic.signed_in("front_desk").post(action, fields | {"note": note}).status_code == 403


@pytest.mark.fault("F10", "F12")
def test_what_a_service_could_not_pass_on_is_shown_by_kind_and_tried_again_by_one_press(
    clinic: Dashboard,
) -> None:
    clinic.world.extra["notify", "GET", "health-summary"] = {"due_now": 0, "events_dead": 0}
    clinic.world.away.add("referral")
    at = clinic.world.now.isoformat()
    dead = {"type": "intake_submitted", "listener": "referral", "occurred_at": at, "attempts": 5}
    ids = [str(new_id()) for _ in range(3)]
    reasons = ("status 422", "status 422", "worker_lost 3")
    items = [dead | {"id": one, "reason": reason} for one, reason in zip(ids, reasons, strict=True)]
    clinic.world.extra["intake", "GET", "dead-events"] = {"items": items, "total": 3}
    clinic.world.extra["notify", "GET", "dead-events"] = {"items": [], "total": 0}
    clinic.world.extra["intake", "POST", "dead-events/try-again"] = {"tried": 2}
    action = "/staff/messages/events/intake/try-again"
    assert action not in clinic.signed_in("nurse").get("/staff/messages").text
    browser = clinic.signed_in("manager")
    page = browser.get("/staff/messages")
    shown = " ".join(page.text.split())
    assert shown.count(action) == 2, "one press a kind"
    assert "it was refused as wrong, five times" in shown
    assert "bringing it ended the process 3 times" in shown
    assert "The referral service is not answering." in shown
    assert "Every service has taken" not in shown, "that is not known"
    fields = browser.form_fields(page, action)
    assert browser.post(action, fields | {"id": ids[:2]}).status_code == 303
    sent = [call for call in clinic.world.calls if call["method"] == "POST"][-1]
    assert (sent["path"].endswith("/dead-events/try-again"), sent["body"]) == (True, {"ids": ids[:2]})
    assert clinic.signed_in("nurse").post(action, fields | {"id": ids[:2]}).status_code == 403
    clinic.world.away.clear()
    clinic.world.extra["referral", "GET", "dead-events"] = {"items": [], "total": 0}
    clinic.world.extra["intake", "GET", "dead-events"] = {"items": [], "total": 0}
    assert "Every service has taken what the others told it." in browser.get("/staff/messages").text
