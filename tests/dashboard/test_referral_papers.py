"""Letters, changes after sending and notes that go back; and a referral entered from a letter."""

import base64
import io
import re
from typing import Any

import pytest

from kernel.ids import new_id
from tests.dashboard.conftest import Dashboard

NECK = {"age_years": 44, "neck_provokes_headache": True, "pain_weeks": 10}
PDF = b"%PDF-1.7\nnot much of a letter\n%%EOF"
ONE = str(new_id())


def last(clinic: Dashboard) -> tuple[str, Any]:
    sent = [call for call in clinic.world.calls if call["method"] == "POST"][-1]
    return sent["path"], sent["body"]


def referral(clinic: Dashboard, **more: Any) -> dict[str, Any]:
    now = clinic.world.now.isoformat()
    letter = {
        "id": ONE,
        "sender": "Prairie Family Practice",
        "external_id": "A-1001",
        "received_at": now,
        "tracks": False,
        "media_type": "application/pdf",
        "fields": {"reason": "Neck pain since spring", "notices_email": ""},
    }
    note = {
        "id": ONE,
        "version": 1,
        "text": "Seen today; plan agreed.",
        "returned_at": now,
        "returned_by": str(new_id()),
        "reviewed_at": None,
        "reviewed_by": "",
        "acknowledged_at": None,
        "acknowledged_by": "",
    }
    amendment = {
        "id": ONE,
        "at": now,
        "version": 2,
        "actor": {"name": "Dee Desk"},
        "reason_code": "patient_moved",
        "note": "Lives with her sister now.",
        "before": {"phone": "+18165550142"},
        "after": {"phone": "+18165550199"},
    }
    papers = {"letters": [letter], "notes": [note], "amendments": [amendment]}
    return clinic.world.add_referral("Mara", "Ostrander", NECK, **{**papers, **more})


@pytest.mark.capability("L9")
def test_the_letter_stands_beside_what_was_read_from_it_and_is_saved_as_it_came(clinic: Dashboard) -> None:
    row = referral(clinic)
    path = f"referrals/{row['id']}/letters/{ONE}"
    kept = {"media_type": "application/pdf", "content_base64": base64.b64encode(PDF).decode()}
    clinic.world.extra["referral", "GET", path] = kept
    nurse = clinic.signed_in("nurse")
    page = nurse.get(f"/staff/referrals/{row['id']}/papers").text
    for words in ("Prairie Family Practice", "A-1001", "Neck pain since spring"):
        assert words in page
    answer = nurse.get(f"/staff/{path}")
    assert (answer.data, answer.mimetype) == (PDF, "application/pdf")
    assert answer.headers["Content-Disposition"].startswith("attachment")
    kept["media_type"] = "text/html"
    assert nurse.get(f"/staff/{path}").status_code == 404, "nothing that a browser would run"
    assert clinic.signed_in("front_desk").get(f"/staff/{path}").status_code == 403


@pytest.mark.capability("L14")
def test_a_note_is_written_reviewed_and_its_receipt_noted_by_buttons(clinic: Dashboard) -> None:
    row = referral(clinic)
    base = f"/staff/referrals/{row['id']}"
    nurse = clinic.signed_in("nurse")
    page = nurse.get(f"{base}/papers")
    assert "Waits for a second clinician" in page.text
    for deed in ("notes", f"notes/{ONE}/review", f"notes/{ONE}/acknowledge"):
        clinic.world.extra["referral", "POST", f"referrals/{row['id']}/{deed}"] = {"id": ONE}
    write = nurse.form_fields(page, f"{base}/notes")
    nurse.post(f"{base}/notes", {**write, "body": "Follow up in six weeks."})
    assert last(clinic)[1] == {"text": "Follow up in six weeks."}
    review = nurse.form_fields(page, f"{base}/notes/{ONE}/review")
    assert nurse.post(f"{base}/notes/{ONE}/review", review).status_code == 303
    assert clinic.world.calls[-1]["headers"]["If-Match"] == '"1"'
    # Somebody was faster: the page says who, and nothing was overwritten.
    current = {"reviewed_by": "Pat Provider", "version": 2}
    clinic.world.refusals[f"referrals/{row['id']}/notes/{ONE}/review"] = (
        412,
        {"code": "changed_meanwhile", "title": "Changed.", "current": current},
    )
    late = nurse.post(f"{base}/notes/{ONE}/review", {**review, "key": str(new_id())})
    assert (late.status_code, "Pat Provider" in late.text) == (412, True)

    row["notes"][0] |= {"text": None, "version": 2, "reviewed_at": clinic.world.now.isoformat()}
    desk = clinic.signed_in("front_desk")
    waiting = desk.get(f"{base}/papers")
    assert "Reviewed, to be sent" in waiting.text
    assert "New note" not in waiting.text
    assert desk.post(f"{base}/notes/{ONE}/review", {"version": "2"}).status_code == 404
    step = f"{base}/notes/{ONE}/acknowledge"
    assert desk.post(step, desk.form_fields(waiting, step)).status_code == 303
    # The case says that a note waits.
    assert 'Letters and notes <b class="count">1</b>' in desk.get(base).text


