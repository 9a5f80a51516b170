"""The outgoing packet: what it says, who may take it, what is noted."""

import io
import re

import pytest
from pypdf import PdfReader
from sqlalchemy import select, text

from kernel.context import Actor
from kernel.contracts.patient import PatientSnapshot
from kernel.ids import new_id
from kernel.tables import AuditEntry
from services.referral.routes.packet_pdf import readable
from tests.referral.calendar_steps import booked, slots
from tests.referral.conftest import FRONT_DESK, MANAGER, NURSE, PROVIDER, Clinic

ANSWERS = {
    "age_years": 46,
    "regions": ["head", "neck"],
    "nprs_now": 5,
    "hx_side_locked": True,
    "neck_provokes_headache": True,
    "neck_posture_provokes": True,
    "neck_symptoms_precede": True,
    "limb_weakness": "none",
}
NUNEZ = {
    "given_name": "Íñigo 李",
    "family_name": "Núñez Öz",
    "birth_date": "1980-05-17",
    "phone": "+18165550142",
    "email": "inigo@example.test",
    "language": "es",
}


def words_of(pdf: bytes) -> str:
    """Everything the file says, spaces and line ends aside: a reader's eye does not see where a line was broken."""
    pages = PdfReader(io.BytesIO(pdf)).pages
    # The reader takes the two-byte codes of the East Asian font for a zero byte and a letter.
    return "".join("".join(page.extract_text().replace("\x00", "").split()) for page in pages)


def packet(clinic: Clinic, referral_id: str, actor: Actor) -> bytes:
    answer = clinic.call("GET", f"/referrals/{referral_id}/packet", actor=actor)
    assert answer.status_code == 200, answer.text
    assert answer.mimetype == "application/pdf"
    assert answer.headers["Cache-Control"] == "no-store"
    return bytes(answer.data)


@pytest.mark.capability("L10")
def test_the_packet_holds_answers_evidence_route_priority_and_contact(staffed: Clinic) -> None:
    case = staffed.submit(ANSWERS, patient=PatientSnapshot.model_validate(NUNEZ))
    proposed = words_of(packet(staffed, case["id"], NURSE))
    assert "Nopersonhasconfirmedityet" in proposed
    accepted = staffed.do(case, "accept")
    slot = slots(staffed, visit_type="pt_evaluation", site="paola")[0]
    booked(staffed, case["id"], slot)
    said = words_of(packet(staffed, case["id"], PROVIDER))
    for part in (
        "Íñigo李NúñezÖz",
        "1980-05-17(46years)",
        "+18165550142",
        "inigo@example.test",
        "Spanish",
        "36CottonwoodSquare,Paola,KS66071,+19135550140",
        f"{accepted['priority']}Physicaltherapy",
        "ConfirmedbyNoraField(nurse)",
        "Responsible",
    ):
        assert part in said, (part, said)
    full = staffed.get(f"/referrals/{case['id']}")
    decision = full["decision"]
    for rule in decision["rules"]:
        assert "".join(f"{rule['id']}{rule['name']}".split()) in said
        assert "".join(rule["source"].split()) in said
    assert "notsignedbyaclinicianyet" in said
    for one in decision["diagnoses"]:
        assert one["id"] in said
    assert "Suspectedcervicogenicheadache" in said
    assert "CGHSUSPECTED" not in said
    # Each answer with its question, and what was not answered is never a "no".
    for one in full["answers"]:
        assert "".join(one["label"]["en"].split()) in said, one
    assert "\u2192yes" in said
    assert "Redflagsthatcouldnotbejudged" in said
    assert slot["local_start"][:10] in said


def test_a_red_flag_stands_with_the_answer_that_raised_it(staffed: Clinic) -> None:
    case = staffed.submit({"age_years": 51, "regions": ["low_back"], "saddle_numbness": True})
    said = words_of(packet(staffed, case["id"], NURSE))
    assert "P0Emergency" in said
    assert re.search(r"RF_CESPossiblecaudaequinasyndrome:emergency,P0Inthelasttwoweeks.{0,90}\u2192yes", said)
    assert "PaolaKS" not in said
    assert all(site["name"].replace(" ", "") in said for site in staffed.get("/sites")["items"])


def test_only_those_who_may_read_the_answers_take_them_out_and_each_time_is_noted(staffed: Clinic) -> None:
    case = staffed.submit(ANSWERS)
    address = f"/referrals/{case['id']}/packet"
    # The account of a therapist is one thing, whom the schedule knows them as another.
    therapist = Actor("staff", "staff-31", "therapist", "Tomás Quintero", provider_id="tomas_quintero")
    for role in (FRONT_DESK, MANAGER, therapist):
        refused = staffed.call("GET", address, actor=role)
        assert refused.status_code == 403, role
        assert b"%PDF" not in refused.data
    elsewhere = Actor("staff", "nurse-9", "nurse", "Nia Else", sites=("garnett",))
    staffed.do(case, "accept")
    slot = slots(staffed, visit_type="pt_evaluation", provider="tomas_quintero")[0]
    booked(staffed, case["id"], slot)
    assert staffed.call("GET", address, actor=elsewhere).status_code == 404
    assert "Answers" in words_of(packet(staffed, case["id"], therapist))
    with staffed.session() as session:
        noted = session.scalars(select(AuditEntry).where(AuditEntry.action == "export_packet")).all()
    assert [entry.actor_id for entry in noted] == ["staff-31"]
    assert noted[0].subject_id == case["id"]
    unknown = staffed.call("GET", f"/referrals/{new_id()}/packet", actor=NURSE)
    assert unknown.status_code == 404


def test_without_a_decision_there_is_no_packet_and_that_is_said(staffed: Clinic) -> None:
    case = staffed.submit(ANSWERS)
    with staffed.session() as session:
        session.execute(text("UPDATE decision SET voided_at = made_at"))
    refused = staffed.call("GET", f"/referrals/{case['id']}/packet", actor=NURSE)
    assert refused.status_code == 409
    assert refused.json is not None
    assert refused.json["code"] == "no_decision"


def test_every_letter_stays_readable() -> None:
    assert (
        readable("Ñandú Łukasz Жанна Ελένη 李小龍 김민준 さくら")
        == "Ñandú Łukasz Жанна Ελένη 李小龍 김민준 さくら"
    )
    # Marks the font lacks fall away from their letter; a script it lacks is named, never dropped.
    assert readable("Ḝ") in ("Ḝ", "E")
    assert readable("สม") == "[U+0E2A][U+0E21]"
