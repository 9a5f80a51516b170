"""A file in each row of a repeating group: sent, kept, taken out, refused; and one that must be sent."""

import io
from typing import Any

import pytest
from fhir.resources.R4B.questionnaireresponse import QuestionnaireResponse

from services.intake.rules.read_questionnaire import read_questionnaire
from tests.intake.conftest import Clinic
from tests.intake.fhir_examples import question, questionnaire
from tests.intake.imported_form import open_form, publish, submission_of
from tests.intake.test_uploads import PDF, png


def a_file(name: str, content: bytes = PDF) -> tuple[io.BytesIO, str]:
    return io.BytesIO(content), name


def titles(items: dict[str, Any]) -> list[list[str]]:
    return [[one["title"] for one in row.get("scan", ())] for row in items["scans"]]


@pytest.mark.capability("I11", "I18")
def test_each_row_of_a_group_keeps_its_own_files(clinic: Clinic) -> None:
    scans = {
        "linkId": "scans",
        "type": "group",
        "repeats": True,
        "text": "Scan",
        "item": [question("of", "string"), question("scan", "attachment", repeats=True)],
    }
    letter = question("letter", "attachment", required=True)
    page = {"linkId": "page", "type": "group", "text": "Files", "item": [letter, scans]}
    document = questionnaire("files", [page, question("last", "string")])
    assert read_questionnaire(document).not_honoured == ()
    publish(clinic, document)
    browser = open_form(clinic, document["url"])
    at = f"/intake/q/{browser.token}/page"
    browser.send({"scans.0.of": "Head", "scans.0.scan": a_file("head.pdf")})
    assert (browser.status, 'href="#f-letter"' in browser.body) == (422, True), "a letter that must be sent"
    browser.send({"letter": a_file("a.pdf"), "scans.2.scan": a_file("x.exe", b"MZ" + b"\x00" * 99)})
    assert (browser.status, 'href="#f-scans.2.scan"' in browser.body) == (422, True), (
        "refused where it stands"
    )
    assert clinic.sql("SELECT count(*) AS n FROM upload")[0].n == 0
    assert "x.exe" not in browser.body
    sent = {
        "letter": a_file("letter.pdf"),
        "scans.0.of": "Head",
        "scans.0.scan": a_file("head.pdf"),
        "scans.2.scan": a_file("neck.png", png()),
    }
    browser.send(sent)
    assert browser.page == "last", browser.body
    kept = submission_of(clinic, document["url"])
    assert titles(kept["items"]) == [["head.pdf"], ["neck.png"]]
    head = kept["items"]["scans"][0]["scan"][0]["id"]
    browser.open(at)
    assert f'name="scans.0.scan.kept" value="{head}" checked' in browser.body
    assert "We have your file: neck.png" in browser.body
    stays = {"scans.0.of": "Head", "scans.0.scan.kept": head, "scans.1.scan.kept": str(kept["id"])}
    browser.send({**stays, "scans.0.scan": a_file("again.pdf")})
    kept = submission_of(clinic, document["url"])
    assert titles(kept["items"]) == [["head.pdf", "again.pdf"]], (
        "one was taken out; an id that is none says nothing"
    )
    assert kept["items"]["letter"]["title"] == "letter.pdf"
    written = clinic.get(f"/submissions/{kept['id']}/questionnaire-response")
    QuestionnaireResponse.model_validate(written)
    answers = written["item"][0]["item"][1]["item"][1]["answer"]
    assert [one["valueAttachment"]["title"] for one in answers] == ["head.pdf", "again.pdf"]
