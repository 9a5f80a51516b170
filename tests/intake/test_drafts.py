"""Drafts: one at a time, resumed on another device, saved page by page, sent once."""

import json
from concurrent.futures import ThreadPoolExecutor

import pytest
from sqlalchemy import select

from services.intake.model import Submission
from services.intake.questionnaires import shipped_questionnaire
from tests.intake.conftest import ABOUT, FRONT_DESK, MANAGER, Browser, Clinic
from tests.intake.steps import MINIMUM, go_to, send_all


@pytest.mark.capability("I4")
def test_a_second_device_goes_on_where_the_first_stopped(clinic: Clinic) -> None:
    phone = clinic.browser().start()
    phone.send({"thunderclap": "false"})
    phone.send(MINIMUM["where"])
    stopped_at = phone.page
    tablet = clinic.browser("198.51.100.8").open(phone.link())
    assert "birth_date" in tablet.body
    tablet.send({"birth_date": "1980-04-23"})
    assert tablet.page == stopped_at
    token = tablet.token
    tablet.open(f"/intake/q/{token}/where")
    assert "answered this page on another phone" in tablet.body
    assert " checked" not in tablet.body, "the link and a birth date never read answers back"
    tablet.send({"_keep": "yes"})
    assert tablet.page == stopped_at
    tablet.open(f"/intake/review/{token}").send()
    (told,) = clinic.events("intake_submitted")
    assert told["answers"]["regions"] == ["neck"]
    assert told["answers"]["thunderclap"] is False


def test_two_devices_on_one_page_the_second_is_asked(clinic: Clinic) -> None:
    """BAD-36: the last write needs the version it was read at, whatever the devices' clocks say."""
    phone = clinic.browser().start()
    tablet = clinic.browser("198.51.100.8").open(phone.link()).send({"birth_date": "1980-04-23"})
    for one in (phone, tablet):
        go_to(one, one.token, "pain_now")
    phone.send({"nprs_now": "6", "_queued": "yes", "_seq": "1795000000050"})
    tablet.send({"nprs_now": "3", "_queued": "yes", "_seq": "1795000000040"})
    assert tablet.status == 409
    assert "answered on another phone after you opened it" in tablet.body
    assert 'value="3" checked' in tablet.body, "what was typed is kept on the page"
    assert 'value="6" checked' not in tablet.body, "what the other device answered is not told"
    (row,) = clinic.sql("SELECT count(*) AS n FROM page_save WHERE page = 'pain_now'")
    assert row.n == 1
    tablet.send({"nprs_now": "3", "_queued": "yes", "_seq": "1795000000041"})
    assert tablet.status == 200
    go_to(tablet, tablet.token, "where").send(MINIMUM["where"])
    tablet.open(f"/intake/review/{tablet.token}").send()
    (told,) = clinic.events("intake_submitted")
    assert told["answers"]["nprs_now"] == 3, "sent again, it counts"


def test_a_fast_clock_on_one_device_makes_nothing_of_the_other_late(clinic: Clinic) -> None:
    """What a device sends knowing the page's last save is newer than it, whatever either clock says."""
    phone = clinic.browser().start()
    tablet = clinic.browser("198.51.100.8").open(phone.link()).send({"birth_date": "1980-04-23"})
    go_to(phone, phone.token, "pain_now").send({"nprs_now": "6", "_queued": "yes", "_seq": "1895000000000"})
    go_to(tablet, tablet.token, "pain_now").send({"nprs_now": "3", "_queued": "yes", "_seq": "1795000000040"})
    go_to(tablet, tablet.token, "pain_now").send({"nprs_now": "8", "_queued": "yes", "_seq": "1795000000050"})
    go_to(tablet, tablet.token, "emergency_signs").send({"thunderclap": "false"})
    assert clinic.sql("SELECT count(*) AS n FROM page_save WHERE page = 'pain_now'")[0].n == 3
    go_to(phone, phone.token, "emergency_signs").send(
        {"thunderclap": "false", "_queued": "yes", "_seq": "1895000000001"}
    )
    for answer, number in (("false", "1795000000060"), ("true", "1795000000061")):
        go_to(tablet, tablet.token, "emergency_signs").send(
            {"thunderclap": answer, "_queued": "yes", "_seq": number}
        )
    assert "Call 911" in tablet.body, "an answer that was taken for a late one was never looked at"
    assert clinic.sql("SELECT count(*) AS n FROM callback_task WHERE action = 'E'")[0].n == 1


