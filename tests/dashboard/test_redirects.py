"""What a redirect asks for, and to whom a case is given."""

from typing import Any

import pytest
from sqlalchemy import select

from kernel.ids import new_id
from services.dashboard.model import Staff
from tests.dashboard.conftest import Dashboard
from tests.dashboard.test_pages import NECK


@pytest.mark.capability("L8")
def test_a_redirect_needs_a_route_a_coded_reason_and_goes_to_somebody_by_name(clinic: Dashboard) -> None:
    case: dict[str, Any] = clinic.world.add_referral("Mara", "Ostrander", NECK)
    browser = clinic.signed_in("nurse")
    action = f"/staff/referrals/{case['id']}/redirect"
    page = browser.get(action)
    assert 'Note <span class="small">needed</span>' in page.text
    fields = browser.form_fields(page, action)
    bare = browser.post(
        action, {**fields, "route": "medication_review", "reason_code": "capacity", "note": ""}
    )
    assert (bare.status_code, "Add a sentence." in bare.text) == (422, True)
    refused = browser.post(action, {**fields, "route": "medication_review", "reason_code": "", "note": "x"})
    assert refused.status_code == 422
    assert "Choose one." in refused.text
    done = browser.post(
        action,
        {**fields, "route": "medication_review", "reason_code": "patient_prefers", "note": "By phone."},
    )
    assert done.status_code == 303
    sent = [call for call in clinic.world.calls if call["method"] == "POST"][-1]["body"]
    assert sent == {"route": "medication_review", "reason_code": "patient_prefers", "note": "By phone."}
    # It goes to somebody by name: whoever presses, or a colleague of the list.
    clinic.signed_in("provider")
    with clinic.parts.database.transaction() as session:
        who = str(session.scalars(select(Staff.id).where(Staff.name == "Provider Tester")).one())
    page = browser.get(action)
    assert f'<option value="{who}">Provider Tester, provider</option>' in page.text
    assign = f"/staff/referrals/{case['id']}/assign"
    clinic.world.extra["referral", "POST", f"referrals/{case['id']}/assign"] = case
    fields = browser.form_fields(browser.get(assign), assign)
    assert browser.post(assign, {**fields, "owner": ""}).status_code == 422
    assert browser.post(assign, {**fields, "owner": str(new_id())}).status_code == 422
    clinic.signed_in("front_desk")
    with clinic.parts.database.transaction() as session:
        desk = str(session.scalars(select(Staff.id).where(Staff.role == "front_desk")).first())
    assert browser.post(assign, {**fields, "owner": desk}).status_code == 422, "who is not on the list"
    assert browser.post(assign, {**fields, "owner": who}).status_code == 303
    sent = [call for call in clinic.world.calls if call["method"] == "POST"][-1]["body"]
    assert sent == {"owner_id": who, "owner_name": "Provider Tester"}
    assert clinic.signed_in("front_desk").get(assign).status_code == 403
