"""The pages in the side rail, by role, with the key that jumps to each (press g, then the key)."""

from dataclasses import dataclass

from services.dashboard.rules.roles import (
    ADMIN,
    CLINICAL,
    EVERYONE,
    FRONT_DESK,
    MANAGER,
    NURSE,
    SEES_PATIENTS,
    THERAPIST,
)

MESSAGES = frozenset({FRONT_DESK, MANAGER}) | CLINICAL


@dataclass(frozen=True)
class Page:
    """One entry of the rail. `endpoint` is its route's name."""

    group: str
    words: str
    endpoint: str
    icon: str
    key: str
    roles: frozenset[str]


PAGES = (
    Page("Patients", "Today", "today.today", "calendar_today", "t", SEES_PATIENTS),
    Page("Patients", "Waiting room", "board.board", "location_on", "e", SEES_PATIENTS),
    Page("Patients", "Triage", "triage.triage", "filter_list", "q", CLINICAL | {MANAGER}),
    Page("Patients", "Call-backs", "callbacks.callbacks", "phone", "c", CLINICAL | {FRONT_DESK, MANAGER}),
    Page("Patients", "Worklists", "worklists.worklists", "list", "w", SEES_PATIENTS),
    Page("Patients", "Stuck", "watching.radar", "hourglass_empty", "k", SEES_PATIENTS),
    Page("Patients", "Waiting list", "waitlist.waitlist", "people", "l", SEES_PATIENTS),
    Page("Patients", "Handoff", "handoff.handoff", "history", "d", SEES_PATIENTS),
    Page("Patients", "Find a patient", "patients.search", "search", "p", SEES_PATIENTS),
    Page("Messages", "Replies", "inbox.inbox", "forum", "i", MESSAGES),
    Page("Messages", "Call list", "call_list.call_list", "support_agent", "n", MESSAGES),
    Page("Messages", "Message health", "message_health.message_health", "insights", "h", EVERYONE),
    Page("Messages", "Reconcile", "call_list.reconcile", "check_circle_outline", "r", EVERYONE - {THERAPIST}),
    Page("Messages", "Simulator", "simulator.simulator", "visibility", "m", EVERYONE - {THERAPIST}),
    Page("Clinic", "Slots ahead", "watching.supply", "insights", "a", SEES_PATIENTS),
    Page("Clinic", "Closures", "waitlist.closures", "event", "x", SEES_PATIENTS),
    Page(
        "Clinic",
        "Same person?",
        "matches.matches",
        "identification",
        "u",
        frozenset({FRONT_DESK, MANAGER, NURSE}),
    ),
    Page("Clinic", "Overrides", "watching.overrides", "assessment", "v", CLINICAL | {MANAGER}),
    Page("Clinic", "Protocol", "protocol.protocol", "science", "o", CLINICAL | {MANAGER}),
    Page("Clinic", "Kinds of visit", "visit_types.visit_types", "schedule", "b", CLINICAL | {MANAGER}),
    Page("Clinic", "Questionnaires", "forms.forms", "edit", "f", frozenset({MANAGER, NURSE})),
    Page(
        "Clinic", "Where patients stop", "drop_off.figures", "trending_up", "y", frozenset({MANAGER, NURSE})
    ),
    Page(
        "Clinic", "Instruments", "instruments.listed", "verified_user", "z", CLINICAL | {MANAGER, THERAPIST}
    ),
    Page("Clinic", "On call", "on_call.people", "notifications_active", "j", frozenset({MANAGER, ADMIN})),
    Page("Clinic", "Staff", "staff_accounts.accounts", "people", "s", frozenset({ADMIN})),
)


def pages_for(role: str) -> list[Page]:
    """Return what this role may open, in the rail's order."""
    return [page for page in PAGES if role in page.roles]
