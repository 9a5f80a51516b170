"""The protocol's pages: read as sentences, change by form, check, sign, publish by a second person."""

import json
import re
from typing import Any

import pytest
from sqlalchemy import select

from kernel.ids import new_id
from services.dashboard.model import Staff
from tests.dashboard.conftest import Dashboard
from tests.dashboard.open_draft import open_draft

DRAFT = str(new_id())


@pytest.fixture
def draft(clinic: Dashboard) -> dict[str, Any]:
    """An open draft of the shipped protocol, with one failing golden case."""
    failing = {
        "code": "GC124",
        "title": "Just short of",
        "name": "",
        "differences": {"route": {"expected": "medication_review", "found": "staff_triage"}},
    }
    change = {
        "kind": "changed",
        "path": "routes.rules",
        "id": "MR5",
        "before": {
            "id": "MR5",
            "when": {"variable": "med_days_any_acute", "operator": "ge", "value": 8},
        },
        "after": {
            "id": "MR5",
            "when": {"variable": "med_days_any_acute", "operator": "ge", "value": 10},
        },
    }
    finding = {
        "code": "overlap",
        "severity": "note",
        "items": ["SC1", "MR1"],
        "message": "Both can be true.",
        "witness": {"age_years": 44},
        "new": True,
    }
    known = {
        "code": "uncovered",
        "severity": "note",
        "items": [],
        "message": "No rule.",
        "witness": {},
        "new": False,
    }
    checks = {
        "ready": False,
        "problems": [],
        "golden": {
            "total": 3,
            "passed": 2,
            "failing": [failing],
            "retired": [{"code": "CLINIC0002", "retired_reason": "practice_changed"}],
        },
        "findings": [known, finding],
    }
    return open_draft(clinic, DRAFT, "Try a threshold", changes=[change], checks=checks)


def test_a_draft_shows_its_rules_as_sentences_and_what_keeps_it_from_being_published(
    clinic: Dashboard, draft: dict[str, Any]
) -> None:
    page = clinic.signed_in("nurse").get(f"/staff/protocol/drafts/{DRAFT}").text
    assert "Limb weakness is new or worse" in page
    assert "1 of 3 golden cases fail" in page
    assert "1 golden case retired since version 1" in re.sub(r"\s+", " ", page)
    assert "expected medication review, now <b>staff triage</b>" in re.sub(r"\s+", " ", page)
    assert "1 new finding by this draft" in page
    kinds = re.findall(r"<details class=\"more finding-kind\"( open)?><summary>(.*?) <b", page)
    assert kinds == [(" open", "Rules with different routes fire together"), ("", "Answers no rule covers")]
    assert f'href="/staff/protocol/drafts/{DRAFT}/rules/MR1"' in page
    assert "Both can be true." in page
    assert "for example age years <b>44</b>" in page
    assert "<b>Medicine days any acute is at least 10</b>" in page


def test_a_threshold_is_changed_by_form_and_its_signature_comes_off(
    clinic: Dashboard, draft: dict[str, Any]
) -> None:
    rule = next(one for one in draft["document"]["routes"]["rules"] if one["id"] == "MR5")
    rule["signoff"] = {"required": True, "by": "Ines Marrow", "on": "2026-10-01"}
    browser = clinic.signed_in("nurse")
    path = f"/staff/protocol/drafts/{DRAFT}/rules/MR5"
    page = browser.get(path)
    assert 'name="when.value" value="8"' in page.text
    form = {
        "id": "MR5",
        "name": rule["name"],
        "route": rule["route"],
        "priority": rule["priority"],
        "source": rule["source"],
        "status": rule["status"],
        "when.kind": "leaf",
        "when.variable": "med_days_any_acute",
        "when.operator": "ge",
        "when.value": "10",
        "version": "4",
        "key": "k1",
        "press": "save",
    }
    assert browser.post(path, form).status_code == 303
    sent = clinic.world.calls[-1]
    assert sent["headers"]["If-Match"] == '"4"'
    assert sent["body"]["item"] == {
        **rule,
        "when": {"variable": "med_days_any_acute", "operator": "ge", "value": 10},
        "signoff": {"required": True, "by": None, "on": None},
    }


def test_pressing_add_draws_another_clause_and_stores_nothing(
    clinic: Dashboard, draft: dict[str, Any]
) -> None:
    browser = clinic.signed_in("nurse")
    path = f"/staff/protocol/drafts/{DRAFT}/rules/MR5"
    before = len([call for call in clinic.world.calls if call["method"] == "POST"])
    form = {
        "id": "MR5",
        "when.kind": "leaf",
        "when.variable": "med_days_any_acute",
        "when.operator": "ge",
        "when.value": "9",
        "press": "wrap:when/when",
    }
    page = browser.post(path, form).text
    assert 'name="when.0.value" value="9"' in page
    assert 'name="when.1.variable"' in page
    assert len([call for call in clinic.world.calls if call["method"] == "POST"]) == before


