"""What the owning services hold in the dashboard's tests; decisions come from the shipped protocol itself."""

from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any

from kernel.contracts.protocol import shipped_protocol
from kernel.evidence import evaluate
from kernel.ids import new_id

SITES = [
    {"id": "overland-park", "name": "Overland Park", "time_zone": "America/Chicago", "phone": "+19135550110"},
    {"id": "lees-summit", "name": "Lee's Summit", "time_zone": "America/Chicago", "phone": "+18165550111"},
    {
        "id": "liberty",
        "name": "Liberty",
        "time_zone": "America/Chicago",
        "phone": "+18165550112",
        "address": "4 Elm Street",
    },
]
PROVIDERS = [{"id": "prov-1", "name": "Dana Whitlow, PT"}, {"id": "prov-2", "name": "Ines Marrow, MD"}]
VISIT_TYPES = [
    {
        "id": "pt_evaluation",
        "name": {"en": "First visit", "es": "Primera visita"},
        "routes": ["physical_therapy"],
    },
    {"id": "medication_review", "name": {"en": "Review visit"}, "routes": ["medication_review"]},
]
NEXT_STATE = {
    "accept": "to_book",
    "ask": "waiting_on_patient",
    "defer": "deferred",
    "decline": "declined",
    "redirect": "to_book",
    "resume": "needs_triage",
    "withdraw": "withdrawn",
}
ALLOWED = {
    "needs_triage": ["accept", "redirect", "ask", "defer", "decline", "withdraw", "hand_over", "clear_hold"],
    "waiting_on_patient": ["resume", "decline", "withdraw"],
    "deferred": ["resume", "decline", "withdraw"],
    "to_book": ["redirect", "ask", "defer", "decline", "withdraw", "book"],
}


@dataclass
class World:
    """What the owners hold, shared by the three of them."""

    referrals: dict[str, dict[str, Any]] = field(default_factory=dict)
    appointments: dict[str, dict[str, Any]] = field(default_factory=dict)
    callbacks: dict[str, dict[str, Any]] = field(default_factory=dict)
    messages: list[dict[str, Any]] = field(default_factory=list)
    replies: dict[str, dict[str, Any]] = field(default_factory=dict)
    away: set[str] = field(default_factory=set)
    away_for_writing: set[str] = field(default_factory=set)
    calls: list[dict[str, Any]] = field(default_factory=list)
    answers: dict[str, tuple[int, Any]] = field(default_factory=dict)
    extra: dict[tuple[str, str, str], Any] = field(default_factory=dict)
    # What an owner answers to a write instead of doing it, by path.
    refusals: dict[str, tuple[int, Any]] = field(default_factory=dict)
    now: datetime = field(default_factory=lambda: datetime.now(UTC).replace(microsecond=0))

    def add_referral(self, given: str, family: str, answers: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Add a case in triage, decided by the shipped protocol."""
        protocol = shipped_protocol()
        typed, errors = protocol.check_answers(answers)
        assert not errors, errors
        decision = evaluate(protocol, typed).to_json()
        row = {
            "id": str(new_id()),
            "patient_id": str(new_id()),
            "submission_id": str(new_id()),
            "patient": {
                "given_name": given,
                "family_name": family,
                "birth_date": "1981-04-09",
                "language": "en",
                "phone": "+18165550142",
            },
            "state": "needs_triage",
            "route": decision["route"],
            "priority": decision["priority"],
            "flags": [flag for flag in decision["red_flags"] if flag["action"] in ("E", "S")],
            "unknown_count": len([one for one in decision["unknown"] if one["kind"] == "red_flag"]),
            "open_warnings": [one["id"] for one in decision["unknown"] if one["id"] in ("RF_CES", "SN04")],
            "near_miss_count": 0,
            "preferred_site": "lees-summit",
            "owner": None,
            "version": 1,
            "due_at": (self.now + timedelta(hours=5)).isoformat(),
            "created_at": (self.now - timedelta(minutes=50)).isoformat(),
            "state_since": (self.now - timedelta(minutes=50)).isoformat(),
            "answers": [{"variable": name, "value": value} for name, value in answers.items()],
            "decision": decision,
            "holds": [
                {
                    "id": str(new_id()),
                    "flag_id": flag["id"],
                    "name": flag["name"],
                    "action": flag["action"],
                    "opened_at": self.now.isoformat(),
                    "cleared_at": None,
                }
                for flag in decision["red_flags"]
                if flag["action"] in ("E", "S")
            ],
            "timeline": [
                {
                    "at": (self.now - timedelta(minutes=50)).isoformat(),
                    "kind": "decision",
                    "actor": {"kind": "system", "name": ""},
                    "text_code": "routed",
                    "details": {},
                }
            ],
            "appointments": [],
            **more,
        }
        self.referrals[row["id"]] = row
        return row

    def add_appointment(self, referral: dict[str, Any], starts_at: datetime, **more: Any) -> dict[str, Any]:
        """Add a booked visit of a referral."""
        row = {
            "id": str(new_id()),
            "version": 1,
            "referral_id": referral["id"],
            "patient": referral["patient"],
            "patient_id": referral["patient_id"],
            "starts_at": starts_at.isoformat(),
            "ends_at": (starts_at + timedelta(minutes=45)).isoformat(),
            "local_start": starts_at.isoformat(),
            "site": "lees-summit",
            "provider": PROVIDERS[0],
            "visit_type": "pt_evaluation",
            "state": "booked",
            "confirmed_at": None,
            "confirmed_by_channel": None,
            **more,
        }
        self.appointments[row["id"]] = row
        return row

    def add_callback(self, given: str, family: str, **more: Any) -> dict[str, Any]:
        """Add an open red-flag call-back."""
        row = {
            "id": str(new_id()),
            "patient_id": str(new_id()),
            "patient": {
                "name": f"{family}, {given}",
                "birth_date": "1969-02-11",
                "phone": "+18165550177",
                "language": "es",
            },
            "flags": [{"id": "SP01E", "name": "Possible cauda equina"}],
            "action": "E",
            "opened_at": (self.now - timedelta(minutes=6)).isoformat(),
            "due_at": (self.now + timedelta(minutes=9)).isoformat(),
            "state": "open",
            "acknowledged_by": None,
            "version": 1,
            **more,
        }
        self.callbacks[row["id"]] = row
        return row

    def add_reply(self, text: str, **more: Any) -> dict[str, Any]:
        """Add a reply that waits for a person."""
        row = {
            "id": str(new_id()),
            "version": 1,
            "channel": "sms",
            "patient_id": str(new_id()),
            "patient_name": "Mara Ostrander",
            "language": "en",
            "address": "+18165550142",
            "text": text,
            "meaning": "unclear",
            "state": "open",
            "why_open": "not_understood",
            "hint": {"time": "", "rating": None, "urgent": False},
            "held": True,
            "opted_out": False,
            "received_at": (self.now - timedelta(minutes=12)).isoformat(),
            **more,
        }
        self.replies[row["id"]] = row
        return row
