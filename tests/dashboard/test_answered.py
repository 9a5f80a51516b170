"""What a patient filled in stands with the case, word for word: who answered, how, and the files that came with it."""

import pytest
from sqlalchemy import select

from services.dashboard.model import Staff
from tests.dashboard.conftest import Dashboard
from tests.dashboard.filled_in import BAD, GOOD, PDF, filled_in


@pytest.mark.capability("I9", "I11", "I15")
def test_the_case_leads_to_every_answer_and_file_word_for_word(clinic: Dashboard) -> None:
    row = filled_in(clinic)
    at = f"/staff/referrals/{row['id']}"
    nurse = clinic.signed_in("nurse")
    case = nurse.get(at).text
    assert "2 files" in case
    assert "by telephone · answered by <b>a carer</b>" in case
    assert "Not sent yet" in case
    own = f"{at}/submissions/{row['submission_id']}"
    assert own in case
    page = nurse.get(own).text
    for words in (
        "a carer",
        "by telephone",
        "Spanish",
        "What else should we know?",
        "No puedo dormir &lt;script&gt;",
        "Carta &lt;b&gt;.pdf",
        "it holds something that runs when it is opened",
        '<blockquote class="note-text" lang="es">Hoy le llamamos.</blockquote>',
        "Not known to be read",
    ):
        assert words in page, words
    assert page.count("Save the file") == 1, "what is in quarantine is handed to nobody"
    got = nurse.get(f"{own}/files/{GOOD}")
    assert (got.status_code, got.data) == (200, PDF)
    assert got.headers["Content-Disposition"].startswith("attachment")
    assert nurse.get(f"{own}/files/{BAD}").status_code == 404
    assert nurse.get(f"{at}/submissions/{row['other']}").status_code == 200
    assert nurse.get(f"{at}/submissions/{row['other']}/files/{GOOD}").status_code == 404


@pytest.mark.capability("I9")
def test_each_page_says_how_it_was_given_and_who_typed_it(clinic: Dashboard) -> None:
    nurse = clinic.signed_in("nurse")
    with clinic.parts.database.transaction() as session:
        known = session.scalars(select(Staff).where(Staff.role == "nurse")).first()
        assert known is not None
        typist, name = str(known.id), known.name
    row = filled_in(clinic, typist, "mixed")
    page = nurse.get(f"/staff/referrals/{row['id']}/submissions/{row['submission_id']}").text
    assert f"in more than one way, typed by {name}" in page
    typed, alone = page.split("<h2>Pain now</h2>")
    assert f"By telephone, typed by {name}" in typed
    assert "On their own device" in alone
    assert "typed by" not in alone


@pytest.mark.capability("I11")
def test_answers_and_files_open_for_who_may_read_them_and_for_this_patient_only(clinic: Dashboard) -> None:
    row = filled_in(clinic)
    stranger = clinic.world.add_referral("Ulf", "Sand", {"age_years": 50})
    own = f"/staff/referrals/{row['id']}/submissions/{row['submission_id']}"
    desk = clinic.signed_in("front_desk")
    assert "As filled in" not in desk.get(f"/staff/referrals/{row['id']}").text
    assert desk.get(own).status_code == 403
    therapist = clinic.signed_in("therapist")
    assert "Nurses and providers open files." in therapist.get(own).text
    assert therapist.get(f"{own}/files/{GOOD}").status_code == 403
    nurse = clinic.signed_in("nurse")
    clinic.world.extra["intake", "GET", f"patients/{stranger['patient_id']}/submissions"] = {"items": []}
    beside = f"/staff/referrals/{stranger['id']}/submissions/{row['submission_id']}"
    assert nurse.get(beside).status_code == 404
    assert nurse.get(f"{beside}/files/{GOOD}").status_code == 404
    clinic.world.away = {"intake"}
    case = nurse.get(f"/staff/referrals/{row['id']}")
    assert (case.status_code, "The intake service is not answering" in case.text) == (200, True)
    assert nurse.get(own).status_code == 503
