"""A questionnaire brought in: published, opened by a patient's link, and what is stored of it."""

from typing import Any

from tests.intake.conftest import MANAGER, NURSE, Browser, Clinic

#: The rest of an enableWhen that waits for a yes.
YES = {"operator": "=", "answerBoolean": True}


def publish(clinic: Clinic, document: dict[str, Any]) -> None:
    draft = clinic.call("POST", "/questionnaire-drafts", document, actor=NURSE).get_json()
    path = f"/questionnaire-drafts/{draft['id']}/publish"
    done = clinic.call("POST", path, {}, actor=MANAGER, version=draft["version"])
    assert done.status_code == 200, done.text


def open_form(clinic: Clinic, url: str) -> Browser:
    given = clinic.submit({"regions": ["neck"]}).get_json()
    link = clinic.call("POST", f"/patients/{given['patient_id']}/links", {"questionnaire": url}).get_json()
    browser = clinic.browser().open(link["path"])
    return browser.send({"birth_date": "1979-03-02"})


def submission_of(clinic: Clinic, url: str) -> dict[str, Any]:
    (row,) = clinic.sql("SELECT id FROM submission WHERE form = :url", url=url)
    read: dict[str, Any] = clinic.get(f"/submissions/{row.id}")
    return read
