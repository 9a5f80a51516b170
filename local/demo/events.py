"""Tells notify of patients and visits as intake and referral would: signed with their keys, over HTTP, one by one.

Benches and chaos runs fill the clinic by it faster than the questionnaire could. Each event stands in its
sender's outbox first: one heard and not there holds sending (docs/decisions/0255-what-others-heard-tells-a-copy.md).
"""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import text
from sqlalchemy.exc import DBAPIError

from kernel.database import Database
from kernel.exact_json import dumps
from kernel.ids import new_id
from kernel.keyring import Keyring
from kernel.outbox import event_place
from kernel.service_client import Answer, ServiceClient, ServiceUnavailable
from kernel.tokens import Tokens
from local import keys
from local.process_environment import Stack

VISIT_MINUTES = 45
SOURCES = ("intake", "referral")
# Without a delivery: the teller brings it itself.
WRITTEN = """
INSERT INTO outbox_event (id, type, subject, occurred_at, data_sealed)
VALUES (:id, :type, :subject, :time, :sealed) ON CONFLICT DO NOTHING
"""


class EventTeller:
    """Speaks as intake and as referral to the notify service of `stack`."""

    def __init__(self, stack: Stack, timeout_seconds: float = 5.0) -> None:
        secrets = stack.places.secrets
        public = keys.public_keys_file(secrets).read_text(encoding="utf-8")
        address = {"notify": stack.service_url("notify")}
        self._clients = {
            name: ServiceClient(
                Tokens(name, keys.signing_key_file(secrets, name).read_text(encoding="utf-8"), public),
                address,
                timeout_seconds,
            )
            for name in SOURCES
        }
        self._stores = {name: Database(stack.app_url(name), name="event-teller") for name in SOURCES}
        self._keys = {
            name: Keyring.from_json(keys.data_keys_file(secrets, name).read_text(encoding="utf-8"))
            for name in SOURCES
        }

    def tell(self, envelope: Mapping[str, Any]) -> Answer:
        """Send `envelope` as its source, which has it in its outbox by then.

        Raises ServiceUnavailable when notify, or the source's database, does not answer.
        """
        self._write(envelope)
        return self._clients[envelope["source"]].call("notify", "POST", "/events", json_body=dict(envelope))

    def _write(self, envelope: Mapping[str, Any]) -> None:
        source = envelope["source"]
        data = dumps(envelope["data"]).encode()
        sealed = self._keys[source].encrypt(data, event_place(envelope["id"]))
        values = {name: envelope[name] for name in ("id", "type", "subject", "time")}
        try:
            with self._stores[source].transaction() as session:
                session.execute(text(WRITTEN), values | {"sealed": sealed})
        except DBAPIError:
            raise ServiceUnavailable(source) from None


def envelope(
    source: str, event: str, subject: str, data: Mapping[str, Any], moment: datetime
) -> dict[str, Any]:
    """An event with an id of its own: told again with the same id it is one event."""
    return {
        "id": str(new_id()),
        "source": source,
        "type": event,
        "subject": subject,
        "time": moment.isoformat(),
        "data": dict(data),
    }


def submission_facts(
    patient_id: str, patient: Mapping[str, Any], moment: datetime, **more: Any
) -> dict[str, Any]:
    """The data of `intake_submitted` without answers; `more` holds consents and whatever else differs."""
    return {
        "submission_id": str(new_id()),
        "patient_id": patient_id,
        "patient": dict(patient),
        "questionnaire": "invented|1",
        "language": "en",
        "answers": {},
        "protocol_version": "invented",
        "submitted_at": moment.isoformat(),
        **more,
    }


def visit_facts(
    visit_id: str, patient_id: str, booked: datetime, starts: datetime, version: int = 1
) -> dict[str, Any]:
    """The data of `appointment_booked` (or `_moved`) for one visit to physical therapy at Leawood."""
    return {
        "appointment_id": visit_id,
        "version": version,
        "referral_id": str(new_id()),
        "patient_id": patient_id,
        "site": {
            "id": "leawood",
            "name": "Leawood",
            "address": "1 Example Way, Leawood",
            "phone": "+19135550100",
            "time_zone": "America/Chicago",
        },
        "visit_type": "pt_evaluation",
        "visit_type_name": {"en": "first visit", "es": "primera visita"},
        "provider_name": "Robin Example",
        "route": "physical_therapy",
        "starts_at": starts.isoformat(),
        "ends_at": (starts + timedelta(minutes=VISIT_MINUTES)).isoformat(),
        "booked_at": booked.isoformat(),
    }
