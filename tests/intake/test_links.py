"""Personal links: long, hashed, for one purpose, expiring, revocable, used once; every refusal looks the same."""

import re
import secrets
from concurrent.futures import ThreadPoolExecutor

import pytest

from tests.intake.conftest import FRONT_DESK, Browser, Clinic


def page_of(body: str) -> str:
    return re.sub(r'name="csrf_token" value="[^"]*"', "", body)


@pytest.mark.capability("I8")
def test_every_refusal_is_one_page(clinic: Clinic, browser: Browser) -> None:
    """BAD-25, 26, 27: damaged, unknown, expired, revoked, used, of another purpose."""
    browser.start()
    token = browser.token
    refused = []

    def note(path: str, prepare: str = "", undo: str = "") -> None:
        if prepare:
            clinic.sql(prepare)
        answer = clinic.browser().open(path)
        refused.append((answer.status, page_of(answer.body)))
        if undo:
            clinic.sql(undo)

    flipped = ("A" if token[0] != "A" else "B") + token[1:]
    for bad in (token[:-1], flipped, secrets.token_urlsafe(32), "x" * 10_000, "%00", token + "A"):
        note(f"/intake/q/{bad}/")
    note(f"/intake/s/{token}/")
    note(f"/intake/q/{token}/where", "UPDATE patient_link SET expires_at = now() - interval '1 s'")
    clinic.sql("UPDATE patient_link SET expires_at = now() + interval '1 day'")
    note(f"/intake/q/{token}/where", "UPDATE patient_link SET revoked_at = now()")
    clinic.sql("UPDATE patient_link SET revoked_at = NULL, used_at = now()")
    note(f"/intake/q/{token}/where")
    assert {status for status, _ in refused} == {404}
    assert len({body for _, body in refused}) == 1
    assert "ask for a new link" in refused[0][1]


@pytest.mark.capability("I8")
def test_only_the_hash_rests(clinic: Clinic, browser: Browser) -> None:
    browser.start()
    token = browser.token
    assert len(token) == 43
    (row,) = clinic.sql("SELECT token_hash, expires_at - created_at AS days FROM patient_link")
    assert len(row.token_hash) == 32
    assert row.days.days == 7
    dump = clinic.sql("SELECT (SELECT string_agg(l::text, ' ') FROM patient_link AS l) AS links")[0].links
    assert token not in dump


@pytest.mark.capability("I8")
def test_staff_issue_a_link_and_take_it_back(clinic: Clinic, browser: Browser) -> None:
    patient = clinic.submit({"regions": ["neck"]}).get_json()["patient_id"]
    issued = clinic.call("POST", f"/patients/{patient}/links", {"language": "es"}, actor=FRONT_DESK)
    assert issued.status_code == 201, issued.text
    body = issued.get_json()
    browser.open(body["path"])
    assert "Su fecha de nacimiento" in browser.body
    browser.send({"birth_date": "03/02/1979"})
    assert browser.status == 200
    assert browser.page == "emergency_signs"
    second = clinic.call("POST", f"/patients/{patient}/links", {}, actor=FRONT_DESK).get_json()
    assert browser.open(body["path"]).status == 404, "a newer link replaces the older one"
    revoked = clinic.call("POST", f"/links/{second['id']}/revoke", {}, actor=FRONT_DESK)
    assert revoked.status_code == 200
    assert browser.open(second["path"]).status == 404


def test_looking_changes_nothing(clinic: Clinic, browser: Browser) -> None:
    """BAD-28: mail scanners that fetch a link leave it working."""
    patient = clinic.submit({"regions": ["neck"]}).get_json()["patient_id"]
    path = clinic.call("POST", f"/patients/{patient}/links", {}, actor=FRONT_DESK).get_json()["path"]
    before = clinic.sql("SELECT * FROM patient_link")
    for _ in range(50):
        assert browser.open(path).status == 200
    assert browser.client.head(path).status_code == 200
    assert clinic.sql("SELECT * FROM patient_link") == before


def test_wrong_birth_dates_lock_the_link_also_in_parallel(clinic: Clinic) -> None:
    """BAD-30, 31: fifty at once count no more than five, and the right date does not open it after."""
    patient = clinic.submit({"regions": ["neck"]}).get_json()["patient_id"]
    path = clinic.call("POST", f"/patients/{patient}/links", {}, actor=FRONT_DESK).get_json()["path"]

    def guess(number: int) -> int:
        browser = clinic.browser(f"203.0.113.{number}").open(path)
        return (
            browser.send({"birth_date": f"0{1 + number % 9}/11/19{40 + number}"}).status
            if browser.status == 200
            else 404
        )

    with ThreadPoolExecutor(4) as pool:
        seen = list(pool.map(guess, range(24)))
    assert seen.count(422) == 5
    assert set(seen) == {422, 404}
    assert clinic.sql("SELECT wrong_dates, locked_at FROM patient_link")[0].wrong_dates == 5
    assert clinic.browser().open(path).status == 404
    assert clinic.sql("SELECT count(*) AS n FROM audit_entry WHERE action = 'lock_link'")[0].n == 1


@pytest.mark.parametrize("typed", ["1979-03-02", "03/02/1979", " 3/2/1979 "])
def test_birth_dates_as_people_write_them(clinic: Clinic, typed: str) -> None:
    """BAD-32: written either way it is understood, never guessed."""
    patient = clinic.submit({"regions": ["neck"]}).get_json()["patient_id"]
    path = clinic.call("POST", f"/patients/{patient}/links", {}, actor=FRONT_DESK).get_json()["path"]
    browser = clinic.browser().open(path).send({"birth_date": typed})
    assert browser.page == "emergency_signs"


@pytest.mark.parametrize("typed", ["02.03.1979", "٠٣/٠٢/١٩٧٩", "79-03-02", "1979-03-02T00:00", ""])
def test_birth_dates_nobody_can_read_are_refused(clinic: Clinic, typed: str) -> None:
    patient = clinic.submit({"regions": ["neck"]}).get_json()["patient_id"]
    path = clinic.call("POST", f"/patients/{patient}/links", {}, actor=FRONT_DESK).get_json()["path"]
    browser = clinic.browser().open(path).send({"birth_date": typed})
    assert browser.status == 422


def test_a_flood_of_starts_is_turned_away(clinic: Clinic) -> None:
    from services.intake.actions.count_start import count_start

    with clinic.parts.database.transaction() as session:
        allowed = [count_start(session, "203.0.113.77", 10) for _ in range(12)]
        assert allowed == [True] * 10 + [False] * 2
        assert count_start(session, "203.0.113.78", 10)
    rows = clinic.sql("SELECT start_count::text AS row FROM start_count")
    assert all("203.0.113" not in row.row for row in rows)
