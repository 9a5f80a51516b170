"""A case whose patient filled something in, as intake tells it."""

from typing import Any

from kernel.ids import new_id
from tests.dashboard.conftest import Dashboard

PDF = b"%PDF-1.7\nnot much of a letter\n%%EOF"
GOOD, BAD = str(new_id()), str(new_id())


def filled_in(clinic: Dashboard, typist: str = "", mode: str = "phone") -> dict[str, Any]:
    """A case whose patient sent it through a carer with two files, and begun another questionnaire.

    One page was typed by `typist` (the id of an account), the other the patient gave alone.
    """
    row = clinic.world.add_referral("Oda", "Brenn", {"age_years": 71, "pain_weeks": 10})
    now = clinic.world.now.isoformat()
    sent = {
        "id": row["submission_id"],
        "patient_id": row["patient_id"],
        "title": "Questions before your visit",
        "questionnaire": "https://waymark.example/fhir/Questionnaire/headache-spine|2",
        "status": "submitted",
        "language": "es",
        "mode": mode,
        "answered_by": "carer",
        "author": {"kind": "staff", "id": str(new_id()), "role": "front_desk"},
        "started_at": now,
        "submitted_at": now,
    }
    file = {
        "name": "Carta <b>.pdf",
        "media_type": "application/pdf",
        "bytes": 1200,
        "pages": 2,
        "received_at": now,
    }
    whole = {
        **sent,
        "pages": [
            {
                "title": "Your visit",
                "mode": "phone",
                "typed_by": typist,
                "answers": [
                    {"question": "What else should we know?", "answers": ["No puedo dormir <script>"]}
                ],
            },
            {
                "title": "Pain now",
                "mode": "self",
                "typed_by": None,
                "answers": [{"question": "How strong?", "answers": ["6"]}],
            },
        ],
        "uploads": [
            {**file, "id": GOOD, "state": "clean", "reason": None},
            {**file, "id": BAD, "state": "quarantined", "reason": "active_content"},
        ],
        "safety_notices": [
            {
                "kind": "same_day",
                "language": "es",
                "text": "Hoy le llamamos.",
                "shown_at": now,
                "read_at": None,
            }
        ],
    }
    other = {
        **sent,
        "id": str(new_id()),
        "title": "Sleep",
        "status": "draft",
        "submitted_at": None,
        "files": 0,
    }
    extra = clinic.world.extra
    extra["intake", "GET", f"patients/{row['patient_id']}/submissions"] = {
        "items": [other, {**sent, "files": 2}]
    }
    extra["intake", "GET", f"submissions/{sent['id']}/as-answered"] = whole
    extra["intake", "GET", f"submissions/{other['id']}/as-answered"] = {
        **whole,
        **other,
        "uploads": [],
        "pages": [],
    }
    extra["intake", "GET", f"uploads/{GOOD}"] = extra["intake", "GET", f"uploads/{BAD}"] = PDF
    return {**row, "other": other["id"]}
