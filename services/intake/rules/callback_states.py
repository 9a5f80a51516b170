"""States of a call-back task: what may be done in each, and how one may end."""

from typing import Final

ALLOWED: Final = {"open": ("acknowledge",), "acknowledged": ("close",), "done": ()}


class NotPossible(Exception):
    """The task's state does not allow the deed; nothing was changed. `allowed` lists what is possible."""

    def __init__(self, state: str, allowed: tuple[str, ...]) -> None:
        super().__init__(f"the task is {state}")
        self.state = state
        self.allowed = allowed


def require_allowed(state: str, deed: str) -> None:
    """Raise `NotPossible` unless `deed` is allowed in `state`."""
    if deed not in ALLOWED[state]:
        raise NotPossible(state, ALLOWED[state])
