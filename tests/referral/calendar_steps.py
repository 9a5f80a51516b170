"""What tests of the calendar do again and again: find a slot, book it, change a visit, have referrals ready to book."""

from datetime import timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import select

from kernel.clock import now
from kernel.context import Actor
from kernel.ids import new_id
from kernel.tables import OutboxEvent
from services.referral.model.referral import Referral
from tests.referral.conftest import FRONT_DESK, Clinic

CHICAGO = ZoneInfo("America/Chicago")


def ready_to_book(clinic: Clinic, **changes: Any) -> dict[str, Any]:
    """A referral a nurse has accepted for physical therapy."""
    case = clinic.submit(**changes)
    accepted: dict[str, Any] = clinic.do(case, "accept")
    assert accepted["state"] == "to_book", accepted["state"]
    return accepted


def many_ready_to_book(clinic: Clinic, many: int, route: str = "physical_therapy") -> list[str]:
    """Ids of new referrals, each of another patient, written straight into the state where booking begins."""
    with clinic.session() as session:
        moment = now(session)
        rows = []
        for number in range(many):
            row = Referral(
                id=new_id(),
                submission_id=new_id(),
                patient_id=new_id(),
                language="en",
                mode="self",
                state="to_book",
                state_since=moment,
                version=4,
                route=route,
                proposed_route=route,
                priority="P4",
                proposed_priority="P4",
                secondary_routes=[],
                due_at=moment + timedelta(days=14),
                created_at=moment,
                submitted_at=moment,
            )
            row.patient = {
                "given_name": "Test",
                "family_name": f"Patient {number}",
                "birth_date": "1980-05-17",
                "phone": "+18165550142",
                "language": "en",
            }
            rows.append(row)
        session.add_all(rows)
        return [str(row.id) for row in rows]


def slots(clinic: Clinic, **wanted: Any) -> list[dict[str, Any]]:
    """Free slots, from tomorrow on unless the test says otherwise: the clock moves on while a test runs."""
    tomorrow = clinic.now().astimezone(CHICAGO).date() + timedelta(days=1)
    wanted = {"from": tomorrow.isoformat(), **wanted}
    query = "&".join(f"{name}={value}" for name, value in wanted.items())
    found: list[dict[str, Any]] = clinic.get(f"/slots?{query}", actor=FRONT_DESK)["items"]
    return found


def wish(slot: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """The body that books a slot as the search listed it."""
    return {
        "visit_type": slot["visit_type"],
        "provider_id": slot["provider_id"],
        "site_id": slot["site"],
        "starts_at": slot["starts_at"],
        **changes,
    }


def book(
    clinic: Clinic, referral_id: str, slot: dict[str, Any], actor: Actor = FRONT_DESK, **changes: Any
) -> Any:
    path = f"/referrals/{referral_id}/appointments"
    return clinic.call("POST", path, wish(slot, **changes), actor=actor)


def booked(clinic: Clinic, referral_id: str, slot: dict[str, Any]) -> dict[str, Any]:
    answer = book(clinic, referral_id, slot)
    assert answer.status_code == 201, answer.text
    assert isinstance(answer.json, dict)
    return answer.json


def change(
    clinic: Clinic, visit: dict[str, Any], deed: str, body: Any = None, actor: Actor = FRONT_DESK
) -> Any:
    return clinic.call(
        "POST", f"/appointments/{visit['id']}/{deed}", body or {}, actor=actor, version=visit["version"]
    )


def events(clinic: Clinic, event_type: str) -> int:
    """How many events of the type this service has sent."""
    with clinic.session() as session:
        return len(session.scalars(select(OutboxEvent).where(OutboxEvent.type == event_type)).all())