def test_an_emergency_is_never_a_conflict(clinic: Clinic) -> None:
    phone = clinic.browser().start()
    tablet = clinic.browser("198.51.100.8").open(phone.link()).send({"birth_date": "1980-04-23"})
    for one in (phone, tablet):
        go_to(one, one.token, "emergency_signs")
    phone.send({"thunderclap": "false"})
    tablet.send({"thunderclap": "true"})
    assert "Call 911" in tablet.body
    assert clinic.sql("SELECT count(*) AS n FROM callback_task WHERE action = 'E'")[0].n == 1


@pytest.mark.capability("I5")
def test_a_second_start_resumes_the_first(clinic: Clinic) -> None:
    first = clinic.browser().start()
    first.send({"thunderclap": "false"})
    again = clinic.browser("198.51.100.9").start(given_name="ANA ", phone="816.555.0123")
    assert again.page == first.page
    assert clinic.sql("SELECT count(*) AS n FROM submission")[0].n == 1
    assert first.open(first.at).status == 200, "both links lead to the one draft"


def test_a_telephone_begins_three_forms_a_day_and_staff_go_on(clinic_at_noon: Clinic) -> None:
    """Going on with an open form is not a start, nor is one begun by staff; a refused start leaves nothing."""
    clinic = clinic_at_noon

    def begin(name: str, **changes: str) -> Browser:
        person = {"given_name": name, "family_name": name * 2, "birth_date": f"04/0{len(name)}/1981"}
        return clinic.browser().start(**person, **changes)

    for name in ("Ana", "Ana", "Bo", "Conny"):
        assert begin(name).page == "emergency_signs"
    refused = begin("Diet")
    assert refused.status == 429
    assert "Please call us. We can fill in this one with you." in refused.body
    assert 'value="Diet"' in refused.body, "what was typed is kept"
    assert clinic.sql("SELECT count(*) AS n FROM patient")[0].n == 3
    assert begin("Bo").page == "emergency_signs"
    assert begin("Diet", phone="816-555-0177").page == "emergency_signs"
    given = clinic.submit({"regions": ["neck"]}, given_name="Eve", phone="+18165550123")
    assert given.status_code == 201, "staff who take the answers by telephone are not counted"


@pytest.mark.fault("F45")
@pytest.mark.capability("I5")
def test_many_starts_at_once_end_in_one_draft(clinic: Clinic) -> None:
    def begin(number: int) -> int:
        return clinic.browser(f"203.0.113.{number}").start().status

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(begin, range(50))) == {200}
    assert clinic.sql("SELECT count(*) AS n FROM submission WHERE state = 'draft'")[0].n == 1
    assert clinic.sql("SELECT count(*) AS n FROM patient")[0].n == 1
    (links,) = clinic.sql("SELECT count(*) AS n, count(DISTINCT submission_id) AS drafts FROM patient_link")
    assert (links.n, links.drafts) == (50, 1), "every one of them goes on with it"


@pytest.mark.capability("I6")
def test_an_empty_questionnaire_is_not_taken(clinic: Clinic, browser: Browser) -> None:
    browser.start()
    token = browser.token
    browser.open(f"/intake/review/{token}").send()
    assert browser.status == 422
    assert clinic.events("intake_submitted") == []
    assert clinic.submit({}).status_code == 422
    assert clinic.submit({"regions": None}).status_code == 422


