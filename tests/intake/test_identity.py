"""Who is who: three of four and the phone are one person; doubt goes to a person, and a merge can be undone."""

from concurrent.futures import ThreadPoolExecutor
from typing import Any

import pytest

from services.intake.rules.identity import Likeness, settle
from tests.intake.conftest import ABOUT, FRONT_DESK, NURSE, Clinic
from tests.intake.steps import go_to, send_all

BASE = {
    "given_name": "Maren",
    "family_name": "Okafor",
    "birth_date": "1984-07-09",
    "phone": "+18165550150",
    "postcode": "66071",
}


def patient_of(clinic: Clinic, **changes: Any) -> str:
    facts: dict[str, Any] = {**BASE, **changes}
    answer = clinic.submit({"regions": ["neck"]}, **facts)
    assert answer.status_code == 201, answer.text
    return str(answer.get_json()["patient_id"])


@pytest.mark.capability("I14")
@pytest.mark.parametrize(
    "changes",
    [
        {},
        {"given_name": "MAREN ", "family_name": "Okáfor"},
        {"given_name": "Mary"},
        {"family_name": "Lind"},
        {"birth_date": "1984-09-07"},
        {"postcode": "66067"},
        {"phone": "(816) 555-0150"},
    ],
)
def test_any_three_of_four_and_the_phone_are_one_person(clinic: Clinic, changes: dict[str, str]) -> None:
    assert patient_of(clinic) == patient_of(clinic, **changes)
    assert clinic.get("/match-cases", FRONT_DESK)["items"] == []


@pytest.mark.capability("I14")
@pytest.mark.parametrize(
    ("changes", "score"),
    [
        ({"phone": "+18165550151"}, 4),
        ({"given_name": "Mary", "postcode": "66067"}, 3),
        ({"birth_date": "1990-01-01", "postcode": ""}, 3),
    ],
)
def test_less_than_that_goes_to_the_queue_with_candidates_and_score(
    clinic: Clinic, changes: dict[str, str], score: int
) -> None:
    known = patient_of(clinic)
    new = patient_of(clinic, **changes)
    assert new != known
    (case,) = clinic.get("/match-cases", FRONT_DESK)["items"]
    assert case["patient"]["id"] == new
    (candidate,) = case["candidates"]
    assert (candidate["patient_id"], candidate["score"]) == (known, score)
    assert candidate["patient"]["given_name"] == "Maren"


@pytest.mark.capability("I14")
def test_strangers_and_household_members_are_not_mixed(clinic: Clinic) -> None:
    first = patient_of(clinic)
    child = patient_of(clinic, given_name="Ola", birth_date="2001-02-02", postcode="")
    assert child != first
    other = patient_of(clinic, given_name="Ann", family_name="Reed", phone="+18165550159", postcode="")
    assert other not in (first, child)
    assert clinic.get("/match-cases", FRONT_DESK)["items"] == []


@pytest.mark.capability("I14")
def test_first_submissions_of_one_person_at_the_same_moment_are_one_patient(clinic: Clinic) -> None:
    def submit(_: int) -> str:
        answer = clinic.submit(
            {"regions": ["neck"]}, NURSE, given_name="Tess", family_name="Twin", phone="+18165550190"
        )
        return str(answer.get_json()["patient_id"])

    with ThreadPoolExecutor(8) as pool:
        made = set(pool.map(submit, range(16)))
    assert len(made) == 1
    assert clinic.get("/match-cases", FRONT_DESK)["items"] == []


