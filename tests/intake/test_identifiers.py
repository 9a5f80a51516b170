"""Identifiers: the same number of the same keeper is a strong candidate, a different one says two people."""

import json
from datetime import UTC, date, datetime
from typing import Any
from uuid import UUID

import pytest

from kernel.contracts.patient import PatientIdentifier, PatientSnapshot
from kernel.contracts.referral_received import ReferralReceived
from kernel.ids import new_id
from tests.intake.conftest import FRONT_DESK, NURSE, PROVIDER, Clinic
from tests.intake.test_identity import BASE

MRN, MEMBER = "urn:waymark:mrn", "urn:waymark:member:plains-health"


def number(value: str, system: str = MRN) -> dict[str, str]:
    return {"system": system, "value": value}


def patient_of(clinic: Clinic, *identifiers: dict[str, str], **changes: str) -> str:
    body = {
        "patient": {**BASE, **changes, "identifiers": list(identifiers)},
        "answers": {"regions": ["neck"]},
    }
    answer = clinic.call("POST", "/submissions", body)
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["patient_id"])


def cases(clinic: Clinic) -> list[Any]:
    return list(clinic.get("/match-cases", FRONT_DESK)["items"])


def enter(clinic: Clinic, patient: str, given: dict[str, str], **more: Any) -> Any:
    version = clinic.get(f"/patients/{patient}", FRONT_DESK)["version"]
    return clinic.call(
        "POST", f"/patients/{patient}/identifiers", given, actor=FRONT_DESK, version=version, **more
    )


@pytest.mark.capability("I14")
def test_a_different_number_of_the_same_keeper_excludes_and_the_queue_says_why(clinic: Clinic) -> None:
    first = patient_of(clinic, number("MR-00417"), number("8841", MEMBER))
    # However the number is written, and with another keeper's number beside it, it is the same person.
    assert patient_of(clinic, number("mr 00417")) == first
    assert patient_of(clinic, number("5", "http://hl7.org/fhir/sid/us-ssn")) == first
    assert cases(clinic) == []
    # A twin: family name, birth date, postcode and telephone agree, which without the number would be enough.
    twin = patient_of(clinic, number("MR-00418"), given_name="Marta")
    assert twin != first
    (case,) = cases(clinic)
    (candidate,) = case["candidates"]
    assert (candidate["patient_id"], candidate["excluded_by"]) == (first, [MRN])
    assert {one["value"] for one in candidate["patient"]["identifiers"]} == {"MR-00417", "8841", "5"}
    assert [one["value"] for one in case["patient"]["identifiers"]] == ["MR-00418"]
    decide = f"/match-cases/{case['id']}/decide"
    refused = clinic.call("POST", decide, {"same_as": first}, actor=FRONT_DESK, version=case["version"])
    assert refused.status_code == 409
    assert (refused.get_json()["code"], refused.get_json()["systems"]) == ("different_identifiers", [MRN])
    assert "old or wrong" in refused.get_json()["title"]
    assert "correct it" in refused.get_json()["detail"]
    assert "00417" not in refused.text, "a refusal repeats no number"
    version = clinic.get(f"/patients/{twin}", FRONT_DESK)["version"]
    direct = clinic.call(
        "POST", f"/patients/{twin}/merge", {"into": first}, actor=FRONT_DESK, version=version
    )
    assert direct.get_json()["code"] == "different_identifiers"
    assert clinic.sql("SELECT count(*) AS n FROM patient WHERE merged_into IS NOT NULL")[0].n == 0
    # The number was entered wrong: corrected, it excludes no longer, and the two can be made one.
    assert enter(clinic, twin, number("MR00417")).status_code == 200
    (case,) = cases(clinic)
    assert case["candidates"][0]["excluded_by"] == []
    merged = clinic.call("POST", decide, {"same_as": first}, actor=FRONT_DESK, version=case["version"])
    assert merged.status_code == 200, merged.text
    assert {one["value"] for one in clinic.get(f"/patients/{twin}")["identifiers"]} >= {"MR00417", "8841"}
    # Whoever comes with another number of that keeper is not the merged record either.
    assert patient_of(clinic, number("MR-00999")) not in (first, twin)


