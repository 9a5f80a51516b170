"""The waiting list and the offers made from it: who has which offer, and what suits whom."""

import pytest

from kernel.ids import new_id
from tests.dashboard.conftest import Dashboard
from tests.dashboard.test_lists import NECK, ONE, PERSON, accept, last, offer


def test_the_waiting_list_shows_offers_running_and_stops_them(clinic: Dashboard) -> None:
    row = clinic.world.add_referral("Mara", "Ostrander", NECK)
    now = clinic.world.now.isoformat()
    entry = {
        "id": str(new_id()),
        "referral_id": row["id"],
        "patient": PERSON,
        "visit_type": "pt_evaluation",
        "priority": "P5",
        "sites": [],
        "weekdays": [0, 4],
        "from_minute": 480,
        "until_minute": 720,
        "notice_minutes": 120,
        "entered_at": now,
        "expires_at": now,
        "ended": "",
        "offers": [],
        "state": "booked",
        "no_offer": "call_first",
    }
    offer(clinic, "referral", "waitlist", [entry])
    offer(
        clinic,
        "referral",
        "offers",
        [
            {
                "id": ONE,
                "visit_type": "pt_evaluation",
                "site": "liberty",
                "provider_id": "prov-1",
                "starts_at": now,
                "state": "open",
                "batch": 2,
                "batch_until": now,
                "version": 4,
                "freed": {
                    "how": "cancelled",
                    "referral_id": ONE,
                    "patient": PERSON | {"family_name": "Giver"},
                },
                "claimed": None,
                "offers": [
                    {"id": ONE, "entry_id": entry["id"], "state": "offered", "expires_at": now},
                    {"id": "2", "entry_id": "of-another-site", "state": "offered", "expires_at": now},
                ],
            }
        ],
    )
    accept(clinic, "referral", f"offers/{ONE}/stop")
    browser = clinic.signed_in("front_desk")
    page = browser.get("/staff/waitlist")
    for words in (
        "batch 2",
        "Mon Fri",
        "08:00–12:00",
        "Ostrander, Mara",
        "Cancelled by",
        "Giver,",
        "call first",
    ):
        assert words in page.text
    action = f"/staff/offers/{ONE}/stop"
    assert browser.post(action, browser.form_fields(page, action)).status_code == 303
    # Who has the offer stands with their number; who calls gets it by one press.
    assert 'They take it<span class="hidden">: Ostrander, Mara' in page.text
    # Whose case a desk may not open has no name here, and so no button: nobody is booked unseen.
    assert page.text.count("They take it") == 1
    accept(clinic, "referral", f"offers/{ONE}/claim")
    action = f"/staff/offers/{ONE}/claim"
    assert browser.post(action, browser.form_fields(page, action)).status_code == 303
    assert last(clinic) == (f"/offers/{ONE}/claim", {"offer_id": ONE})
    assert "They take it" not in clinic.signed_in("manager").get("/staff/waitlist").text


@pytest.mark.capability("S10")
def test_what_suits_a_waiting_patient_is_changed_where_they_wait_and_a_stale_change_shows_what_differs(
    clinic: Dashboard,
) -> None:
    row = clinic.world.add_referral("Mara", "Ostrander", {"age_years": 44}, state="to_book")
    entry = {
        "id": str(new_id()),
        "version": 3,
        "referral_id": row["id"],
        "patient_id": row["patient_id"],
        "patient": row["patient"],
        "visit_type": "pt_evaluation",
        "priority": "P4",
        "sites": ["liberty"],
        "weekdays": [0, 4],
        "from_minute": 510,
        "until_minute": 1440,
        # A notice and an end the form cannot show to the minute.
        "notice_minutes": 90,
        "entered_at": "2030-01-02T15:00:00+00:00",
        "expires_at": "2030-03-02T15:20:00+00:00",
        "ended": "",
        "offers": [],
        "state": "to_book",
    }
    offer(clinic, "referral", "waitlist", [entry])
    path = f"referrals/{row['id']}/waitlist"
    clinic.world.extra["referral", "POST", path] = entry
    desk = clinic.signed_in("front_desk")
    action = f"/staff/waitlist/{entry['id']}"
    assert f'href="{action}"' in desk.get("/staff/waitlist").text
    page = desk.get(action)
    for shown in (
        'value="liberty" checked',
        'value="0" checked',
        'value="08:30"',
        'name="until_time" value=""',
        'value="2030-03-02"',
        '<option value="2" selected>',
    ):
        assert shown in page.text, shown
    fields = desk.form_fields(page, action)
    as_shown = {"sites": "liberty", "from_time": "08:30", "notice_hours": "2", "expires_at": "2030-03-02"}
    done = desk.post(action, {**fields, **as_shown, "weekdays": ["0", "2"]})
    assert done.status_code == 303
    sent = [call for call in clinic.world.calls if call["method"] == "POST"][-1]
    assert sent["headers"]["If-Match"] == '"3"'
    assert sent["body"] == {
        "visit_type": "pt_evaluation",
        "sites": ["liberty"],
        "weekdays": [0, 2],
        "from_minute": 510,
        "until_minute": 1440,
        "notice_minutes": 90,
    }, "what nobody changed is sent as it was"
    assert "Changed what suits <b>Ostrander, Mara" in desk.get(done.location).text
    told = {name: value for name, value in entry.items() if name not in ("state", "patient", "offers")}
    now_is = {**told, "weekdays": [4], "until_minute": 720, "notice_minutes": 1440, "version": 4}
    clinic.world.refusals[path] = (412, {"code": "changed_meanwhile", "title": "Changed.", "current": now_is})
    late = desk.post(action, {**fields, **as_shown, "weekdays": ["0", "2"], "key": "k2"})
    assert late.status_code == 412
    for seen, now in (("Mon, Fri", "Fri"), ("24:00", "12:00"), ("2 h before", "24 h before")):
        assert f"<td><s>{seen}</s></td><td><b>{now}</b></td>" in late.text, (seen, now)
    assert late.text.count("<td><s>") == 3, "what is the same is not listed"
    assert "Monday; Wednesday</b>" in late.text, "and what was ticked is not typed again"
    clinic.world.refusals[path] = (
        412,
        {"code": "changed_meanwhile", "title": "Changed.", "current": {**now_is, "from_minute": 0}},
    )
    midnight = desk.post(action, {**fields, **as_shown, "seen_from_minute": "0", "key": "k4"})
    assert (midnight.status_code, midnight.text.count("<td><s>")) == (412, 3), "midnight is midnight"
    wrong = {
        "code": "invalid",
        "title": "Not valid.",
        "errors": [{"field": "json.until_minute", "code": "not_after_start"}],
    }
    clinic.world.refusals[path] = (422, wrong)
    bad = desk.post(action, {**fields, **as_shown, "until_time": "08:00", "key": "k3"})
    assert "<b>Not after</b>: ends before it begins" in bad.text
    clinic.world.refusals[path] = (
        409,
        {"code": "already_waiting", "title": "On the list.", "current": entry},
    )
    join = f"/staff/referrals/{row['id']}/waitlist"
    twice = desk.post(join, desk.form_fields(desk.get(f"/staff/referrals/{row['id']}"), join))
    assert f'<a href="{action}">Change what suits them</a>' in twice.text
    assert clinic.signed_in("manager").get(action).status_code == 403
    assert desk.get(f"/staff/waitlist/{new_id()}").status_code == 404
