"""One-time codes: texted at once and once, outside the caps, without consent on file, and shown to no staff."""

from datetime import timedelta
from uuid import UUID

import pytest

from kernel.contracts.code_requested import CodeRequested
from kernel.contracts.patient import PatientSnapshot
from kernel.contracts.patient_merge import PatientsMerged
from kernel.ids import new_id
from tests.notify.people import submission, submit
from tests.notify.standing import TUESDAY_TEN, Standing


def asked(patient_id: UUID, code: str, language: str = "en", **snapshot: str) -> CodeRequested:
    who = submission(new_id(), language=language, **snapshot).patient
    return CodeRequested(
        code_id=new_id(),
        patient_id=patient_id,
        patient=PatientSnapshot.model_validate(who.model_dump()),
        code=code,
        requested_at=TUESDAY_TEN,
        expires_at=TUESDAY_TEN + timedelta(minutes=10),
    )


@pytest.mark.capability("I8")
def test_a_code_reaches_the_phone_once_and_nobody_else(notify: Standing) -> None:
    """BAD-35: for a patient we never heard of, who agreed to no messages; three of them on one day."""
    patient = new_id()
    wish = asked(patient, "042117", language="es")
    notify.hear("code_requested", wish, source="intake")
    notify.hear("code_requested", wish, source="intake")
    for code in ("111111", "222222"):
        notify.hear("code_requested", asked(patient, code, language="es"), source="intake")
    notify.send_due()
    texts = notify.texts_to("+18165550142")
    assert sorted(texts) == sorted(
        f"Prairie Crossing: su clave es {code}. Vale 10 minutos. Nunca se la vamos a pedir por tel."
        for code in ("042117", "111111", "222222")
    )
    assert {row.reason for row in notify.messages(patient_id=patient)} == {"one_time_code"}
    assert {row.exempt for row in notify.messages(patient_id=patient)} == {"one_time_code"}
    log = notify.call("GET", f"/api/notify/v1/messages?patient_id={patient}").text
    assert "su clave es" in log
    assert "042117" not in log
    stored = notify.rows("SELECT string_agg(m::text, ' ') AS text FROM planned_message AS m")[0].text
    assert "042117" not in stored


def test_a_code_asked_for_at_night_is_sent_at_night_and_an_old_one_never(notify: Standing) -> None:
    patient = submit(notify)
    night = TUESDAY_TEN + timedelta(hours=13)
    notify.set_clock(night)
    late = asked(patient, "333333").model_copy(update={"expires_at": night + timedelta(minutes=10)})
    notify.hear("code_requested", late, source="intake")
    notify.hear("code_requested", asked(patient, "444444"), source="intake")
    notify.send_due()
    assert len(notify.texts_to("+18165550142")) == 1
    assert "333333" in notify.texts_to("+18165550142")[0]
    states = {row.state for row in notify.messages(patient_id=patient)}
    assert "expired" in states


def test_stop_also_stops_codes(notify: Standing) -> None:
    patient = submit(notify)
    assert notify.reply("+18165550142", "STOP") == 204
    notify.send_due()
    before = len(notify.texts_to("+18165550142"))
    notify.hear("code_requested", asked(patient, "555555"), source="intake")
    notify.send_due()
    assert len(notify.texts_to("+18165550142")) == before
    assert notify.states(patient_id=patient)["one_time_code", "sms"] == ("suppressed", "opted_out")


@pytest.mark.capability("N14")
def test_messages_of_records_that_are_one_person_are_shown_together(notify: Standing) -> None:
    kept, new = submit(notify), submit(notify, phone="+18165550148")
    notify.hear("code_requested", asked(new, "666666", phone="+18165550148"), source="intake")

    def steps(patient: UUID) -> list[str]:
        items = notify.call("GET", f"/api/notify/v1/messages?patient_id={patient}").json()["items"]
        return [item["step"] for item in items]

    for event_type, under, version, expected in (
        ("patients_merged", kept, 2, ["one_time_code"]),
        ("patients_unmerged", new, 3, []),
    ):
        told = PatientsMerged(
            record_id=new, version=version, patient_id=under, records=(new,), decided_at=TUESDAY_TEN
        )
        notify.hear(event_type, told, source="intake")
        assert steps(kept) == expected
    assert steps(new) == ["one_time_code"]