@pytest.mark.capability("L7")
def test_both_versions_of_a_change_stand_side_by_side_and_only_what_differs_is_sent(
    clinic: Dashboard,
) -> None:
    row = referral(clinic)
    base = f"/staff/referrals/{row['id']}"
    clinic.world.extra["referral", "POST", f"referrals/{row['id']}/amend"] = row
    desk = clinic.signed_in("front_desk")
    page = desk.get(f"{base}/papers")
    assert "<s>+18165550142</s>" in page.text
    assert "<b>+18165550199</b>" in page.text
    fields = desk.form_fields(page, f"{base}/amend")
    typed = {"phone": "(816) 555-0188", "language": "en", "preferred_site": "liberty"}
    done = desk.post(f"{base}/amend", {**fields, **typed, "reason_code": "patient_asked", "note": ""})
    assert done.status_code == 303
    assert last(clinic)[1] == {
        "changes": {"preferred_site": "liberty", "phone": "+18165550188"},
        "reason_code": "patient_asked",
        "note": "",
    }
    wrong = {
        "code": "invalid",
        "title": "Not valid.",
        "errors": [{"field": "json.changes.phone", "code": "invalid"}],
    }
    clinic.world.refusals[f"referrals/{row['id']}/amend"] = (422, wrong)
    refused = desk.post(f"{base}/amend", {**fields, "phone": "816 55", "email": "mara at home", "key": "k2"})
    assert refused.status_code == 422
    for typed_once in ("816 55", "mara at home"):
        assert f">{typed_once}</textarea>" in refused.text
    assert "Change contact or site" not in clinic.signed_in("manager").get(f"{base}/papers").text


@pytest.mark.capability("L6")
def test_a_patient_with_a_live_referral_is_shown_it_and_the_letter_is_kept_for_the_choice(
    clinic: Dashboard,
) -> None:
    live = referral(clinic)
    clinic.world.extra["referral", "POST", "referrals"] = {"id": live["id"]}
    desk = clinic.signed_in("front_desk")
    fields = desk.form_fields(desk.get("/staff/referral-from-outside"), "/staff/referral-from-outside")
    form = {
        **fields,
        "sender": "Prairie Family Practice",
        "external_id": "A-2002",
        "given_name": "Mara",
        "family_name": "Ostrander",
        "birth_date": "1981-04-09",
        "phone": "816 555 0142",
        "email": "",
        "postcode": "66071",
        "language": "en",
        "preferred_site": "liberty",
        "reason": "Neck pain",
        "notices_email": "front@referrer.example.test",
        "identifier_kind": "record",
        "identifier_keeper": "Prairie Family",
        "identifier": "PF 2002",
    }
    problem = {
        "code": "live_referral",
        "title": "This patient already has a live referral.",
        "referral": {"id": live["id"], "state": "booked", "created_at": clinic.world.now.isoformat()},
        "offers": ["track", "separate"],
    }
    clinic.world.refusals["referrals"] = (409, problem)
    asked = desk.post("/staff/referral-from-outside", {**form, "file": (io.BytesIO(PDF), "letter.pdf")})
    assert asked.status_code == 409
    assert f"/staff/referrals/{live['id']}" in asked.text
    assert "Track the live one" in asked.text
    del clinic.world.refusals["referrals"]
    again = desk.form_fields(asked, "/staff/referral-from-outside")
    assert base64.b64decode(again["letter"]) == PDF
    done = desk.post("/staff/referral-from-outside", {**form, **again, "if_live": "track"})
    assert done.status_code == 303
    body = last(clinic)[1]
    assert (body["if_live"], base64.b64decode(body["letter_base64"])) == ("track", PDF)
    assert (body["patient"]["phone"], body["patient"]["postcode"]) == ("+18165550142", "66071")
    assert body["identifiers"] == [{"system": "urn:waymark:record:prairie-family", "value": "PF 2002"}]
    large = desk.post(
        "/staff/referral-from-outside", {**form, "file": (io.BytesIO(b"0" * (2 * 1024 * 1024 + 1)), "l.pdf")}
    )
    assert (large.status_code, "larger than 2 MiB" in large.text) == (422, True)
    assert 'value="Prairie Family Practice"' in large.text, "what was typed is kept"
    # The largest letter goes through twice: chosen, and as text with the choice.
    most = base64.b64encode(b"%PDF-" + b"0" * (2 * 1024 * 1024 - 5)).decode()
    assert desk.post("/staff/referral-from-outside", {**form, "letter": most, "key": "k2"}).status_code == 303