def test_what_makes_a_rule_sooner_is_added_with_typed_inputs_and_saved(
    clinic: Dashboard, draft: dict[str, Any]
) -> None:
    browser = clinic.signed_in("nurse")
    path = f"/staff/protocol/drafts/{DRAFT}/rules/MR5"
    rule = next(one for one in draft["document"]["routes"]["rules"] if one["id"] == "MR5")
    browser.get(path)
    base = {
        "id": "MR5",
        "part": ["when"],
        "priority": "P5",
        "when.kind": "leaf",
        "when.variable": "med_days_any_acute",
        "when.operator": "ge",
        "when.value": "8",
        "version": "4",
        "key": "k3",
    }
    drawn = browser.post(path, {**base, "press": "more:raise"}).text
    assert 'name="raise0.to"' in drawn
    assert 'name="raise0.variable"' in drawn
    more = {
        "part": ["when", "raise0"],
        "raise0.to": "P3",
        "raise0.status": "design",
        "raise0.kind": "leaf",
        "raise0.variable": "nprs_now",
        "raise0.operator": "ge",
        "raise0.value": "9",
    }
    assert browser.post(path, {**base, **more, "press": "save"}).status_code == 303
    sent = clinic.world.calls[-1]["body"]["item"]
    when = {"variable": "nprs_now", "operator": "ge", "value": 9}
    assert sent["raises"] == [{"to": "P3", "status": "design", "when": when}]
    assert sent["when"] == rule["when"]


def test_a_tie_break_is_added_and_moved_by_form(clinic: Dashboard, draft: dict[str, Any]) -> None:
    browser = clinic.signed_in("nurse")
    section = browser.get(f"/staff/protocol/drafts/{DRAFT}?section=tie_breaks").text
    assert "suspected and migraine without aura: medication review first" in section
    path = f"/staff/protocol/drafts/{DRAFT}/tie_breaks/2"
    page = browser.get(path).text
    assert re.search(r'name="if_dx" value="ICHD_1_1" checked', page)
    form = {
        "if_dx": ["CGH_SUSPECTED", "ICHD_1_2"],
        "primary": "surgical_consult",
        "rank": "1",
        "status": "design",
        "version": "4",
        "key": "k4",
        "press": "save",
    }
    assert browser.post(path, form).status_code == 303
    body = clinic.world.calls[-1]["body"]
    assert (body["section"], body["id"], body["item"]["rank"]) == ("tie_breaks", "2", 1)
    assert body["item"]["if_dx"] == ["CGH_SUSPECTED", "ICHD_1_2"]
    assert browser.post(f"/staff/protocol/drafts/{DRAFT}/tie_breaks/new", form).status_code == 303
    assert clinic.world.calls[-1]["body"]["id"] == "new"


def test_only_a_provider_signs(clinic: Dashboard, draft: dict[str, Any]) -> None:
    path = f"/staff/protocol/drafts/{DRAFT}/rules/MR5"
    assert "Save and sign" not in clinic.signed_in("nurse").get(path).text
    browser = clinic.signed_in("provider")
    assert "Save and sign" in browser.get(path).text
    form = {
        "id": "MR5",
        "when.kind": "leaf",
        "when.variable": "med_days_any_acute",
        "when.operator": "ge",
        "when.value": "8",
        "version": "4",
        "key": "k2",
        "press": "sign",
    }
    assert browser.post(path, form).status_code == 303
    assert clinic.world.calls[-1]["body"]["item"]["signoff"]["by"] == "Provider Tester"


def test_text_that_is_not_json_is_refused_and_kept(clinic: Dashboard, draft: dict[str, Any]) -> None:
    browser = clinic.signed_in("nurse")
    path = f"/staff/protocol/drafts/{DRAFT}/variables/fever"
    browser.get(path)
    answer = browser.post(path, {"text": '{"id": "fever",', "press": "save-text"})
    assert answer.status_code == 422
    assert "not valid JSON" in answer.text
    assert "&#34;fever&#34;," in answer.text


def test_who_wrote_the_draft_cannot_publish_it(clinic: Dashboard, draft: dict[str, Any]) -> None:
    browser = clinic.signed_in("nurse")
    assert "Put in force" in browser.get(f"/staff/protocol/drafts/{DRAFT}").text
    draft["editors"].append(clinic.world.calls[-1]["actor"].id)
    assert "A second person publishes" in browser.get(f"/staff/protocol/drafts/{DRAFT}").text


def test_an_export_is_the_document_with_the_number_it_came_from(
    clinic: Dashboard, draft: dict[str, Any]
) -> None:
    answer = clinic.signed_in("nurse").get(f"/staff/protocol/drafts/{DRAFT}/export")
    assert json.loads(answer.text) == {"number": 1, "document": draft["document"]}