@pytest.mark.capability("I14")
def test_the_same_number_is_a_strong_candidate_whatever_else_differs(clinic: Clinic) -> None:
    alike = patient_of(clinic)
    known = patient_of(
        clinic,
        number("MR-7"),
        given_name="Ann",
        family_name="Reed",
        birth_date="1990-02-03",
        phone="+18165550177",
    )
    # Not the phone, but three of four with the first, and the number with the second: who has the number comes first.
    new = patient_of(clinic, number("MR-7"), phone="+18165550151")
    assert new not in (alike, known)
    (case,) = cases(clinic)
    assert [one["patient_id"] for one in case["candidates"]] == [known, alike]
    assert [(one["score"], one["identifier_equal"]) for one in case["candidates"]] == [(6, True), (4, False)]
    # Staff search by the number, as they have it.
    assert {one["id"] for one in clinic.get("/patients?q=mr7", FRONT_DESK)["items"]} == {known, new}
    # Entered later, on the record: whoever has it already is put before a person, once.
    late = patient_of(
        clinic, given_name="Lia", family_name="Moss", birth_date="1970-01-01", phone="+18165550188"
    )
    for _ in range(2):
        assert enter(clinic, late, number("mr 7")).status_code == 200
    assert sorted(len(one["candidates"]) for one in cases(clinic)) == [2, 2]
    # A letter that names a number finds who has it, and adds what was not known; it replaces nothing.
    told = ReferralReceived(
        referral_id=new_id(),
        patient_id=new_id(),
        patient=PatientSnapshot(
            given_name="Ann", family_name="Reed", birth_date=date(1990, 2, 3), phone="+18165550177"
        ),
        identifiers=(PatientIdentifier(**number("MR-8")), PatientIdentifier(**number("77", MEMBER))),
        state="needs_triage",
        version=1,
        received_at=datetime.now(UTC),
    )
    assert clinic.tell("referral", "referral_received", told.referral_id, told).status_code < 300
    (newest, *_) = sorted(cases(clinic), key=lambda one: one["opened_at"], reverse=True)
    assert [one["value"] for one in newest["patient"]["identifiers"]] == ["MR-8", "77"]
    assert newest["candidates"][0]["excluded_by"] == [MRN], (
        "a different number in the letter makes another record"
    )


@pytest.mark.capability("I14")
def test_a_corrected_number_stays_with_the_record_in_force_when_the_two_part(clinic: Clinic) -> None:
    kept, twin = patient_of(clinic), patient_of(clinic, number("MR-1"), given_name="Marta", postcode="")
    assert kept != twin
    version = clinic.get(f"/patients/{twin}", FRONT_DESK)["version"]
    path = f"/patients/{twin}/merge"
    merged = clinic.call("POST", path, {"into": kept}, actor=FRONT_DESK, version=version)
    assert merged.status_code == 200, merged.text
    for value in ("MR-2", "MR-3"):
        assert [one["value"] for one in enter(clinic, kept, number(value)).get_json()["identifiers"]] == [
            value
        ]
    # The twin's own number is old now: who comes with it is not this person.
    assert patient_of(clinic, number("MR-3")) == kept
    assert patient_of(clinic, number("MR-1")) != kept
    version = clinic.sql("SELECT version FROM patient WHERE id = :id", id=twin)[0].version
    parted = clinic.call("POST", f"/patients/{twin}/unmerge", {}, actor=FRONT_DESK, version=version)
    assert parted.status_code == 200, parted.text
    for patient, value in ((kept, "MR-3"), (twin, "MR-1")):
        seen = clinic.get(f"/patients/{patient}", FRONT_DESK)["identifiers"]
        assert [one["value"] for one in seen] == [value]


