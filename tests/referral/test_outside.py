"""Referrals from outside, amendments, follow-ups and notes that go back."""

import base64
from typing import Any
from uuid import UUID

import pytest
from sqlalchemy import select, text

from kernel.contracts.patient import PatientSnapshot
from kernel.ids import new_id
from kernel.outbox import event_place
from kernel.personal import open_json
from kernel.tables import OutboxEvent
from tests.referral.calendar_steps import booked, change, events, slots
from tests.referral.conftest import FRONT_DESK, NECK_PAIN, NURSE, PROVIDER, Clinic
from tests.referral.test_merges import hear, told

PDF = b"%PDF-1.7\nnot much of a letter\n%%EOF"
PATIENT = {
    "given_name": "Rosa",
    "family_name": "Núñez",
    "birth_date": "1971-03-02",
    "phone": "+19135550117",
    "language": "es",
}


def refer(clinic: Clinic, actor: Any = NURSE, **changes: Any) -> Any:
    body = {
        "sender": "Prairie Family Practice",
        "external_id": "A-1001",
        "patient": PATIENT,
        "reason": "Neck pain since spring",
        "fields": {"diagnosis_text": "neck pain"},
        "letter_base64": base64.b64encode(PDF).decode(),
        **changes,
    }
    return clinic.call("POST", "/referrals", body, actor=actor)


@pytest.mark.capability("L9")
def test_who_came_by_letter_and_answers_later_has_both_on_either_case(clinic: Clinic) -> None:
    """Known to intake under another id: what it tells of that puts the letter's referral beside the answers'."""
    by_letter = refer(clinic).json
    known, own = new_id(), UUID(by_letter["patient_id"])
    answers = clinic.submit(NECK_PAIN, patient_id=known)
    assert answers["other_referrals"] == []
    hear(clinic, "patients_merged", told(own, known, 2))
    letters_case = clinic.get(f"/referrals/{by_letter['id']}")
    assert letters_case["patient_id"] == str(known), "the patient's page and answers are one press away"
    seen = [
        (one["id"], one["by_letter"], one["answered"])
        for case in (letters_case, clinic.get(f"/referrals/{answers['id']}"))
        for one in case["other_referrals"]
    ]
    assert seen == [(answers["id"], False, True), (by_letter["id"], True, False)]


@pytest.mark.capability("L15")
def test_the_same_sender_and_id_is_one_referral_whatever_the_key(clinic: Clinic) -> None:
    """BAD-66."""
    first, again = refer(clinic), refer(clinic)
    assert (first.status_code, again.status_code) == (201, 200)
    assert first.json["id"] == again.json["id"]
    assert first.headers["Location"].endswith(first.json["id"])
    assert clinic.get("/referrals")["open"] == 1
    other = refer(clinic, external_id="A-1002", if_live="separate")
    assert other.json["id"] != first.json["id"]


@pytest.mark.capability("L9")
def test_the_letter_is_kept_as_it_came_beside_what_was_read_from_it(clinic: Clinic) -> None:
    number = {"system": "urn:waymark:record:prairie-family", "value": "PF-2002"}
    assert refer(clinic, identifiers=[{**number, "system": "prairie"}]).status_code == 422
    made = refer(clinic, identifiers=[number]).json
    assert (made["state"], made["route"], made["mode"]) == ("needs_triage", "staff_triage", "referrer")
    with clinic.session() as session:
        (told,) = session.scalars(select(OutboxEvent).where(OutboxEvent.type == "referral_received"))
        heard = open_json(told.data_sealed, event_place(told.id))
    assert (heard["identifiers"], heard["patient"]["language"]) == ([number], "es")
    case = clinic.get(f"/referrals/{made['id']}")
    letter = case["letters"][0]
    assert letter["fields"]["reason"] == "Neck pain since spring"
    assert letter["fields"]["diagnosis_text"] == "neck pain"
    assert letter["fields"]["identifiers"] == ["PF-2002 (urn:waymark:record:prairie-family)"]
    kept = clinic.get(f"/referrals/{made['id']}/letters/{letter['id']}")
    assert base64.b64decode(kept["content_base64"]) == PDF
    assert kept["media_type"] == "application/pdf"
    assert "letter_received" in [item["text_code"] for item in case["timeline"]]
    assert clinic.get(f"/referrals/{made['id']}", FRONT_DESK)["letters"] is None
    with clinic.session() as session:
        stored = session.execute(text("SELECT letter_sealed, fields_sealed FROM inbound_referral")).one()
    assert b"letter" not in stored[0]
    assert b"Neck pain" not in stored[1]
    unsaid = {name: value for name, value in PATIENT.items() if name != "language"} | {
        "birth_date": "1972-04-03"
    }
    silent = refer(clinic, external_id="A-1003", patient=unsaid).json
    assert clinic.get(f"/referrals/{silent['id']}")["patient"]["language"] == "", (
        "nobody is made to speak English"
    )


