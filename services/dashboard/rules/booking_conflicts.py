"""What speaks against a visit, in words, and what to do about each: all of it is shown before it is saved."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from services.dashboard.rules.words import plain

# Where the page can take the person at the desk: the case, the kinds of visit, the visit in the way, the waiting
# room, the waiting list; "" where a free time is the answer.
CASE, KINDS, VISIT, BOARD, WAIT, TIMES = "case", "kinds", "visit", "board", "wait", ""
CONFLICTS: dict[str, tuple[str, str, str]] = {
    "red_flag_hold": (
        "a red-flag hold is open",
        "A clinician speaks with them first and clears it on the case. Until then nothing is booked.",
        CASE,
    ),
    "wrong_route": (
        "this kind of visit does not serve the route",
        "Choose a kind of visit that does, or ask triage to change the route.",
        KINDS,
    ),
    "second_visit": ("the patient has a visit of this kind already", "Move that visit instead.", VISIT),
    "patient_busy": (
        "the patient has another visit then",
        "Move the other visit, or take another time.",
        VISIT,
    ),
    "site_closed": ("the site is closed then", "Take a time when it is open, or another site.", TIMES),
    "provider_away": (
        "the provider is not there then",
        "Take a time when they work, or somebody else.",
        TIMES,
    ),
    "provider_taken": (
        "the provider has somebody then",
        "Take another time, or somebody else at this one.",
        TIMES,
    ),
    "room_taken": ("no room is free then", "Take another time, or another site.", TIMES),
    "slot_held": (
        "the time is held for somebody",
        "It is free again when the hold ends without a booking. Take another time, or look again then.",
        TIMES,
    ),
    "no_skill": ("the provider does not give this visit", "Choose somebody who does.", TIMES),
    "off_grid": (
        "visits of this kind do not start at that minute",
        "Take one of the times that are listed.",
        TIMES,
    ),
    "inside_lead_time": (
        "too soon",
        "Who is here now can be received in the waiting room. Else take a later time.",
        BOARD,
    ),
    "beyond_horizon": (
        "further ahead than can be booked yet",
        "Take an earlier time, or put them on the waiting list.",
        WAIT,
    ),
    "in_past": ("in the past", "Take a time still to come.", TIMES),
}


@dataclass(frozen=True)
class InTheWay:
    """One thing against a visit: what it is, what to do, and where the page can lead (`visit_id` with VISIT)."""

    words: str
    advice: str
    leads: str
    visit_id: str = ""


def conflict_words(code: str, *, who: str = "the provider") -> str:
    """Return what one conflict is, in words; `who` gives the visit."""
    words, _, _ = CONFLICTS.get(code, (plain(code).lower(), "", TIMES))
    return words.replace("the provider", who)


def in_the_way(found: list[Mapping[str, Any]]) -> list[InTheWay]:
    """Return the owner's conflicts ({code, appointment_id}) with what to do about each, in the owner's order."""
    shown = []
    for one in found:
        code = str(one.get("code") or "")
        _, advice, leads = CONFLICTS.get(code, ("", "Take another time.", TIMES))
        shown.append(InTheWay(conflict_words(code), advice, leads, str(one.get("appointment_id") or "")))
    return shown
