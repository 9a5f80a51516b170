"""The message that leads to the patient's own page: by mail, else by text, once, and gated by the birth date."""

from datetime import timedelta
from typing import Any
from uuid import UUID

import pytest

from kernel.contracts.status_link_issued import StatusLinkIssued
from kernel.ids import new_id
from services.notify.queries.send_candidates import counted_sends
from tests.notify.people import submission, submit
from tests.notify.standing import TUESDAY_TEN, Standing

# As intake makes it: always with the language.
PATH = "/intake/s?lang=es#t=" + "Ab-_9" * 8 + "xyz"


def issued(patient: UUID, language: str = "es", path: str = PATH) -> StatusLinkIssued:
    return StatusLinkIssued(
        link_id=new_id(),
        patient_id=patient,
        patient=submission(patient, language=language).patient,
        referral_id=new_id(),
        link_path=path,
        issued_at=TUESDAY_TEN,
        expires_at=TUESDAY_TEN + timedelta(days=180),
    )


@pytest.mark.capability("C11")
def test_it_is_sent_once_by_mail_else_by_text(notify: Standing) -> None:
    both = submit(notify, language="es")
    told = issued(both)
    notify.hear("status_link_issued", told, source="intake")
    notify.hear("status_link_issued", told, source="intake")
    notify.send_due()
    (letter,) = notify.mails_to("rosa@example.test")
    link = f"{notify.settings.public_url}{PATH}"
    assert link in letter["text"]
    assert "preparar su visita" in letter["text"]
    assert notify.texts_to("+18165550142") == []

    only_text = submit(notify, phone="+18165550143", email="", language="en", consent_email=False)
    notify.hear("status_link_issued", issued(only_text, "en", PATH.replace("=es", "=en")), source="intake")
    notify.send_due()
    (text,) = notify.texts_to("+18165550143")
    assert text.startswith("Prairie Crossing: get ready, choose a time: http")
    assert len(text) <= 160

    # It is no reminder: a text that counts may still follow on the same day.
    (sent,) = notify.messages(step="get_ready", channel="sms", patient_id=only_text)
    assert sent.state in ("sent", "delivered")
    assert sent.exempt == "own_page"
    with notify.store.transaction() as session:
        assert counted_sends(session, [sent.contact_point_id], TUESDAY_TEN) == {}

    neither = submit(notify, phone="+18165550144", email="", consent_sms=False, consent_email=False)
    notify.hear("status_link_issued", issued(neither), source="intake")
    notify.send_due()
    assert notify.states(patient_id=neither)["get_ready", "sms"] == ("suppressed", "no_consent")


@pytest.mark.capability("N14")
@pytest.mark.parametrize("words", [{}, {"email": "", "consent_email": False}], ids=["by mail", "by text"])
def test_staff_read_what_was_sent_but_not_what_opens_the_patients_page(
    notify: Standing, words: dict[str, Any]
) -> None:
    """Neither before nor after it was sent: who has the token, and guesses a birth date, is taken for the patient."""
    patient = submit(notify, language="es", **words)
    notify.hear("status_link_issued", issued(patient), source="intake")
    token = PATH.partition("#t=")[2]

    def log() -> tuple[str, dict[str, str] | None]:
        answer = notify.call("GET", f"/api/notify/v1/messages?patient_id={patient}", role="nurse")
        assert token not in answer.text
        (item,) = answer.json()["items"]
        assert f"{notify.settings.public_url}/intake/s?lang=es#t=••••••" in item["text"]
        return item["state"], item["values"]

    assert log() == ("planned", None)
    notify.send_due()
    state, values = log()
    assert state in ("sent", "delivered")
    assert values is not None
    assert values["link"] == f"{notify.settings.public_url}/intake/s?lang=es#t=••••••"
    stored = notify.rows("SELECT string_agg(m::text, ' ') AS text FROM planned_message AS m")[0].text
    assert token not in stored
