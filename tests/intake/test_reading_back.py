"""A link and a birth date may write; reading answers back needs a one-time code sent to the phone on file."""

import re
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.intake.conftest import FRONT_DESK, Browser, Clinic

DATE = {"birth_date": "04/23/1980"}


def answered(clinic: Clinic) -> tuple[Browser, str]:
    """A patient who sent their answers, and the id of their record."""
    visit = clinic.browser().start()
    visit.open(f"/intake/q/{visit.token}/pain_now").send({"nprs_now": "6"})
    visit.open(f"/intake/q/{visit.token}/where").send({"regions": ["neck", "low_back"]})
    visit.open(f"/intake/review/{visit.token}").send()
    assert "/s/" in visit.at
    return visit, str(clinic.sql("SELECT patient_id FROM submission LIMIT 1")[0].patient_id)


def at_home(clinic: Clinic, patient: str, address: str = "198.51.100.40", **body: str) -> Browser:
    issued = clinic.call("POST", f"/patients/{patient}/links", body, actor=FRONT_DESK).get_json()
    return clinic.browser(address).open(issued["path"]).send(DATE)


def ask(visit: Browser) -> None:
    visit.open(f"/intake/q/{visit.token}/code").send(path=f"/intake/q/{visit.token}/code/send")


def last_code(clinic: Clinic) -> str:
    return str(clinic.events("code_requested")[-1]["code"])


@pytest.mark.capability("I7")
def test_the_code_shows_the_last_answers_at_home_and_each_block_is_confirmed(clinic: Clinic) -> None:
    _, patient = answered(clinic)
    visit = at_home(clinic, patient)
    assert "We can show you what you said" in visit.body
    visit.open(f"/intake/q/{visit.token}/pain_now")
    assert " checked" not in visit.body
    ask(visit)
    assert "phone that ends in 23" in visit.body
    (told,) = clinic.events("code_requested")
    assert re.fullmatch(r"\d{6}", told["code"])
    assert told["patient"]["phone"] == "+18165550123"
    assert told["code"] not in visit.body + visit.at
    visit.send({"code": f" {told['code'][:3]}-{told['code'][3:]} "})
    visit.open(f"/intake/q/{visit.token}/pain_now")
    assert 'value="6" checked' in visit.body
    assert "your answers from last time" in visit.body
    visit.send({"nprs_now": "6"})
    visit.open(f"/intake/q/{visit.token}/where").send({"regions": ["neck"]})
    visit.open(f"/intake/review/{visit.token}").send()
    sent = clinic.events("intake_submitted")[-1]["answers"]
    assert sent["nprs_now"] == 6
    assert sent["regions"] == ["neck"], "changed by the patient, not taken from last time"
    rest = clinic.sql("SELECT string_agg(c::text, ' ') AS text FROM reading_code AS c")[0].text
    logged = clinic.sql("SELECT string_agg(a::text, ' ') AS text FROM audit_entry AS a")[0].text
    assert told["code"] not in rest
    assert told["code"] not in logged


@pytest.mark.capability("I4")
def test_another_phone_shows_earlier_pages_after_the_code(clinic: Clinic) -> None:
    phone = clinic.browser().start()
    phone.send({"thunderclap": "false"})
    phone.send({"regions": ["neck"]})
    other = clinic.browser("198.51.100.41").open(phone.link()).send(DATE)
    other.open(f"/intake/q/{other.token}/where")
    assert " checked" not in other.body
    other.open(f"/intake/q/{other.token}/code?to=where").send(path=f"/intake/q/{other.token}/code/send")
    other.send({"code": last_code(clinic)})
    assert other.page == "where"
    assert 'value="neck" checked' in other.body


def test_what_was_sent_is_read_back_in_the_patients_words(clinic: Clinic) -> None:
    """On the version it was answered on, in the language of now, without scores, and only with the code."""
    visit, patient = answered(clinic)
    path = visit.link()
    other = clinic.browser("198.51.100.42").open(path.replace("lang=en", "lang=es")).send(DATE)
    assert "/s/" in other.at
    other.open(f"/intake/s/{other.token}/answers")
    assert "¿Es usted?" in other.body
    assert "Cuello" not in other.body
    other.send(path=f"/intake/s/{other.token}/code/send").send({"code": last_code(clinic)})
    assert other.at.endswith("/answers"), other.body
    assert "Cuello" in other.body
    assert "<dd>Cuello, Parte baja de la espalda</dd>" in other.body, other.body
    assert "Ana" not in other.body
    seen = clinic.sql("SELECT actor_id FROM audit_entry WHERE action = 'read_own_answers'")
    assert [row.actor_id for row in seen] == [patient]