@pytest.mark.capability("I6")
def test_each_page_is_checked_and_kept_as_typed(clinic: Clinic, browser: Browser) -> None:
    """BAD-37, 38, 40, 41, 42: each mistake is named at its question; nothing of the page is stored."""
    browser.start()
    token = browser.token
    go_to(browser, token, "medicines").send(
        {"meds.0.meds~2eclass": "triptan", "meds.0.meds~2edays_per_month": "32"}
    )
    assert (browser.status, "Please write a number from 0 to 31." in browser.body) == (422, True)
    browser.open(f"/intake/q/{token}/medicines?lang=es")
    browser.send({"meds.0.meds~2eclass": "triptan", "meds.0.meds~2edays_per_month": "-1"})
    assert "Escriba un número del 0 al 31." in browser.body
    for value in ("11", "-1", "7.5", "seven"):
        go_to(browser, token, "pain_now").send({"nprs_now": value})
        assert browser.status == 422, value
        assert 'id="e-nprs_now"' in browser.body
    go_to(browser, token, "where").send({"regions": []})
    assert 'id="e-regions"' in browser.body
    go_to(browser, token, "where").send({"regions": ["neck", "elbow"]})
    assert browser.status == 422
    go_to(browser, token, "where").send({"regions": ["neck", "neck"]})
    assert browser.status == 422
    go_to(browser, token, "headache_change").send({"no_such_question": "1"})
    assert browser.status == 422
    go_to(browser, token, "pregnancy").send({"pregnancy_status": ["pregnant", "unsure"]})
    assert browser.status == 422
    # Longer than the patient has lived, which is a slip of the unit as a rule.
    go_to(browser, token, "pain_now").send({"pain_weeks": "70", "pain_weeks.unit": "a"})
    assert (browser.status, "Es más que la edad del paciente" in browser.body) == (422, True)
    assert 'id="e-pain_weeks"' in browser.body
    assert clinic.sql("SELECT count(*) AS n FROM page_save")[0].n == 0
    # A draft kept before that was looked for is put right on the page that asks, and no other page waits for it.
    with clinic.parts.database.transaction() as session:
        draft = session.scalars(select(Submission)).one()
        assert draft.content is not None
        held = draft.content.reveal()
        held["items"]["pain_weeks"] = {"value": 70, "unit": "a"}
        draft.content = held
    go_to(browser, token, "pregnancy").send({"pregnancy_status": "not_pregnant"})
    assert (browser.status, clinic.sql("SELECT count(*) AS n FROM page_save")[0].n) == (200, 1)
    go_to(browser, token, "pain_now").send({"pain_weeks": "70", "pain_weeks.unit": "a"})
    assert (browser.status, 'id="e-pain_weeks"' in browser.body) == (422, True)


@pytest.mark.capability("C3")
def test_a_bladder_question_passed_over_is_told_before_sending_and_stays_unknown(
    clinic: Clinic, browser: Browser
) -> None:
    browser.start()
    token = browser.token
    go_to(browser, token, "where").send({"regions": ["low_back"]})
    others = ("saddle_numbness", "both_legs_weak", "radicular_bilateral_new", "sexual_dysfunction_new")
    go_to(browser, token, "bladder_and_legs").send(dict.fromkeys(others, "false"))
    assert browser.open(f"/intake/review/{token}").body.count("1 question left empty") == 1
    go_to(browser, token, "bladder_and_legs").send(dict.fromkeys(others[1:], "false"))
    assert "2 questions left empty" in browser.open(f"/intake/review/{token}").body
    every = {**dict.fromkeys(others, "false"), "bladder_bowel_change": "not_sure"}
    go_to(browser, token, "bladder_and_legs").send(every)
    assert "left empty" not in browser.open(f"/intake/review/{token}").body
    browser.send()
    (told,) = clinic.events("intake_submitted")
    assert told["answers"]["saddle_numbness"] is False
    assert told["answers"].get("bladder_bowel_change") is None


@pytest.mark.capability("I2")
def test_going_back_clears_what_the_new_answer_hides(clinic: Clinic, browser: Browser) -> None:
    """BAD-43: what a red flag reads is never cleared, whatever a later answer hides."""
    browser.start()
    token = browser.token
    go_to(browser, token, "where").send({"regions": ["head"]})
    go_to(browser, token, "headache_feel").send({"hx_severity": "severe", "hx_vomiting": "true"})
    go_to(browser, token, "warning_signs").send({"aura_symptoms": ["visual"]})
    go_to(browser, token, "where").send({"regions": ["low_back"]})
    assert go_to(browser, token, "headache_feel").status == 404
    assert go_to(browser, token, "warning_signs").status == 404
    browser.open(f"/intake/review/{token}").send()
    (told,) = clinic.events("intake_submitted")
    assert "hx_severity" not in told["answers"]
    assert told["answers"]["regions"] == ["low_back"]
    assert told["answers"]["aura_symptoms"] == ["visual"]


