"""Two records that are one person: their referrals stand together, in any order of events, and come apart again."""

from uuid import UUID

import pytest

from kernel.contracts.patient_merge import PatientsMerged
from kernel.ids import new_id
from tests.referral.conftest import Clinic


def told(record: UUID, patient: UUID, version: int, *under: UUID) -> PatientsMerged:
    return PatientsMerged.model_validate(
        {
            "record_id": record,
            "version": version,
            "patient_id": patient,
            "records": (record, *under),
            "decided_at": "2026-03-03T16:00:00Z",
        }
    )


def hear(clinic: Clinic, event_type: str, what: PatientsMerged) -> None:
    assert clinic.tell("intake", event_type, what.record_id, what).status_code == 204


def referrals(clinic: Clinic, patient: UUID) -> set[str]:
    return {row["id"] for row in clinic.get(f"/referrals?patient_id={patient}")["items"]}


@pytest.mark.capability("I14")
def test_referrals_follow_a_merge_and_come_apart_again(clinic: Clinic) -> None:
    kept, new, last = new_id(), new_id(), new_id()
    of_kept = clinic.submit(patient_id=kept)["id"]
    of_new = clinic.submit(patient_id=new)["id"]
    hear(clinic, "patients_merged", told(new, kept, 2))
    assert referrals(clinic, kept) == {of_kept, of_new}
    assert referrals(clinic, new) == set()
    late = clinic.submission(patient_id=new)
    clinic.tell("intake", "intake_submitted", late.submission_id, late)
    assert len(referrals(clinic, kept)) == 3, (
        "answers sent under the older record arrive at the one that stands"
    )

    hear(clinic, "patients_merged", told(kept, last, 2, new))
    assert len(referrals(clinic, last)) == 3
    hear(clinic, "patients_merged", told(new, kept, 2))
    assert len(referrals(clinic, last)) == 3, "heard before: nothing changes"
    hear(clinic, "patients_unmerged", told(kept, kept, 3, new))
    assert referrals(clinic, last) == set()
    assert len(referrals(clinic, kept)) == 3
    hear(clinic, "patients_unmerged", told(new, new, 3))
    assert referrals(clinic, kept) == {of_kept}
    assert of_new in referrals(clinic, new)


def test_events_of_merges_may_come_in_any_order(clinic: Clinic) -> None:
    first, second, third = new_id(), new_id(), new_id()
    of_first = clinic.submit(patient_id=first)["id"]
    hear(clinic, "patients_merged", told(second, third, 2, first))
    hear(clinic, "patients_merged", told(first, second, 2))
    assert referrals(clinic, third) == {of_first}
    hear(clinic, "patients_unmerged", told(first, first, 3))
    hear(clinic, "patients_merged", told(first, second, 2))
    assert referrals(clinic, first) == {of_first}
