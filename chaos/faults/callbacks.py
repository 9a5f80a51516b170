"""Receipts as an attacker, a broken provider or a slow network would bring them."""

import random
from concurrent.futures import ThreadPoolExecutor
from contextlib import suppress
from typing import Any

import httpx

from chaos.clinic import Clinic
from chaos.faults.fault import Facts, Fault
from local import keys
from local.carrier.signature import webhook_signature
from local.process_environment import SMS_ACCOUNT

PARALLEL = 20


def forged_callbacks(clinic: Clinic, dice: random.Random) -> Facts:
    """A receipt without, with a wrong, and with a borrowed signature: refused, and nothing changes."""
    event = _some_webhook(clinic, dice)
    if event is None:
        return {"victim": "hooks", "hit": False}
    token = keys.secret(clinic.stack.places.secrets, "sms_auth_token")
    fields = _fields(event, "failed")
    other = webhook_signature(token, event["url"] + "x", fields)
    tries = [
        _post(event["url"], fields, signature)
        for signature in (
            None,
            "",
            "bm90IGEgc2lnbmF0dXJl",
            other,
            webhook_signature("wrong", event["url"], fields),
        )
    ]
    foreign = fields | {"AccountSid": "AC" + "9" * 32}
    tries.append(_post(event["url"], foreign, webhook_signature(token, event["url"], foreign)))
    return {"victim": "hooks", "hit": True, "forged": [status for status in tries if status is not None]}


def late_callbacks(clinic: Clinic, dice: random.Random) -> Facts:
    """Receipts of long ago again, signed and true then: delivered messages stay delivered."""
    token = keys.secret(clinic.stack.places.secrets, "sms_auth_token")
    answers = []
    for word in ("queued", "sent", "undelivered", "delivered", "no_such_word"):
        event = _some_webhook(clinic, dice)
        if event is not None:
            fields = _fields(event, word)
            # A carrier does not take back a delivery: only what is truly over is told again.
            if word in ("undelivered",) and event["message_status"] != "delivered":
                continue
            answers.append(_post(event["url"], fields, webhook_signature(token, event["url"], fields)))
    return {"victim": "hooks", "hit": bool(answers), "answers": [a for a in answers if a is not None]}


def repeated_callbacks(clinic: Clinic, dice: random.Random) -> Facts:
    """One receipt a hundred times, twenty at once."""
    event = _some_webhook(clinic, dice)
    if event is None:
        return {"victim": "hooks", "hit": False}
    token = keys.secret(clinic.stack.places.secrets, "sms_auth_token")
    fields = _fields(event, event["message_status"] or "sent")
    signature = webhook_signature(token, event["url"], fields)
    with ThreadPoolExecutor(PARALLEL) as pool:
        answers = list(pool.map(lambda _: _post(event["url"], fields, signature), range(100)))
    return {"victim": "hooks", "hit": True, "answered": sum(answer == 204 for answer in answers)}


def strange_callbacks(clinic: Clinic, dice: random.Random) -> Facts:
    """Well signed, about nothing of ours: an unknown message, an unknown attempt, another one's attempt."""
    event, second = _some_webhook(clinic, dice), _some_webhook(clinic, dice)
    if event is None or second is None:
        return {"victim": "hooks", "hit": False}
    token = keys.secret(clinic.stack.places.secrets, "sms_auth_token")
    base = event["url"].partition("?")[0]
    answers = []
    for url in (base, f"{base}?a=0190b2f0-0000-7000-8000-000000000000", f"{base}?a=", second["url"]):
        fields = _fields(event, "delivered") | {"MessageSid": f"SM{dice.getrandbits(128):032x}"}
        if url == second["url"] and second["message_status"] != "delivered":
            continue
        answers.append(_post(url, fields, webhook_signature(token, url, fields)))
    return {"victim": "hooks", "hit": True, "answers": [a for a in answers if a is not None]}


def _some_webhook(clinic: Clinic, dice: random.Random) -> dict[str, Any] | None:
    """A status callback the carrier made earlier and that was taken."""
    with suppress(httpx.HTTPError, ValueError, KeyError), clinic.carrier() as carrier:
        last = carrier.get("/carrier/counts").json()["events"]
        since = dice.randrange(max(1, last - 400)) if last else 0
        found = carrier.get("/carrier/log", params={"since": since, "limit": 400}).json()["events"]
        told = [
            e for e in found if e["event"] == "webhook" and e["kind"] == "status" and e["http_status"] == 204
        ]
        return dice.choice(told) if told else None
    return None


def _fields(event: dict[str, Any], status: str) -> dict[str, str]:
    return {
        "AccountSid": SMS_ACCOUNT,
        "ApiVersion": "2010-04-01",
        "From": "+18165550199",
        "MessageSid": event["sid"],
        "MessageStatus": status,
        "SmsSid": event["sid"],
        "SmsStatus": status,
        "To": "+18165550000",
    }


def _post(url: str, fields: dict[str, str], signature: str | None) -> int | None:
    headers = {} if signature is None else {"X-Twilio-Signature": signature}
    with suppress(httpx.HTTPError):
        return httpx.post(url, data=fields, headers=headers, timeout=10, trust_env=False).status_code
    return None


FAULTS = (
    Fault("forged_callbacks", "callbacks", ("F37",), forged_callbacks, weight=0.6),
    Fault("late_callbacks", "callbacks", ("F35",), late_callbacks, weight=0.6),
    Fault("repeated_callbacks", "callbacks", ("F34",), repeated_callbacks, weight=0.4),
    Fault("strange_callbacks", "callbacks", ("F38",), strange_callbacks, weight=0.4),
)
