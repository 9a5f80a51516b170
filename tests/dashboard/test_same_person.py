"""The match queue and the numbers patients are kept under, as staff see them."""

import re

import pytest

from kernel.ids import new_id
from tests.dashboard.conftest import Dashboard
from tests.dashboard.test_lists import ONE, PERSON, accept, last, offer


@pytest.mark.capability("I14")
def test_two_records_are_joined_only_by_a_persons_word(clinic: Dashboard) -> None:
    known, twin = str(new_id()), str(new_id())
    mrn, member = "urn:waymark:mrn", "urn:waymark:member:plains-health"
    case = {
        "id": ONE,
        "version": 3,
        "state": "open",
        "patient": {
            "id": str(new_id()),
            **PERSON,
            "identifiers": [{"system": mrn, "value": "417"}, {"system": member, "value": "88"}],
        },
        "candidates": [
            {
                "patient_id": known,
                "score": 9,
                "patient": {
                    "id": known,
                    **PERSON,
                    "given_name": "Maria",
                    "identifiers": [{"system": mrn, "value": "417"}],
                },
                "excluded_by": [],
            },
            {
                "patient_id": twin,
                "score": 4,
                "patient": {"id": twin, **PERSON, "identifiers": [{"system": member, "value": "89"}]},
                "excluded_by": [member],
            },
        ],
    }
    offer(clinic, "intake", "match-cases", [case])
    accept(clinic, "intake", f"match-cases/{ONE}/decide")
    browser = clinic.signed_in("manager")
    page = browser.get("/staff/matches")
    assert "Ostrander, Maria" in page.text
    # The same number is marked so; a different one of the same keeper says why it is no choice, and where to correct it.
    assert re.search(r'aria-label="the same"[^>]*><use[^>]*></use></svg> 417</span>', page.text)
    assert re.search(r"Different</span> 89", page.text)
    assert "Not the same person: Insurance member number, Plains Health differs." in page.text
    assert re.findall(r'name="same_as" value="([^"]+)"', page.text) == [known]
    assert f"/staff/patients/{twin}" in page.text
    fields = browser.form_fields(page, f"/staff/matches/{ONE}/decide")
    refused = {"code": "different_identifiers", "title": "Two people.", "status": 409, "systems": [mrn]}
    clinic.world.refusals[f"match-cases/{ONE}/decide"] = (409, refused)
    told = browser.post(f"/staff/matches/{ONE}/decide", {**fields, "same_as": known, "key": "k0"})
    assert (told.status_code, "They differ in: <b>Our record number (MRN)</b>" in told.text) == (409, True)
    del clinic.world.refusals[f"match-cases/{ONE}/decide"]
    assert browser.post(f"/staff/matches/{ONE}/decide", {**fields, "same_as": known}).status_code == 303
    assert last(clinic)[1] == {"same_as": known}
    # On the record the number is corrected: entered with its keeper, or taken away.
    held = {"id": str(new_id()), "system": member, "value": "89"}
    record, where = (
        {"id": twin, **PERSON, "language": "en", "version": 4, "identifiers": [held]},
        f"patients/{twin}",
    )
    offer(clinic, "intake", where, record)
    accept(clinic, "intake", f"{where}/identifiers")
    accept(clinic, "intake", f"{where}/identifiers/{held['id']}/remove")
    page = browser.get(f"/staff/{where}")
    assert "Insurance member number, Plains Health</span> <b>89</b>" in page.text
    fields = browser.form_fields(page, f"/staff/{where}/identifiers")
    given = {**fields, "identifier_kind": "member", "identifier_keeper": "", "identifier": " 88 "}
    unsaid = browser.post(f"/staff/{where}/identifiers", given)
    assert (unsaid.status_code, "for an insurer or another practice, its name" in unsaid.text) == (422, True)
    given["identifier_keeper"] = "Pláins  Health"
    assert browser.post(f"/staff/{where}/identifiers", given).status_code == 303
    assert last(clinic) == (f"/{where}/identifiers", {"system": member, "value": "88"})
    sent = [call for call in clinic.world.calls if call["method"] == "POST"][-1]["headers"]
    assert {name.lower(): value for name, value in sent.items()}["if-match"] == '"4"'
    fields = browser.form_fields(page, f"/staff/{where}/identifiers/{held['id']}/remove")
    assert browser.post(f"/staff/{where}/identifiers/{held['id']}/remove", fields).status_code == 303
    assert last(clinic)[0] == f"/{where}/identifiers/{held['id']}/remove"
    therapist = clinic.signed_in("therapist")
    assert "Enter or correct a number" not in therapist.get(f"/staff/{where}").text
    fields = therapist.form_fields(therapist.get("/staff/patients"), "/staff/patients")
    assert therapist.post(f"/staff/{where}/identifiers", {**given, **fields}).status_code == 403