@pytest.mark.capability("L6", "T16")
def test_a_second_live_referral_shows_the_first_and_offers_to_track_it(clinic: Clinic) -> None:
    known = PatientSnapshot.model_validate({**PATIENT, "family_name": "nunez"})
    case = clinic.submit(NECK_PAIN, patient=known)
    asked = refer(clinic)
    assert (asked.status_code, asked.json["code"]) == (409, "live_referral")
    assert asked.json["referral"]["id"] == case["id"]
    assert asked.json["offers"] == ["track", "separate"]
    number = {"system": "urn:waymark:record:prairie-family", "value": "PF-2002"}
    tracked = refer(clinic, if_live="track", identifiers=[number])
    assert (tracked.status_code, tracked.json["id"]) == (200, case["id"])
    (letter,) = clinic.get(f"/referrals/{case['id']}")["letters"]
    assert letter["tracks"] is True
    # Told to nobody (0218): staff see it with the letter and enter it.
    assert letter["fields"]["identifiers"] == ["PF-2002 (urn:waymark:record:prairie-family)"]
    separate = refer(clinic, external_id="A-1003", if_live="separate")
    assert separate.status_code == 201
    assert separate.json["patient_id"] == case["patient_id"]
    assert clinic.get("/referrals")["open"] == 2


@pytest.mark.parametrize(
    ("changes", "status"),
    [
        ({"letter_base64": base64.b64encode(b"MZ\x90 not a pdf").decode()}, 415),
        ({"letter_base64": base64.b64encode(b"%PDF-" + b"0" * 2_097_152).decode()}, 413),
        ({"letter_base64": "####"}, 422),
        ({"patient": {**PATIENT, "birth_date": "2026-02-31"}}, 422),
        ({"patient": {**PATIENT, "birth_date": "1890-01-01"}}, 422),
        ({"patient": {**PATIENT, "phone": "913 555"}}, 422),
        ({"sender": " "}, 422),
        ({"preferred_site": "nowhere"}, 422),
        ({"state": "closed"}, 422),
    ],
)
def test_a_bad_referral_from_outside_is_refused_whole(
    clinic: Clinic, changes: dict[str, Any], status: int
) -> None:
    assert refer(clinic, **changes).status_code == status
    assert clinic.get("/referrals")["open"] == 0


@pytest.mark.capability("L7")
def test_a_change_after_sending_is_an_amendment_with_a_reason_and_both_versions(staffed: Clinic) -> None:
    accepted = staffed.do(staffed.submit(preferred_site="paola"), "accept")
    body = {
        "changes": {"preferred_site": "garnett", "phone": "+18165550199"},
        "reason_code": "patient_moved",
        "note": "Lives with her sister now.",
    }
    path = f"/referrals/{accepted['id']}/amend"
    changed: Any = staffed.call("POST", path, body, actor=FRONT_DESK, version=accepted["version"])
    assert changed.status_code == 200, changed.text
    assert (changed.json["site"], changed.json["patient"]["phone"]) == ("garnett", "+18165550199")
    case = staffed.get(f"/referrals/{accepted['id']}")
    amendment = case["amendments"][0]
    assert amendment["before"] == {"preferred_site": "paola", "phone": "+18165550142"}
    assert amendment["after"] == body["changes"]
    assert (amendment["reason_code"], amendment["actor"]["id"]) == ("patient_moved", "desk-1")
    again = staffed.call("POST", path, body, actor=FRONT_DESK, version=case["version"])
    assert again.status_code == 422
    for bad in (
        {**body, "reason_code": ""},
        {**body, "changes": {}},
        {**body, "changes": {"state": "closed"}},
    ):
        assert staffed.call("POST", path, bad, version=case["version"]).status_code == 422
    # What has ended says what it said then.
    ended = staffed.do(case, "withdraw", {"reason_code": "patient_withdrew"})
    late: Any = staffed.call(
        "POST", path, {**body, "changes": {"preferred_site": "paola"}}, version=ended["version"]
    )
    assert (late.status_code, late.json["code"]) == (409, "illegal_move")