@pytest.mark.capability("I14", "Z8")
def test_identifiers_rest_sealed_are_corrected_by_staff_only_and_audited_without_the_number(
    clinic: Clinic,
) -> None:
    patient = patient_of(clinic)
    given = number("MR-55512", "urn:waymark:member:plains-health")
    assert enter(clinic, patient, given).status_code == 200
    (held,) = clinic.get(f"/patients/{patient}", FRONT_DESK)["identifiers"]
    assert (held["system"], held["value"]) == (given["system"], given["value"])
    corrected = enter(clinic, patient, {**given, "value": "MR-55513"})
    assert [one["value"] for one in corrected.get_json()["identifiers"]] == ["MR-55513"], (
        "one value per system"
    )
    path, version = f"/patients/{patient}/identifiers", corrected.get_json()["version"]
    assert clinic.call("POST", path, given, actor=FRONT_DESK, version=version - 1).status_code == 412
    assert clinic.call("POST", path, given, actor=FRONT_DESK).status_code == 428
    assert clinic.call("POST", path, given, actor=PROVIDER, version=version).status_code == 403
    for bad in (
        {**given, "value": " - "},
        {**given, "system": "mrn"},
        {**given, "value": "1" * 65},
        number("a\u202eb"),
    ):
        answer = clinic.call("POST", path, bad, actor=NURSE, version=version)
        assert (answer.status_code, answer.get_json()["code"]) == (422, "invalid"), bad
    twice = {
        "patient": {**BASE, "identifiers": [given, {**given, "value": "2"}]},
        "answers": {"regions": ["neck"]},
    }
    assert clinic.call("POST", "/submissions", twice).status_code == 422
    stored = clinic.sql("SELECT string_agg(p::text, ' ') AS rows FROM patient_identifier AS p")[0].rows
    trail = clinic.sql("SELECT string_agg(a::text, ' ') AS rows FROM audit_entry AS a")[0].rows
    for secret in ("55512", "55513", "plains-health", b"55513".hex()):
        assert secret not in stored + json.dumps(trail)
    assert trail.count("set_identifier") == 2
    removed = clinic.call("POST", f"{path}/{held['id']}/remove", {}, actor=FRONT_DESK, version=version)
    assert (removed.status_code, removed.get_json()["identifiers"]) == (200, [])
    again = clinic.call("POST", f"{path}/{held['id']}/remove", {}, actor=FRONT_DESK, version=version + 1)
    assert again.status_code == 404
    assert clinic.sql("SELECT 1 FROM audit_entry WHERE action = 'remove_identifier'")


@pytest.mark.capability("I14")
def test_a_number_somebody_else_has_is_put_before_a_person_when_a_draft_goes_on(clinic: Clinic) -> None:
    other = patient_of(
        clinic, number("MR-31"), given_name="Ann", family_name="Reed", phone="+18165550177", postcode=""
    )
    entry: dict[str, Any] = {"patient": BASE, "mode": "phone"}
    begun = clinic.call("POST", "/typed-entries", entry, actor=FRONT_DESK).get_json()
    assert cases(clinic) == []
    for _ in range(2):
        named = {**entry, "patient": {**BASE, "identifiers": [number("MR-31")]}}
        again = clinic.call("POST", "/typed-entries", named, actor=FRONT_DESK).get_json()
        assert (again["resumed"], again["patient_id"]) == (True, begun["patient_id"])
        (case,) = cases(clinic)
        assert [one["patient_id"] for one in case["candidates"]] == [other]


@pytest.mark.capability("I14")
def test_a_letter_for_somebody_known_by_its_id_finds_who_else_has_its_number(clinic: Clinic) -> None:
    other = patient_of(
        clinic, number("77", MEMBER), given_name="Ann", family_name="Reed", phone="+18165550177", postcode=""
    )
    known = patient_of(clinic, number("MR-8"))
    version = clinic.get(f"/patients/{known}", FRONT_DESK)["version"]
    for _ in range(2):
        told = ReferralReceived(
            referral_id=new_id(),
            patient_id=UUID(known),
            patient=PatientSnapshot(given_name="Marty", family_name="Quill", birth_date=date(1979, 3, 2)),
            identifiers=(PatientIdentifier(**number("77", MEMBER)), PatientIdentifier(**number("MR-9"))),
            state="needs_triage",
            version=1,
            received_at=datetime.now(UTC),
        )
        assert clinic.tell("referral", "referral_received", told.referral_id, told).status_code < 300
        (case,) = cases(clinic)
        assert (case["patient"]["id"], [one["patient_id"] for one in case["candidates"]]) == (known, [other])
        assert case["candidates"][0]["identifier_equal"] is True
        seen = clinic.get(f"/patients/{known}", FRONT_DESK)
        assert seen["version"] == version + 1, "once: whoever had the record open sees that it changed"
        assert {one["value"] for one in seen["identifiers"]} == {"MR-8", "77"}
    noted = clinic.sql(
        "SELECT details FROM audit_entry WHERE action = 'add_identifiers' AND subject_id = :id ORDER BY at",
        id=known,
    )
    assert [one.details.get("different") for one in noted] == [0, 1, 1], "another number of ours is noted"
