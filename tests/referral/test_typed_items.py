"""Derived values, review causes and the ranking of a draft: each changed by itself, tried first, in force at once."""

import pytest

from kernel.contracts.protocol import shipped_document
from tests.referral.conftest import PROVIDER, Clinic
from tests.referral.test_protocol_life import BACK_PAIN, draft_with, post


@pytest.mark.capability("T1")
def test_a_window_a_review_cause_and_the_ranking_are_changed_by_themselves_tried_first_and_decide_at_once(
    clinic: Clinic,
) -> None:
    document = shipped_document()
    under_25 = {
        "id": "age_under_25",
        "kind": "condition",
        "name": "Patient is under 25",
        "when": {"variable": "age_years", "operator": "lt", "value": 25},
    }
    months = next(one for one in document["derived"] if one["id"] == "med_months")
    order = list(reversed(document["ranking"]["probable_order"]))
    items = (
        ("review_when", "age_under_25", under_25),
        ("derived", "med_months", {**months, "at_most": 24}),
        ("ranking", "probable_order", {"order": order, "source": "agreed in the clinic"}),
    )
    draft = draft_with(clinic)
    tried = [
        post(clinic, f"/drafts/{draft['id']}/checks", {"section": section, "id": name, "item": item})
        for section, name, item in items
    ]
    assert [answer.status_code for answer in tried] == [200, 200, 200]
    # Golden cases hold the ranking and the ages: trying tells so before anything is stored.
    assert tried[2].json["golden"]["failing"]
    assert clinic.get(f"/protocol/drafts/{draft['id']}")["document"] == document
    broken = {"section": "derived", "id": "med_months", "item": {**months, "grouping": "by_colour"}}
    faults = post(clinic, f"/drafts/{draft['id']}/checks", broken).json["problems"]
    assert [fault["code"] for fault in faults] == ["wrong_value"]

    draft = draft_with(clinic, *items)
    opened = clinic.get(f"/protocol/drafts/{draft['id']}")
    assert {(c["section"], c["id"], c["kind"]) for c in opened["changes"]} == {
        ("review_when", "age_under_25", "added"),
        ("derived", "med_months", "changed"),
        ("ranking", "probable_order", "changed"),
        ("ranking", "source", "changed"),
    }
    reason = "Agreed at the headache conference of Monday."
    path = f"/drafts/{draft['id']}/publish"
    done = post(clinic, path, {"override_reason": reason}, PROVIDER, draft["version"])
    assert done.status_code == 201, done.text
    young = clinic.submit({**BACK_PAIN, "age_years": 24})
    assert (young["route"], clinic.submit(BACK_PAIN)["route"]) == ("staff_triage", "physical_therapy")