@pytest.mark.capability("L6")
def test_the_letter_and_its_number_are_kept_while_the_owner_is_silent(clinic: Dashboard) -> None:
    live = referral(clinic)
    clinic.world.extra["referral", "POST", "referrals"] = {"id": live["id"]}
    desk, path = clinic.signed_in("front_desk"), "/staff/referral-from-outside"
    fields = desk.form_fields(desk.get(path), path)
    form = {
        **fields,
        "sender": "Prairie Family Practice",
        "external_id": "A-3003",
        "given_name": "Mara",
        "family_name": "Ostrander",
        "birth_date": "1981-04-09",
        "preferred_site": "liberty",
        "if_live": "separate",
    }
    clinic.world.away.add("referral")
    silent = desk.post(path, {**form, "file": (io.BytesIO(PDF), "letter.pdf")})
    assert (silent.status_code, "with the letter" in silent.text) == (503, True)
    clinic.world.away.clear()
    again = desk.form_fields(silent, path)
    assert (base64.b64decode(again["letter"]), again["key"]) == (PDF, fields["key"])
    assert 'name="if_live" value="separate"' in silent.text
    assert '<option selected value="liberty">' in silent.text or 'value="liberty" selected' in silent.text
    assert desk.post(path, {**form, **again}).status_code == 303
    sent = last(clinic)[1]
    assert (sent["external_id"], base64.b64decode(sent["letter_base64"])) == ("A-3003", PDF)
    # The letter that was kept, and the largest file in its place.
    most = b"%PDF-" + b"0" * (2 * 1024 * 1024 - 5)
    both = {**form, "key": "k3", "letter": base64.b64encode(most).decode()}
    replaced = desk.post(path, {**both, "file": (io.BytesIO(most), "other.pdf")})
    assert replaced.status_code == 303
    damaged = desk.post(path, {**form, "key": "k4", "letter": "brief-für-uns"})
    assert (damaged.status_code, "damaged on the way" in damaged.text) == (422, True)


@pytest.mark.capability("L16")
def test_what_is_proposed_after_care_that_did_not_help_stands_on_both_cases(clinic: Dashboard) -> None:
    first = clinic.world.add_referral(
        "Mara", "Ostrander", {"age_years": 44}, state="closed", route="physical_therapy"
    )
    following = clinic.world.add_referral(
        "Mara", "Ostrander", {"age_years": 44}, route="surgical_consult", follows_id=first["id"]
    )
    began = {"created_at": "2030-01-02T15:00:00+00:00"}
    next_one = {"id": following["id"], "state": "needs_triage", "route": "surgical_consult", **began}
    earlier = {"id": first["id"], "state": "closed", "route": "physical_therapy", **began}
    first["other_referrals"] = [{**next_one, "open": True, "follows": True}]
    following["other_referrals"] = [{**earlier, "open": False, "follows": False}]
    nurse = clinic.signed_in("nurse")
    page = " ".join(nurse.get(f"/staff/referrals/{first['id']}").text.split())
    assert "What comes next is proposed: Surgical consult." in page
    assert f'href="/staff/referrals/{following["id"]}" data-key="u"' in page
    page = " ".join(nurse.get(f"/staff/referrals/{following['id']}").text.split())
    assert f'<a href="/staff/referrals/{first["id"]}">Physical therapy, begun' in page
    assert "What comes next" not in page
    # Once it is decided nothing is proposed any more; the lineage stays.
    first["other_referrals"] = [{**next_one, "state": "declined", "open": False, "follows": True}]
    page = nurse.get(f"/staff/referrals/{first['id']}").text
    assert "What comes next" not in page
    assert "follows this one" in page
    # Who came by letter and answered later: either case leads to the other one, and to the patient's page.
    first["other_referrals"] = [
        {**next_one, "open": True, "follows": False, "answered": True, "by_letter": True}
    ]
    page = " ".join(nurse.get(f"/staff/referrals/{first['id']}").text.split())
    letters = f'<a href="/staff/referrals/{following["id"]}/papers">by letter</a>'
    assert f", answered the questions, {letters}" in page
    assert f'<a href="/staff/patients/{first["patient_id"]}">Their page</a>' in page


@pytest.mark.capability("T11")
def test_who_came_by_letter_was_asked_nothing_and_no_page_says_that_nothing_was_found(
    clinic: Dashboard,
) -> None:
    came = clinic.world.add_referral("Olga", "Brandt", {}, route="staff_triage", mode="referrer")
    came |= {"submission_id": None, "decision": None, "answers": None, "flags": [], "holds": []}
    came |= {"unknown_count": 0, "near_miss_count": 0, "open_warnings": []}
    nurse = clinic.signed_in("nurse")
    queue = nurse.get("/staff/triage").text
    row = re.search(r"<tr data-row(?:(?!</tr>).)*Brandt.*?</tr>", queue, re.S)
    assert row
    assert "Nobody asked yet" in row.group()
    for wrong in ("complete", "none met"):
        assert wrong not in row.group()
    case = nurse.get(f"/staff/referrals/{came['id']}").text
    assert "Nobody has asked this patient about warning signs yet" in case
    assert "None fired" not in case
    assert "none yet: nothing was answered" in case
    assert f"{came['id']}/findings" not in case, "findings are added to answers, and there are none"