def test_a_version_tells_who_published_it_and_what_they_overrode(
    clinic: Dashboard, draft: dict[str, Any]
) -> None:
    browser = clinic.signed_in("provider")
    with clinic.parts.database.transaction() as session:
        staff_id = session.scalars(select(Staff.id).where(Staff.name == "Provider Tester")).first()
    clinic.world.extra["referral", "GET", "protocol/versions/2"] = {
        "number": 2,
        "document": draft["document"],
        "proposed_by": "someone-gone",
        "approved_by": str(staff_id),
        "override_reason": "Agreed at the spine conference.",
        "failing_cases": ["GC049"],
        "retired_cases": ["CLINIC0002"],
        "published_at": "",
    }
    clinic.world.extra["referral", "GET", "protocol/versions/1/diff/2"] = {"items": []}
    page = browser.get("/staff/protocol/versions/2").text
    assert "proposed by someone-gone, approved by Provider Tester" in page
    assert "1 golden case overridden:</b> GC049." in page
    assert "CLINIC0002, retired before this version" in re.sub(r"\s+", " ", page)
    assert "Agreed at the spine conference." in page


def test_a_manager_reads_and_the_front_desk_does_not(clinic: Dashboard, draft: dict[str, Any]) -> None:
    clinic.world.extra["referral", "GET", "protocol"] = {"number": 1, "document": draft["document"]}
    clinic.world.extra["referral", "GET", "protocol/versions"] = {"items": []}
    page = clinic.signed_in("manager").get("/staff/protocol").text
    assert "Suspected myelopathy" in page
    assert "Start a draft" not in page
    assert clinic.signed_in("front_desk").get("/staff/protocol").status_code == 403
    assert clinic.signed_in("manager").get(f"/staff/protocol/drafts/{DRAFT}").status_code == 403


def test_a_question_is_added_by_form_and_a_diagnosis_put_into_a_rule(
    clinic: Dashboard, draft: dict[str, Any]
) -> None:
    browser = clinic.signed_in("nurse")
    path = f"/staff/protocol/drafts/{DRAFT}/variables/new"
    assert "In plain Spanish" in browser.get(path).text
    form = {
        "id": "sleep_hours",
        "type": "float",
        "label_en": "Hours of sleep a night",
        "label_es": "Horas de sueño por noche",
        "unit": "hours",
        "min": "0",
        "max": "24",
        "values": "",
        "filled_by": "",
        "version": "4",
        "key": "k10",
        "press": "save",
    }
    assert browser.post(path, form).status_code == 303
    assert clinic.world.calls[-1]["body"]["item"] == {
        "id": "sleep_hours",
        "type": "float",
        "label": {"en": "Hours of sleep a night", "es": "Horas de sueño por noche"},
        "unit": "hours",
        "min": 0,
        "max": 24,
    }
    rule = {"id": "SC4", "when.kind": "all", "when.0.kind": "leaf", "when.0.variable": "imaging_stenosis"}
    page = browser.post(
        f"/staff/protocol/drafts/{DRAFT}/rules/SC4", {**rule, "press": "diagnosis:when/when"}
    ).text
    assert 'name="when.1.dx" value="ICHD_1_1" checked' in page


@pytest.mark.capability("T2")
def test_a_sites_own_changes_are_decided_on_as_seen_and_a_colleagues_decision_is_shown(
    clinic: Dashboard,
) -> None:
    overlay = {
        "id": str(new_id()),
        "revision": 1,
        "site": "paola",
        "base_number": 3,
        "state": "proposed",
        "reason": "Short waits there.",
        "proposed_by": "somebody",
        "decided_by": "",
        "items": [],
        "golden_otherwise": [],
    }
    page = f"/staff/protocol/sites/{overlay['id']}"
    path = f"protocol/overlays/{overlay['id']}"
    clinic.world.extra["referral", "GET", path] = overlay
    clinic.world.extra["referral", "POST", f"{path}/approve"] = overlay
    provider = clinic.signed_in("provider")
    fields = provider.form_fields(provider.get(page), f"{page}/approve")
    assert provider.post(f"{page}/approve", fields).status_code == 303
    assert clinic.world.calls[-1]["headers"]["If-Match"] == '"1"'
    clinic.signed_in("nurse")
    with clinic.parts.database.transaction() as session:
        nurse = session.scalars(select(Staff).where(Staff.role == "nurse")).first()
        assert nurse is not None
        current, name = {"state": "withdrawn", "decided_by": str(nurse.id)}, nurse.name
    clinic.world.refusals[f"{path}/approve"] = (412, {"code": "changed_meanwhile", "current": current})
    late = provider.post(f"{page}/approve", {**fields, "key": "another-key"})
    assert late.status_code == 412
    assert "<s>Proposed</s>" in late.text
    assert "<b>Withdrawn</b>" in late.text
    assert f"<b>{name}</b>" in late.text