@pytest.mark.capability("L16")
def test_not_improved_after_therapy_proposes_the_next_route_and_keeps_the_lineage(staffed: Clinic) -> None:
    arm_pain = {
        "age_years": 47,
        "regions": ["neck", "arm"],
        "radicular_arm": True,
        "pain_weeks": 3,
        "imaging_concordant": True,
    }
    case = staffed.submit(arm_pain)
    assert case["route"] == "physical_therapy"
    referral = staffed.do(case, "accept")
    visit = booked(staffed, referral["id"], slots(staffed, visit_type="pt_evaluation")[0])
    change(staffed, change(staffed, visit, "check-in").json, "outcome", {"outcome": "attended"})
    with staffed.session() as session:
        session.execute(text("UPDATE appointment SET starts_at = starts_at - interval '60 days'"))
    attended = staffed.get(f"/referrals/{referral['id']}")
    closed = staffed.do(attended, "close", {"outcome": "not_improved"})
    others = staffed.get(f"/referrals/{closed['id']}")["other_referrals"]
    assert [(other["follows"], other["state"]) for other in others] == [(True, "needs_triage")]
    following = staffed.get(f"/referrals/{others[0]['id']}")
    assert (following["follows_id"], following["route"]) == (closed["id"], "surgical_consult")
    assert "SC3" in [rule["id"] for rule in following["decision"]["rules"]]
    known = {row["variable"]: row["value"] for row in following["answers"]}
    assert known["conservative_failed"] is True
    assert known["conservative_kinds"] == ["pt"]
    assert known["conservative_weeks"] >= 6
    plain = staffed.submit(NECK_PAIN)
    assert plain["follows_id"] is None


@pytest.mark.capability("L14")
def test_a_note_is_returned_reviewed_and_acknowledged_as_separate_steps(clinic: Clinic) -> None:
    case = clinic.submit()
    path = f"/referrals/{case['id']}/notes"
    written = clinic.call("POST", path, {"text": "Seen today; plan agreed."}, actor=PROVIDER)
    assert written.status_code == 201
    note = written.json
    assert note is not None
    assert (note["reviewed_at"], note["acknowledged_at"]) == (None, None)

    def step(name: str, actor: Any, version: int | None) -> Any:
        return clinic.call("POST", f"{path}/{note['id']}/{name}", {}, actor=actor, version=version)

    assert step("acknowledge", FRONT_DESK, 1).json["code"] == "note_not_reviewed"
    assert step("review", PROVIDER, 1).json["code"] == "second_person"
    assert step("review", NURSE, None).status_code == 428
    assert step("review", NURSE, 1).json["reviewed_by"] == "nurse-1"
    # Whoever still sees the note unreviewed is told what became of it.
    late = step("review", NURSE, 1)
    assert (late.status_code, late.json["current"]["reviewed_by"]) == (412, "nurse-1")
    # The front desk sees that a note waits and says when it is there; what it says is not for them.
    (waits,) = clinic.get(f"/referrals/{case['id']}", FRONT_DESK)["notes"]
    assert (waits["text"], bool(waits["reviewed_at"])) == (None, True)
    done = step("acknowledge", FRONT_DESK, 2)
    assert (done.status_code, done.json["acknowledged_by"], done.json["text"]) == (200, "desk-1", None)
    assert step("acknowledge", FRONT_DESK, 3).status_code == 409
    shown = clinic.get(f"/referrals/{case['id']}")["notes"]
    assert [n["id"] for n in shown] == [note["id"]]