@pytest.mark.capability("I1")
def test_a_draft_ends_on_the_version_it_was_begun_on(clinic: Clinic) -> None:
    """BAD-39: and it still reads on that version after a newer one is published."""
    begun = clinic.browser().start()
    token = begun.token
    document = shipped_questionnaire()
    document["version"] = "3"
    part = next(one for one in document["item"] if one["linkId"] == "part_first")
    page = next(one for one in part["item"] if one["linkId"] == "where")
    page["text"] = "Show us where it hurts"
    made = clinic.call("POST", "/questionnaire-drafts", document, actor=MANAGER)
    assert made.status_code == 201, made.text
    body = made.get_json()
    assert {"link_id": "where", "change": "changed", "fields": ["text"]} in body["changes"]
    published = clinic.call(
        "POST", f"/questionnaire-drafts/{body['id']}/publish", {}, actor=MANAGER, version=body["version"]
    )
    assert published.status_code == 200, published.text
    assert go_to(begun, token, "where").status == 200
    assert "Where does it hurt?" in begun.body
    send_all(begun, token)
    (told,) = clinic.events("intake_submitted")
    assert told["questionnaire"].endswith("|2")
    stored = clinic.sql("SELECT form_version FROM submission")
    assert [row.form_version for row in stored] == ["2"]
    assert clinic.get("/questionnaires/headache-spine/2")["version"] == "2"
    assert clinic.get("/questionnaires/headache-spine/3")["version"] == "3"
    with pytest.raises(Exception, match="only ever added"):
        clinic.sql("UPDATE questionnaire_version SET document = '{}'")


@pytest.mark.capability("I13")
def test_the_language_chosen_goes_on_to_messages(clinic: Clinic, browser: Browser) -> None:
    browser.start(lang="en")
    token = browser.token
    browser.open(f"/intake/q/{token}/where?lang=es")
    assert "¿Dónde le duele?" in browser.body
    browser.send(MINIMUM["where"])
    browser.open(f"/intake/review/{token}").send()
    (told,) = clinic.events("intake_submitted")
    assert told["language"] == "es"
    assert told["patient"]["language"] == "es"


def test_sent_twice_is_refused_with_what_to_do(clinic: Clinic, browser: Browser) -> None:
    """BAD-54: the link is used up by the first sending."""
    browser.start()
    token = browser.token
    before = go_to(browser, token, "where").hidden()
    send_all(browser, token)
    assert "Thank you. We have your answers." in browser.open(f"/intake/review/{token}").body
    other = clinic.browser().open(f"/intake/q/{token}/where")
    assert other.status == 404
    assert "Nothing you sent before is lost" in other.body
    # Changed and sent once more by who sent it: nothing changes, and the page says whom to call.
    changed = browser.client.post(f"/intake/q/{token}/where", data={**before, "regions": ["low_back"]})
    assert (changed.status_code, "/s/" in changed.headers["Location"]) == (303, True)
    shown = browser.open(changed.headers["Location"]).body
    assert "To change or add something, call us at" in shown
    (told,) = clinic.events("intake_submitted")
    assert told["answers"]["regions"] == ["neck"]


@pytest.mark.capability("I19")
def test_saves_out_of_order_keep_the_later_answer(clinic: Clinic, browser: Browser) -> None:
    """BAD-53: a queued save that arrives after a later one of the same page is ignored."""
    browser.start()
    token = browser.token
    # Both were sent from the page as it was before either arrived.
    before = go_to(browser, token, "pain_now").hidden()
    browser.send({"nprs_now": "5", "_queued": "yes", "_seq": "1795000000050"})
    late = {**before, "nprs_now": "4", "_queued": "yes", "_seq": "1795000000040"}
    go_to(browser, token, "pain_now").send(late)
    assert browser.status == 200
    # Its answer was lost on the way: the same save once more is the same save.
    again = {**before, "nprs_now": "5", "_queued": "yes", "_seq": "1795000000050"}
    assert go_to(browser, token, "pain_now").send(again).status == 200
    assert clinic.sql("SELECT count(*) AS n FROM page_save WHERE page = 'pain_now'")[0].n == 1
    send_all(browser, token)
    (told,) = clinic.events("intake_submitted")
    assert told["answers"]["nprs_now"] == 5


