"""Templates, cadences, the simulator and the modes that keep messages in the house."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text

from services.notify.texts.check_wording import check_wording
from tests.conftest import DatabaseFactory
from tests.notify.people import book, submit
from tests.notify.standing import TUESDAY_TEN, Standing, StandIns, standing

API = "/api/notify/v1"
PHONE = "+18165550142"


def publish(notify: Standing, key: str, role: str = "manager", seen: int | None = 1, **body: Any) -> Any:
    """Publish words in place of the version `seen`."""
    template = {"name": "visit_reminder", "channel": "sms", "language": "en"} | body
    return notify.call(
        "POST", f"{API}/templates", role=role, body=template, **{"Idempotency-Key": key, **replacing(seen)}
    )


def replacing(version: int | None) -> dict[str, str]:
    return {} if version is None else {"If-Match": f'"{version}"'}


@pytest.mark.capability("N15", "N16", "N17")
def test_words_that_cannot_be_used_are_refused_at_save_with_the_reason(notify: Standing) -> None:
    refused = {
        "unknown_placeholder": "{clinic_name}: see you {visit_dya}",
        "health_diagnosis": "{clinic_name}: about your migraine, see you {visit_day}",
        "more_than_one_segment": "{clinic_name}: see you {visit_day} " + "very " * 30 + "soon",
        "outside_gsm_alphabet": "{clinic_name}: see you {visit_day} ☺",
    }
    for code, body in refused.items():
        answer = publish(notify, code, body=body)
        assert answer.status_code == 422, code
        assert code in [error["code"] for error in answer.json()["errors"]]
    assert (
        notify.rows("SELECT max(version) AS v FROM message_template WHERE name = 'visit_reminder'")[0].v == 1
    )
    tried = notify.call(
        "POST",
        f"{API}/templates/check",
        body={"name": "visit_reminder", "channel": "sms", "language": "es", "body": "El sábado {visit_day}"},
    ).json()
    assert (tried["encoding"], tried["without_accents"]) == ("UCS-2", "El sabado {visit_day}")
    named = {
        "name": "visit_reminder",
        "channel": "sms",
        "language": "en",
        "body": "{first_name}: {site_name}",
    }
    tried = notify.call("POST", f"{API}/templates/check", body=named).json()
    assert [one["code"] for one in tried["warnings"]] == ["name_with_site"]
    assert publish(notify, "nurse", role="nurse", body="x {visit_day}").status_code == 403


@pytest.mark.capability("N1", "N15")
def test_new_words_are_a_new_version_and_each_message_names_its_own(notify: Standing) -> None:
    first = book(notify, submit(notify, email=""), TUESDAY_TEN + timedelta(days=9))
    notify.send_due()
    body = "{clinic_name}: booked for {visit_day} {visit_time} at {site_name}. C yes, R other time, X no. {clinic_phone}"
    assert publish(notify, "blind", seen=None, name="visit_booked", body=body).status_code == 428
    assert publish(notify, "v2", name="visit_booked", body=body).json()["version"] == 2
    # Who began from version 1 is told what it says now, and nothing is put over it.
    late = publish(notify, "late", name="visit_booked", body="{clinic_name}: {visit_day} {visit_time}.")
    assert (late.status_code, late.headers["ETag"]) == (412, '"2"')
    assert late.json()["current"] == {"version": 2, "subject": "", "body": body}
    assert publish(notify, "none", name="no_such", body=body).status_code == 404
    second = book(notify, submit(notify, phone="+18165550143", email=""), TUESDAY_TEN + timedelta(days=9))
    notify.send_due()
    versions = {m.appointment_id: m.template_version for m in notify.messages(step="booked", channel="sms")}
    assert versions == {first: 1, second: 2}
    assert notify.texts_to("+18165550143")[0].startswith("Prairie Crossing: booked for Thu Mar 11 10:00 AM")


@pytest.mark.capability("N15")
def test_a_missing_value_fails_the_message_and_sends_nothing(notify: Standing) -> None:
    patient = submit(notify, email="", consent_email=False)
    visit = book(notify, patient, TUESDAY_TEN + timedelta(days=9), visit_type_name={})
    body = "{clinic_name}: your {visit_name} is booked for {visit_day} {visit_time}."
    assert publish(notify, "v2", name="visit_booked", body=body).status_code == 201
    notify.send_due()
    assert notify.states(appointment_id=visit)["booked", "sms"] == ("failed", "value_missing")
    assert notify.texts_to(PHONE) == []


@pytest.mark.capability("C13")
def test_a_message_that_did_not_exist_is_added_in_both_languages_and_a_cadence_sends_it(
    notify: Standing,
) -> None:
    words = {
        "en": {
            "body": "{clinic_name}: please come 20 minutes early {visit_day} {visit_time}. {clinic_phone}"
        },
        "es": {"body": "{clinic_name}: venga 20 minutos antes {visit_day} {visit_time}. {clinic_phone}"},
    }
    new: dict[str, Any] = {"name": "come_early", "channel": "sms", **words}

    def add(key: str, role: str = "manager", **body: Any) -> Any:
        return notify.call(
            "POST", f"{API}/templates/new", role=role, body=new | body, **{"Idempotency-Key": key}
        )

    assert add("a", role="nurse").status_code == 403
    told = add("b", es={"body": "{clinic_name}: su migraña {visit_dya}"})
    assert told.status_code == 422
    assert {(e["field"], e["code"]) for e in told.json()["errors"]} >= {("es.body", "unknown_placeholder")}
    for kept in ("reply_early", "quick_hello"):
        assert add("c", name=kept).json()["errors"] == [{"field": "name", "code": "kept_for_answers"}], kept
    assert add("d", name="Come early").status_code == 422
    assert not notify.rows("SELECT 1 FROM message_template WHERE name LIKE '%early%'")
    assert add("e").status_code == 201
    assert (add("f").status_code, add("f").json()["code"]) == (409, "name_taken")
    steps = [{"step": "early", "moment": "booking", "channels": ["sms"], "template": "come_early"}]
    scope = {"visit_type": "new_patient", "site_id": "", "route": ""}
    cadence = {**scope, "steps": steps}
    assert (
        notify.call(
            "POST",
            f"{API}/cadences",
            role="manager",
            body=cadence,
            **{"Idempotency-Key": "g", **replacing(0)},
        ).status_code
        == 201
    )
    book(notify, submit(notify, email=""), TUESDAY_TEN + timedelta(days=9))
    notify.send_due()
    assert notify.texts_to(PHONE)[0].startswith("Prairie Crossing: please come 20 minutes early Thu Mar 11")


@pytest.mark.capability("N16")
def test_a_text_whose_values_tell_too_much_is_stopped_at_the_last_look(notify: Standing) -> None:
    from kernel.contracts.appointment import SiteFacts

    site = SiteFacts(
        id="x", name="Migraine Center", address="1 Road", phone="+19135550101", time_zone="America/Chicago"
    )
    visit = book(notify, submit(notify, email=""), TUESDAY_TEN + timedelta(days=9), site=site)
    notify.send_due()
    assert notify.states(appointment_id=visit)["booked", "sms"] == ("suppressed", "health_words")
    assert notify.texts_to(PHONE) == []


@pytest.mark.capability("N17")
def test_every_shipped_text_fits_one_segment_at_its_dearest_in_both_languages(notify: Standing) -> None:
    items = notify.call("GET", f"{API}/templates").json()["items"]
    assert {item["language"] for item in items} == {"en", "es"}
    for item in items:
        checked = check_wording(item["channel"], item["language"], item["subject"], item["body"])
        assert checked.refusals == (), item["name"]
        assert item["channel"] == "email" or (item["segments"], item["encoding"]) == (1, "GSM-7"), item


STEPS: list[dict[str, Any]] = [
    {"step": "booked", "moment": "booking", "channels": ["sms"], "template": "visit_booked"},
    {
        "step": "7_days",
        "moment": "days_before",
        "amount": 7,
        "channels": ["sms"],
        "template": "visit_reminder",
    },
    {
        "step": "2_hours",
        "moment": "hours_before",
        "amount": 2,
        "channels": ["sms"],
        "template": "visit_reminder",
    },
]


@pytest.mark.capability("N2")
def test_the_most_exact_cadence_of_type_site_and_route_decides_what_a_visit_gets(notify: Standing) -> None:
    scope = {"visit_type": "new_patient", "site_id": "overland_park", "route": "physical_therapy"}

    def save(key: str, seen: int | None) -> Any:
        sent = {"Idempotency-Key": key, **replacing(seen)}
        return notify.call("POST", f"{API}/cadences", role="manager", body=scope | {"steps": STEPS}, **sent)

    assert [save("blind", None).status_code, save("not-yet", 1).status_code] == [428, 412]
    answer = save("cadence-1", 0)
    assert (answer.status_code, answer.json()["version"]) == (201, 1)
    # Two began from none of its own: the second is told what the first saved.
    late = save("late", 0)
    assert (late.status_code, late.json()["current"]["version"]) == (412, 1)
    assert [one["step"] for one in late.json()["current"]["steps"]] == [one["step"] for one in STEPS]
    special = book(notify, submit(notify), TUESDAY_TEN + timedelta(days=20))
    usual = book(notify, submit(notify), TUESDAY_TEN + timedelta(days=20), route="medication_review")
    assert {step for step, _ in notify.states(appointment_id=special)} == {"booked", "7_days", "2_hours"}
    steps = {step for step, _ in notify.states(appointment_id=usual)}
    assert steps == {"booked", "prepare", "3_days", "1_day", "same_day", "third"}
    bad: dict[str, Any] = {**scope, "steps": [{**STEPS[0], "template": "no_such"}]}
    refused = notify.call(
        "POST",
        f"{API}/cadences",
        role="manager",
        body=bad,
        **{"Idempotency-Key": "cadence-2", **replacing(1)},
    )
    assert refused.json()["errors"] == [{"field": "steps.0.template", "code": "unknown_template"}]


@pytest.mark.capability("N2")
def test_the_simulator_plans_what_the_worker_plans(notify: Standing) -> None:
    starts = TUESDAY_TEN + timedelta(days=12, hours=-2)  # the Sunday the clocks go forward
    tried = notify.call(
        "POST",
        f"{API}/simulate",
        body={
            "site_name": "Overland Park",
            "site_address": "1 Prairie Way",
            "starts_at": starts.isoformat(),
            "booked_at": TUESDAY_TEN.isoformat(),
            "time_zone": "America/Chicago",
        },
    ).json()["items"]
    after = {i["step"]: i["only_if"] for i in tried if i["only_if"]}
    assert after == {"follow_up": "attended", "missed_visit": "no_show"}
    tried = [i for i in tried if not i["only_if"]]
    visit = book(notify, submit(notify), starts)
    planned = notify.messages(appointment_id=visit)
    assert {(i["step"], i["channel"], i["state"], i["reason"]) for i in tried} == {
        (m.step, m.channel, "planned" if m.state == "due" else m.state, m.reason) for m in planned
    }
    due = {m.step: m.due_at for m in planned if m.state == "due" and m.step != "booked"}
    assert {i["step"]: i["due_at"] for i in tried if i["step"] in due} == {
        step: at.isoformat() for step, at in due.items()
    }
    assert all(i["segments"] == 1 for i in tried if i["channel"] == "sms")
    assert any("Overland Park\n1 Prairie Way" in i["text"] for i in tried if i["channel"] == "email")


@pytest.mark.capability("N18")
def test_on_an_allow_list_only_listed_and_simulated_numbers_are_written_to(
    database: DatabaseFactory, notify_stand_ins: StandIns
) -> None:
    more = {"SEND_MODE": "allow_list", "ALLOWED_RECIPIENTS": '["+18165550101"]'}
    with standing(database("notify"), notify_stand_ins, more=more) as notify:
        starts = TUESDAY_TEN + timedelta(days=9)
        listed = book(notify, submit(notify, phone="+18165550101", email=""), starts)
        other = book(notify, submit(notify, phone="+18165550102", email=""), starts)
        pretend = book(notify, submit(notify, phone="+15005550006", email=""), starts)
        dry = notify.call("GET", f"{API}/dry-run?hours=1", role="manager").json()
        assert dry.get("lines") == [
            {"channel": "sms", "fate": "go", "reason": "", "n": 2},
            {"channel": "sms", "fate": "suppressed", "reason": "not_on_allow_list", "n": 1},
        ]
        assert (dry["send_mode"], dry["allowed"]) == ("allow_list", 1)
        notify.send_due()
        assert notify.states(appointment_id=listed)["booked", "sms"][0] in ("sent", "delivered")
        assert notify.states(appointment_id=other)["booked", "sms"] == ("suppressed", "not_on_allow_list")
        assert notify.states(appointment_id=pretend)["booked", "sms"][0] == "sent"
        assert [len(notify.texts_to(f"+1{n}")) for n in ("8165550101", "8165550102", "5005550006")] == [
            1,
            0,
            0,
        ]
        # One that would go counts against the next to the same number: of two on one day the later would wait.
        (known,) = notify.rows(
            "SELECT DISTINCT patient_id FROM planned_message WHERE appointment_id = :v", v=listed
        )
        book(notify, known.patient_id, starts + timedelta(hours=1))
        dry = notify.call("GET", f"{API}/dry-run?hours=160", role="manager").json()
        assert {"channel": "sms", "fate": "wait", "reason": "daily_cap", "n": 1} in dry["lines"]


SPOIL = {
    "no_reason": "UPDATE planned_message SET reason = '' WHERE id = :id",
    "overdue": "UPDATE planned_message SET state = 'due', due_at = :past WHERE id = :id",
    "stuck_sending": "UPDATE planned_message SET state = 'sending', lease_until = now() - interval '2 minutes' "
    "WHERE id = :id",
    "sent_without_acceptance": "UPDATE planned_message SET state = 'sent' WHERE id = :id",
    "accepted_twice": "INSERT INTO send_attempt (id, message_id, provider, body_sha256, provider_message_id) "
    "SELECT gen_random_uuid(), :id, 'sms_http', 'x', 'SM' || n FROM generate_series(1, 2) AS n",
}


@pytest.mark.capability("N21")
def test_the_books_add_up_and_each_way_they_may_not_is_shown_with_its_row(notify: Standing) -> None:
    visit = book(notify, submit(notify), TUESDAY_TEN + timedelta(days=9))
    notify.send_due()

    def books() -> Any:
        return notify.call("GET", f"{API}/reconcile", role="manager").json()

    assert books()["adds_up"]
    totals = books()["totals"]
    assert totals["planned"] == sum(totals[part] for part in ("sent", "waiting", "unknown", "reasoned"))
    not_sent = next(row for row in notify.messages(appointment_id=visit) if row.state == "suppressed")
    for why, sql in SPOIL.items():
        with notify.store.transaction() as session:
            session.execute(text(sql), {"id": not_sent.id, "past": TUESDAY_TEN - timedelta(minutes=16)})
        found = books()
        assert not found["adds_up"], why
        rows = {one["why"]: one for one in found["differences"]}
        assert rows[why]["id"] == str(not_sent.id)
        assert (rows[why]["patient_id"], rows[why]["appointment_id"]) == (
            str(not_sent.patient_id),
            str(visit),
        )
        if why == "no_reason":
            (line,) = [one for one in found["lines"] if one["difference"]]
            assert (line["step"], line["difference"]) == (not_sent.step, 1)
        with notify.store.transaction() as session:
            session.execute(text("DELETE FROM send_attempt WHERE message_id = :id"), {"id": not_sent.id})
            back = "UPDATE planned_message SET state = 'suppressed', reason = :reason, due_at = :due WHERE id = :id"
            values = {"reason": not_sent.reason, "due": not_sent.due_at, "id": not_sent.id}
            session.execute(text(back), values)
    assert books()["adds_up"]
    with notify.store.transaction() as session:
        session.execute(text("UPDATE appointment SET version = version + 1 WHERE id = :id"), {"id": visit})
    (lonely,) = books()["differences"]
    assert (lonely["why"], lonely["id"]) == ("visit_without_messages", str(visit))
