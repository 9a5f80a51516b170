"""Where the SMS provider brings replies. Its signature is the only credential."""

import re
from dataclasses import dataclass

import psycopg
from flask import Blueprint, request
from sqlalchemy.exc import OperationalError

from kernel.context import request_scope
from kernel.database import Database
from kernel.failpoints import failpoint
from kernel.logs import log
from kernel.personal import Personal
from kernel.read_whole import read_whole
from kernel.web.problems import from_status
from services.notify.actions.take_reply import Inbound, take_reply
from services.notify.routes.refusal_meter import RefusalMeter
from services.notify.sending.signature import is_signed

LONGEST_TEXT = 1600
_SID = re.compile(r"[A-Za-z0-9]{2,64}")
_E164 = re.compile(r"\+[1-9][0-9]{7,14}")


@dataclass(frozen=True, slots=True)
class Hooks:
    """What the webhooks check against. `base_url` is the address the provider was given, without a slash."""

    database: Database
    base_url: str
    account: str
    token: Personal[str]
    own_number: str
    meter: RefusalMeter


def hook_routes(hooks: Hooks) -> Blueprint:
    """Return a blueprint with `/hooks/sms/inbound`; `/hooks/sms/status` is `routes/status_callback.py`."""
    routes = Blueprint("hooks", __name__)

    @routes.before_request
    def check_signature() -> None:
        query = f"?{request.query_string.decode('latin-1')}" if request.query_string else ""
        fields = [(name, value) for name in request.form for value in request.form.getlist(name)]
        signed = is_signed(
            hooks.token,
            f"{hooks.base_url}{request.path}{query}",
            fields,
            request.headers.get("X-Twilio-Signature"),
        )
        if not signed or request.form.get("AccountSid") != hooks.account:
            log().warning("webhook_refused", path=request.path, signed=signed)
            hooks.meter.count()
            raise from_status(403)

    @routes.post("/hooks/sms/inbound")
    def inbound() -> tuple[str, int]:
        sid, sender = request.form.get("MessageSid", ""), request.form.get("From", "")
        # A short code, a name, or our own number: a machine, which we neither keep nor answer.
        if not _SID.fullmatch(sid) or not _E164.fullmatch(sender) or sender == hooks.own_number:
            log().warning("inbound_dropped")
            return "", 204
        text = request.form.get("Body", "").replace("\x00", "")[:LONGEST_TEXT]
        pictures = read_whole(request.form.get("NumMedia", ""), 99) or 0
        came = Inbound(sid, "sms", Personal(sender), Personal(text), pictures)
        with request_scope():
            try:
                take(came)
            except (OperationalError, psycopg.OperationalError):
                # A carrier does not send it again: what waited in a circle with another deed is tried once more here.
                take(came)
        return "", 204

    def take(came: Inbound) -> None:
        with hooks.database.transaction() as session:
            take_reply(session, came)
            failpoint("before_reply_commit")

    return routes