@pytest.mark.fault("F46")
def test_the_same_key_replays_and_another_body_is_refused(clinic: Clinic) -> None:
    given = {
        "patient": {"given_name": "A", "family_name": "B", "birth_date": "1990-01-01"},
        "answers": {"fever": False},
    }
    first = clinic.call("POST", "/submissions", given, key="k1")
    again = clinic.call("POST", "/submissions", given, key="k1")
    assert first.get_json() == again.get_json()
    assert again.headers["Idempotent-Replay"] == "true"
    other = json.loads(json.dumps(given))
    other["answers"]["fever"] = True
    assert clinic.call("POST", "/submissions", other, key="k1").status_code == 422
    assert len(clinic.events("intake_submitted")) == 1


def test_the_status_page_follows_the_referral(clinic: Clinic, browser: Browser) -> None:
    from kernel.contracts.referral_state_changed import ReferralStateChanged
    from kernel.ids import new_id

    browser.start()
    send_all(browser, browser.token)
    at = browser.at
    (row,) = clinic.sql("SELECT id, patient_id FROM submission")
    referral = new_id()
    for state, version in (("booked", 4), ("accepted", 3)):
        told = ReferralStateChanged(
            referral_id=referral,
            submission_id=row.id,
            patient_id=row.patient_id,
            from_state="x",
            to_state=state,
            version=version,
        )
        assert clinic.tell("referral", "referral_state_changed", referral, told).status_code == 204
    assert "Your visit is planned." in browser.open(at).body
    assert clinic.get(f"/submissions/{row.id}")["referral"] == {"id": str(referral), "state": "booked"}


def test_about_page_keeps_what_was_typed(browser: Browser) -> None:
    browser.start(phone="911", birth_date="2026-13-01")
    assert browser.status == 422
    assert ABOUT["given_name"] in browser.body
    assert "816-555-0123" in browser.body


@pytest.mark.capability("I7")
def test_answers_of_last_time_are_shown_and_count_only_when_confirmed(
    clinic: Clinic, browser: Browser
) -> None:
    browser.start()
    token = browser.token
    go_to(browser, token, "pain_now").send({"nprs_now": "6"})
    go_to(browser, token, "health_history").send({"osteoporosis": "true"})
    send_all(browser, token)
    (row,) = clinic.sql("SELECT patient_id FROM submission")
    by_mail = clinic.call("POST", f"/patients/{row.patient_id}/links", {}, actor=FRONT_DESK).get_json()
    at_home = clinic.browser("198.51.100.20").open(by_mail["path"]).send({"birth_date": "04/23/1980"})
    at_home.open(f"/intake/q/{at_home.token}/pain_now")
    assert " checked" not in at_home.body, "without staff who know who is there, nothing is read back"
    kiosk = clinic.call(
        "POST", f"/patients/{row.patient_id}/links", {"mode": "kiosk"}, actor=FRONT_DESK
    ).get_json()
    tablet = clinic.browser("198.51.100.21").open(kiosk["path"]).send({"birth_date": "04/23/1980"})
    again = tablet.token
    go_to(tablet, again, "pain_now")
    assert "your answers from last time" in tablet.body
    assert 'value="6" checked' in tablet.body
    tablet.send({"nprs_now": "6"})
    go_to(tablet, again, "where").send({"regions": ["neck"]})
    tablet.open(f"/intake/review/{again}").send()
    told = clinic.events("intake_submitted")[-1]
    assert told["answers"]["nprs_now"] == 6
    assert "osteoporosis" not in told["answers"], "a block nobody confirmed is not an answer"