def test_no_page_gives_answers_to_a_link_and_a_birth_date(clinic: Clinic) -> None:
    """Every GET a link opens, on a device that gave no answer: none of what was answered is in it."""
    first, _ = answered(clinic)
    status = first.link()
    again = clinic.browser("198.51.100.43").start()
    again.open(f"/intake/q/{again.token}/visit").send({"other_notes": "a word only I know"})
    other = clinic.browser("198.51.100.44").open(again.link()).send(DATE)
    for page in ("", "visit", "where", "pain_now", "code", "later"):
        assert "a word only I know" not in other.open(f"/intake/q/{other.token}/{page}").body
        assert " checked" not in other.body
    assert "a word only I know" not in other.open(f"/intake/review/{other.token}").body
    looking = clinic.browser("198.51.100.45").open(status).send(DATE)
    for page in ("", "answers", "code", "later"):
        body = looking.open(f"/intake/s/{looking.token}/{page}").body
        assert not re.search(r"<dd>", body), page


@pytest.mark.capability("I8")
def test_codes_end(clinic: Clinic) -> None:
    """BAD-35: used twice, of another session, after five wrong ones, after ten minutes: refused alike."""
    _, patient = answered(clinic)
    path = clinic.call("POST", f"/patients/{patient}/links", {}, actor=FRONT_DESK).get_json()["path"]
    visit = clinic.browser("198.51.100.50").open(path).send(DATE)
    stranger = clinic.browser("198.51.100.51").open(path).send(DATE)

    def fails(who: Browser, code: str) -> None:
        answer = who.send({"code": code}, path=f"/intake/q/{who.token}/code")
        assert answer.status == 422, answer.body
        assert "This code does not work" in answer.body
        assert " checked" not in who.open(f"/intake/q/{who.token}/pain_now").body

    ask(visit)
    fails(stranger, last_code(clinic))
    visit.open(f"/intake/q/{visit.token}/code?sent=1").send({"code": last_code(clinic)})
    assert "checked" in visit.open(f"/intake/q/{visit.token}/pain_now").body
    again = clinic.browser("198.51.100.52").open(path).send(DATE)
    fails(again, last_code(clinic))
    clinic.sql("UPDATE reading_code SET passed_at = passed_at - interval '31 minutes'")
    assert " checked" not in visit.open(f"/intake/q/{visit.token}/pain_now").body, "half an hour, then again"
    fails(visit, last_code(clinic))

    ask(stranger)
    right = last_code(clinic)
    wrong = f"{(int(right) + 1) % 1_000_000:06d}"
    for typed in (wrong, "12345", "abcdef", "", "٠١٢٣٤٥"):
        fails(stranger, typed)
    fails(stranger, right)

    ask(again)
    clinic.sql("UPDATE reading_code SET expires_at = now() - interval '1 s' WHERE passed_at IS NULL")
    fails(again, last_code(clinic))


def test_tries_and_sends_at_the_same_moment_are_counted(clinic: Clinic) -> None:
    _, patient = answered(clinic)
    visit = at_home(clinic, patient)
    ask(visit)
    wrong = f"{(int(last_code(clinic)) + 1) % 1_000_000:06d}"
    place = f"/intake/q/{visit.token}/code"
    fields = {**visit.hidden(), "code": wrong}

    def post(where: str) -> int:
        return visit.client.post(
            where, data=fields, environ_base={"REMOTE_ADDR": "198.51.100.40"}
        ).status_code

    with ThreadPoolExecutor(8) as pool:
        assert set(pool.map(post, [place] * 16)) == {422}
    assert clinic.sql("SELECT tries FROM reading_code")[0].tries == 5
    with ThreadPoolExecutor(8) as pool:
        sent = sorted(pool.map(post, [f"{place}/send"] * 8))
    assert sent == [303] * 2 + [429] * 6, "three an hour, the first included"
    assert len(clinic.events("code_requested")) == 3


def test_no_code_without_a_phone_or_against_an_opt_out(clinic: Clinic) -> None:
    _, patient = answered(clinic)
    visit = at_home(clinic, patient)
    clinic.sql("UPDATE patient SET opted_out = '{sms}'")
    ask(visit)
    assert (visit.status, "asked us to stop texts" in visit.body) == (409, True)
    clinic.sql("UPDATE patient SET opted_out = '{}', phone_sealed = NULL")
    ask(visit)
    assert (visit.status, "no phone number" in visit.body) == (409, True)
    assert clinic.events("code_requested") == []
