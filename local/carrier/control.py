"""The carrier's own desk: its faults as switches, its event log, its counts."""

import json
from collections import Counter
from typing import Any
from urllib.parse import quote

from local.carrier.ledger import Ledger
from local.carrier.lifecycle import CALLBACK_MODES, Lifecycle
from local.carrier.messages_api import LOOKUP_MODES, SEND_MODES
from local.carrier.phone_pages import page
from local.faults import BadFaultError, FaultBook
from local.wire import Listener, Request, Response, json_response, redirect

MODES = (*SEND_MODES, "slow", "refuse", *CALLBACK_MODES, *LOOKUP_MODES)
MODE_WORDS = {
    "error_500_before": "Answer 500 and take nothing",
    "error_500_after": "Take the message, then answer 500",
    "reset_before": "Drop the connection and take nothing",
    "reset_after": "Take the message, then drop the connection",
    "rate_429": "Answer 429, with the seconds to wait",
    "reject": "Answer 400 with this code (21610 opted out, 21211 bad number)",
    "slow": "Wait these seconds before or after taking the message",
    "refuse": "Close the port for these seconds",
    "callback_duplicate": "Post every callback again, this many copies",
    "callback_reorder": "Post delivered, then sent, then queued",
    "callback_before_reply": "Post a callback before the reply goes out",
    "callback_never": "Post no callbacks",
    "undelivered": "End as undelivered with this code (30003 unreachable)",
    "failed": "End as failed with this code",
    "lookup_503": "Answer 503 to look-ups",
}
_REFUSE_SECONDS = 10.0
_MOST_EVENTS = 5000


class Control:
    """Answers everything under `/carrier`."""

    def __init__(self, ledger: Ledger, book: FaultBook, lifecycle: Lifecycle) -> None:
        self._ledger = ledger
        self._book = book
        self._lifecycle = lifecycle
        self.listener: Listener | None = None

    def answer(self, request: Request) -> Response:
        """Route one request of the desk."""
        path = request.path.rstrip("/")
        if request.method not in ("GET", "HEAD") and request.from_another_site:
            return Response(403, b"Switches are set from this page only.\n")
        if path == "/carrier/log":
            return self._log(request)
        if path == "/carrier/counts":
            return json_response(self._counts())
        if path == "/carrier/faults" and request.method in ("PUT", "DELETE", "GET"):
            return self._switch(request)
        if path == "/carrier/callbacks" and request.method == "DELETE":
            self._lifecycle.stop()
            return Response(204)
        if path == "/carrier/faults/add" and request.method == "POST":
            return self._add_by_form(request)
        if path == "/carrier/faults/clear" and request.method == "POST":
            self._book.clear()
            return redirect("/carrier")
        if path == "/carrier" and request.method in ("GET", "HEAD"):
            return page(
                "faults.html",
                200,
                faults=self._book.faults,
                words=MODE_WORDS,
                counts=self._counts(),
                refused=request.arguments().get("refused"),
            )
        return Response(404, b"There is no such page at the carrier.\n")

    def _switch(self, request: Request) -> Response:
        if request.method == "PUT":
            try:
                self._book.replace(_json(request))
            except BadFaultError as reason:
                return json_response({"error": str(reason)}, 422)
            self._shut_if_asked()
        elif request.method == "DELETE":
            self._book.clear()
        return json_response(self._book.as_json())

    def _add_by_form(self, request: Request) -> Response:
        form = {name: value.strip() for name, value in request.form().items() if value.strip()}
        payload: dict[str, Any] = {}
        try:
            for name, value in form.items():
                payload[name] = value if name in ("mode", "when", "to") else float(value)
            self._book.add(payload)
        except ValueError as reason:
            why = (
                str(reason)
                if isinstance(reason, BadFaultError)
                else "probability, seconds and the like are numbers"
            )
            return redirect(f"/carrier?refused={quote(why)}")
        self._shut_if_asked()
        return redirect("/carrier")

    def _shut_if_asked(self) -> None:
        """`refuse` acts at once and ends by itself: the port that is shut cannot hear that it should open."""
        for fault in [fault for fault in self._book.faults if fault.mode == "refuse"]:
            self._book.faults.remove(fault)
            if self.listener is not None:
                self.listener.shut_soon(fault.seconds or _REFUSE_SECONDS)

    def _counts(self) -> dict[str, Any]:
        outbound = [m for m in self._ledger.messages.values() if m.direction == "outbound-api"]
        return {
            "accepted": len(outbound),
            "received": len(self._ledger.messages) - len(outbound),
            "phones": len(self._ledger.by_phone),
            "by_status": dict(Counter(message.status for message in outbound)),
            "events": self._ledger.last_number,
        }

    def _log(self, request: Request) -> Response:
        arguments = request.arguments()
        try:
            since, limit = int(arguments.pop("since", "0")), int(arguments.pop("limit", "1000"))
        except ValueError:
            return json_response({"error": "since and limit are whole numbers"}, 400)
        events = self._ledger.events(since=since, limit=min(max(limit, 1), _MOST_EVENTS), **arguments)
        return json_response({"events": events, "last": self._ledger.last_number})


def _json(request: Request) -> Any:
    try:
        return json.loads(request.body)
    except ValueError:
        raise BadFaultError("the body must be JSON") from None
