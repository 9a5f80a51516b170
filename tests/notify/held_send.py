"""A sender held between the commit of its attempt and the fence before the wire, for as long as a test wants."""

import threading
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from unittest import mock

from sqlalchemy.orm import Session

from kernel.ids import new_id
from services.notify.actions.fence_sends import fence_sends
from services.notify.actions.start_sends import Started
from tests.local.standins import until
from tests.notify.standing import Standing

LONGEST_SECONDS = 120


@contextmanager
def held_send(notify: Standing, is_sending: Callable[[], bool]) -> Iterator[None]:
    """Send what is due; the body runs once `is_sending` and before any fence, which is then let go to its end."""
    go_on = threading.Event()

    def held(session: Session, wave: Sequence[Started]) -> list[bool]:
        if not go_on.wait(LONGEST_SECONDS):
            raise AssertionError("the sender was held and never let go")
        return fence_sends(session, wave)

    with mock.patch("services.notify.sending.courier.fence_sends", held):
        sender = threading.Thread(target=notify.work[0].run, args=(new_id(),))
        sender.start()
        try:
            until(is_sending)
            yield
        finally:
            go_on.set()
            sender.join()
