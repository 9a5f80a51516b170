"""A file that is no questionnaire is refused in words that say what it is."""

import io

import pytest

from services.dashboard.rules.read_import import read_import
from tests.dashboard.conftest import Dashboard

SOUND = b'{"resourceType": "Questionnaire", "status": "active",\r\n "item": []}\r\n'
FILES = [
    (b"", "empty"),
    (b"\xef\xbb\xbf  <Questionnaire xmlns='http://hl7.org/fhir'/>", "XML"),
    (b'{"resourceType": "Questionnaire",\n "item": [}', "line 2"),
    (b"\xff\xfe{\x00}\x00", "not JSON"),
    (b'{"resourceType": "Bundle", "entry": []}', "Bundle"),
    (b'["Questionnaire"]', "resourceType"),
    (
        b'{"resourceType": "Questionnaire", "item": ' + b'[{"item": ' * 500 + b"[]" + b"}]" * 500 + b"}",
        "too deep",
    ),
    (b'{"resourceType": "Questionnaire", "a": NaN}', "NaN"),
    (b'{"resourceType": "Questionnaire", "a": 1e999}', "too large"),
    (b'{"resourceType": "Questionnaire", "status": "active", "status": "draft"}', "twice"),
    (b'{"resourceType": "Questionnaire", "title": "\\ud800"}', "half a character"),
    (b'{"resourceType": "Questionnaire", "title": "\\u0000"}', "NUL"),
    (SOUND + b" " * 5_000_000, "4 MB"),
]


@pytest.mark.capability("I18")
@pytest.mark.parametrize(("raw", "says"), FILES, ids=[says for _, says in FILES])
def test_a_file_that_is_no_questionnaire_is_told_why(raw: bytes, says: str) -> None:
    document, problems = read_import(raw)
    assert document == {}
    assert says in problems[0]


@pytest.mark.capability("I18")
def test_marks_and_line_ends_of_windows_are_no_hindrance() -> None:
    assert read_import(b"\xef\xbb\xbf" + SOUND) == (
        {"resourceType": "Questionnaire", "status": "active", "item": []},
        [],
    )


@pytest.mark.capability("I18")
def test_the_page_says_why_and_never_fails(clinic: Dashboard) -> None:
    """Half a character and groups without end could be read and not be sent on: the page failed."""
    desk = clinic.signed_in("manager")
    for raw, says in FILES:
        form = {"key": "k", "document": (io.BytesIO(raw[:4_300_000]), "form.json")}
        answer = desk.post("/staff/questionnaires/import", form)
        assert answer.status_code == 422, says
        assert says in answer.text