@pytest.mark.capability("I14")
def test_merge_and_unmerge_are_audited(clinic: Clinic) -> None:
    known = patient_of(clinic)
    new = patient_of(clinic, phone="+18165550151")
    (case,) = clinic.get("/match-cases", FRONT_DESK)["items"]
    path = f"/match-cases/{case['id']}/decide"
    wrong = clinic.call("POST", path, {"same_as": new}, actor=FRONT_DESK, version=case["version"])
    assert wrong.status_code == 422
    decided = clinic.call("POST", path, {"same_as": known}, actor=FRONT_DESK, version=case["version"])
    assert decided.status_code == 200, decided.text
    assert clinic.get(f"/patients/{new}")["id"] == known, "the merged record answers with the one that stays"
    again = clinic.call(
        "POST", path, {"same_as": known}, actor=FRONT_DESK, version=decided.get_json()["version"]
    )
    assert again.status_code == 409
    version = clinic.sql("SELECT version FROM patient WHERE id = :id", id=new)[0].version
    parted = clinic.call("POST", f"/patients/{new}/unmerge", {}, actor=FRONT_DESK, version=version)
    assert parted.status_code == 200, parted.text
    assert clinic.get(f"/patients/{new}")["id"] == new
    deeds = {
        row.action for row in clinic.sql("SELECT action FROM audit_entry WHERE subject_id = :id", id=new)
    }
    assert {"merge_patients", "unmerge_patients"} <= deeds
    (merged,), (released,) = clinic.events("patients_merged"), clinic.events("patients_unmerged")
    assert (merged["record_id"], merged["patient_id"], merged["records"]) == (new, known, [new])
    assert (released["record_id"], released["patient_id"]) == (new, new)
    assert released["version"] > merged["version"], "an old event does not undo a newer one"
    direct = clinic.call(
        "POST", f"/patients/{new}/merge", {"into": new}, actor=FRONT_DESK, version=version + 1
    )
    assert direct.status_code == 409


@pytest.mark.capability("I3", "I7", "I14")
def test_a_chain_of_merges_is_one_person_everywhere_until_it_is_parted(clinic: Clinic) -> None:
    def begun(number: int) -> tuple[str, str]:
        phone = f"(816) 555-016{number}"
        browser = clinic.browser().start(given_name="Iris", family_name="Chain", phone=phone, postcode="")
        go_to(browser, browser.token, "pain_now").send({"nprs_now": str(number)})
        send_all(browser, browser.token)
        rows = clinic.sql("SELECT patient_id, id FROM submission ORDER BY id DESC LIMIT 1")
        return str(rows[0].patient_id), str(rows[0].id)

    def change(record: str, deed: str, body: dict[str, str]) -> None:
        version = clinic.sql("SELECT version FROM patient WHERE id = :id", id=record)[0].version
        done = clinic.call("POST", f"/patients/{record}/{deed}", body, actor=FRONT_DESK, version=version)
        assert done.status_code == 200, done.text

    def seen(record: str) -> tuple[set[str], list[float], bool]:
        """Submissions, pain scores in order, and whether the tablet shows a page's answers of last time."""
        listed = {one["id"] for one in clinic.get(f"/patients/{record}/submissions")["items"]}
        trends = {one["instrument"]: one for one in clinic.get(f"/patients/{record}/scores")["items"]}
        made = clinic.call(
            "POST", f"/patients/{record}/links", {"mode": "kiosk"}, actor=FRONT_DESK
        ).get_json()
        tablet = clinic.browser().open(made["path"]).send({"birth_date": "04/23/1980"})
        shown = go_to(tablet, tablet.token, "pain_now").body
        points = [point["value"] for point in trends["nprs"]["points"]] if "nprs" in trends else []
        return listed - {made["submission_id"]}, points, "your answers from last time" in shown

    (first, one), (second, two), (third, three) = begun(1), begun(2), begun(3)
    assert len({first, second, third}) == 3
    change(first, "merge", {"into": second})
    change(second, "merge", {"into": third})
    for record in (first, second, third):
        assert seen(record) == ({one, two, three}, [1.0, 2.0, 3.0], True), (
            "whichever of their records is asked by"
        )
    drafts = clinic.sql("SELECT count(*) AS n FROM submission WHERE state = 'draft'")
    assert drafts[0].n == 1, "one person has one open draft, by whatever record it was begun"
    change(second, "unmerge", {})
    assert seen(third)[1] == [3.0]
    assert seen(first) == seen(second)
    assert seen(second)[:2] == ({one, two}, [1.0, 2.0]), (
        "what was merged into the released record goes with it"
    )
    change(first, "unmerge", {})
    assert (seen(first)[1], seen(second)[1]) == ([1.0], [2.0])


