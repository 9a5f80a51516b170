"""An event as it travels: CloudEvents 1.0 in JSON, by itself or in an array with others to the same listener."""

import json
from collections.abc import Iterable
from typing import Any

from kernel.events import DATA_TYPE, SPEC_VERSION
from kernel.outbox import event_place
from kernel.personal import open_text


def event_json(service: str, event: Any) -> bytes:
    """Return the envelope of `event` (a row of `deliver.OWED`), in UTF-8; raises `UnreadableField`.

    Its data was written as JSON when the event was, and is put in as it stands.
    """
    head = {
        "specversion": SPEC_VERSION,
        "id": str(event.id),
        "source": service,
        "type": event.type,
        "subject": event.subject,
        "time": event.occurred_at.isoformat(),
        "datacontenttype": DATA_TYPE,
        "requestid": event.request_id,
    }
    data = open_text(event.data_sealed, event_place(event.id))
    return f'{json.dumps(head, ensure_ascii=False)[:-1]}, "data": {data}}}'.encode()


def batch_json(envelopes: Iterable[bytes]) -> bytes:
    """Return these envelopes as one body of CloudEvents' batched mode."""
    return b"[" + b", ".join(envelopes) + b"]"
