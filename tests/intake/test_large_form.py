"""A questionnaire of seven hundred items and a megabyte, as the largest that are shared: taken, answered, given back."""

import re

import pytest
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse

from services.intake.rules.evaluate_expression import Purse
from services.intake.rules.read_questionnaire import read_questionnaire
from tests.intake.conftest import Clinic
from tests.intake.imported_form import open_form, publish, submission_of
from tests.intake.large_example import URL, health_check

#: Parts that are filled in; each costs what the others cost.
FILLED = 8
NOT_HONOURED = {
    "answerOption: rendering-xhtml",
    "answerValueSet not contained: urn:example:far",
    "item: itemControl autocomplete",
    "item: rendering-style",
    "item: rendering-xhtml",
    "item: sdc-questionnaire-initialExpression: in a repeating group",
    "item: sdc-questionnaire-itemPopulationContext",
    "questionnaire: variable: application/x-fhir-query",
}


@pytest.mark.capability("I1", "I2", "I18")
def test_the_largest_forms_are_answered_within_their_steps(
    clinic: Clinic, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Three hundred conditions, each looked up in the whole response, cost a request a tenth of the steps it has."""
    document = health_check()
    assert set(read_questionnaire(document).not_honoured) == NOT_HONOURED
    publish(clinic, document)
    (one,) = clinic.get(f"/questionnaires?url={URL}")["items"]
    assert one["document"] == document
    browser = open_form(clinic, URL)
    assert browser.page == "about"
    assert "filled in some answers for you" in browser.body
    token, spent, most = browser.token, [0], 0
    spend = Purse.spend

    def counted(self: Purse, steps: int) -> None:
        spent[0] += steps if self.common is None else 0
        spend(self, steps)

    monkeypatch.setattr(Purse, "spend", counted)
    browser.send({"age": "40", "born": "1986-02-03"})
    for number in range(FILLED):
        assert (browser.status, browser.page) == (200, f"part-{number}"), browser.body[:2_000]
        assert f'name="older-{number}"' in browser.body
        assert f'name="younger-{number}"' not in browser.body
        assert f"About state-0-{number}" not in browser.body
        assert "In progress" in browser.body
        assert '<p class="wm-intro"></p>' not in browser.body
        typed = {f"older-{number}": "Y", f"more-{number}": "so", f"mark-{number}": "Complete"}
        typed |= {f"n-{place}-{number}": f"{place}.50" for place in range(8)}
        typed |= {
            f"several-{number}": f"Sign 2 of {number}",
            f"summary-{number}.0.what-{number}.other": "Dust",
        }
        spent[0] = 0
        browser.send(typed)
        most = max(most, spent[0])
    assert most < 25_000, "two requests: the save, and the next page"
    spanish = browser.open(f"/intake/q/{token}/part-7?lang=es").body
    assert re.search(r'value="Y" checked', spanish)
    assert "/s/" in browser.open(f"/intake/review/{token}").send().at
    kept = submission_of(clinic, URL)
    written = clinic.call("GET", f"/submissions/{kept['id']}/questionnaire-response")
    QuestionnaireResponse.model_validate(written.get_json())
    assert len(re.findall(r'"valueDecimal": ?\d\.50\b', written.text)) == FILLED * 8, "to the last digit"
    (whole,) = written.get_json()["item"]
    assert len(whole["item"]) == FILLED + 1
    assert clinic.get(f"/submissions/{kept['id']}/as-answered")["pages"][7]["answers"]