@pytest.mark.capability("I14")
def test_who_was_merged_is_found_by_what_stands_on_any_of_their_records_until_they_part(
    clinic: Clinic,
) -> None:
    """The old number, the old name and the old postcode are theirs still: three records, merged in a chain."""
    oldest = patient_of(clinic, phone="+18165550171", family_name="Lindgren", postcode="66067")
    older = patient_of(clinic, phone="+18165550172", postcode="")
    kept = patient_of(clinic, phone="+18165550173", postcode="")
    stranger = patient_of(
        clinic, given_name="Ann", birth_date="1990-01-01", phone="+18165550171", postcode=""
    )
    assert len({oldest, older, kept, stranger}) == 4
    by_old_number = {"phone": "+18165550171", "postcode": "66067"}

    def change(record: str, deed: str, body: dict[str, str]) -> None:
        version = clinic.sql("SELECT version FROM patient WHERE id = :id", id=record)[0].version
        done = clinic.call("POST", f"/patients/{record}/{deed}", body, actor=FRONT_DESK, version=version)
        assert done.status_code == 200, done.text

    def found(query: str) -> list[str]:
        return [one["id"] for one in clinic.get(f"/patients?q={query}", FRONT_DESK)["items"]]

    change(oldest, "merge", {"into": older})
    change(older, "merge", {"into": kept})
    before = len(clinic.get("/match-cases", FRONT_DESK)["items"])
    assert found("lindgren") == found("816-555-0172") == [kept], "staff find them by it too"
    # Name of the newest, postcode and number of the oldest: no record has all of it, the person has.
    assert patient_of(clinic, **by_old_number) == kept
    assert len(clinic.get("/match-cases", FRONT_DESK)["items"]) == before, "nothing for a person to decide"
    # Now the number is the one in force too, and staff find them by it.
    assert set(found("816-555-0171")) == {kept, stranger}
    change(older, "unmerge", {})
    assert found("lindgren") == [older], "what was merged into the released record goes with it"
    assert patient_of(clinic, phone="+18165550172", postcode="") == older
    both = patient_of(clinic, phone="+18165550171", postcode="66067")
    assert both not in (kept, older), "a number that stands with both now is for a person to decide"


@pytest.mark.capability("I14")
def test_two_that_both_seem_the_same_decide_nothing() -> None:
    both = [
        Likeness(1, ("given_name", "family_name", "birth_date"), True),
        Likeness(2, ("given_name", "family_name", "birth_date"), True),
    ]
    same, candidates = settle(both)
    assert same is None
    assert len(candidates) == 2


def test_staff_find_patients_by_beginnings_birth_date_and_phone(clinic: Clinic) -> None:
    known = patient_of(clinic)

    def found(query: str) -> list[Any]:
        return [one["id"] for one in clinic.get(f"/patients?q={query}", FRONT_DESK)["items"]]

    for query in (
        "mar",
        "oka",
        "Maren%20Okafor",
        "okafo%20mar",
        "1984-07-09",
        "0150",
        "816-555-0150",
        "%2B18165550150",
    ):
        assert found(query) == [known], query
    for query in ("zz", "maren%20lind", "okaforsson", "1984-07-08", "0151"):
        assert found(query) == [], query


@pytest.mark.capability("Z8")
def test_contact_points_rest_sealed(clinic: Clinic) -> None:
    patient_of(clinic)
    dump = clinic.sql("SELECT string_agg(p::text, ' ') AS rows FROM patient AS p")[0].rows
    raw = clinic.sql("SELECT given_name_sealed, phone_sealed FROM patient")[0]
    for secret in ("Maren", "Okafor", "8165550150", "1984-07-09", "66071"):
        assert secret not in dump
        assert secret.encode() not in bytes(raw.given_name_sealed) + bytes(raw.phone_sealed)


