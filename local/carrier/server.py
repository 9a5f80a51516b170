"""Joins the carrier's parts and serves them on one port."""

from collections.abc import Awaitable

from local.carrier.control import MODES, Control
from local.carrier.ledger import Ledger
from local.carrier.lifecycle import Lifecycle
from local.carrier.messages_api import API_ROOT, MessagesApi
from local.carrier.phone_pages import PhonePages
from local.carrier.settings import CarrierSettings
from local.carrier.webhooks import WebhookSender
from local.faults import FaultBook
from local.wire import Listener, Request, Reset, Response, redirect


class Carrier:
    """The whole stand-in; `await start()` inside a running loop, `stop()` to end."""

    def __init__(self, settings: CarrierSettings) -> None:
        self.book = FaultBook(MODES)
        self.ledger = Ledger(settings.log_path)
        self._webhooks = WebhookSender(self.ledger, settings.auth_token, settings.webhook_tries)
        self._lifecycle = Lifecycle(settings, self.ledger, self._webhooks, self.book)
        self._api = MessagesApi(settings, self.ledger, self._lifecycle, self.book)
        self._phones = PhonePages(settings, self.ledger, self._webhooks)
        self._control = Control(self.ledger, self.book, self._lifecycle)
        self._listener = Listener(self._answer, settings.host, settings.port)

    @property
    def port(self) -> int:
        """The port it listens on."""
        return self._listener.port

    async def start(self) -> None:
        """Listen, and take unfinished messages up again. Raises OSError when the port is busy."""
        await self._listener.open()
        self._control.listener = self._listener
        self._lifecycle.resume()

    def stop(self) -> None:
        """Stop listening and let go of everything."""
        self._listener.close()
        self._lifecycle.stop()
        self._webhooks.close()
        self.ledger.close()

    def _answer(self, request: Request) -> "Response | Reset | Awaitable[Response | Reset]":
        path = request.path
        if path.startswith(API_ROOT):
            return self._api.answer(request)
        if path == "/phone" or path.startswith("/phone/"):
            return self._phones.answer(request)
        if path == "/carrier" or path.startswith("/carrier/"):
            return self._control.answer(request)
        if path in ("/ready", "/live"):
            return Response(200, b"ok\n")
        if path == "/":
            return redirect("/phone")
        return Response(404, b"There is no such page at the carrier.\n")