@pytest.mark.capability("L11")
def test_the_referrer_is_told_each_milestone_once(staffed: Clinic, monkeypatch: pytest.MonkeyPatch) -> None:
    made = refer(staffed, notices_email="front@referrer.example.test").json
    other = refer(staffed, external_id="B-1", patient={**PATIENT, "given_name": "Ana"}).json
    staffed.submit(NECK_PAIN)
    assert staffed.get("/referrer-notices")["items"] == []
    monkeypatch.setattr("services.referral.queries.notices.SETTLED_SECONDS", 0)
    routed = staffed.do(
        made, "redirect", {"route": "physical_therapy", "reason_code": "new_information_by_phone"}
    )
    # Accepted once: another route afterwards is a change of it.
    other_route = {"route": "medication_review", "reason_code": "patient_prefers"}
    routed = staffed.do(routed, "redirect", other_route)
    back = {"route": "physical_therapy", "reason_code": "contraindication"}
    routed = staffed.do(routed, "redirect", back)
    first, other_time = slots(staffed, visit_type="pt_evaluation", site="leawood")[:2]
    visit = booked(staffed, routed["id"], first)
    moved = change(staffed, visit, "move", {"starts_at": other_time["starts_at"]})
    assert moved.status_code == 200, moved.text
    change(staffed, moved.json, "cancel", {"reason_code": "patient_unwell"})
    again = booked(staffed, routed["id"], slots(staffed, visit_type="pt_evaluation")[1])
    change(staffed, change(staffed, again, "check-in").json, "outcome", {"outcome": "attended"})
    staffed.do(staffed.get(f"/referrals/{made['id']}"), "close", {"outcome": "improved"})
    staffed.do(other, "decline", {"reason_code": "insurance_not_accepted"})
    # A letter about somebody who has answered already: accepted as proposed.
    mia = {**PATIENT, "given_name": "Mia"}
    answered = staffed.submit(NECK_PAIN, patient=PatientSnapshot.model_validate(mia))
    assert refer(staffed, external_id="C-1", patient=mia, if_live="track").status_code == 200
    staffed.do(answered, "accept")

    told: list[tuple[str, str]] = []
    cursor = ""
    while True:
        page = staffed.get(f"/referrer-notices?limit=2{cursor}")
        if not page["items"]:
            break
        told += [(notice["external_id"], notice["milestone"]) for notice in page["items"]]
        cursor = f"&cursor={page['next_cursor']}"
    assert told == [
        ("A-1001", "accepted"),
        ("A-1001", "changed"),
        ("A-1001", "changed"),
        ("A-1001", "booked"),
        ("A-1001", "changed"),
        ("A-1001", "changed"),
        ("A-1001", "booked"),
        ("A-1001", "completed"),
        ("B-1", "declined"),
        ("C-1", "accepted"),
    ]
    assert "Rosa" not in str(staffed.get("/referrer-notices"))
    # The one who gave an address gets the same by e-mail, the other nothing.
    assert events(staffed, "referrer_noticed") == 8
    with staffed.session() as session:
        each = select(OutboxEvent.subject).where(OutboxEvent.type == "referrer_noticed")
        assert len(set(session.scalars(each))) == 8, "each is a notice of its own"
    assert staffed.call("GET", "/referrer-notices?cursor=x").status_code == 400


def test_an_api_client_hears_of_its_own_referrals_only(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("services.referral.queries.notices.SETTLED_SECONDS", 0)
    staff_made = refer(clinic).json
    scopes = frozenset({"referral:read", "referral:write"})

    def as_client(name: str) -> dict[str, str]:
        return {
            "Authorization": f"Bearer {clinic.tokens('dashboard').issue_access(name, scopes, ['referral'])}"
        }

    body = {"sender": "EHR", "external_id": "7", "patient": {**PATIENT, "given_name": "Lia"}}
    sent = clinic.call("POST", "/referrals", body, headers=as_client("ehr"))
    assert sent.status_code == 201
    assert sent.json is not None
    for referral_id in (staff_made["id"], sent.json["id"]):
        clinic.do(clinic.get(f"/referrals/{referral_id}"), "decline", {"reason_code": "duplicate"})
    heard = clinic.call("GET", "/referrer-notices", headers=as_client("ehr")).json
    assert heard is not None
    assert [(n["sender"], n["external_id"], n["milestone"]) for n in heard["items"]] == [
        ("EHR", "7", "declined")
    ]
    other = clinic.call("GET", "/referrer-notices", headers=as_client("eh")).json
    assert other is not None
    assert other["items"] == []
