"""The states of a referral and the one table of moves between them.

State names follow BSeR and 360X; each maps to FHIR R4 `Task.status` and carries its own business status
(docs/decisions/0030-referral-states.md).
"""

from dataclasses import dataclass


@dataclass(frozen=True, slots=True)
class State:
    """One state. `clock` tells what its priority clock does: run, pause or stop."""

    name: str
    task_status: str
    business_status: str
    clock: str
    is_open: bool = True


STATES: dict[str, State] = {
    state.name: state
    for state in (
        State("received", "received", "received", "run"),
        State("needs_triage", "received", "needs-triage", "run"),
        State("waiting_on_patient", "on-hold", "waiting-on-patient", "pause"),
        State("deferred", "on-hold", "deferred", "pause"),
        State("accepted", "accepted", "accepted", "run"),
        State("to_book", "accepted", "ready-to-schedule", "run"),
        State("booked", "in-progress", "scheduled", "stop"),
        State("arrived", "in-progress", "arrived", "stop"),
        State("attended", "in-progress", "attended-awaiting-outcome", "stop"),
        State("closed", "completed", "closed", "stop", is_open=False),
        State("handed_over", "completed", "handed-over", "stop", is_open=False),
        State("declined", "rejected", "declined", "stop", is_open=False),
        State("withdrawn", "cancelled", "withdrawn", "stop", is_open=False),
    )
}

OPEN_STATES = tuple(name for name, state in STATES.items() if state.is_open)


@dataclass(frozen=True, slots=True)
class Move:
    """A deed and where it leads. `by_staff` moves are offered as buttons; the rest happen through other deeds."""

    deed: str
    from_states: tuple[str, ...]
    to_state: str
    by_staff: bool = True


MOVES: tuple[Move, ...] = (
    Move("triage", ("received",), "needs_triage", by_staff=False),
    Move("accept", ("needs_triage",), "accepted"),
    Move("redirect", ("needs_triage", "accepted", "to_book"), "accepted"),
    Move("redirect", ("needs_triage", "accepted", "to_book"), "needs_triage"),
    Move("make_ready", ("accepted",), "to_book", by_staff=False),
    Move("ask", ("needs_triage", "accepted", "to_book"), "waiting_on_patient"),
    Move("defer", ("needs_triage", "accepted", "to_book"), "deferred"),
    Move("resume", ("waiting_on_patient", "deferred"), "needs_triage"),
    Move(
        "new_answers",
        ("accepted", "to_book", "booked", "waiting_on_patient", "deferred"),
        "needs_triage",
        by_staff=False,
    ),
    Move("decline", ("needs_triage", "waiting_on_patient", "deferred", "accepted", "to_book"), "declined"),
    Move(
        "withdraw",
        ("received", "needs_triage", "waiting_on_patient", "deferred", "accepted", "to_book"),
        "withdrawn",
    ),
    Move("hand_over", ("needs_triage", "accepted"), "handed_over"),
    Move("reopen", ("declined", "withdrawn"), "needs_triage"),
    Move("book", ("to_book",), "booked", by_staff=False),
    Move("keep_visit", ("accepted",), "booked", by_staff=False),
    Move("cancel_visit", ("booked", "arrived"), "to_book", by_staff=False),
    Move("check_in", ("booked",), "arrived", by_staff=False),
    Move("undo_check_in", ("arrived",), "booked", by_staff=False),
    Move("attend", ("booked", "arrived"), "attended", by_staff=False),
    Move("correct_outcome", ("attended",), "booked", by_staff=False),
    Move("correct_outcome", ("attended",), "to_book", by_staff=False),
    Move("correct_outcome", ("to_book",), "attended", by_staff=False),
    Move("close", ("attended",), "closed"),
)

_BY_STEP: dict[tuple[str, str], str] = {
    (origin, move.to_state): move.deed for move in reversed(MOVES) for origin in move.from_states
}


def deed_of(from_state: str, to_state: str) -> str | None:
    """Return the deed that leads from one state to the other (the first in the table), or None when none does."""
    return _BY_STEP.get((from_state, to_state))


def may_do(deed: str, from_state: str, to_state: str) -> bool:
    """True when the table has this very move."""
    return any(m.deed == deed and from_state in m.from_states and m.to_state == to_state for m in MOVES)


def allowed_states(from_state: str) -> list[str]:
    """Return the states a referral may go to from here, in the order of the table."""
    return list(dict.fromkeys(m.to_state for m in MOVES if from_state in m.from_states))


def allowed_deeds(from_state: str) -> list[str]:
    """Return the deeds staff may do on a referral in this state, in the order of the table."""
    return list(_DEEDS[from_state])


# Worked out once: the worklist shows the deeds of fifty rows at a time.
_DEEDS: dict[str, tuple[str, ...]] = {
    state: tuple(dict.fromkeys(m.deed for m in MOVES if m.by_staff and state in m.from_states))
    for state in STATES
}
