"""A site may differ from the shared protocol: shown as a difference, merged the same way every time."""

from typing import Any

import pytest

from kernel.contracts.protocol import shipped_document
from kernel.evidence.overlay import merge_overlay
from tests.referral.conftest import NURSE, PROVIDER, Clinic
from tests.referral.test_protocol_life import BACK_PAIN, a_new_rule, draft_with, post

SOONER = {"section": "routes.rules", "id": "PT4", "set": {"priority": "P3"}}


def propose(clinic: Clinic, *changes: Any, site: str = "paola") -> Any:
    body = {"site": site, "changes": list(changes), "reason": "A therapist is free on Mondays."}
    return clinic.call("POST", "/protocol/overlays", body, actor=NURSE)


@pytest.mark.capability("T2")
def test_an_overlay_is_shown_as_a_difference_merged_for_its_site_and_carried_to_the_next_version(
    staffed: Clinic,
) -> None:
    proposed = propose(staffed, SOONER).json
    shown = staffed.get(f"/protocol/overlays/{proposed['id']}")
    changed = {one["path"]: (one["before"], one["after"]) for one in shown["differences"]}
    assert changed["routes.rules[PT4].priority"] == ("P5", "P3")
    assert shown["golden_otherwise"]
    assert staffed.submit(BACK_PAIN, preferred_site="paola")["priority"] == "P5"

    path = f"/protocol/overlays/{proposed['id']}/approve"
    assert staffed.call("POST", path, {}, actor=NURSE, version=1).json["code"] == "second_person"  # type: ignore[index]
    assert staffed.call("POST", path, {}, actor=PROVIDER, version=1).status_code == 200
    here, there = (staffed.submit(BACK_PAIN, preferred_site=site) for site in ("paola", "garnett"))
    assert (here["priority"], here["decision"]["protocol_version"]) == ("P3", "1+paola.1")
    assert (there["priority"], there["decision"]["protocol_version"]) == ("P5", "1")

    draft = draft_with(staffed, a_new_rule())
    done = post(staffed, f"/drafts/{draft['id']}/publish", {}, PROVIDER, draft["version"])
    assert done.status_code == 201, done.text
    after = staffed.submit(BACK_PAIN, preferred_site="paola")
    assert (after["priority"], after["decision"]["protocol_version"]) == ("P3", "2+paola.2")
    assert staffed.get(f"/referrals/{here['id']}")["decision"]["protocol_version"] == "1+paola.1"


def test_a_version_that_an_overlay_does_not_fit_is_not_published(staffed: Clinic) -> None:
    proposed = propose(staffed, SOONER).json
    staffed.call("POST", f"/protocol/overlays/{proposed['id']}/approve", {}, actor=PROVIDER, version=1)
    draft = draft_with(staffed, ("rules", "PT4", None))
    body = {"override_reason": "The rule is replaced by another one."}
    refused = post(staffed, f"/drafts/{draft['id']}/publish", body, PROVIDER, draft["version"])
    assert (refused.status_code, refused.json["code"]) == (409, "overlay_conflict")
    assert refused.json["site"] == "paola"
    assert staffed.get("/protocol")["number"] == 1


def test_the_merge_does_not_depend_on_the_order_of_the_changes() -> None:
    document = shipped_document()
    made_for = {"id": document["id"], "version": document["version"]}
    changes = [SOONER, {"section": "routes.rules", "id": "PT5", "remove": True}]
    merged = [
        merge_overlay(document, {"site": "paola", "made_for": made_for, "changes": order})
        for order in (changes, changes[::-1])
    ]
    assert merged[0] == merged[1]
    assert document == shipped_document()


@pytest.mark.parametrize(
    "changes",
    [
        [{"section": "red_flags", "id": "RF_CES", "remove": True}],
        [{"section": "routes.rules", "id": "NOPE", "remove": True}],
        [SOONER, SOONER],
        [{**SOONER, "set": {"priority": "P9"}}],
        [],
    ],
)
def test_a_bad_overlay_is_refused(staffed: Clinic, changes: list[Any]) -> None:
    assert propose(staffed, *changes).status_code == 422
    assert propose(staffed, SOONER, site="nowhere").status_code == 422
    assert staffed.get("/protocol/overlays")["items"] == []
