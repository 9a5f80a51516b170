"""The page of golden cases: what each shows, found by words, and retired with a reason."""

import re
from typing import Any

from kernel.ids import new_id
from tests.dashboard.conftest import Dashboard


def test_a_golden_case_shows_what_tells_and_all_of_it_on_asking(clinic: Dashboard) -> None:
    calm = {f"calm_{n}": False for n in range(40)}
    answers = {**calm, "fever": True, "regions": ["neck"], "hx_days_per_month": 0, "hx_nausea": "none"}
    case = {"code": "GC9", "title": "Fever", "origin": "shipped", "answers": answers, "expected": {}}
    clinic.world.extra["referral", "GET", "protocol/golden-cases"] = {"items": [case]}
    page = clinic.signed_in("nurse").get("/staff/protocol/golden-cases").text
    assert "fever <b>yes</b>, regions <b>neck</b>; " in page
    assert "42 answers more" in page
    assert "calm 7" not in page
    whole = clinic.signed_in("nurse").get("/staff/protocol/golden-cases?case=GC9").text
    assert "calm 7 <b>no</b>" in whole
    assert "answers more" not in whole
    # The clinic's own is retired with a reason; a shipped one is not. What was retired stays to be read.
    own = {**case, "code": "CLINIC0001", "origin": "override", "version": 1}
    gone = {**own, "code": "CLINIC0002", "version": 2, "retired_at": clinic.world.now.isoformat()}
    gone |= {"retired_by": "x", "retired_reason": "practice_changed", "retired_note": "Agreed in May."}
    listed = {"items": [own, case], "retired": [gone]}
    clinic.world.extra["referral", "GET", "protocol/golden-cases"] = listed
    nurse = clinic.signed_in("nurse")
    page_ = nurse.get("/staff/protocol/golden-cases")
    assert page_.text.count("Retire it") == 1
    assert "We treat this otherwise now" in page_.text.partition("Retired <b")[2]
    assert "Agreed in May." in page_.text
    action = "/staff/protocol/golden-cases/CLINIC0001/retire"
    why = {"reason_code": "expected_wrongly", "note": "It expects PT for fever."}
    asked = nurse.form_fields(page_, action) | why
    clinic.world.extra["referral", "POST", action.removeprefix("/staff/")] = own
    assert nurse.post(action, asked).status_code == 303
    sent = clinic.world.calls[-1]
    assert (sent["body"], sent["headers"]["If-Match"]) == (why, '"1"')
    late = {"code": "changed_meanwhile", "title": "Changed.", "current": {"retired_by": "Nurse Two"}}
    clinic.world.refusals[action.removeprefix("/staff/")] = (412, late)
    refused = nurse.post(action, asked | {"key": str(new_id())})
    assert refused.status_code == 412
    for shown in ("Someone was faster", "Nurse Two", "It expects PT for fever."):
        assert shown in refused.text


def test_hundreds_of_golden_cases_come_in_pages_and_can_be_searched(clinic: Dashboard) -> None:
    def case(number: int, title: str, route: str) -> dict[str, Any]:
        expected = {"priority": "P3", "route": route}
        return {
            "code": f"GC{number}",
            "title": title,
            "origin": "shipped",
            "answers": {},
            "expected": expected,
        }

    cases = [case(n, f"Back pain no. {n}", "physical_therapy") for n in range(95)]
    cases.append(case(95, "Clumsy hands", "surgical_consult"))
    clinic.world.extra["referral", "GET", "protocol/golden-cases"] = {"items": cases}
    nurse = clinic.signed_in("nurse")

    def rows(query: str) -> list[str]:
        return re.findall(r'data-row id="(GC\d+)"', nurse.get("/staff/protocol/golden-cases" + query).text)

    assert rows("") == [f"GC{n}" for n in range(40)]
    assert rows("?from=80") == [f"GC{n}" for n in range(80, 96)]
    assert rows("?case=GC57") == [f"GC{n}" for n in range(40, 80)]
    assert rows("?find=surgical+CLUMSY") == ["GC95"]
    assert rows("?from=²") == rows("?from=9999") == rows("")
    assert rows("?find=nobody") == []
    page = nurse.get("/staff/protocol/golden-cases?find=back&from=40").text
    assert "41 to 80 of 95" in page
    assert "find=back&amp;from=80" in page
    assert "find=back&amp;from=0" in page