@pytest.mark.capability("I13", "I14")
def test_what_nobody_said_this_time_stays_and_a_no_is_told_at_once(clinic: Clinic) -> None:
    """Consent, language and zone of somebody known: an untouched field is no answer, whichever door they come by."""
    untouched = {"consent_sms": "", "consent_email": ""}
    page = clinic.browser().open("/intake/start?lang=es").body
    assert "consent-sms-no" in page
    assert " checked" not in page[page.index("h-consent-sms") :], "nothing is said for the patient"
    clinic.browser().start(lang="es")
    (known,) = [str(row.id) for row in clinic.sql("SELECT id FROM patient")]

    def stands() -> tuple[str, str, bool, bool]:
        row = clinic.get(f"/patients/{known}")
        return row["language"], row["time_zone"], row["consent"]["sms"], row["consent"]["email"]

    assert stands() == ("es", "America/Chicago", True, True)
    assert clinic.events("consent_changed") == [], "of somebody new the answers tell"
    # Again by the start page, in a browser that asks for Spanish, with the boxes left alone and no address.
    again = clinic.browser().start(lang="es", **untouched, email="", postcode="")
    assert (stands(), again.page) == (("es", "America/Chicago", True, True), "emergency_signs")
    send_all(again, again.token)
    (told,) = clinic.events("intake_submitted")
    assert told["patient"]["email"] == "ana@example.test"
    said = [(one["channel"], one["given"]) for one in told["consents"]]
    assert said == [("sms", True), ("email", True)]
    # By a program, which says neither language nor consent nor zone.
    person = {
        "given_name": "Ana",
        "family_name": "Ñandú-O'Brien",
        "birth_date": "1980-04-23",
        "phone": "+18165550123",
        "postcode": "64081",
    }
    assert clinic.submit({"regions": ["neck"]}, NURSE, **person).get_json()["patient_id"] == known
    assert stands() == ("es", "America/Chicago", True, True)
    told = clinic.events("intake_submitted")[-1]
    assert (told["language"], told["patient"]["language"]) == ("es", "es")
    assert told["consents"][0]["said_at"] < told["submitted_at"], "with the time it was said"
    # A link handed out without a language opens in theirs.
    link = clinic.call("POST", f"/patients/{known}/links", {}, actor=FRONT_DESK).get_json()
    assert "lang=es" in link["path"]
    # A zone that was told is not undone by the postcode it was told with; moving away undoes one the old postcode told.
    clinic.submit({"regions": ["neck"]}, NURSE, **person, time_zone="America/Denver")
    clinic.submit({"regions": ["neck"]}, NURSE, **person)
    assert stands()[1] == "America/Denver"
    # No is a deed of its own, and is told though no question is answered after it.
    clinic.browser().start(lang="es", consent_sms="no", consent_email="")
    assert stands()[2:] == (False, True)
    (turned,) = clinic.events("consent_changed")
    assert [(one["channel"], one["given"]) for one in turned["consents"]] == [("sms", False), ("email", True)]
    drafts = clinic.sql("SELECT consent_sms, consent_email FROM submission WHERE state = 'draft'")
    assert [(one.consent_sms, one.consent_email) for one in drafts] == [(False, True)]
    # Said again it is told again: they may have said yes by telephone since, of which only notify knows.
    clinic.browser().start(lang="es", consent_sms="no", consent_email="")
    clinic.browser().start(lang="es", **untouched)
    first, second = (event["consents"] for event in clinic.events("consent_changed"))
    assert [(one["channel"], one["given"]) for one in second] == [("sms", False), ("email", True)]
    assert second[0]["said_at"] > first[0]["said_at"]
    assert second[1] == first[1]
    audit = clinic.sql("SELECT action FROM audit_entry WHERE action = 'change_consent'")
    assert len(audit) == 2


@pytest.mark.capability("I13")
def test_messages_are_in_the_language_they_answered_in_or_their_own_when_staff_typed(clinic: Clinic) -> None:
    switched = clinic.browser().start(lang="en")
    switched.open(f"/intake/q/{switched.token}/where?lang=es").send({"regions": ["neck"]})
    switched.open(f"/intake/review/{switched.token}").send()
    (row,) = clinic.sql("SELECT id, language FROM patient")
    assert row.language == "es"
    made = clinic.call("POST", f"/patients/{row.id}/links", {"mode": "phone"}, actor=NURSE).get_json()
    nurse = clinic.browser().open(made["path"]).send({"birth_date": "04/23/1980"})
    nurse.open(f"/intake/q/{nurse.token}/where?lang=en").send({"regions": ["neck"]})
    nurse.open(f"/intake/review/{nurse.token}").send()
    told = clinic.events("intake_submitted")[-1]
    assert (told["mode"], told["language"], told["patient"]["language"]) == ("phone", "en", "es")
    language = "SELECT language FROM patient"
    assert clinic.sql(language)[0].language == "es"
    # An English browser opens the first page, and they leave: nothing was chosen, nothing was answered.
    own = clinic.browser().open("/intake/start").send(ABOUT)
    assert ('<html lang="en">' in own.body, clinic.sql(language)[0].language) == (True, "es")
    send_all(own, own.token)
    assert clinic.sql(language)[0].language == "en", "they read and answered in English"
    # Who reads the pages for them chooses a language for themselves.
    helped = clinic.browser().start(lang="es", answered_by="interpreter")
    send_all(helped, helped.token)
    told = clinic.events("intake_submitted")[-1]
    assert (told["language"], told["patient"]["language"]) == ("es", "en")
    assert clinic.sql(language)[0].language == "en"
