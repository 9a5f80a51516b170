"""A patient's reply: stored as a text on its way in, then told to the service by a signed webhook."""

import secrets
import time

from local.carrier.ledger import Ledger, Message
from local.carrier.settings import CarrierSettings
from local.carrier.webhooks import WebhookSender
from services.notify.texts.segments import count_segments


def take_reply(ledger: Ledger, *, sender: str, to: str, body: str) -> Message:
    """Store a text that `sender` wrote to `to`; telling the service is `tell_service`."""
    sid = "SM" + secrets.token_hex(16)
    ledger.record(
        "message",
        time.time(),
        sid=sid,
        direction="inbound",
        to=to,
        sender=sender,
        body=body,
        status="received",
    )
    return ledger.messages[sid]


async def tell_service(
    settings: CarrierSettings, webhooks: WebhookSender, message: Message, media: int = 0
) -> int | None:
    """POST the inbound webhook, tried again on failure; returns its last HTTP status, None when none came."""
    if settings.inbound_url is None:
        return None
    fields = {
        "AccountSid": settings.account_sid,
        "ApiVersion": "2010-04-01",
        "Body": message.body,
        "From": message.sender,
        "MessageSid": message.sid,
        "NumMedia": str(media),
        "NumSegments": str(max(1, count_segments(message.body).segments)),
        "SmsMessageSid": message.sid,
        "SmsSid": message.sid,
        "SmsStatus": "received",
        "To": message.to,
    }
    for item in range(media):
        fields[f"MediaContentType{item}"] = "image/jpeg"
        fields[f"MediaUrl{item}"] = f"http://127.0.0.1:{settings.port}/phone/media/{message.sid}/{item}"
    return await webhooks.send("inbound", settings.inbound_url, fields)
